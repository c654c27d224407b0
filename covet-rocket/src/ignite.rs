//! Ignition: everything that can be known before the first request is known here, or launch is refused.

use std::sync::Arc;

use covet_core::engine::{self, Engine, Parts, PlanError};
use covet_core::keys::{Keys, SecretKey};
use covet_core::policy::Policy;
use covet_core::random::RandomError;
use rocket::{Build, Config, Rocket};

use crate::backend::{Backend, BackendError};
use crate::fairing::Covet;
use crate::ready::{Pages, Ready};
use crate::settings::{Settings, SettingsError};
use crate::{catch, debug_key, guard};

/// Launch is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IgniteError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Plans(Vec<PlanError>),
    #[error(
        "routes without a policy:\n{}\nmount them by `covet::routes!`, or name them under `[[uncovered]]` in the policy",
        .0.join("\n")
    )]
    Uncovered(Vec<String>),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[cfg(feature = "breach")]
    #[error("`password.breach`: {}", covet_core::causes::Causes(.0))]
    Breach(#[from] covet_core::password::breach::BreachError),
    #[cfg(not(feature = "breach"))]
    #[error("`password.breach.source` needs the feature `breach` of covet")]
    NoBreach,
    #[error(transparent)]
    DebugKey(#[from] debug_key::DebugKeyError),
}

/// What ignition made of the fairing.
pub(crate) struct Ignited {
    ready: Ready,
    #[cfg(feature = "sql")]
    db: Option<crate::db::Db>,
}

impl Covet {
    pub(crate) async fn ignite(&self, rocket: &Rocket<Build>) -> Result<Ignited, IgniteError> {
        let settings = self.settings.clone().unwrap_or_else(Settings::from_environment);
        settings.refuse_mistyped()?;
        #[cfg(not(feature = "redis"))]
        settings.refuse_unsupported()?;
        let policy = settings.policy(self.embedded)?;
        #[cfg(not(feature = "breach"))]
        if policy.password.breach.source != covet_core::password::BreachSource::Off {
            return Err(IgniteError::NoBreach);
        }
        let given_key = settings.secret_key()?;
        let debug = rocket.figment().profile() == Config::DEBUG_PROFILE;
        if given_key.is_none() && !debug {
            return Err(SettingsError::NoSecretKey.into());
        }
        engine::check(&policy, guard::mounted(rocket)).map_err(IgniteError::Plans)?;
        let uncovered = guard::uncovered(rocket.routes(), &policy);
        if !uncovered.is_empty() {
            return Err(IgniteError::Uncovered(uncovered));
        }
        if debug {
            warn_of_lost_cookies(rocket);
        }
        // From here on files are made.
        let backend = Backend::open(self, &settings, &policy).await?;
        let key = match given_key {
            Some(key) => key,
            None => key_for_debugging(&backend)?,
        };
        let parts = Parts {
            accounts: backend.accounts,
            store: backend.store,
            keys: Keys::from_secret(&key),
            sinks: backend.sinks,
            clock: Arc::clone(&self.clock),
            #[cfg(feature = "breach")]
            breaches: covet_core::password::breach::open(&policy.password.breach)?,
        };
        #[cfg(feature = "sql")]
        let ((db, events), lock) = (backend.database.unzip(), backend.lock);
        let ready = Ready {
            cookie: format!("__Host-{}", policy.sessions.cookie.name.as_str()),
            device_cookie: format!("__Host-{}-device", policy.sessions.cookie.name.as_str()),
            pages: pages(rocket, &policy),
            engine: Arc::new(Engine::new(policy, guard::mounted(rocket), parts).map_err(IgniteError::Plans)?),
            #[cfg(feature = "sql")]
            events,
            #[cfg(feature = "sql")]
            _lock: lock,
        };
        Ok(Ignited {
            ready,
            #[cfg(feature = "sql")]
            db,
        })
    }
}

impl Ignited {
    /// Sets up the application by what was found.
    pub(crate) fn apply(self, rocket: Rocket<Build>) -> Rocket<Build> {
        // Whatever asks Rocket for the client's address shall not be told what a stranger wrote into a header.
        let figment = rocket.figment().clone().merge(("ip_header", false));
        let catchers = catch::missing(&rocket);
        let rocket = rocket.configure(figment).register("/", catchers).manage(self.ready);
        #[cfg(feature = "sql")]
        if let Some(db) = self.db {
            return rocket.manage(db);
        }
        rocket
    }
}

/// Over plain HTTP a browser keeps a `Secure` cookie of its own machine and of no other.
fn warn_of_lost_cookies(rocket: &Rocket<Build>) {
    let address = rocket.figment().extract_inner::<std::net::IpAddr>("address").ok();
    let plain = rocket.figment().find_value("tls").is_err();
    if let Some(address) = address.filter(|address| plain && !address.is_loopback()) {
        rocket::warn!("Without TLS, browsers on other machines keep no session of {address}: its cookie is Secure.");
    }
}

fn key_for_debugging(backend: &Backend) -> Result<SecretKey, IgniteError> {
    let Some(path) = &backend.debug_key else {
        rocket::warn!("COVET_SECRET_KEY is not set: a new key was made for this run.");
        return Ok(SecretKey::generate()?);
    };
    rocket::warn!("COVET_SECRET_KEY is not set: a key for debugging is kept in `{}`.", path.display());
    Ok(debug_key::read_or_make(path)?)
}

/// The pages of the policy that the application has.
fn pages(rocket: &Rocket<Build>, policy: &Policy) -> Pages {
    let has = |page: &str| rocket.routes().any(|route| route.uri.path() == page);
    let page = |page: &covet_core::http::PagePath| Some(page.as_str().to_owned()).filter(|page| has(page));
    Pages { sign_in: page(&policy.http.sign_in), second_factor: page(&policy.http.second_factor) }
}
