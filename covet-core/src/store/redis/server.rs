//! A Redis of a test's own.
#![expect(clippy::unwrap_used, reason = "a test without its server has failed")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Address, Options, Prefix};
use crate::random;

/// A server on a free port of this machine, which ends with this value.
#[derive(Debug)]
pub struct TestServer {
    child: Child,
    port: u16,
}

impl TestServer {
    /// Starts `redis-server`, with these arguments besides, and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        const TRIES: usize = 10;
        // Another may take the port between the choice and its use.
        let started = (0..TRIES).find_map(|_| Self::try_start(free_port(), arguments));
        started.expect("redis-server is installed and starts")
    }

    /// Starts it on a port; `None` when it ends before it is ready.
    #[must_use]
    pub fn try_start(port: u16, arguments: &[&str]) -> Option<Self> {
        let text = port.to_string();
        let own = ["--bind", "127.0.0.1", "--port", text.as_str(), "--save", "", "--appendonly", "no"];
        let mut command = Command::new("redis-server");
        command.args(own).args(arguments).current_dir(std::env::temp_dir()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = Self { child: command.spawn().unwrap(), port };
        let mut log = BufReader::new(server.child.stdout.take()?).lines();
        log.by_ref().map_while(Result::ok).find(|line| line.contains("Ready to accept connections"))?;
        // It must not stop because nobody reads its log.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Some(server)
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> Address {
        self.url().parse().unwrap()
    }

    /// Where it is, as text.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// On which port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody uses now.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The variable that names a server for tests.
pub const URL: &str = "COVET_TEST_REDIS_URL";

/// The server that [`URL`] names, or else one of its own; and options that wait long, for a machine that
/// runs tests is slow, under a prefix that no other test has.
///
/// # Panics
///
/// When there is no such server.
#[must_use]
pub fn shared() -> (Address, Options, Option<TestServer>) {
    let mut random = [0; 8];
    random::fill(&mut random).unwrap();
    let prefix: Prefix = format!("test-{:016x}", u64::from_ne_bytes(random)).parse().unwrap();
    let options = Options::default().with_prefix(prefix).with_response_timeout(Duration::from_secs(10));
    match std::env::var(URL) {
        Ok(url) => (url.parse().unwrap(), options, None),
        Err(_) => {
            let server = TestServer::start(&[]);
            (server.address(), options, Some(server))
        }
    }
}
