//! The applications that are measured: one route, guarded and not.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use covet::store::{Key, Space, State, Store, Write};
use covet::time::{Clock, SystemClock};
use covet::{Covet, Settings, rate_limit, require_mfa, require_permission};
use covet_benches::Error;
use covet_core::keys::Keys;
use covet_core::session::{Record, SessionId, Stage, User};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Build, Config, Request, Rocket, get, routes};

covet::policy!();

/// How many sessions the store holds beside the one that is used.
const OTHERS: u32 = 10_000;

/// The name of the session's cookie.
pub(crate) const COOKIE: &str = "__Host-session";

const SECRET_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

const ANSWER: &str = "Within the limit.";

#[get("/bare")]
fn bare() -> &'static str {
    ANSWER
}

#[get("/by-hand")]
fn by_hand(_counted: Counted) -> &'static str {
    ANSWER
}

#[rate_limit("address")]
#[get("/limit")]
fn limit() -> &'static str {
    ANSWER
}

#[rate_limit("address")]
#[require_permission("read:notes")]
#[rate_limit("user")]
#[get("/permission")]
fn permission() -> &'static str {
    ANSWER
}

#[rate_limit("address")]
#[require_mfa]
#[require_permission("read:notes")]
#[rate_limit("user")]
#[get("/full")]
fn full() -> &'static str {
    ANSWER
}

#[rate_limit("quiet_address")]
#[require_permission("read:notes")]
#[rate_limit("quiet_user")]
#[get("/quiet")]
fn quiet() -> &'static str {
    ANSWER
}

/// The least that somebody would write by hand: a counter by address behind a lock.
struct Counted;

#[derive(Default)]
struct Counters(Mutex<HashMap<IpAddr, u64>>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Counted {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let (Some(counters), Some(address)) = (request.rocket().state::<Counters>(), request.client_ip()) else {
            return Outcome::Error((Status::ServiceUnavailable, ()));
        };
        let mut counters = counters.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counters.entry(address).or_default();
        *count += 1;
        if *count > u64::MAX / 2 { Outcome::Error((Status::TooManyRequests, ())) } else { Outcome::Success(Self) }
    }
}

/// Rocket without Covet.
pub(crate) fn without(port: u16) -> Rocket<Build> {
    rocket::custom(config(port)).manage(Counters::default()).mount("/", routes![bare, by_hand])
}

/// Rocket with Covet on a store.
pub(crate) fn with(store: Arc<dyn Store>, port: u16) -> Rocket<Build> {
    let settings = Settings::only([("COVET_DATABASE_URL", "sqlite::memory:"), ("COVET_SECRET_KEY", SECRET_KEY)]);
    rocket::custom(config(port))
        .attach(Covet::fairing(policy::EMBEDDED).store(store).settings(settings))
        .mount("/", covet::routes![limit, permission, quiet, full])
}

fn config(port: u16) -> Config {
    let shutdown = rocket::config::Shutdown { ctrlc: false, ..Default::default() };
    Config { port, shutdown, log_level: rocket::config::LogLevel::Off, ..Config::release_default() }
}

/// Signs somebody in, among many others, and returns the value of their cookie.
pub(crate) async fn sign_in(store: &dyn Store) -> Result<String, Error> {
    let keys = Keys::from_secret(&SECRET_KEY.parse()?);
    for other in 0..OTHERS {
        write_session(store, &keys, other).await?;
    }
    write_session(store, &keys, OTHERS).await
}

/// A session as the engine keeps it after a password and a second factor.
async fn write_session(store: &dyn Store, keys: &Keys, number: u32) -> Result<String, Error> {
    let now = SystemClock.now();
    let account = format!("{number:08x}");
    let owner = keys.tag("account", &[account.as_bytes()]);
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    let id = SessionId::from_bytes(bytes);
    let record = Record {
        user: User { id: account.clone().into(), name: "Ada".to_owned(), roles: vec!["member".to_owned()] },
        handle: account,
        stage: Stage::Full,
        created: now,
        seen: now,
        authenticated: now,
        mfa: Some(now),
        mfa_enrolled: true,
        wrong_passwords: 0,
        ip: Some([127, 0, 0, 1].into()),
        user_agent: Some("Mozilla/5.0".to_owned()),
    };
    let key = Key { space: Space::Session, owner, id: keys.tag("session", &[&id.tag().0]) };
    let write = Write { state: State::Session(Arc::new(record)), expires: now.plus_millis(1_000_000) };
    store.swap(&key, None, Some(write), now).await?;
    Ok(id.cookie_value(&owner))
}
