use covet::safe_sql;

fn main() {
    let x = Some(1);
    let _ = safe_sql!(
        "SELECT id FROM notes WHERE live"
        "{? AND a = {x}} {? AND b = {x}} {? AND c = {x}} {? AND d = {x}} {? AND e = {x}}"
        "{? AND f = {x}} {? AND g = {x}} {? AND h = {x}} {? AND i = {x}}"
    );
}
