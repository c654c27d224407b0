//! Everywhere the user is signed in.

use askama::Template;
use covet::{Auth, SessionInfo, require_auth};
use rocket::response::{Flash, Redirect};
use rocket::{get, post, uri};

use crate::views::{Failure, Layout, Page, When};

#[derive(Template)]
#[template(path = "sessions.html")]
struct List {
    layout: Layout,
    sessions: Vec<Row>,
}

struct Row {
    handle: String,
    browser: String,
    address: String,
    current: bool,
    second_factor: bool,
    created: When,
    seen: When,
}

impl From<SessionInfo> for Row {
    fn from(session: SessionInfo) -> Self {
        Self {
            browser: browser(session.user_agent.as_deref().unwrap_or_default()),
            address: session.ip.map_or_else(|| "unknown address".into(), |ip| ip.to_string()),
            current: session.current,
            second_factor: session.second_factor,
            created: session.created.into(),
            seen: session.seen.into(),
            handle: session.handle.to_string(),
        }
    }
}

/// `Firefox on Linux`, as far as the browser tells the truth.
fn browser(agent: &str) -> String {
    // Each also names those after it, so the first that fits is the one.
    let browsers =
        [("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"), ("curl", "curl")];
    let systems = [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")];
    let desktops = [("Mac OS", "macOS"), ("Linux", "Linux")];
    let name = |(mark, name): &(&str, &'static str)| agent.contains(mark).then_some(*name);
    let browser = browsers.iter().find_map(name).unwrap_or("Unknown browser");
    match systems.iter().chain(&desktops).find_map(name) {
        Some(system) => format!("{browser} on {system}"),
        None => browser.into(),
    }
}

#[require_auth]
#[get("/sessions")]
pub async fn list(auth: Auth<'_>, layout: Layout) -> Result<Page, Failure> {
    let sessions = auth.sessions().await?.into_iter().map(Row::from).collect();
    Ok(Page::show(&List { layout, sessions }))
}

#[require_auth]
#[post("/sessions/<handle>/revoke", rank = 2)]
pub async fn revoke(auth: Auth<'_>, handle: &str) -> Result<Flash<Redirect>, Failure> {
    match auth.revoke(handle).await? {
        true => Ok(Flash::success(Redirect::to(uri!(list)), "That session is signed out.")),
        false => Err(Failure::NotFound),
    }
}

#[require_auth]
#[post("/sessions/others/revoke")]
pub async fn revoke_others(auth: Auth<'_>) -> Result<Flash<Redirect>, Failure> {
    for session in auth.sessions().await?.iter().filter(|session| !session.current) {
        auth.revoke(&session.handle).await?;
    }
    Ok(Flash::success(Redirect::to(uri!(list)), "You are signed out everywhere else."))
}

#[require_auth]
#[post("/sessions/all/revoke")]
pub async fn revoke_all(mut auth: Auth<'_>) -> Result<Flash<Redirect>, Failure> {
    auth.sign_out_everywhere().await?;
    Ok(Flash::success(Redirect::to("/login"), "You are signed out everywhere."))
}
