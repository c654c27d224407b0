//! What the fairing makes at ignition, and how a request becomes facts.

use std::iter;
use std::net::IpAddr;
use std::sync::Arc;

use covet_core::engine::{Engine, Facts};
use covet_core::http;
use rocket::Request;

/// The engine, ready to decide, with what its translation to HTTP needs.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) engine: Arc<Engine>,
    /// The name of the session cookie, prefix included.
    pub(crate) cookie: String,
    /// The name of the cookie that a device is known by.
    pub(crate) device_cookie: String,
    /// The pages that browsers are sent to, where the application has them.
    pub(crate) pages: Pages,
    #[cfg(feature = "sql")]
    pub(crate) events: Option<covet_core::audit::SqlSink>,
    /// The lock of the database, held as long as the application is there.
    #[cfg(feature = "sql")]
    pub(crate) _lock: Option<crate::backend::Lock>,
}

/// Pages of the application.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) sign_in: Option<String>,
    pub(crate) second_factor: Option<String>,
}

impl Ready {
    /// Of the application that serves the request, if the fairing is attached.
    pub(crate) fn of<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        request.rocket().state::<Self>()
    }

    /// What is known of a request before anything is decided. The user agent and the device are left out: only signing in
    /// goes by them.
    pub(crate) fn facts(&self, request: &Request<'_>) -> Facts {
        let cookie = request.cookies().get(&self.cookie);
        let session = cookie.and_then(|cookie| self.engine.presented(cookie.value()));
        Facts { client: self.client(request), session, user_agent: None, device: None }
    }

    /// The client's address. Rocket's own `client_ip` is not asked: it believes `X-Real-IP` from anyone.
    fn client(&self, request: &Request<'_>) -> Option<IpAddr> {
        let peer = request.remote()?.ip();
        // Looked up only where the peer is a proxy.
        let header = |name| iter::once_with(move || request.headers().get(name)).flatten();
        Some(http::client_address(&self.engine.policy().http, peer, header("forwarded"), header("x-forwarded-for")))
    }
}
