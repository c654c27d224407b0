//! 100 routes that do little, guarded by attributes and by hand.

/// How many routes there are.
pub(crate) const COUNT: u32 = 100;

/// What the attributes name.
pub(crate) const POLICY: &str = r#"
[permissions]
"read:notes" = "See one's own notes"

[roles.member]
permissions = ["read:*"]

[rate_limits.address]
limits = ["60/1m"]
"#;

/// Guards as one would write them: a limit by address, and a session's user with a permission and a second factor.
const BY_HAND: &str = r#"
use std::collections::HashMap;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Mutex;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Build, Request, Rocket, get, routes};

#[derive(Default)]
pub struct State {
    counts: Mutex<HashMap<IpAddr, u32>>,
    users: Mutex<HashMap<String, (String, bool)>>,
}

pub struct Limited;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Limited {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let (Some(state), Some(address)) = (request.rocket().state::<State>(), request.client_ip()) else {
            return Outcome::Error((Status::ServiceUnavailable, ()));
        };
        let mut counts = state.counts.lock().unwrap();
        let count = counts.entry(address).or_default();
        *count += 1;
        if *count > 60 { Outcome::Error((Status::TooManyRequests, ())) } else { Outcome::Success(Self) }
    }
}

pub struct ReadNotes;

pub struct User<P> {
    pub name: String,
    pub mfa: bool,
    permission: PhantomData<P>,
}

#[rocket::async_trait]
impl<'r, P> FromRequest<'r> for User<P> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let cookie = request.cookies().get("session").map(|cookie| cookie.value());
        let users = request.rocket().state::<State>().map(|state| &state.users);
        let (Some(cookie), Some(users)) = (cookie, users) else { return Outcome::Error((Status::Unauthorized, ())) };
        match users.lock().unwrap().get(cookie).cloned() {
            Some((name, mfa)) => Outcome::Success(Self { name, mfa, permission: PhantomData }),
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}
"#;

/// The program by attributes.
pub(crate) fn annotated() -> String {
    let mut program = "use covet::{Covet, User, rate_limit, require_mfa, require_permission};\n\
                       use rocket::{Build, Rocket, get};\n\ncovet::policy!();\n"
        .to_owned();
    for route in 0..COUNT {
        let mfa = if route % 4 == 0 { "#[require_mfa]\n" } else { "" };
        program += &format!(
            "\n#[rate_limit(\"address\")]\n#[require_permission(\"read:notes\")]\n{mfa}#[get(\"/notes/{route}/<id>\")]\n\
             fn route_{route}(user: &User, id: u32) -> String {{\n    format!(\"{{}} {{id}}\", user.name)\n}}\n"
        );
    }
    program += &format!(
        "\npub fn rocket() -> Rocket<Build> {{\n    rocket::build().attach(Covet::fairing(policy::EMBEDDED))\
         .mount(\"/\", covet::routes![{}])\n}}\n",
        names()
    );
    program
}

/// The program with guards by hand.
pub(crate) fn by_hand() -> String {
    let mut program = BY_HAND.to_owned();
    for route in 0..COUNT {
        program += &format!(
            "\n#[get(\"/notes/{route}/<id>\")]\n\
             fn route_{route}(_limited: Limited, user: User<ReadNotes>, id: u32) -> String {{\n    \
             format!(\"{{}} {{id}} {{}}\", user.name, user.mfa)\n}}\n"
        );
    }
    program += &format!(
        "\npub fn rocket() -> Rocket<Build> {{\n    rocket::build().manage(State::default()).mount(\"/\", routes![{}])\n}}\n",
        names()
    );
    program
}

fn names() -> String {
    (0..COUNT).map(|route| format!("route_{route}")).collect::<Vec<_>>().join(", ")
}
