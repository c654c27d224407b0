//! Who becomes what: the first account is the administrator, so that there is one; the others are members.

use covet::{AccountId, Auth, NewAccount, Password, RegisterError};
use rocket::tokio::sync::Mutex;

/// Held while nobody has registered, so that of two visitors at once one is the first.
static FIRST: Mutex<()> = Mutex::const_new(());

/// Whether nobody has registered yet.
pub async fn nobody_yet(auth: &Auth<'_>) -> Result<bool, RegisterError> {
    Ok(auth.count_accounts().await? == 0)
}

/// Makes an account.
pub async fn register(
    auth: &Auth<'_>,
    username: &str,
    email: &str,
    password: Password,
) -> Result<AccountId, RegisterError> {
    let _turn = if nobody_yet(auth).await? { Some(FIRST.lock().await) } else { None };
    let roles: &[&str] = if nobody_yet(auth).await? { &["member", "admin"] } else { &["member"] };
    auth.register(NewAccount { username, email, password, roles }).await
}
