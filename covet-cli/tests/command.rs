//! `cargo covet` as it is called: output, exit codes, suppression, what it leaves out, what it writes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const DENIED: &str =
    "fn find(name: &str) {\n    sqlx::query(&format!(\"SELECT id FROM users WHERE name = '{name}'\"));\n}\n";
const REVIEWED: &str = "pub fn run(sql: &str) {\n    sqlx::query(sql);\n}\n";
const SAFE: &str = "fn all() {\n    sqlx::query(\"SELECT 1\");\n}\n";

/// A project with these files.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest = ("Cargo.toml", "[package]\nname = 'app'\n[dependencies]\nsqlx = '0.9'\n");
    for (name, text) in [manifest].iter().chain(files) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn covet(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-covet")).current_dir(folder).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    text(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_report_underlines_what_is_pasted_and_says_what_to_write() {
    let folder = project(&[("src/main.rs", DENIED)]);
    let output = covet(folder.path(), &["covet", "scan"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output),
        "\
deny[covet::scan::pasted_value] `name` becomes part of the SQL text given to `sqlx::query`
 --> src/main.rs:2:63
2 | sqlx::query(&format!(\"SELECT id FROM users WHERE name = '{name}'\"));
  |                                                           ^^^^
  = help: write `safe_sql!(\"SELECT id FROM users WHERE name = {name}\")`

1 file: 1 deny, 0 review
"
    );
}

#[test]
fn exit_codes_follow_the_verdicts() {
    let code = |source: &str, arguments: &[&str]| {
        let folder = project(&[("src/main.rs", source)]);
        covet(folder.path(), &[&["scan"], arguments].concat()).status.code()
    };
    assert_eq!(code(SAFE, &[]), Some(0));
    assert_eq!(code(SAFE, &["--fail-on", "review"]), Some(0));
    assert_eq!(code(REVIEWED, &[]), Some(0));
    assert_eq!(code(REVIEWED, &["--fail-on", "review"]), Some(1));
    assert_eq!(code(DENIED, &[]), Some(1));
    assert_eq!(code(DENIED, &["--fail-on", "deny"]), Some(1));
    assert_eq!(code(DENIED, &["nowhere"]), Some(2));
    assert_eq!(code(DENIED, &["--fail-on", "never"]), Some(2));
    assert_eq!(code(DENIED, &["--sarif", "no/such/folder/out.sarif"]), Some(2));
}

#[test]
fn json_is_an_object_a_line_and_ends_with_the_sum() {
    let folder = project(&[("src/b.rs", REVIEWED), ("src/a.rs", DENIED)]);
    let output = covet(folder.path(), &["scan", "--json"]);
    let lines = lines(&output);
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["kind"], &lines[0]["verdict"]), (&"finding".into(), &"deny".into()));
    assert_eq!(
        (&lines[0]["file"], &lines[0]["line"], &lines[0]["column"]),
        (&"src/a.rs".into(), &2.into(), &63.into())
    );
    assert_eq!((&lines[1]["file"], &lines[1]["code"]), (&"src/b.rs".into(), &"scan::unknown_text".into()));
    assert_eq!((&lines[2]["deny"], &lines[2]["review"], &lines[2]["files"]), (&1.into(), &1.into(), &2.into()));
}

#[test]
fn a_comment_with_a_reason_vouches_and_is_counted() {
    let vouch = |comment: &str| DENIED.replace("    sqlx", &format!("    {comment}\n    sqlx"));
    let folder = project(&[("src/main.rs", &vouch("// covet: trusted(reason = \"names of our own tables\")"))]);
    let output = covet(folder.path(), &["scan"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output),
        "trusted: src/main.rs:3:63: names of our own tables\n1 file: 0 deny, 0 review, 1 trusted\n"
    );

    for comment in ["// covet: trusted", "// covet: trusted(reason = \"\")", "// trusted(reason = \"x\")"] {
        let folder = project(&[("src/main.rs", &vouch(comment))]);
        assert_eq!(covet(folder.path(), &["scan"]).status.code(), Some(1), "{comment}");
    }
}

#[test]
fn a_comment_vouches_for_the_next_line_only() {
    let far = DENIED.replace("fn find", "// covet: trusted(reason = \"far away\")\n\nfn find");
    let folder = project(&[("src/main.rs", &far)]);
    assert_eq!(covet(folder.path(), &["scan"]).status.code(), Some(1));
}

#[test]
fn uses_of_the_hatch_are_listed() {
    let source = "fn a() {\n    covet::sql::trusted!(reason = \"checked by the parser\", text);\n}\n";
    let folder = project(&[("src/main.rs", source)]);
    let output = covet(folder.path(), &["scan", "--json"]);
    let lines = lines(&output);
    assert_eq!((&lines[0]["kind"], &lines[0]["reason"]), (&"trusted".into(), &"checked by the parser".into()));
    assert_eq!(lines.last().unwrap()["trusted"], 1);
}

#[test]
fn sarif_has_what_the_schema_requires() {
    let vouched = DENIED.replace("    sqlx", "    // covet: trusted(reason = \"ours\")\n    sqlx");
    let files = [("src/a b.rs", DENIED), ("src/c.rs", REVIEWED), ("src/d.rs", &vouched), ("src/e.rs", "fn {")];
    let folder = project(&files);
    let output = covet(folder.path(), &["scan", "--sarif", "-"]);
    assert_eq!(output.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "cargo-covet");
    for rule in rules {
        assert!(!rule["id"].as_str().unwrap().is_empty() && rule["shortDescription"]["text"].is_string());
        assert!(
            ["none", "note", "warning", "error"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
        );
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        let at = |name: &str| location["region"][name].as_u64().unwrap();
        assert!((1, 1) <= (at("startLine"), at("startColumn")));
        assert!((at("startLine"), at("startColumn")) < (at("endLine"), at("endColumn")));
    }
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "src/a%20b.rs");
    assert_eq!(results[2]["suppressions"], serde_json::json!([{ "kind": "inSource", "justification": "ours" }]));
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let notice = &invocation["toolExecutionNotifications"][0];
    assert_eq!(notice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "src/e.rs");
}

#[test]
fn a_file_that_does_not_parse_is_named_and_the_others_are_judged() {
    let folder = project(&[("src/a.rs", "fn {"), ("src/b.rs", DENIED)]);
    fs::write(folder.path().join("src/c.rs"), [0xff, 0xfe]).unwrap();
    let output = covet(folder.path(), &["scan", "--json"]);
    let lines = lines(&output);
    let unread: Vec<_> = lines.iter().filter(|line| line["kind"] == "unread").map(|line| &line["file"]).collect();
    assert_eq!(unread, ["src/a.rs", "src/c.rs"]);
    assert_eq!(lines.last().unwrap()["deny"], 1);
}

#[test]
fn tests_are_judged_on_request() {
    let inside = format!("{SAFE}#[cfg(test)]\nmod tests {{\n{DENIED}}}\n");
    let folder = project(&[("src/main.rs", &inside), ("tests/it.rs", DENIED)]);
    let output = covet(folder.path(), &["scan"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output), "2 files: 0 deny, 0 review, 2 in tests (`--tests` tells them)\n");
    assert_eq!(covet(folder.path(), &["scan", "--tests"]).status.code(), Some(1));
}

#[test]
fn what_git_ignores_and_what_cargo_built_is_left_out() {
    let files =
        [(".gitignore", "generated\n"), ("generated/a.rs", DENIED), ("target/debug/b.rs", DENIED), ("src/c.rs", SAFE)];
    let folder = project(&files);
    assert_eq!(text(&covet(folder.path(), &["scan"])), "1 file: 0 deny, 0 review\n");
}

#[test]
fn a_file_of_another_package_is_judged_by_its_own_manifest() {
    let method = "fn run(tool: &Tool, name: &str) {\n    tool.execute(&format!(\"DELETE FROM {name}\"), []);\n}\n";
    let other = ("other/Cargo.toml", "[package]\nname = 'other'\n[dependencies]\nrusqlite = '0.39'\n");
    let folder = project(&[("src/main.rs", method), other, ("other/src/lib.rs", method)]);
    let output = covet(folder.path(), &["scan", "--json"]);
    let lines = lines(&output);
    assert_eq!((lines.len(), &lines[0]["file"]), (2, &"other/src/lib.rs".into()));
}

#[test]
fn types_and_functions_of_other_files_are_known() {
    let types =
        "pub struct Spec { pub table: &'static str, pub name: String }\npub fn columns() -> &'static str { \"id\" }\n";
    let safe = "pub fn a(spec: &Spec) { sqlx::query(&format!(\"SELECT {} FROM {}\", columns(), spec.table)); }\n";
    let bad = "pub fn a(spec: &Spec) { sqlx::query(&format!(\"SELECT id FROM {}\", spec.name)); }\n";
    let folder = project(&[("src/types.rs", types), ("src/a.rs", safe), ("src/b.rs", bad)]);
    let output = covet(folder.path(), &["scan", "--json"]);
    let lines = lines(&output);
    assert_eq!((lines.len(), &lines[0]["file"], &lines[0]["verdict"]), (2, &"src/b.rs".into(), &"deny".into()));
}

#[test]
fn two_scans_say_the_same() {
    let files = [("src/b.rs", DENIED), ("src/a.rs", REVIEWED), ("src/c/d.rs", DENIED)];
    let folder = project(&files);
    let one = text(&covet(folder.path(), &["scan", "--json"]));
    assert_eq!(one, text(&covet(folder.path(), &["scan", "--json", "src/c", "src", "."])));
}

#[test]
fn colours_are_asked_for() {
    let folder = project(&[("src/main.rs", DENIED)]);
    let coloured = |arguments: &[&str]| text(&covet(folder.path(), arguments)).contains('\u{1b}');
    assert!(!coloured(&["scan"]));
    assert!(!coloured(&["scan", "--color", "never"]));
    assert!(coloured(&["scan", "--color", "always"]));
}

#[test]
fn a_terminal_is_told_no_lies() {
    let source =
        "fn find(name: &str) {\n    let _ = \"\u{1b}[31m\"; sqlx::query(&format!(\"SELECT \u{202e}{name}\"));\n}\n";
    let folder = project(&[("src/main.rs", source)]);
    let told = text(&covet(folder.path(), &["scan"]));
    assert!(told.contains("SELECT \u{fffd}{name}") && !told.contains('\u{1b}') && !told.contains('\u{202e}'), "{told}");
}

#[test]
fn help_and_completions_are_written() {
    let folder = project(&[]);
    let help = covet(folder.path(), &["covet", "--help"]);
    assert!(help.status.success() && text(&help).contains("scan"));
    assert_eq!(covet(folder.path(), &["covet"]).status.code(), Some(2));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = covet(folder.path(), &["completions", shell]);
        assert!(output.status.success() && text(&output).contains("fail-on"), "{shell}");
    }
}

#[test]
fn what_nests_without_end_is_named_and_does_not_stop_the_scan() {
    let nested = |open: &str, close: &str| format!("fn a() {{ {}x{} }}", open.repeat(50_000), close.repeat(50_000));
    let texts = "const A: &[u8] = b\"((((((((\"; // ((((\n".repeat(200);
    let files = [nested("(", ")"), nested("!", ""), nested("[", ""), texts];
    let named: Vec<_> = files.iter().enumerate().map(|(at, text)| (format!("src/{at}.rs"), text)).collect();
    let folder = project(&named.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>());
    let output = covet(folder.path(), &["scan", "--json"]);
    let lines = lines(&output);
    let unread: Vec<_> = lines.iter().filter(|line| line["kind"] == "unread").map(|line| &line["file"]).collect();
    assert_eq!(unread, ["src/0.rs", "src/1.rs", "src/2.rs"]);
    assert_eq!(lines.last().unwrap()["files"], 1);
}

#[test]
fn a_file_of_stolen_passwords_is_written_whole_or_not_at_all() {
    let digests =
        ["5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n", "7C4A8D09CA3762AF61E59520943DC26494F8941B:1\r\n"];
    let list = digests.concat();
    let folder = project(&[("pwned.txt", &list), ("wrong.txt", &digests[1].repeat(2))]);
    let build = |list| covet(folder.path(), &["covet", "breach", "build", list, "stolen", "--min-count", "2"]);
    let output = build("pwned.txt");
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(0), "stolen: 1 passwords, 1 left out\n"));
    let whole = fs::read(folder.path().join("stolen")).unwrap();
    assert_eq!(whole.len(), 16 + 7);

    for (wrong, said) in [("wrong.txt", "`wrong.txt`: line 2"), ("none.txt", "`none.txt` cannot be read")] {
        let output = build(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(said), "{wrong}");
        assert_eq!(fs::read(folder.path().join("stolen")).unwrap(), whole, "the old file is still there");
        assert!(!folder.path().join("stolen.new").exists());
    }
}
