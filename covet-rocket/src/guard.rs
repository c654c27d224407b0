//! The guard of a route: its first argument, so that Rocket runs it before path, query and body.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Mutex;

use covet_core::policy::Policy;
use covet_core::requirement::Requirement;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};
use rocket::{Build, Request, Rocket, Route, Sentinel};

use crate::ready::Ready;
use crate::slot::Slot;

/// A route that a policy covers. The attributes implement it; nobody else should.
#[diagnostic::on_unimplemented(
    message = "[covet::uncovered] the route `{Self}` has no policy",
    label = "not covered by any attribute of Covet",
    note = "put `#[require_auth]`, `#[require_permission(\"…\")]`, `#[rate_limit(\"…\")]` or `#[public]` above its route attribute"
)]
pub trait Covered: Sized + Send + Sync + 'static {
    /// What the route demands.
    const REQUIREMENT: &'static Requirement;

    /// The route as Rocket made it.
    fn into_route(self) -> Route;
}

/// A covered route, to be mounted: named by its module, and known to the fairing.
pub fn route<R: Covered>(route: R) -> Route {
    let mut mounted = route.into_route();
    mounted.name = Some(R::REQUIREMENT.route.into());
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let same_name = known.entry(R::REQUIREMENT.route).or_default();
    if !same_name.iter().any(|known| std::ptr::eq(*known, R::REQUIREMENT)) {
        same_name.push(R::REQUIREMENT);
    }
    mounted
}

/// Every covered route that was made into one, by name; functions within functions may share one.
static KNOWN: Mutex<BTreeMap<&str, Vec<&'static Requirement>>> = Mutex::new(BTreeMap::new());

/// What the routes of that name demand; none, if it was not made by [`route`].
pub(crate) fn requirements(name: &str) -> Vec<&'static Requirement> {
    KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(name).cloned().unwrap_or_default()
}

/// The first argument of a covered handler: proof that everything the route demands was met. It never forwards.
pub struct Guard<R>(PhantomData<fn() -> R>);

/// A request was refused; the response says why.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Denied(pub(crate) &'static str);

impl fmt::Debug for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<R> fmt::Debug for Guard<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

#[rocket::async_trait]
impl<'r, R: Covered> FromRequest<'r> for Guard<R> {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        let Some(ready) = Ready::of(request) else {
            return Outcome::Error((Status::ServiceUnavailable, Denied("covet is not attached")));
        };
        // Of the guard alone: what a handler does happens later, after the body has come.
        let now = ready.engine.now();
        let facts = ready.facts(request);
        let decision = ready.engine.decide(R::REQUIREMENT, &facts, now).await;
        let refusal = decision.outcome.as_ref().err().map(|denial| (denial.status(), denial.code()));
        Slot::fill(request, facts, decision, now);
        match refusal {
            None => Outcome::Success(Self(PhantomData)),
            Some((status, code)) => Outcome::Error((Status::new(status), Denied(code))),
        }
    }
}

impl<R: Covered> Sentinel for Guard<R> {
    /// Asked when all fairings have run: a route that another of them mounted after Covet looked has no plan.
    fn abort(rocket: &Rocket<rocket::Ignite>) -> bool {
        match rocket.state::<Ready>() {
            None => {
                rocket::error!("Routes are guarded by Covet, but its fairing is not attached.");
                rocket::info_!("Attach it: `rocket::build().attach(Covet::fairing(policy::EMBEDDED))`.");
                true
            }
            Some(ready) if !ready.engine.knows(R::REQUIREMENT) => {
                rocket::error!(
                    "The route `{}` was mounted after Covet had looked at all routes.",
                    R::REQUIREMENT.route
                );
                rocket::info_!("Attach `Covet::fairing` behind every fairing that mounts routes.");
                true
            }
            Some(_) => false,
        }
    }
}

/// Routes of an application that are neither covered nor excused by `[[uncovered]]`.
pub(crate) fn uncovered<'r>(routes: impl Iterator<Item = &'r Route>, policy: &Policy) -> Vec<String> {
    let excused = |route: &Route| policy.uncovered.iter().any(|uncovered| uncovered.path.covers(route.uri.as_str()));
    let covered = |route: &Route| route.name.as_deref().is_some_and(|name| !requirements(name).is_empty());
    routes.filter(|route| !covered(route) && !excused(route)).map(ToString::to_string).collect()
}

/// What all mounted routes demand.
pub(crate) fn mounted(rocket: &Rocket<Build>) -> Vec<&'static Requirement> {
    rocket.routes().filter_map(|route| route.name.as_deref()).flat_map(requirements).collect()
}
