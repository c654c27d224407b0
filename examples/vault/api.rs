//! The same application for programs: JSON in, JSON out, failures as problem details (RFC 9457).

use covet::{
    AccountId, Auth, Db, Json, Lockout, Password, Problem, SignedIn, User, public, rate_limit, require_auth,
    require_mfa, require_permission, require_role, safe_sql,
};
use rocket::form;
use rocket::http::Status;
use rocket::response::status::NoContent;
use rocket::serde::{Deserialize, Serialize};
use rocket::{Catcher, Route, catch, catchers, get, post};

use crate::notes::{self, Find, Found};
use crate::signup;

/// All of it.
pub fn routes() -> Vec<Route> {
    covet::routes![
        healthz,
        register,
        login,
        mfa_enroll,
        mfa_confirm,
        mfa_verify,
        logout,
        logout_all,
        password,
        me,
        sessions,
        list_notes,
        users,
        unlock,
    ]
}

/// What Rocket itself refuses, as problem details, too. Those for 401, 403, 429 and 503 are Covet's.
pub fn catchers() -> Vec<Catcher> {
    catchers![bad_request, not_found, too_large, not_json, unprocessable, broken]
}

#[catch(400)]
fn bad_request() -> Problem {
    Problem::new(Status::BadRequest, "bad_request", "This is not JSON")
}

#[catch(404)]
fn not_found() -> Problem {
    Problem::new(Status::NotFound, "not_found", "There is nothing here")
}

#[catch(413)]
fn too_large() -> Problem {
    Problem::new(Status::PayloadTooLarge, "too_large", "The body is too large")
}

#[catch(415)]
fn not_json() -> Problem {
    Problem::new(Status::UnsupportedMediaType, "not_json", "The body must be of the type application/json")
}

#[catch(422)]
fn unprocessable() -> Problem {
    Problem::new(Status::UnprocessableEntity, "unprocessable", "The body does not have the fields that are expected")
}

#[catch(500)]
fn broken() -> Problem {
    Problem::new(Status::InternalServerError, "internal", "Something broke on our side")
}

/// Whether the application and its database answer; for the load balancer.
#[public]
#[get("/healthz")]
async fn healthz(db: &Db) -> Result<&'static str, Status> {
    match safe_sql!("SELECT 1").fetch_one(db).await {
        Ok(_) => Ok("ok"),
        Err(_) => Err(Status::ServiceUnavailable),
    }
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde", deny_unknown_fields)]
struct Registration {
    username: String,
    email: String,
    password: Password,
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct Registered {
    id: String,
}

#[rate_limit("register")]
#[post("/api/register", data = "<new>")]
async fn register(auth: Auth<'_>, new: Json<Registration>) -> Result<(Status, Json<Registered>), Problem> {
    let Json(Registration { username, email, password }) = new;
    let id = signup::register(&auth, &username, &email, password).await?;
    Ok((Status::Created, Json(Registered { id: id.to_string() })))
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde", deny_unknown_fields)]
struct Credentials {
    login: String,
    password: Password,
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct Next {
    /// Whether a code is still to be sent to `/api/mfa/verify`.
    second_factor_needed: bool,
}

#[rate_limit("login")]
#[post("/api/login", data = "<credentials>")]
async fn login(mut auth: Auth<'_>, credentials: Json<Credentials>) -> Result<Json<Next>, Problem> {
    let Json(Credentials { login, password }) = credentials;
    let signed_in = auth.sign_in(&login, password).await?;
    Ok(Json(Next { second_factor_needed: matches!(signed_in, SignedIn::SecondFactor) }))
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct NewKey {
    uri: String,
    secret: String,
    qr_svg: String,
}

#[require_auth]
#[post("/api/mfa/enroll")]
async fn mfa_enroll(auth: Auth<'_>) -> Result<Json<NewKey>, Problem> {
    let new = auth.enroll_totp().await?;
    let (uri, secret) = (new.uri().to_owned(), new.secret_base32().to_owned());
    Ok(Json(NewKey { uri, secret, qr_svg: new.qr_svg() }))
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde", deny_unknown_fields)]
struct Code {
    code: String,
}

#[require_auth]
#[post("/api/mfa/confirm", data = "<code>")]
async fn mfa_confirm(mut auth: Auth<'_>, code: Json<Code>) -> Result<NoContent, Problem> {
    auth.confirm_totp(&code.0.code).await?;
    Ok(NoContent)
}

/// Finishes a sign-in, or shows the second factor again. Not for the signed-in only: who comes here is not, yet.
#[rate_limit("login")]
#[post("/api/mfa/verify", data = "<code>")]
async fn mfa_verify(mut auth: Auth<'_>, code: Json<Code>) -> Result<NoContent, Problem> {
    auth.verify_totp(&code.0.code).await?;
    Ok(NoContent)
}

#[public]
#[post("/api/logout")]
async fn logout(mut auth: Auth<'_>) -> Result<NoContent, Problem> {
    auth.sign_out().await?;
    Ok(NoContent)
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct Ended {
    sessions: usize,
}

#[require_auth]
#[post("/api/logout-all")]
async fn logout_all(mut auth: Auth<'_>) -> Result<Json<Ended>, Problem> {
    Ok(Json(Ended { sessions: auth.sign_out_everywhere().await? }))
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde", deny_unknown_fields)]
struct Change {
    current: Password,
    new: Password,
}

#[rate_limit("login")]
#[require_auth]
#[post("/api/password", data = "<change>")]
async fn password(mut auth: Auth<'_>, change: Json<Change>) -> Result<NoContent, Problem> {
    let Json(Change { current, new }) = change;
    auth.change_password(current, new).await?;
    Ok(NoContent)
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct Me<'r> {
    id: String,
    name: &'r str,
    roles: &'r [String],
    second_factor: bool,
}

#[rate_limit("api")]
#[require_auth]
#[get("/api/me")]
fn me<'r>(auth: Auth<'_>, user: &'r User) -> Json<Me<'r>> {
    let second_factor = auth.second_factor_enrolled();
    Json(Me { id: user.id.to_string(), name: &user.name, roles: &user.roles, second_factor })
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct Session {
    handle: String,
    current: bool,
    /// Seconds since 1970, as all times here.
    created: u64,
    seen: u64,
    ip: Option<String>,
    user_agent: Option<String>,
    second_factor: bool,
}

#[rate_limit("api")]
#[require_auth]
#[get("/api/sessions")]
async fn sessions(auth: Auth<'_>) -> Result<Json<Vec<Session>>, Problem> {
    let sessions = auth.sessions().await?.into_iter().map(|session| Session {
        handle: session.handle.to_string(),
        current: session.current,
        created: session.created.seconds(),
        seen: session.seen.seconds(),
        ip: session.ip.map(|ip| ip.to_string()),
        user_agent: session.user_agent,
        second_factor: session.second_factor,
    });
    Ok(Json(sessions.collect()))
}

#[rate_limit("api")]
#[require_permission("read:notes")]
#[get("/api/notes?<find..>")]
async fn list_notes(user: &User, db: &Db, find: form::Result<'_, Find<'_>>) -> Result<Json<Found>, Problem> {
    // Rocket would let another route answer what cannot be read.
    let find = find.map_err(|errors| {
        let faults = errors.iter().map(|error| match &error.name {
            Some(name) => format!("{name}: {error}"),
            None => error.to_string(),
        });
        Problem::new(Status::UnprocessableEntity, "unprocessable", "The query is not what it should be").errors(faults)
    })?;
    Ok(Json(notes::list(db, user, &find).await?))
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct Account {
    id: String,
    name: String,
    roles: Vec<String>,
    second_factor: bool,
}

#[rate_limit("api")]
#[require_role("admin")]
#[require_permission("read:users")]
#[require_mfa]
#[get("/api/admin/users")]
async fn users(auth: Auth<'_>) -> Result<Json<Vec<Account>>, Problem> {
    let accounts = auth.accounts(200).await?.into_iter().map(|account| Account {
        id: account.id.to_string(),
        second_factor: account.totp.is_some_and(|totp| totp.confirmed),
        name: account.username,
        roles: account.roles,
    });
    Ok(Json(accounts.collect()))
}

/// Forgets the failed attempts at an account.
#[rate_limit("api")]
#[require_role("admin")]
#[require_permission("admin:unlock")]
#[require_mfa]
#[post("/api/admin/users/<id>/unlock")]
async fn unlock(lockout: Lockout<'_>, id: &str) -> Result<NoContent, Problem> {
    match lockout.unlock(&AccountId::from(id.to_owned())).await? {
        true => Ok(NoContent),
        false => Err(Problem::new(Status::NotFound, "not_found", "There is no such account")),
    }
}
