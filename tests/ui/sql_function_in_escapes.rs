use covet::safe_sql;

fn main() {
    let server = "host=elsewhere";
    let _ = safe_sql!(r#"SELECT U&"d\0062link_connect"({server})"#);
}
