//! What every page has: the frame around it, a form that remembers what was typed, failures, moments in time.

use std::convert::Infallible;
use std::fmt;

use askama::Template;
use covet::{Causes, Guesses, ReturnTo, Timestamp, User};
use rocket::form::Context;
use rocket::http::{RawStr, Status};
use rocket::request::{FlashMessage, FromRequest, Outcome};
use rocket::response::content::RawHtml;
use rocket::response::{self, Flash, Redirect, Responder, Response};
use rocket::time::OffsetDateTime;
use rocket::{Either, Request};

use crate::policy::permissions::AdminAudit;

/// A rendered page. Browsers do not keep it, so that "back" after signing out shows nothing of before.
#[derive(Debug)]
pub struct Page {
    status: Status,
    html: String,
    retry_after: Option<u64>,
}

impl Page {
    /// The page, as the answer asked for.
    pub fn show(template: &impl Template) -> Self {
        Self::with(Status::Ok, template)
    }

    /// The page again, since what was typed will not do.
    pub fn again(template: &impl Template) -> Self {
        Self::with(Status::UnprocessableEntity, template)
    }

    /// The page with another status.
    pub fn with(status: Status, template: &impl Template) -> Self {
        match template.render() {
            Ok(html) => Self { status, html, retry_after: None },
            Err(error) => {
                rocket::error!("a page was not rendered: {error}");
                let html = "This page could not be shown.".into();
                Self { status: Status::InternalServerError, html, retry_after: None }
            }
        }
    }

    /// The page, with how many seconds to wait before the next attempt, where one has to.
    pub fn retry_after(self, seconds: Option<u64>) -> Self {
        Self { retry_after: seconds, ..self }
    }
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let response = RawHtml(self.html).respond_to(request)?;
        let mut response = Response::build_from(response);
        response.status(self.status).raw_header("Cache-Control", "no-store");
        if let Some(seconds) = self.retry_after {
            response.raw_header("Retry-After", seconds.to_string());
        }
        response.ok()
    }
}

/// What was wrong, and how long to wait before the next attempt.
pub fn refusal(error: impl fmt::Display, retry_after: Option<u64>) -> String {
    match retry_after {
        None => error.to_string(),
        Some(1) => format!("{error}; wait a second before you try again"),
        Some(seconds) if seconds < 120 => format!("{error}; wait {seconds} seconds before you try again"),
        Some(seconds) => format!("{error}; wait {} minutes before you try again", seconds.div_ceil(60)),
    }
}

/// To the page, and there the guesses that whoever has just signed in should know of.
pub fn to(page: String, guesses: Option<Guesses>) -> Either<Redirect, Flash<Redirect>> {
    let Some(Guesses { passwords, codes }) = guesses else { return Either::Left(Redirect::to(page)) };
    let what = match (passwords, codes) {
        (passwords, 0) => format!("{passwords} wrong passwords"),
        (0, codes) => format!("{codes} wrong codes"),
        (passwords, codes) => format!("{passwords} wrong passwords and {codes} wrong codes"),
    };
    let text = format!("{what} were entered for your account. If that was not you, change your password.");
    Either::Right(Flash::error(Redirect::to(page), text))
}

/// What a handler answers where it cannot do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// A page that says why, most often the form again.
    Page(Page),
    /// There is no such thing, or it is not this user's.
    NotFound,
    /// The address says something that it should not.
    NotUnderstood,
    /// A limit is reached; the page is Covet's.
    TooMuch,
    /// What is needed does not answer, or has too much to do; the page is Covet's. The log has the reason, the visitor has
    /// not.
    Unavailable,
}

impl From<Page> for Failure {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        rocket::error!("a request could not be served: {}", Causes(&error));
        Self::Unavailable
    }
}

impl<'r> Responder<'r, 'static> for Failure {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::NotFound => Err(Status::NotFound),
            Self::NotUnderstood => Err(Status::UnprocessableEntity),
            Self::TooMuch => Err(Status::TooManyRequests),
            Self::Unavailable => Err(Status::ServiceUnavailable),
        }
    }
}

/// The frame: who is signed in, what they may see of it, and what the last action has to say.
#[derive(Debug)]
pub struct Layout {
    pub name: Option<String>,
    pub admin: bool,
    pub notice: Option<Notice>,
    path: String,
}

/// A message of the action before, shown once.
#[derive(Debug)]
pub struct Notice {
    pub kind: String,
    pub text: String,
}

impl Layout {
    /// The frame for this request.
    pub async fn of(request: &Request<'_>) -> Self {
        let user = request.guard::<&User>().await.succeeded();
        let flash = request.guard::<FlashMessage<'_>>().await.succeeded();
        Self {
            name: user.map(|user| user.name.clone()),
            admin: user.is_some_and(|user| user.may::<AdminAudit>()),
            notice: flash.map(|flash| Notice { kind: flash.kind().into(), text: flash.message().into() }),
            path: request.uri().path().to_string(),
        }
    }

    /// Whether the request is for this part of the site.
    pub fn at(&self, part: &str) -> bool {
        self.path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Layout {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self::of(request).await)
    }
}

/// A form as it was typed: values to show again, and faults by field. Those of the whole form are under `""`.
#[derive(Debug, Default)]
pub struct Typed {
    values: Vec<(&'static str, String)>,
    faults: Vec<(String, String)>,
}

impl Typed {
    /// The named fields of a sent form and the faults of all of them. A password is not to be named: it is not sent back.
    pub fn of(context: &Context<'_>, fields: &[&'static str]) -> Self {
        let mut typed = Self::default();
        for field in fields {
            typed.values.push((field, context.field_value(field).unwrap_or_default().to_owned()));
        }
        for error in context.errors() {
            let field = error.name.as_ref().map(ToString::to_string).unwrap_or_default();
            typed = typed.fault(&field, &error.kind);
        }
        typed
    }

    /// With this value in the field.
    pub fn set(mut self, field: &'static str, value: &str) -> Self {
        self.values.push((field, value.to_owned()));
        self
    }

    /// With one more fault of the field, made a sentence.
    pub fn fault(mut self, field: &str, fault: impl fmt::Display) -> Self {
        let fault = fault.to_string();
        let mut letters = fault.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let sentence: String = first.chain(letters.as_str().trim_end_matches('.').chars()).chain(['.']).collect();
        self.faults.push((field.to_owned(), sentence));
        self
    }

    /// What was typed there.
    pub fn value(&self, field: &str) -> &str {
        self.values.iter().find(|(name, _)| *name == field).map_or("", |(_, value)| value)
    }

    /// What is wrong with it.
    pub fn faults(&self, field: &str) -> Vec<&str> {
        self.faults.iter().filter(|(name, _)| name == field).map(|(_, fault)| fault.as_str()).collect()
    }
}

/// A page that leads on to where the visitor wanted to go.
pub fn with_return(page: &str, to: &ReturnTo) -> String {
    format!("{page}?return_to={}", RawStr::new(to.as_str()).percent_encode())
}

/// A moment, written for people: `5 minutes ago`, and `24 November 2026` after a while.
#[derive(Debug, Clone, Copy)]
pub struct When(OffsetDateTime);

impl When {
    /// From seconds since 1970.
    pub fn at(seconds: i64) -> Self {
        Self(OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    /// For machines (RFC 3339).
    pub fn iso(&self) -> String {
        let (hour, minute, second) = self.0.to_hms();
        format!("{}T{hour:02}:{minute:02}:{second:02}Z", self.0.date())
    }
}

impl From<Timestamp> for When {
    fn from(timestamp: Timestamp) -> Self {
        Self::at(i64::try_from(timestamp.seconds()).unwrap_or_default())
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ago = |f: &mut fmt::Formatter<'_>, count: i64, unit: &str| {
            write!(f, "{count} {unit}{} ago", if count == 1 { "" } else { "s" })
        };
        match (OffsetDateTime::now_utc() - self.0).whole_seconds() {
            ..60 => f.write_str("just now"),
            seconds @ ..3600 => ago(f, seconds / 60, "minute"),
            seconds @ ..86_400 => ago(f, seconds / 3600, "hour"),
            _ => write!(f, "{} {} {}", self.0.day(), self.0.month(), self.0.year()),
        }
    }
}
