//! What people do, by the routes of the application.

use covet::Timestamp;
use covet_core::session::SessionId;
use rocket::serde::json::json;
use totp_rs::Totp;

use super::{Ask, Reply, Wire};

/// Somebody with an account, and what their browser and authenticator know.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) session: String,
    /// The `otpauth` address, if they have a second factor.
    pub(crate) uri: String,
}

impl Person {
    /// A cookie that names their account, and a session that there is not.
    pub(crate) fn forged(&self) -> String {
        let (_, owner) = SessionId::parse(&self.session).unwrap();
        SessionId::from_bytes([0; 32]).cookie_value(&owner)
    }

    /// Registers; signed in nowhere yet.
    pub(crate) async fn register(wire: &impl Wire, name: &str, role: &str) -> Self {
        let password = format!("correct horse of {}", name.chars().rev().collect::<String>());
        let new = json!({ "name": name, "password": password, "role": role });
        let reply = wire.send(Ask::post("/register").json(&new)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        Self { name: name.to_owned(), password, session: String::new(), uri: String::new() }
    }

    /// Registers and signs in.
    pub(crate) async fn signed_in(wire: &impl Wire, name: &str, role: &str) -> Self {
        let mut person = Self::register(wire, name, role).await;
        assert_eq!(person.sign_in(wire).await.body, "done");
        person
    }

    /// Registers, signs in and enrols, with the code of `now`.
    pub(crate) async fn enrolled(wire: &impl Wire, name: &str, role: &str, now: Timestamp) -> Self {
        let mut person = Self::signed_in(wire, name, role).await;
        person.uri = person.post(wire, "/mfa/enroll", "").await.body;
        let reply = person.post(wire, "/mfa/confirm", &code(&person.uri, now)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        person.session = reply.session().unwrap();
        person
    }

    /// Signs in from a new browser, which is the one they use from then on.
    pub(crate) async fn sign_in(&mut self, wire: &impl Wire) -> Reply {
        let reply = try_sign_in(wire, &self.name, &self.password).await;
        if let Some(session) = reply.session() {
            self.session = session;
        }
        reply
    }

    pub(crate) async fn get(&self, wire: &impl Wire, path: &str) -> Reply {
        wire.send(Ask::get(path).cookie(&self.session)).await
    }

    pub(crate) async fn post(&self, wire: &impl Wire, path: &str, body: &str) -> Reply {
        let ask = Ask { body: body.to_owned(), ..Ask::post(path) };
        wire.send(ask.cookie(&self.session).header("Content-Type", "text/plain")).await
    }

    /// Whether they are still signed in.
    pub(crate) async fn is_signed_in(&self, wire: &impl Wire) -> bool {
        let reply = self.get(wire, "/me").await;
        assert!(matches!(reply.status, 200 | 401), "{reply:?}");
        reply.status == 200
    }

    /// The sessions, as the owner sees them: handle, and whether it is this one.
    pub(crate) async fn sessions(&self, wire: &impl Wire) -> Vec<(String, bool)> {
        let reply = self.get(wire, "/sessions").await;
        rocket::serde::json::from_str(&reply.body).unwrap()
    }
}

pub(crate) async fn try_sign_in(wire: &impl Wire, name: &str, password: &str) -> Reply {
    wire.send(Ask::post("/login").json(&json!({ "name": name, "password": password }))).await
}

/// The code of an authenticator at a time.
pub(crate) fn code(uri: &str, at: Timestamp) -> String {
    Totp::from_url_unchecked(uri).unwrap().generate(at.seconds()).to_string()
}
