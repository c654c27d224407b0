use covet::safe_sql;

fn main() {
    let path = "$.password";
    let _ = safe_sql!("SELECT json_extract(data, {path}) FROM notes");
}
