//! Whole packages, as cargo builds them for their owners: renamed, in workspaces, without a policy, after an edit.
//!
//! They depend on what the cases of `tests/ui` depend on, and are built in the same way, so that only the few lines of
//! their own remain to be built.

mod filters;
mod schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Cases, Result};

const POLICY: &str = r#"
[application]
name = "Notes"

[permissions]
"read:notes" = "See one's own notes"

[roles.member]
permissions = ["read:notes"]

[rate_limits.login]
limits = ["10/5m"]
"#;

const PROGRAM: &str = r#"
use covet::{Covet, User, public, rate_limit, require_auth, require_permission};
use rocket::{get, post};

covet::policy!();

#[public]
#[get("/")]
fn index() -> &'static str {
    "Notes"
}

#[rate_limit("login")]
#[post("/login")]
fn login() -> &'static str {
    "welcome"
}

#[require_auth]
#[require_permission("read:notes")]
#[get("/notes")]
fn notes(user: &User) -> &str {
    &user.name
}

fn main() {
    let covet = Covet::fairing(policy::EMBEDDED);
    let _ = rocket::build().attach(covet).mount("/", covet::routes![index, login, notes]);
}
"#;

#[test]
fn covet_may_be_renamed() -> Result {
    let project = Project::new("renamed")?;
    let manifest = project.manifest()?.replace("[dependencies.covet]", "[dependencies.shield]\npackage = \"covet\"");
    project.write("Cargo.toml", &manifest.replace("\"covet/", "\"shield/"))?;
    project.write("security.toml", POLICY)?;
    project.write("src/main.rs", &PROGRAM.replace("covet::", "shield::"))?;
    assert_eq!(project.messages()?, "");
    Ok(())
}

#[test]
fn a_member_without_a_policy_has_that_of_its_workspace() -> Result {
    let workspace = Project::new("workspace")?;
    let manifest = workspace.manifest()?;
    let (of_workspace, of_package): (Vec<_>, Vec<_>) =
        sections(&manifest).partition(|section| section.starts_with("[workspace"));
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"pages\"]\n\n";
    workspace.write("Cargo.toml", &(members.to_owned() + &of_workspace.concat()))?;
    workspace.write("security.toml", POLICY)?;
    workspace.write("pages/Cargo.toml", &of_package.concat())?;
    workspace.write("pages/src/main.rs", PROGRAM)?;
    assert_eq!(workspace.messages()?, "");
    Ok(())
}

#[test]
fn without_a_policy_there_is_one_error() -> Result {
    // Outside of this repository, whose own policy would be found.
    let folder = std::env::temp_dir().join(format!("covet-without-policy-{}", std::process::id()));
    let project = Project::at("without-policy", folder)?;
    project.write("Cargo.toml", &project.manifest()?)?;
    project.write("src/main.rs", PROGRAM)?;
    let messages = project.messages();
    fs::remove_dir_all(&project.folder)?;
    let expected = "\
error: [covet::no_policy] no `security.toml` in the package's folder or above it
         = help: create one beside Cargo.toml that begins with `[application]` and `name = \"…\"`
 --> src/main.rs:5:1
  |
5 | covet::policy!();
  | ^^^^^^^^^^^^^^^^
  |
  = note: this error originates in the macro `covet::policy` (in Nightly builds, run with -Z macro-backtrace for more info)
";
    assert_eq!(messages?, expected);
    Ok(())
}

#[test]
fn a_policy_in_error_is_told_once_and_whole() -> Result {
    let project = Project::new("broken-policy")?;
    project.write("Cargo.toml", &project.manifest()?)?;
    project.write("security.toml", &POLICY.replace("read:notes\"]", "reed:notes\"]").replace("10/5m", "10 in 5m"))?;
    project.write("src/main.rs", PROGRAM)?;
    let messages = project.messages()?;
    let lines: Vec<_> = messages.lines().map(str::trim_start).collect();
    let file = project.folder.join("security.toml");
    let expected = [
        "error: [covet::policy] 2 mistakes in security.toml",
        "security.toml:9:16: `roles.member.permissions[0]`: unknown permission",
        "security.toml:12:11: `rate_limits.login.limits[0]`: found `\"10 in 5m\"`",
        &format!("= help: correct {}; no names are checked until then", file.display()),
        "--> src/main.rs:5:1",
    ];
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{messages}");
    }
    assert_eq!(messages.matches("error:").count(), 1, "{messages}");
    Ok(())
}

#[test]
fn the_first_name_of_its_kind_is_told_with_the_table_it_needs() -> Result {
    let project = Project::new("no-names")?;
    project.write("Cargo.toml", &project.manifest()?)?;
    project.write("security.toml", "[application]\nname = \"Notes\"\n")?;
    let program =
        PROGRAM.replace("#[require_auth]", "#[covet::require_role(\"member\")]").replace("require_auth, ", "");
    project.write("src/main.rs", &program)?;
    let messages = project.messages()?;
    for expected in [
        r#"error: [covet::unknown_name] unknown rate limit `login`
         = help: security.toml has no rate limit yet; write in it
             [rate_limits.login]
             limits = ["5/5m"]
  --> src/main.rs:13:14
"#,
        r#"error: [covet::unknown_name] unknown role `member`
         = help: security.toml has no role yet; write in it
             [roles.member]
             permissions = []
  --> src/main.rs:19:23
"#,
        r#"error: [covet::unknown_name] unknown permission `read:notes`
         = help: security.toml has no permission yet; write in it
             [permissions]
             "read:notes" = "what it lets one do"
  --> src/main.rs:20:22
"#,
    ] {
        assert!(messages.contains(expected), "{messages}");
    }
    assert_eq!(messages.matches("error:").count(), 3, "{messages}");

    // What was told is a policy.
    let written = "\n[rate_limits.login]\nlimits = [\"5/5m\"]\n[roles.member]\npermissions = []\n[permissions]\n";
    project.write("security.toml", &format!("[application]\nname = \"Notes\"\n{written}"))?;
    let expected = r#"= help: `[permissions]` (security.toml:8) is empty; write in it
             "read:notes" = "what it lets one do"
"#;
    let messages = project.messages()?;
    assert!(messages.contains(expected) && messages.matches("error:").count() == 1, "{messages}");

    project.write("src/main.rs", &program.replace("read:notes", "Read notes"))?;
    let messages = project.messages()?;
    let expected = "= help: security.toml has no permission yet, and this cannot be one; expected a permission name, \
                    lower-case words joined by `:`, such as `read:notes`\n";
    assert!(messages.contains(expected), "{messages}");
    Ok(())
}

#[test]
fn names_that_have_no_type_are_told() -> Result {
    let project = Project::new("no-type")?;
    project.write("Cargo.toml", &project.manifest()?)?;
    let none = "[permissions]\nself = \"See oneself\"\nread-notes = \"See all notes\"";
    // The first two have no type, and need none.
    let by_key = [
        "[rate_limits.log-in]",
        "[rate_limits.log_in]",
        "[rate_limits.self]",
        "[rate_limits.to-do]",
        "[rate_limits.to_do]",
    ];
    let limits = by_key.map(|table| format!("\n{table}\nlimits = [\"5/5m\"]\nscope = \"key\"\n")).concat();
    let limits = limits.replacen("\"key\"", "\"ip\"", 2);
    project.write("security.toml", &(POLICY.replace("[permissions]", none) + &limits))?;
    project.write("src/main.rs", PROGRAM)?;
    let messages = project.messages()?;
    for expected in [
        "error: [covet::policy] the rate limits `to-do` and `to_do` would both be the type `ToDo`
         = help: rename one of them: security.toml:28 and 32
",
        "error: [covet::policy] the rate limit `self` would be the type `Self`, which is a keyword of Rust
         = help: rename it in security.toml:24, for instance `self-service`
",
        "error: [covet::policy] the permissions `read-notes` and `read:notes` would both be the type `ReadNotes`
         = help: rename one of them: security.toml:7 and 8
",
        "error: [covet::policy] the permission `self` would be the type `Self`, which is a keyword of Rust
         = help: rename it in security.toml:6, for instance `self-service`
",
    ] {
        assert!(messages.contains(expected), "{messages}");
    }
    assert_eq!(messages.matches("error:").count(), 4, "{messages}");
    Ok(())
}

#[test]
fn permissions_may_be_called_like_keywords_and_traits() -> Result {
    let project = Project::new("keywords")?;
    project.write("Cargo.toml", &project.manifest()?)?;
    let names =
        ["crate", "super", "type", "self:edit", "debug", "clone", "copy", "permission", "some", "str", "a-b_c:2d"];
    let lines: String = names.iter().map(|name| format!("\n\"{name}\" = \"\"")).collect();
    project.write("security.toml", &POLICY.replace("[permissions]", &format!("[permissions]{lines}")))?;
    project.write("src/main.rs", PROGRAM)?;
    assert_eq!(project.messages()?, "");
    Ok(())
}

#[test]
fn an_edit_of_the_policy_builds_again() -> Result {
    let project = Project::new("edited")?;
    project.write("Cargo.toml", &project.manifest()?)?;
    project.write("security.toml", POLICY)?;
    // Without `policy!()`, which includes the file as well.
    let (uses, rest) = PROGRAM.split_once("covet::policy!();").ok_or("no policy in the program")?;
    let (routes, _) = rest.split_once("fn main()").ok_or("no main in the program")?;
    let main = "fn main() {\n    let _ = covet::routes![index, login, notes];\n}\n";
    project.write("src/main.rs", &format!("{}{routes}{main}", uses.replace("Covet, ", "")))?;
    assert_eq!(project.messages()?, "");
    project.write("security.toml", &POLICY.replace("rate_limits.login", "rate_limits.logins"))?;
    let expected = r#"error: [covet::unknown_name] unknown rate limit `login`
         = help: did you mean `logins` (security.toml:11)?
  --> src/main.rs:13:14
   |
13 | #[rate_limit("login")]
   |              ^^^^^^^
"#;
    assert_eq!(project.messages()?, expected);
    Ok(())
}

fn sections(manifest: &str) -> impl Iterator<Item = &str> {
    manifest.split_inclusive("\n\n")
}

struct Project {
    /// The name of its package, which no other has: by that cargo tells what it has built in the folder they share.
    name: &'static str,
    folder: PathBuf,
}

impl Project {
    fn new(name: &'static str) -> Result<Self> {
        Self::at(name, Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects").join(name))
    }

    /// An empty project, with the versions that this workspace has.
    fn at(name: &'static str, folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(Self { name, folder })
    }

    /// The manifest of the cases without the cases.
    fn manifest(&self) -> Result<String> {
        let text = fs::read_to_string(Cases::built().package.join("Cargo.toml"))?;
        let without_cases = sections(&text).filter(|section| !section.starts_with("[[bin]]"));
        let name = format!("\"{}\"", self.name);
        Ok(without_cases.collect::<String>().replace("\"covet-tests\"", &name))
    }

    fn write(&self, path: &str, text: &str) -> Result {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
        Ok(fs::write(path, text)?)
    }

    /// Every error and warning of the project's own code.
    fn messages(&self) -> Result<String> {
        let output = self.check()?.output()?;
        let mut messages = String::new();
        for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: serde_json::Value = serde_json::from_slice(line)?;
            let text = |path| line.pointer(path).and_then(|value| value.as_str());
            let own = text("/target/name") == Some(self.name) && line.pointer("/message/spans/0").is_some();
            let rendered = text("/message/rendered").filter(|_| own);
            messages.extend(rendered.map(|text| text.trim_end().to_owned() + "\n"));
        }
        if output.status.success() || !messages.is_empty() {
            return Ok(messages);
        }
        Err(format!("cargo failed: {}", String::from_utf8_lossy(&output.stderr)).into())
    }

    /// The command by which cases are built: whatever differs here, such as a compiler flag, has everything that they
    /// depend on built once more.
    fn check(&self) -> Result<Command> {
        let version = Command::new("rustc").arg("-vV").output()?;
        let version = String::from_utf8(version.stdout)?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
        let flags = r#"rustflags=["--cfg", "trybuild", "--verbose", "-A", "dead_code"]"#;
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&self.folder).env_remove("RUSTFLAGS");
        cargo.env("CARGO_TARGET_DIR", &Cases::built().target).env("CARGO_INCREMENTAL", "0");
        cargo.args(["check", "--offline", "--quiet", "--message-format=json", "--target", host]);
        cargo.arg(format!("--config=build.{flags}")).arg(format!("--config=target.{host}.{flags}"));
        Ok(cargo)
    }
}
