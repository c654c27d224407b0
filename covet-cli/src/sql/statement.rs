//! Statements, and where they stand: `safe_sql!` in sources, or a line of JSON each.

use std::io;
use std::path::Path;

use covet_core::sql::literal::{Place, locate};
use proc_macro2::{TokenStream, TokenTree};
use serde::Deserialize;
use syn::LitStr;

use super::SqlError;
use crate::scan;

/// A statement of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The file, with `/` between folders.
    pub file: String,
    /// The line where it begins, from 1.
    pub line: usize,
    /// What it says.
    pub text: Text,
}

/// The text of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// The literals of a `safe_sql!`; none where it is given something else, as in the body of another macro.
    Written(Vec<Literal>),
    /// As a driver gets it, with `$1..$n`.
    Given(String),
}

/// A literal of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    written: String,
    value: String,
    line: usize,
    /// Characters before it, from 0.
    column: usize,
}

impl Statement {
    /// The text, its literals joined as `safe_sql!` does.
    #[must_use]
    pub fn sql(&self) -> String {
        match &self.text {
            Text::Written(literals) => literals.iter().map(|l| l.value.as_str()).collect::<Vec<_>>().join("\n"),
            Text::Given(sql) => sql.clone(),
        }
    }

    /// `file:line:column` of a byte of the text; of a text from elsewhere only where it begins.
    #[must_use]
    pub fn place(&self, byte: usize) -> String {
        let Text::Written(literals) = &self.text else { return format!("{}:{}", self.file, self.line) };
        let mut start = 0;
        for literal in literals {
            if byte <= start + literal.value.len() {
                let Place { lines, columns, .. } = locate(&literal.written, byte.saturating_sub(start));
                let before = if lines == 0 { literal.column } else { 0 };
                return format!("{}:{}:{}", self.file, literal.line + lines, before + columns + 1);
            }
            start += literal.value.len() + 1;
        }
        format!("{}:{}", self.file, self.line)
    }
}

/// The statements of a source file, in order. `Err` says why it could not be read as Rust.
///
/// # Errors
///
/// What the lexer of Rust says.
pub fn of_source(file: &str, source: &str) -> Result<Vec<Statement>, String> {
    let tokens: TokenStream = source.parse().map_err(|error: proc_macro2::LexError| error.to_string())?;
    if scan::is_deep(&tokens, 0) {
        return Err("its brackets nest too deeply".into());
    }
    let mut names = vec!["safe_sql".to_owned()];
    renames(tokens.clone(), &mut names);
    let mut found = Vec::new();
    collect(file, tokens, &names, &mut found);
    proc_macro2::extra::invalidate_current_thread_spans();
    Ok(found)
}

/// The names that `use .. safe_sql as name` gives it.
fn renames(tokens: TokenStream, names: &mut Vec<String>) {
    let trees: Vec<_> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match (tree, trees.get(at + 1), trees.get(at + 2)) {
            (TokenTree::Group(group), ..) => renames(group.stream(), names),
            (TokenTree::Ident(real), Some(TokenTree::Ident(word)), Some(TokenTree::Ident(name)))
                if real == "safe_sql" && word == "as" =>
            {
                names.push(name.to_string());
            }
            _ => {}
        }
    }
}

fn collect(file: &str, tokens: TokenStream, names: &[String], found: &mut Vec<Statement>) {
    let trees: Vec<_> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        let TokenTree::Group(group) = tree else { continue };
        let bang = at.checked_sub(1).and_then(|at| trees.get(at));
        let name = at.checked_sub(2).and_then(|at| trees.get(at));
        if let (Some(TokenTree::Punct(bang)), Some(TokenTree::Ident(name))) = (bang, name)
            && bang.as_char() == '!'
            && names.iter().any(|known| name == known)
        {
            let line = name.span().start().line;
            found.push(Statement { file: file.to_owned(), line, text: Text::Written(literals(group.stream())) });
        } else {
            collect(file, group.stream(), names, found);
        }
    }
}

/// The literals in front of the values, behind the type of a row.
fn literals(tokens: TokenStream) -> Vec<Literal> {
    let of = |tree: TokenTree| {
        let TokenTree::Literal(literal) = tree else { return None };
        let written = literal.to_string();
        let value = syn::parse_str::<LitStr>(&written).ok()?.value();
        let start = literal.span().start();
        Some(Literal { written, value, line: start.line, column: start.column })
    };
    tokens.into_iter().map(of).skip_while(Option::is_none).map_while(|literal| literal).collect()
}

/// A line of a file of statements. `.sqlx` calls the text `query`.
#[derive(Deserialize)]
struct Line {
    #[serde(alias = "query")]
    sql: String,
    file: Option<String>,
    line: Option<usize>,
}

/// The statements of a file with a JSON object a line: `sql`, and where it stands, if that is known.
///
/// # Errors
///
/// [`SqlError::File`] and [`SqlError::Line`] when the file cannot be read, or a line is none.
pub fn of_lines(path: &Path) -> Result<Vec<Statement>, SqlError> {
    let read = if path.as_os_str() == "-" { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(path) };
    let text = read.map_err(|source| SqlError::File { path: path.to_owned(), source })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let statement = |(at, line): (usize, &str)| {
        let failed = |error: serde_json::Error| SqlError::Line {
            path: path.to_owned(),
            line: at + 1,
            message: error.to_string(),
        };
        let Line { sql, file, line } = serde_json::from_str(line).map_err(failed)?;
        let file = file.unwrap_or_else(|| scan::shown(path));
        Ok(Statement { file, line: line.unwrap_or(at + 1), text: Text::Given(sql) })
    };
    lines.map(statement).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_by_every_name_wherever_they_stand() {
        let source = r###"
            use covet::{safe_sql as sql, Other};
            // safe_sql!("a comment")
            const TEXT: &str = "safe_sql!(\"a text\")";
            async fn f() {
                safe_sql!("one").execute(db);
                covet::safe_sql! { User: "two" "2" }
                sql!["three {x}", x = "no statement"];
                vec![covet::safe_sql!(r#"four"#)];
                other!("none");
                safe_sql!(TEXT);
            }
        "###;
        let found = of_source("a.rs", source).unwrap();
        let told: Vec<_> = found.iter().map(|statement| (statement.line, statement.sql())).collect();
        let told: Vec<_> = told.iter().map(|(line, sql)| (*line, sql.as_str())).collect();
        assert_eq!(told, [(6, "one"), (7, "two\n2"), (8, "three {x}"), (9, "four"), (11, "")]);
        assert_eq!(found[4].text, Text::Written(Vec::new()));
    }

    #[test]
    fn a_byte_of_the_text_has_a_place_in_the_source() {
        let found = of_source("a.rs", "fn f() {\n  safe_sql!(\"SELECT a\"\n    r\"FROM\n b\");\n}").unwrap();
        let at = |word: &str| found[0].place(found[0].sql().find(word).unwrap());
        assert_eq!(at("a"), "a.rs:2:21");
        assert_eq!(at("FROM"), "a.rs:3:7");
        assert_eq!(at("b"), "a.rs:4:2");
        assert_eq!(found[0].place(99), "a.rs:2");
    }

    #[test]
    fn what_is_no_rust_or_nests_without_end_is_told() {
        assert!(of_source("a.rs", "fn f( {").is_err());
        assert!(of_source("a.rs", &format!("{}{}", "(".repeat(5_000), ")".repeat(5_000))).is_err());
    }

    #[test]
    fn a_line_of_json_is_a_statement() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.jsonl");
        let text =
            "{\"sql\": \"SELECT 1\", \"file\": \"a.rs\", \"line\": 7}\n\n{\"query\": \"SELECT 2\", \"hash\": 1}\n";
        std::fs::write(&path, text).unwrap();
        let found = of_lines(&path).unwrap();
        assert_eq!((found[0].place(3), found[0].sql()), ("a.rs:7".into(), "SELECT 1".into()));
        assert_eq!((found[1].line, found[1].sql()), (3, "SELECT 2".into()));
        std::fs::write(&path, "{\"sql\": \"SELECT 1\"}\nSELECT 2").unwrap();
        let error = of_lines(&path).unwrap_err().to_string();
        assert!(error.contains("all.jsonl`, line 2: expected value"), "{error}");
    }
}
