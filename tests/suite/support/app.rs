//! The routes under test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use covet::{AccountId, Auth, Lockout, LockoutStatus, NewAccount, Password, Problem, Session, SignedIn, Stage, User};
use covet::{public, rate_limit, require_auth, require_mfa, require_permission, require_role};
use rocket::data::{self, Data, FromData, ToByteUnit as _};
use rocket::http::Status;
use rocket::request::{self, FromParam, FromRequest};
use rocket::serde::Deserialize;
use rocket::serde::json::Json;
use rocket::{Request, Route, State, get, post};

/// How far requests have come: what a route demands is decided before any of this.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    guards: AtomicUsize,
    bodies: AtomicUsize,
    handlers: AtomicUsize,
}

impl Touched {
    /// Guards, bodies, handlers.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [&self.guards, &self.bodies, &self.handlers].map(|count| count.load(Ordering::SeqCst))
    }

    fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.rocket().state::<Arc<Self>>().expect("it is managed")
    }
}

/// A guard of the application's own.
struct Probe;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Probe {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        Touched::of(request).guards.fetch_add(1, Ordering::SeqCst);
        request::Outcome::Success(Self)
    }
}

/// A body, read whole.
struct Body;

#[rocket::async_trait]
impl<'r> FromData<'r> for Body {
    type Error = std::io::Error;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        Touched::of(request).bodies.fetch_add(1, Ordering::SeqCst);
        match data.open(100.mebibytes()).stream_to(rocket::tokio::io::sink()).await {
            Ok(_) => data::Outcome::Success(Self),
            Err(error) => data::Outcome::Error((Status::InternalServerError, error)),
        }
    }
}

/// A segment of the path that is not one unless it says so.
struct Good;

impl FromParam<'_> for Good {
    type Error = ();

    fn from_param(param: &str) -> Result<Self, ()> {
        if param == "good" { Ok(Self) } else { Err(()) }
    }
}

type Count<'r> = &'r State<Arc<Touched>>;

fn done(touched: Count<'_>) -> &'static str {
    touched.handlers.fetch_add(1, Ordering::SeqCst);
    "done"
}

#[rate_limit("pages")]
#[post("/limited", data = "<_body>")]
fn limited(_probe: Probe, touched: Count<'_>, _body: Body) -> &'static str {
    done(touched)
}

#[require_auth]
#[post("/signed-in", data = "<_body>")]
fn signed_in(_probe: Probe, touched: Count<'_>, _body: Body) -> &'static str {
    done(touched)
}

#[require_mfa]
#[post("/proven", data = "<_body>")]
fn proven(_probe: Probe, touched: Count<'_>, _body: Body) -> &'static str {
    done(touched)
}

#[require_mfa(max_age = "10m")]
#[post("/fresh", data = "<_body>")]
fn fresh(_probe: Probe, touched: Count<'_>, _body: Body) -> &'static str {
    done(touched)
}

#[require_permission("admin:audit")]
#[post("/permitted", data = "<_body>")]
fn permitted(_probe: Probe, touched: Count<'_>, _body: Body) -> &'static str {
    done(touched)
}

#[require_role("admin")]
#[post("/ruled", data = "<_body>")]
fn ruled(_probe: Probe, touched: Count<'_>, _body: Body) -> &'static str {
    done(touched)
}

#[require_auth]
#[rate_limit("api")]
#[post("/mine", data = "<_body>")]
fn mine(_probe: Probe, touched: Count<'_>, _body: Body) -> &'static str {
    done(touched)
}

#[require_auth]
#[get("/param/<_param>?<number>")]
fn param(_param: Good, number: u8) -> String {
    number.to_string()
}

#[public]
#[get("/")]
fn start() -> &'static str {
    "start"
}

#[public]
#[get("/login")]
fn sign_in_page() -> &'static str {
    "sign in"
}

#[public]
#[get("/mfa")]
fn second_factor_page() -> &'static str {
    "second factor"
}

#[rate_limit("pages")]
#[get("/page")]
fn page() -> &'static str {
    "page"
}

#[rate_limit("pages")]
#[rate_limit("login")]
#[rate_limit("api")]
#[require_auth]
#[get("/several")]
fn several() -> &'static str {
    "several"
}

#[require_permission("admin:audit")]
#[get("/audit")]
fn audit() -> &'static str {
    "audit"
}

#[require_mfa]
#[get("/vault")]
fn vault() -> &'static str {
    "vault"
}

#[require_auth]
#[get("/me")]
fn me(user: &User, session: &Session) -> String {
    assert_eq!(user.id, session.user.id);
    user.name.clone()
}

/// A public route that has forgotten its attribute, but not its guard.
#[public]
#[get("/guarded-by-type")]
fn guarded_by_type(user: &User) -> String {
    user.name.clone()
}

#[public]
#[get("/stage")]
fn stage(auth: Auth<'_>, user: Option<&User>) -> String {
    let stage = match auth.stage() {
        Stage::Anonymous => "anonymous",
        Stage::PendingMfa => "pending",
        Stage::SignedIn => "signed in",
    };
    format!("{stage} {}", user.map_or("nobody", |user| &user.name))
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde")]
struct New {
    name: String,
    password: Password,
    role: String,
    #[serde(default)]
    email: String,
}

#[public]
#[post("/register", data = "<new>")]
async fn register(auth: Auth<'_>, new: Json<New>) -> Result<String, Problem> {
    let New { name, password, role, email } = new.into_inner();
    let id = auth.register(NewAccount { username: &name, email: &email, password, roles: &[&role] }).await?;
    Ok(id.as_str().to_owned())
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde")]
struct Login {
    name: String,
    password: Password,
}

#[public]
#[post("/login", data = "<login>")]
async fn sign_in(mut auth: Auth<'_>, login: Json<Login>) -> Result<&'static str, Problem> {
    let Login { name, password } = login.into_inner();
    Ok(match auth.sign_in(&name, password).await? {
        SignedIn::Done => "done",
        SignedIn::SecondFactor => "second factor",
    })
}

/// Signs in and says what is to be told of others who tried.
#[public]
#[post("/login/told", data = "<login>")]
async fn sign_in_told(mut auth: Auth<'_>, login: Json<Login>) -> Result<String, Problem> {
    let Login { name, password } = login.into_inner();
    auth.sign_in(&name, password).await?;
    Ok(told(&auth))
}

#[public]
#[post("/mfa/verify/told", data = "<code>")]
async fn verify_told(mut auth: Auth<'_>, code: &str) -> Result<String, Problem> {
    auth.verify_totp(code).await?;
    Ok(told(&auth))
}

fn told(auth: &Auth<'_>) -> String {
    let guesses = |guesses: covet::Guesses| format!("{} passwords, {} codes", guesses.passwords, guesses.codes);
    auth.guesses().map_or("nothing".to_owned(), guesses)
}

#[require_auth]
#[post("/mfa/enroll")]
async fn enroll(auth: Auth<'_>) -> Result<String, Problem> {
    Ok(auth.enroll_totp().await?.uri().to_owned())
}

#[require_auth]
#[post("/mfa/confirm", data = "<code>")]
async fn confirm(mut auth: Auth<'_>, code: &str) -> Result<(), Problem> {
    Ok(auth.confirm_totp(code).await?)
}

#[public]
#[post("/mfa/verify", data = "<code>")]
async fn verify(mut auth: Auth<'_>, code: &str) -> Result<(), Problem> {
    Ok(auth.verify_totp(code).await?)
}

#[require_auth]
#[post("/password", data = "<both>")]
async fn password(mut auth: Auth<'_>, both: &str) -> Result<(), Problem> {
    let (current, new) = both.split_once('\n').unwrap_or_default();
    Ok(auth.change_password(current.to_owned().into(), new.to_owned().into()).await?)
}

#[public]
#[post("/logout")]
async fn sign_out(mut auth: Auth<'_>) -> Result<(), Problem> {
    Ok(auth.sign_out().await?)
}

#[require_auth]
#[post("/logout-all")]
async fn sign_out_everywhere(mut auth: Auth<'_>) -> Result<String, Problem> {
    Ok(auth.sign_out_everywhere().await?.to_string())
}

#[require_auth]
#[get("/sessions")]
async fn sessions(auth: Auth<'_>) -> Result<Json<Vec<(String, bool)>>, Problem> {
    let sessions = auth.sessions().await?;
    Ok(Json(sessions.into_iter().map(|session| (session.handle, session.current)).collect()))
}

#[require_auth]
#[post("/sessions/revoke", data = "<handle>")]
async fn revoke(auth: Auth<'_>, handle: &str) -> Result<String, Problem> {
    Ok(auth.revoke(handle).await?.to_string())
}

#[require_role("admin")]
#[post("/accounts/<name>/roles", data = "<role>")]
async fn set_roles(auth: Auth<'_>, name: &str, role: &str) -> Result<(), Problem> {
    for account in auth.accounts(100).await?.iter().filter(|account| account.username == name) {
        auth.set_roles(&account.id, &[role]).await?;
    }
    Ok(())
}

#[require_role("admin")]
#[post("/accounts/<name>/disable")]
async fn disable(auth: Auth<'_>, name: &str) -> Result<(), Problem> {
    for account in auth.accounts(100).await?.iter().filter(|account| account.username == name) {
        auth.disable(&account.id).await?;
    }
    Ok(())
}

#[require_permission("admin:unlock")]
#[post("/accounts/<name>/unlock")]
async fn unlock(auth: Auth<'_>, lockout: Lockout<'_>, name: &str) -> Result<String, Problem> {
    let accounts = auth.accounts(100).await?;
    let account = accounts.iter().find(|account| account.username == name).map(|account| account.id.clone());
    let id = account.unwrap_or_else(|| AccountId::from(name.to_owned()));
    let LockoutStatus { passwords, codes } = lockout.status(&id).await?;
    let status = [passwords, codes].map(|failures| format!("{} {:?}", failures.attempts, failures.retry_after));
    Ok(format!("{}; {}", status.join(", "), lockout.unlock(&id).await?))
}

/// A credential of the handler's own.
#[public]
#[post("/pin/<key>", data = "<pin>")]
async fn pin(lockout: Lockout<'_>, key: &str, pin: &str) -> Result<&'static str, Problem> {
    let attempt = lockout.attempt("pin", key).await?;
    if pin != "1234" {
        let wrong = Problem::new(Status::UnprocessableEntity, "wrong_pin", "Wrong").detail("It is another.");
        return Err(wrong.retry_after(attempt.retry_after()));
    }
    attempt.succeeded().await?;
    Ok("open")
}

/// The same, of an account.
#[require_auth]
#[post("/my/pin", data = "<pin>")]
async fn my_pin(user: &User, lockout: Lockout<'_>, pin: &str) -> Result<&'static str, Problem> {
    let attempt = lockout.attempt_for("pin", &user.id).await?;
    if pin != "1234" {
        let wrong = Problem::new(Status::UnprocessableEntity, "wrong_pin", "Wrong").detail("It is another.");
        return Err(wrong.retry_after(attempt.retry_after()));
    }
    attempt.succeeded().await?;
    Ok("open")
}

#[require_permission("admin:audit")]
#[get("/events")]
async fn events(auth: Auth<'_>) -> Result<Json<Vec<(String, Option<String>, String)>>, Status> {
    let events = auth.recent_events(1000).await.map_err(|_| Status::InternalServerError)?;
    let event = |event: covet::StoredEvent| {
        let account = event.account.map(|account| account.as_str().to_owned());
        (event.kind, account, format!("{:?}", event.details))
    };
    Ok(Json(events.into_iter().map(event).collect()))
}

pub(crate) fn routes() -> Vec<Route> {
    covet::routes![
        limited,
        signed_in,
        proven,
        fresh,
        permitted,
        ruled,
        mine,
        param,
        start,
        sign_in_page,
        second_factor_page,
        page,
        several,
        audit,
        vault,
        me,
        guarded_by_type,
        stage,
        register,
        sign_in,
        sign_in_told,
        verify_told,
        enroll,
        confirm,
        verify,
        password,
        sign_out,
        sign_out_everywhere,
        sessions,
        revoke,
        set_roles,
        disable,
        unlock,
        pin,
        my_pin,
        events,
    ]
}
