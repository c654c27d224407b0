//! Answers refusals: problem details for programs, a page or the way to the right page for people. Registered only
//! where the application has no catcher of its own.

use covet_core::denial::Denial;
use rocket::catcher::BoxFuture;
use rocket::http::{Method, RawStr, Status};
use rocket::response::{Redirect, Responder};
use rocket::{Build, Catcher, Request, Rocket};

use crate::page::{self, Page};
use crate::problem::Problem;
use crate::ready::Ready;
use crate::slot::Slot;

/// The statuses of refusals.
const STATUSES: [u16; 4] = [401, 403, 429, 503];

/// The catchers that the application does not have.
pub(crate) fn missing(rocket: &Rocket<Build>) -> Vec<Catcher> {
    // One for everything (`#[catch(default)]`) is the application's for these, too.
    let of_all = |catcher: &&Catcher| catcher.base.path() == "/";
    let has = |status| rocket.catchers().filter(of_all).any(|catcher| catcher.code.is_none_or(|code| code == status));
    STATUSES.iter().filter(|status| !has(**status)).map(|status| Catcher::new(*status, answer)).collect()
}

fn answer<'r>(status: Status, request: &'r Request<'_>) -> BoxFuture<'r> {
    let denial = Slot::of(request).denial().filter(|denial| denial.status() == status.code);
    // The application itself may answer with these statuses; what it meant is not known here.
    let denial = match (denial, status.code) {
        (Some(denial), _) => denial,
        (None, 401) => Denial::Unauthenticated,
        (None, 403) => Denial::Forbidden { missing: "" },
        (None, 429) => {
            let problem = Problem::new(status, "rate_limited", "Too many requests").respond_to(request);
            return Box::pin(async move { problem });
        }
        (None, _) => Denial::Unavailable,
    };
    let response = if !page::is_wanted(request) {
        Problem::from(&denial).respond_to(request)
    } else if let Some(target) = right_page(&denial, request) {
        Redirect::to(target).respond_to(request)
    } else {
        Page(&denial).respond_to(request)
    };
    Box::pin(async move { response })
}

/// Where a browser can do what it lacks, with the way back.
fn right_page(denial: &Denial, request: &Request<'_>) -> Option<String> {
    let pages = &Ready::of(request)?.pages;
    let page = match denial {
        Denial::Unauthenticated => pages.sign_in.as_ref()?,
        Denial::SecondFactorPending | Denial::SecondFactorRequired { .. } => pages.second_factor.as_ref()?,
        Denial::Forbidden { .. } | Denial::RateLimited { .. } | Denial::Unavailable => return None,
    };
    let back = match request.method() {
        Method::Get | Method::Head => {
            format!("?return_to={}", RawStr::new(&request.uri().to_string()).percent_encode())
        }
        _ => String::new(),
    };
    (request.uri().path() != page.as_str()).then(|| format!("{page}{back}"))
}
