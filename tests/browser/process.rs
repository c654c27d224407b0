//! The programs of the test: the vault with a database of its own, and chromedriver. Each ends with its handle.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// A running vault.
pub(crate) struct Vault {
    pub(crate) url: String,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Vault {
    pub(crate) fn start() -> Self {
        let program = build_folder().join("examples/vault");
        assert!(program.exists(), "{} is not built; run ./scripts/test", program.display());
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(folder.path())
            .env_clear()
            .env("ROCKET_PORT", "0")
            .env("ROCKET_ADDRESS", "127.0.0.1")
            .env("ROCKET_CLI_COLORS", "false")
            // The test signs in more often from one address than a person does.
            .env("COVET_RATE_LIMITS__LOGIN__LIMITS", r#"["1000/5m"]"#);
        let (process, url) =
            Process::start(command, |line| line.split_once("Vault is ready: ").map(|(_, url)| url.trim().to_owned()));
        Self { url, _process: process, _folder: folder }
    }

    /// Where pictures go if nobody says otherwise.
    pub(crate) fn pictures() -> PathBuf {
        build_folder().with_file_name("screenshots")
    }
}

/// `target/debug`, or whichever this test was built in.
fn build_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().to_owned()
}

/// A running chromedriver.
pub(crate) struct Driver {
    pub(crate) port: u16,
    pub(crate) chromium: PathBuf,
    _process: Process,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let chromium = find(&["chromium", "chromium-browser", "google-chrome"]);
        let mut command = Command::new(find(&["chromedriver"]));
        command.arg("--port=0");
        let (process, port) = Process::start(command, |line| {
            line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        Self { port, chromium, _process: process }
    }
}

fn find(names: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        names.iter().find_map(|name| std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.exists()));
    found.unwrap_or_else(|| panic!("this test needs {}; ./scripts/test installs it", names[0]))
}

/// A child that does not outlive its handle, nor do its own children: the browsers of chromedriver. What it wrote is shown when the test fails.
struct Process {
    child: Child,
    output: Arc<Mutex<String>>,
}

impl Process {
    /// Starts the command and waits for the line that says it is ready.
    fn start<T: Send + 'static>(mut command: Command, ready: fn(&str) -> Option<T>) -> (Self, T) {
        let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, receiver) = mpsc::channel();
        let output = Arc::default();
        keep(child.stderr.take().unwrap(), &output, |_| {});
        keep(child.stdout.take().unwrap(), &output, move |line| {
            if let Some(found) = ready(line) {
                let _ = sender.send(found);
            }
        });
        let process = Self { child, output };
        let found = receiver.recv_timeout(Duration::from_secs(60));
        (process, found.unwrap_or_else(|_| panic!("{command:?} did not become ready")))
    }
}

/// Reads to the end, so that the child never waits for room to write.
fn keep(stream: impl Read + Send + 'static, output: &Arc<Mutex<String>>, look: impl Fn(&str) + Send + 'static) {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            look(&line);
            writeln!(output.lock().unwrap(), "{line}").unwrap();
        }
    });
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("sh").arg("-c").arg(format!("kill -s KILL -- -{}", self.child.id())).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.output.lock().unwrap());
        }
    }
}
