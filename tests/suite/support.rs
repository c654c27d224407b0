//! The application under test, and two ways to ask it: through TCP, and within the process.

mod app;
mod broken;
mod log;
mod people;
mod tcp;

use std::sync::Arc;
use std::time::{Duration, Instant};

use covet::store::Store;
use covet::time::ManualClock;
use covet::{Accounts, Covet, Embedded, Settings, Timestamp};
use covet_core::sql::drift::Table;
use rocket::figment::Figment;
use rocket::local::asynchronous::Client;
use rocket::{Build, Config, Ignite, Rocket, Route};
use tempfile::NamedTempFile;

use self::app::{Touched, routes};
pub(crate) use self::broken::{Fragile, Interrupted};
pub(crate) use self::log::logged;
pub(crate) use self::people::{Person, code, try_sign_in};
pub(crate) use self::tcp::{Connection, Server, head};

/// The names are those of the package's `security.toml`, which the attributes are checked against; the values are wide
/// enough to be in nobody's way, and the hash the cheapest there is.
pub(crate) const POLICY: Embedded = Embedded {
    name: "security.toml",
    tables: &[],
    text: r#"
[application]
name = "Test"

[permissions]
"read:notes" = ""
"write:notes" = ""
"read:users" = ""
"admin:audit" = ""
"admin:unlock" = ""

[roles.guest]
[roles.member]
permissions = ["read:notes", "write:notes"]
[roles.admin]
inherits = ["member"]
permissions = ["read:*", "admin:*"]

[rate_limits]
login = { limits = ["1000/5m", "10000/1d"] }
register = { limits = ["1000/1h"] }
pages = { limits = ["1000/1m"] }
api = { limits = ["1000/1m"], scope = "user" }
writing = { limits = ["1000/1h"], scope = "key" }

[password]
hash = { memory = "7MiB", iterations = 5 }
hash_budget = "1GiB"

[lockout]
max_attempts = 5
delay = { base = "15m", factor = 1 }
network = { limits = ["10000/1h"] }
"#,
};

/// A secret key, and another one.
pub(crate) const KEY: &str = "8f0a1c5e7b3d92460f1e2d3c4b5a69788796a5b4c3d2e1f00112a3b4c5d6e7f8";
pub(crate) const OTHER_KEY: &str = "1f9b7c3e5d8a02640e1f2c3d4a5b68798697b4a5d2c3f0e11213a2b5c4d7e6f9";

/// When the clock of a test stands at first: the beginning of a TOTP step.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// An application to be started. Its clock stands until a test moves it.
#[derive(Clone)]
pub(crate) struct App {
    variables: Vec<(String, String)>,
    profile: &'static str,
    policy: &'static str,
    tables: &'static [Table],
    clock: Arc<ManualClock>,
    store: Option<Arc<dyn Store>>,
    accounts: Option<Arc<dyn Accounts>>,
    /// A file that is there as long as the application may be started.
    _over: Option<Arc<NamedTempFile>>,
    pub(crate) touched: Arc<Touched>,
}

/// The database in a folder.
pub(crate) fn database_url(directory: &tempfile::TempDir) -> String {
    format!("sqlite:{}", directory.path().join("covet.db").display())
}

impl App {
    /// With everything in memory.
    pub(crate) fn new() -> Self {
        log::capture();
        let app = Self {
            variables: Vec::new(),
            profile: "debug",
            policy: POLICY.text,
            tables: POLICY.tables,
            clock: Arc::new(ManualClock::at(START)),
            store: None,
            accounts: None,
            _over: None,
            touched: Arc::default(),
        };
        app.with("COVET_SECRET_KEY", KEY).with("COVET_DATABASE_URL", "sqlite::memory:")
    }

    /// With its database in a folder.
    pub(crate) fn on_file(directory: &tempfile::TempDir) -> Self {
        Self::new().with("COVET_DATABASE_URL", database_url(directory))
    }

    /// With a variable set, or set otherwise.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self = self.without(name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// With a variable not set.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// In another profile of Rocket.
    pub(crate) fn profile(self, profile: &'static str) -> Self {
        Self { profile, ..self }
    }

    /// With more compiled into the policy.
    pub(crate) fn policy(self, more: &str) -> Self {
        Self { policy: Box::leak(format!("{}{more}", POLICY.text).into_boxed_str()), ..self }
    }

    /// With statements that were compiled for these tables.
    pub(crate) fn tables(self, tables: &'static [Table]) -> Self {
        Self { tables, ..self }
    }

    /// With a file that lies over the policy.
    pub(crate) fn over(self, text: &str) -> Self {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().display().to_string();
        Self { _over: Some(Arc::new(file)), ..self.with("COVET_CONFIG", path) }
    }

    /// Behind a proxy that is trusted: to the server, a request is from whom `X-Forwarded-For` names.
    pub(crate) fn behind_a_proxy(self) -> Self {
        self.with("COVET_HTTP__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#)
    }

    /// With a store of its own.
    pub(crate) fn store(self, store: Arc<dyn Store>) -> Self {
        Self { store: Some(store), ..self }
    }

    /// With accounts of its own.
    pub(crate) fn accounts(self, accounts: Arc<dyn Accounts>) -> Self {
        Self { accounts: Some(accounts), ..self }
    }

    /// With a clock that stands at the present, for a store that goes by a clock of its own.
    #[cfg(feature = "redis")]
    pub(crate) fn in_the_present(self) -> Self {
        Self { clock: Arc::new(ManualClock::at(covet::time::Clock::now(&covet::time::SystemClock))), ..self }
    }

    /// Time passes.
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn now(&self) -> Timestamp {
        covet::time::Clock::now(&*self.clock)
    }

    /// The code that an authenticator shows now.
    pub(crate) fn code(&self, uri: &str) -> String {
        code(uri, self.now())
    }

    /// The fairing.
    pub(crate) fn covet(&self) -> Covet {
        let variables = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let embedded = Embedded { text: self.policy, tables: self.tables, ..POLICY };
        let covet = Covet::fairing(embedded).settings(Settings::only(variables)).clock(Arc::clone(&self.clock) as _);
        let covet = match &self.store {
            Some(store) => covet.store(Arc::clone(store)),
            None => covet,
        };
        match &self.accounts {
            Some(accounts) => covet.accounts(Arc::clone(accounts)),
            None => covet,
        }
    }

    /// Rocket without the fairing and without routes.
    pub(crate) fn bare(&self) -> Rocket<Build> {
        let figment = Figment::from(Config::debug_default()).select(self.profile).merge(("port", 0));
        let figment = figment.merge(("shutdown.ctrlc", false)).merge(("shutdown.signals", [(); 0]));
        let figment = figment.merge(("shutdown.grace", 0)).merge(("shutdown.mercy", 0)).merge(("ident", "test"));
        rocket::custom(figment).manage(Arc::clone(&self.touched))
    }

    /// The whole application.
    pub(crate) fn rocket(&self) -> Rocket<Build> {
        self.bare().attach(self.covet()).mount("/", routes())
    }

    /// The application within the process.
    pub(crate) async fn local(&self) -> Client {
        Client::untracked(ignite(self.rocket()).await).await.unwrap()
    }

    /// The application on a free port.
    pub(crate) async fn serve(&self) -> Server {
        Server::start(self.rocket()).await
    }

    /// The application with more routes, on a free port.
    pub(crate) async fn serve_with(&self, routes: Vec<Route>) -> Server {
        Server::start(self.rocket().mount("/", routes)).await
    }
}

async fn ignite(rocket: Rocket<Build>) -> Rocket<Ignite> {
    refusal(rocket).await.unwrap_or_else(|log| panic!("{log}"))
}

/// Ignites; what was logged meanwhile by this thread, if that failed.
pub(crate) async fn refusal(rocket: Rocket<Build>) -> Result<Rocket<Ignite>, String> {
    log::take_own();
    // Rocket's error panics when nobody has looked at it.
    rocket.ignite().await.map_err(|error| format!("{}{error}", log::take_own()))
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) remote: &'static str,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: String::new(), remote: "192.0.2.1:4711" }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a session.
    pub(crate) fn cookie(self, value: &str) -> Self {
        self.header("Cookie", format!("{COOKIE}={value}"))
    }

    /// From a device that is known, or says so.
    pub(crate) fn device(self, value: &str) -> Self {
        self.header("Cookie", format!("{DEVICE_COOKIE}={value}"))
    }

    /// As the proxy of [`App::behind_a_proxy`] says for whom it asks.
    pub(crate) fn forwarded(self, client: &str) -> Self {
        self.header("X-Forwarded-For", client)
    }

    /// As a browser asks.
    pub(crate) fn browser(self) -> Self {
        self.header("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    }

    pub(crate) fn json(self, body: &rocket::serde::json::Value) -> Self {
        Self { body: body.to_string(), ..self.header("Content-Type", "application/json") }
    }

    /// From another address; only within the process.
    pub(crate) fn from(self, remote: &'static str) -> Self {
        Self { remote, ..self }
    }
}

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "__Host-session";

/// The name of the cookie that a device is known by.
pub(crate) const DEVICE_COOKIE: &str = "__Host-session-device";

/// A response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The session that was given, if one was.
    pub(crate) fn session(&self) -> Option<String> {
        self.given(COOKIE)
    }

    /// The cookie by which a device is known, if one was given.
    pub(crate) fn device(&self) -> Option<String> {
        self.given(DEVICE_COOKIE)
    }

    fn given(&self, name: &str) -> Option<String> {
        let cookies = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case("Set-Cookie"));
        let mut values = cookies.filter_map(|(_, cookie)| cookie.strip_prefix(name)?.strip_prefix('='));
        values.next()?.split(';').next().filter(|value| !value.is_empty()).map(str::to_owned)
    }

    pub(crate) fn json(&self) -> rocket::serde::json::Value {
        rocket::serde::json::from_str(&self.body).unwrap()
    }

    /// The problem's code, where everything else that RFC 9457 asks for is there.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.header("Cache-Control"), Some("no-store"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        assert!(problem["type"].is_string() && problem["title"].is_string(), "{self:?}");
        assert!(problem["detail"].is_string(), "{self:?}");
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// Where a request can be sent.
pub(crate) trait Wire {
    async fn send(&self, ask: Ask) -> Reply;

    /// Sends it again and again until it is answered with a status: a store that is back is used again soon.
    async fn send_until(&self, ask: &Ask, status: u16) -> Reply {
        let start = Instant::now();
        loop {
            let reply = self.send(ask.clone()).await;
            if reply.status == status {
                return reply;
            }
            assert!(start.elapsed() < BACK, "{reply:?}");
        }
    }
}

/// How soon a store that is back is used again.
pub(crate) const BACK: Duration = Duration::from_secs(2);

impl Wire for Client {
    async fn send(&self, ask: Ask) -> Reply {
        let mut request = self.req(ask.method.parse().unwrap(), ask.path).remote(ask.remote.parse().unwrap());
        for (name, value) in ask.headers {
            // Cookies are read by the server from the header, but by the client within the process from its jar.
            match value.split_once('=').filter(|_| name == "Cookie") {
                Some((name, value)) => request = request.cookie((name.to_owned(), value.to_owned())),
                None => request.add_header(rocket::http::Header::new(name, value)),
            }
        }
        let response = request.body(ask.body).dispatch().await;
        let headers = response.headers().iter().map(|header| (header.name.to_string(), header.value.to_string()));
        let (status, headers) = (response.status().code, headers.collect());
        Reply { status, headers, body: response.into_string().await.unwrap_or_default() }
    }
}
