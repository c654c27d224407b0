//! What an administrator sees: accounts, and what happened lately.

use askama::Template;
use covet::{Account, AccountId, Auth, Failures, Lockout, StoredEvent, require_mfa, require_permission, require_role};
use rocket::response::{Flash, Redirect};
use rocket::{get, post, uri};

use crate::views::{Failure, Layout, Page, When};

#[derive(Template)]
#[template(path = "admin.html")]
struct Admin {
    layout: Layout,
    accounts: Vec<AccountRow>,
    events: Vec<EventRow>,
}

struct AccountRow {
    id: String,
    name: String,
    email: String,
    roles: Vec<String>,
    second_factor: bool,
    since: When,
}

struct EventRow {
    at: When,
    kind: String,
    success: bool,
    who: String,
    from: String,
    details: String,
}

#[require_role("admin")]
#[require_permission("read:users", "admin:audit")]
#[require_mfa]
#[get("/admin")]
pub async fn show(auth: Auth<'_>, layout: Layout) -> Result<Page, Failure> {
    let accounts: Vec<Account> = auth.accounts(200).await?;
    let events = auth.recent_events(50).await?;
    let events = events.into_iter().map(|event| EventRow::new(event, &accounts)).collect();
    let accounts = accounts.into_iter().map(AccountRow::from).collect();
    Ok(Page::show(&Admin { layout, accounts, events }))
}

/// Forgets the failed attempts at an account, so that its owner may try again from any device.
#[require_role("admin")]
#[require_permission("admin:unlock")]
#[require_mfa]
#[post("/admin/accounts/<id>/unlock")]
pub async fn unlock(lockout: Lockout<'_>, id: &str) -> Result<Flash<Redirect>, Failure> {
    let id = AccountId::from(id.to_owned());
    let before = lockout.status(&id).await?;
    if !lockout.unlock(&id).await? {
        return Err(Failure::NotFound);
    }
    let (Failures { attempts: passwords, .. }, Failures { attempts: codes, .. }) = (before.passwords, before.codes);
    let text = format!("Unlocked. There were {passwords} wrong passwords and {codes} wrong codes of strangers.");
    Ok(Flash::success(Redirect::to(uri!(show)), text))
}

impl From<Account> for AccountRow {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.to_string(),
            second_factor: account.totp.is_some_and(|totp| totp.confirmed),
            name: account.username,
            email: account.email.unwrap_or_default(),
            roles: account.roles,
            since: account.created_at.into(),
        }
    }
}

impl EventRow {
    /// The event, with a name in place of the account's id where it is known.
    fn new(event: StoredEvent, accounts: &[Account]) -> Self {
        let id = event.account.map(|id| id.to_string()).unwrap_or_default();
        let known = accounts.iter().find(|account| account.id.to_string() == id);
        Self {
            at: event.at.into(),
            kind: event.kind,
            success: event.outcome == "success",
            who: known.map_or(id, |account| account.username.clone()),
            from: event.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            details: event
                .details
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}
