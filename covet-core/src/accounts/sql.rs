use async_trait::async_trait;
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::{Account, Accounts, AccountsError, NewAccount, SealedTotp, login_key};
use crate::account::AccountId;
use crate::password::PasswordHash;
use crate::pool::{Pool, on};
use crate::random;
use crate::time::Timestamp;

/// Accounts in the table `users` of a database that [`migrate`](crate::migrate::migrate) has prepared.
#[derive(Debug, Clone)]
pub struct SqlAccounts {
    pool: Pool,
}

impl SqlAccounts {
    /// Accounts in the database of the pool.
    #[must_use]
    pub fn new(pool: impl Into<Pool>) -> Self {
        Self { pool: pool.into() }
    }
}

#[async_trait]
impl Accounts for SqlAccounts {
    async fn find(&self, login: &str) -> Result<Option<Account>, AccountsError> {
        let key = login_key(login);
        // No account is called so, and PostgreSQL takes no text with it.
        if key.contains('\0') {
            return Ok(None);
        }
        let query = if key.contains('@') {
            "SELECT * FROM users WHERE email_key = $1"
        } else {
            "SELECT * FROM users WHERE username_key = $1"
        };
        on!(self.pool, pool => sqlx::query_as(query).bind(key).fetch_optional(pool).await).map_err(unavailable)
    }

    async fn get(&self, id: &AccountId) -> Result<Option<Account>, AccountsError> {
        if id.as_str().contains('\0') {
            return Ok(None);
        }
        let query = "SELECT * FROM users WHERE id = $1";
        on!(self.pool, pool => sqlx::query_as(query).bind(id).fetch_optional(pool).await).map_err(unavailable)
    }

    async fn create(&self, new: NewAccount, now: Timestamp) -> Result<Account, AccountsError> {
        let mut random = [0; 16];
        random::fill(&mut random)?;
        let query = "INSERT INTO users (id, username, username_key, email, email_key, password_hash, roles, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *";
        let roles = json(&new.roles)?;
        let created = on!(self.pool, pool => {
            let query = sqlx::query_as(query)
                .bind(uuid_v4(random))
                .bind(new.username.as_str())
                .bind(new.username.key())
                .bind(new.email.as_ref().map(|email| email.as_str()))
                .bind(new.email.as_ref().map(|email| email.key()))
                .bind(new.password_hash.expose())
                .bind(roles)
                .bind(i64::try_from(now.millis()).unwrap_or(i64::MAX));
            query.fetch_one(pool).await
        });
        created.map_err(taken_or_unavailable)
    }

    async fn set_password_hash(
        &self,
        id: &AccountId,
        expected: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, AccountsError> {
        let query = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
        let changed = on!(self.pool, pool => {
            let query = sqlx::query(query).bind(new.expose()).bind(id).bind(expected.expose());
            query.execute(pool).await.map(|done| done.rows_affected())
        });
        Ok(changed.map_err(unavailable)? == 1)
    }

    async fn set_totp(
        &self,
        id: &AccountId,
        expected: Option<&SealedTotp>,
        new: Option<SealedTotp>,
    ) -> Result<bool, AccountsError> {
        let columns =
            |totp: Option<&SealedTotp>| (totp.is_some_and(|totp| totp.confirmed), totp.map(|t| t.sealed.clone()));
        let ((confirmed, sealed), (was_confirmed, was_sealed)) = (columns(new.as_ref()), columns(expected));
        let query = "UPDATE users SET mfa_enabled = $1, mfa_secret_encrypted = $2
             WHERE id = $3 AND mfa_enabled = $4 AND mfa_secret_encrypted IS NOT DISTINCT FROM $5";
        let changed = on!(self.pool, pool => {
            let query = sqlx::query(query).bind(confirmed).bind(sealed).bind(id).bind(was_confirmed).bind(was_sealed);
            query.execute(pool).await.map(|done| done.rows_affected())
        });
        Ok(changed.map_err(unavailable)? == 1)
    }

    async fn set_roles(&self, id: &AccountId, roles: &[String]) -> Result<(), AccountsError> {
        let (query, roles) = ("UPDATE users SET roles = $1 WHERE id = $2", json(roles)?);
        let changed = on!(self.pool, pool => {
            sqlx::query(query).bind(roles).bind(id).execute(pool).await.map(|done| done.rows_affected())
        });
        known(changed, id)
    }

    async fn set_disabled(&self, id: &AccountId, disabled: bool) -> Result<(), AccountsError> {
        let query = "UPDATE users SET disabled = $1 WHERE id = $2";
        let changed = on!(self.pool, pool => {
            sqlx::query(query).bind(disabled).bind(id).execute(pool).await.map(|done| done.rows_affected())
        });
        known(changed, id)
    }

    async fn list(&self, limit: u32, offset: u32) -> Result<Vec<Account>, AccountsError> {
        let query = "SELECT * FROM users ORDER BY username_key LIMIT $1 OFFSET $2";
        let found = on!(self.pool, pool => {
            sqlx::query_as(query).bind(i64::from(limit)).bind(i64::from(offset)).fetch_all(pool).await
        });
        found.map_err(unavailable)
    }

    async fn count(&self) -> Result<u64, AccountsError> {
        let query = "SELECT count(*) FROM users";
        let count: i64 =
            on!(self.pool, pool => sqlx::query_scalar(query).fetch_one(pool).await).map_err(unavailable)?;
        Ok(count.unsigned_abs())
    }
}

impl<'r, R: Row> FromRow<'r, R> for Account
where
    for<'i> &'i str: ColumnIndex<R>,
    AccountId: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let sealed: Option<String> = row.try_get("mfa_secret_encrypted")?;
        let confirmed = row.try_get("mfa_enabled")?;
        let roles: String = row.try_get("roles")?;
        Ok(Self {
            id: row.try_get("id")?,
            username: row.try_get("username")?,
            email: row.try_get("email")?,
            roles: serde_json::from_str(&roles).map_err(|error| sqlx::Error::Decode(error.into()))?,
            password_hash: row.try_get::<String, _>("password_hash")?.into(),
            totp: sealed.map(|sealed| SealedTotp { sealed, confirmed }),
            disabled: row.try_get("disabled")?,
            created_at: Timestamp::from_millis(row.try_get::<i64, _>("created_at")?.unsigned_abs()),
        })
    }
}

/// RFC 9562 section 5.4.
fn uuid_v4(random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    [a, b, c, d, e].join("-")
}

fn json(roles: &[String]) -> Result<String, AccountsError> {
    serde_json::to_string(roles).map_err(|error| AccountsError::Unavailable(error.into()))
}

fn known(changed: sqlx::Result<u64>, id: &AccountId) -> Result<(), AccountsError> {
    if changed.map_err(unavailable)? == 1 { Ok(()) } else { Err(AccountsError::Unknown(id.clone())) }
}

fn unavailable(error: sqlx::Error) -> AccountsError {
    AccountsError::Unavailable(error.into())
}

/// PostgreSQL names the violated constraint; SQLite its column, in the message and nowhere else.
fn taken_or_unavailable(error: sqlx::Error) -> AccountsError {
    let violated = error.as_database_error().filter(|error| error.is_unique_violation());
    match violated.map(|error| error.constraint().unwrap_or(error.message())) {
        Some("users_username_key_unique") => AccountsError::UsernameTaken,
        Some("users_email_key_unique") => AccountsError::EmailTaken,
        Some(message) if message.contains("users.username_key") => AccountsError::UsernameTaken,
        Some(message) if message.contains("users.email_key") => AccountsError::EmailTaken,
        _ => unavailable(error),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use std::sync::Arc;

    use super::super::{Email, Username};
    use super::*;
    use crate::migrate::tests::databases;

    const NOW: Timestamp = Timestamp::from_millis(1_234);

    fn hash(text: &str) -> PasswordHash {
        PasswordHash::from(text.to_owned())
    }

    fn new(username: &str, email: Option<&str>) -> NewAccount {
        NewAccount {
            username: Username::new(username).unwrap(),
            email: email.map(|email| Email::new(email).unwrap()),
            password_hash: hash("first"),
            roles: vec!["member".into(), "ad\"min".into()],
        }
    }

    #[tokio::test]
    async fn an_account_is_found_by_either_name_in_any_case() {
        for pool in databases().await {
            let accounts = SqlAccounts::new(pool);
            let ada = accounts.create(new("Ada", Some("Ada@Example.com")), NOW).await.unwrap();
            let eve = accounts.create(new("Eve", None), NOW).await.unwrap();
            assert_eq!((ada.username.as_str(), ada.email.as_deref()), ("Ada", Some("Ada@Example.com")));
            assert_eq!((ada.roles.len(), ada.totp.clone(), ada.disabled, ada.created_at), (2, None, false, NOW));

            for login in ["ada", " ADA ", "ada@example.com", "ADA@EXAMPLE.COM"] {
                assert_eq!(accounts.find(login).await.unwrap().as_ref(), Some(&ada), "{login}");
            }
            for login in ["", "ad", "ada%", "ada@example.co", "eve@example.com", "' OR 1=1 --"] {
                assert_eq!(accounts.find(login).await.unwrap(), None, "{login}");
            }
            assert_eq!(accounts.get(&ada.id).await.unwrap().unwrap(), ada);
            assert_eq!(accounts.get(&AccountId::from("ada".to_owned())).await.unwrap(), None);
            assert_eq!(accounts.count().await.unwrap(), 2);
            assert_eq!(accounts.list(10, 0).await.unwrap(), [ada, eve.clone()]);
            assert_eq!(accounts.list(1, 1).await.unwrap(), [eve]);
            assert_eq!(accounts.list(1, 2).await.unwrap(), []);
        }
    }

    #[tokio::test]
    async fn a_name_belongs_to_one_account() {
        for pool in databases().await {
            let accounts = SqlAccounts::new(pool);
            accounts.create(new("ada", Some("ada@example.com")), NOW).await.unwrap();
            let username = accounts.create(new("ADA", None), NOW).await.unwrap_err();
            assert!(matches!(username, AccountsError::UsernameTaken));
            let email = accounts.create(new("eve", Some("ADA@example.com")), NOW).await.unwrap_err();
            assert!(matches!(email, AccountsError::EmailTaken));
            accounts.create(new("eve", None), NOW).await.unwrap();
            accounts.create(new("mallory", None), NOW).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_fifty_at_once_with_one_name_one_succeeds() {
        for pool in databases().await {
            let accounts = Arc::new(SqlAccounts::new(pool));
            let attempts: Vec<_> = (0..50)
                .map(|i| {
                    let accounts = Arc::clone(&accounts);
                    let name = if i % 2 == 0 { "ada" } else { "Ada" };
                    tokio::spawn(async move { accounts.create(new(name, None), NOW).await })
                })
                .collect();
            let mut created = 0;
            for attempt in attempts {
                match attempt.await.unwrap() {
                    Ok(_) => created += 1,
                    Err(error) => assert!(matches!(error, AccountsError::UsernameTaken), "{error:?}"),
                }
            }
            assert_eq!((created, accounts.count().await.unwrap()), (1, 1));
        }
    }

    #[tokio::test]
    async fn what_is_set_is_read_back() {
        for pool in databases().await {
            let accounts = SqlAccounts::new(pool);
            let id = accounts.create(new("ada", None), NOW).await.unwrap().id;
            let totp = |sealed: &str, confirmed| Some(SealedTotp { sealed: sealed.into(), confirmed });
            let (begun, again, confirmed) = (totp("v1.x", false), totp("v1.y", false), totp("v1.x", true));
            for (expected, new, replaced) in [
                (&None, &begun, true),
                (&None, &again, false),
                (&again, &confirmed, false),
                (&begun, &confirmed, true),
                (&begun, &again, false),
                (&confirmed, &None, true),
            ] {
                let before = accounts.get(&id).await.unwrap().unwrap().totp;
                assert_eq!(accounts.set_totp(&id, expected.as_ref(), new.clone()).await.unwrap(), replaced, "{new:?}");
                let kept = if replaced { new.clone() } else { before };
                assert_eq!(accounts.get(&id).await.unwrap().unwrap().totp, kept);
            }
            accounts.set_roles(&id, &["admin".into()]).await.unwrap();
            accounts.set_disabled(&id, true).await.unwrap();
            let account = accounts.get(&id).await.unwrap().unwrap();
            assert_eq!((account.roles.as_slice(), account.disabled), (&["admin".to_owned()][..], true));

            let unknown = AccountId::from("nobody".to_owned());
            for result in [accounts.set_roles(&unknown, &[]).await, accounts.set_disabled(&unknown, true).await] {
                assert!(matches!(result, Err(AccountsError::Unknown(id)) if id == unknown));
            }
        }
    }

    #[tokio::test]
    async fn a_rehash_does_not_undo_a_change_of_the_password() {
        for pool in databases().await {
            let accounts = SqlAccounts::new(pool);
            let id = accounts.create(new("ada", None), NOW).await.unwrap().id;
            let other = accounts.create(new("eve", None), NOW).await.unwrap().id;
            assert!(accounts.set_password_hash(&id, &hash("first"), &hash("changed")).await.unwrap());
            assert!(!accounts.set_password_hash(&id, &hash("first"), &hash("rehashed")).await.unwrap());
            assert_eq!(accounts.get(&id).await.unwrap().unwrap().password_hash, hash("changed"));
            assert_eq!(accounts.get(&other).await.unwrap().unwrap().password_hash, hash("first"));
        }
    }

    #[test]
    fn an_id_is_a_uuid_of_version_4() {
        assert_eq!(uuid_v4([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid_v4([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
