//! Refusals as a page, for people: plain, without scripts, without anything loaded from elsewhere.

use covet_core::denial::Denial;
use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder, Response};

/// A page that says why a request was refused.
pub(crate) struct Page<'d>(pub(crate) &'d Denial);

impl<'r> Responder<'r, 'static> for Page<'_> {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Self(denial) = self;
        let body = html(denial);
        let mut response = Response::build();
        response.status(Status::new(denial.status())).header(ContentType::HTML);
        response.header(Header::new("Cache-Control", "no-store"));
        if let Some(challenge) = denial.challenge() {
            response.header(Header::new("WWW-Authenticate", challenge));
        }
        if let Some(seconds) = denial.retry_after() {
            response.header(Header::new("Retry-After", seconds.to_string()));
        }
        response.sized_body(body.len(), std::io::Cursor::new(body)).ok()
    }
}

/// Whether the client asks for a page rather than data: a browser names HTML first, a program seldom does.
pub(crate) fn is_wanted(request: &Request<'_>) -> bool {
    request.accept().is_some_and(|accept| accept.preferred().media_type().is_html())
}

/// Every text is a constant of the denial: nothing of the request is in the page.
fn html(denial: &Denial) -> String {
    let (status, title, detail) = (denial.status(), denial.title(), denial.detail());
    let wait = match denial.retry_after() {
        Some(seconds) if seconds > 1 => format!("<p>It will work again in {}.</p>", wait(seconds)),
        _ => String::new(),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n:root {{ color-scheme: light dark; }}\n\
         body {{ font: 1.1rem/1.6 system-ui, sans-serif; display: grid; place-content: center; min-height: 90vh; \
         margin: 0; padding: 0 1.5rem; }}\n\
         main {{ max-width: 32rem; }}\nh1 {{ font-size: 1.6rem; margin: 0; }}\n\
         small {{ opacity: .6; letter-spacing: .05em; }}\na {{ color: inherit; }}\n</style>\n\
         <main>\n<small>{status}</small>\n<h1>{title}</h1>\n<p>{detail}</p>\n{wait}\n<p><a href=\"/\">Back to the start</a></p>\n</main>\n"
    )
}

fn wait(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3600)),
    }
}
