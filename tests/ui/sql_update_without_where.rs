use covet::safe_sql;

fn main() {
    let name = "x";
    let _ = safe_sql!(
        r#"
        WITH renamed AS (
            UPDATE users SET name = {name} RETURNING id
        )
        SELECT count(*) FROM renamed WHERE id > 1
        "#
    );
}
