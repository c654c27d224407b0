//! What an editor does: one process judges every half of every statement that is written in it. A binary of its own, as
//! the memory of the process is looked at.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;

use covet_core::sql::report::render;
use covet_core::sql::{Policy, compile};
use covet_sql::{Dialect, Schema, Source, Verdict, catalog, resolve};

/// The schema of the corpus and all its statements.
fn corpus(dialect: Dialect) -> (Schema, Vec<String>) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sql"));
    let own = root.join(dialect.to_string());
    let mut files: Vec<_> = fs::read_dir(own.join("migrations")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let source = |path| Source { file: "migrations/0001.sql".into(), text: fs::read_to_string(path).unwrap() };
    let sources: Vec<Source> = files.iter().map(source).collect();
    let texts = [&root.join("good.sql"), &root.join("bad.sql"), &own.join("good.sql"), &own.join("bad.sql")];
    let text = texts.map(|path| fs::read_to_string(path).unwrap()).concat();
    (catalog::build(&sources, dialect), text.split(";\n").map(|sql| sql.trim().to_owned()).collect())
}

/// The memory of this process, in bytes.
fn resident() -> usize {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn ten_thousand_half_written_statements_leave_nothing_behind() {
    let policy = Policy::default();
    let known = [Dialect::Sqlite, Dialect::Postgres].map(corpus);
    let halves = |(schema, statements): &'static (Schema, Vec<String>)| {
        let halves = statements.iter().flat_map(|sql| sql.char_indices().map(|(end, _)| &sql[..end]));
        halves.map(move |half| (schema, half))
    };
    let known: &'static [(Schema, Vec<String>); 2] = Box::leak(Box::new(known));
    let round = || {
        let mut judged = 0;
        // Not every one, so that all statements are among them.
        for (schema, half) in known.iter().flat_map(halves).step_by(9) {
            judged += 1;
            for mistake in compile(half, &policy).err().unwrap_or_default() {
                assert!(!render(half, &mistake, None).is_empty());
            }
            if let Verdict::Error(mistakes) = resolve(half, schema) {
                mistakes.iter().for_each(|mistake| assert!(!render(half, mistake, None).is_empty()));
            }
        }
        judged
    };
    // The first round fills what is kept for good.
    let judged = round();
    let before = resident();
    let again = round();
    let grown = resident().saturating_sub(before);
    println!("{} half-written statements; {} KiB more behind the second round", judged + again, grown >> 10);
    assert!(judged >= 10_000 && again == judged, "{judged} and {again}");
    // 100 bytes a statement would be more.
    assert!(grown < 1 << 20, "{grown} bytes more");
}
