//! Writes what fuzzing starts from, below `fuzz/corpus`: the statements and migrations of `tests/sql`, and templates.

use std::fs;
use std::path::Path;

/// Statements as they are written in a program.
const TEMPLATES: [&str; 8] = [
    "SELECT id FROM notes WHERE owner = {owner} {? AND title LIKE '%{q}%'} {when live: AND live} ORDER BY {ident s: notes_sort} {dir d} LIMIT {n}",
    "SELECT id FROM notes WHERE id IN {ids} AND text = 'it''s {{here}}' -- why\n",
    "UPDATE notes SET title = {title}, text = {note.text} WHERE id = {id} /* one /* row */ */",
    "INSERT INTO notes (id, title) VALUES ({id}, {title}) ON CONFLICT (id) DO UPDATE SET title = excluded.title RETURNING id",
    "DELETE FROM notes WHERE id NOT IN {ids} AND owner = {owner}",
    "WITH old AS (SELECT id FROM notes WHERE at < {at}) DELETE FROM notes WHERE id IN (SELECT id FROM old)",
    "SELECT E'a\\'b', $q$ text $q$, \"a\"\"b\", `c`, [d], 1e5, x'ab', a::text[1:2] FROM t WHERE a = {a} AND b @> {b}",
    "SELECT * FROM a JOIN b USING (id) WHERE (a, b) = ({a}, {b}) {? AND c BETWEEN {c.0} AND {c.1}} {when !f: OR d IS NULL}",
];

fn main() -> std::io::Result<()> {
    let (root, lexer, resolver) = (Path::new("../tests/sql"), Path::new("corpus/lexer"), Path::new("corpus/resolver"));
    fs::create_dir_all(lexer)?;
    fs::create_dir_all(resolver)?;
    for (at, sql) in TEMPLATES.iter().enumerate() {
        fs::write(lexer.join(format!("template-{at}")), sql)?;
    }
    for (own, first) in [("", "0"), ("", "1"), ("sqlite", "0"), ("postgres", "1")] {
        for file in ["good.sql", "bad.sql"] {
            let text = fs::read_to_string(root.join(own).join(file))?;
            for (at, sql) in text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).enumerate() {
                let name = format!("{own}{first}-{at}-{file}");
                fs::write(lexer.join(&name), sql)?;
                fs::write(resolver.join(&name), format!("{first}{sql}"))?;
            }
        }
        if own.is_empty() {
            continue;
        }
        for entry in fs::read_dir(root.join(own).join("migrations"))? {
            let text = fs::read_to_string(entry?.path())?;
            for (at, sql) in text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()).enumerate() {
                let seed = format!("{first}{sql};\n---\nSELECT id FROM users");
                fs::write(resolver.join(format!("{own}-{at}-{}", seed.len())), seed)?;
            }
        }
    }
    Ok(())
}
