use covet::safe_sql;

fn main() {
    let query = "SELECT owner, kind, count(*) FROM notes GROUP BY 1, 2";
    let _ = safe_sql!("SELECT * FROM crosstab({query}) AS t (owner text, drafts bigint)");
}
