use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::{Event, Sink, SinkError};
use crate::account::AccountId;
use crate::pool::{Pool, on};
use crate::time::Timestamp;

/// How many events are forgotten at once.
const SWEEP: i64 = 1000;

/// Events in the table `security_events` of a database that [`migrate`](crate::migrate::migrate) has prepared.
#[derive(Debug, Clone)]
pub struct SqlSink {
    pool: Pool,
}

/// An event as it was read from the table. Names are text: another version may have written it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredEvent {
    /// Its number; a later event has a greater one.
    pub id: i64,
    /// What happened: a name of [`Kind`](super::Kind).
    pub kind: String,
    /// `success` or `failure`.
    pub outcome: String,
    /// Whose account it is about.
    pub account: Option<AccountId>,
    /// The client's address.
    pub ip: Option<String>,
    /// The further facts.
    pub details: BTreeMap<String, String>,
    /// When.
    pub at: Timestamp,
}

impl SqlSink {
    /// A sink that writes to the database of the pool.
    #[must_use]
    pub fn new(pool: impl Into<Pool>) -> Self {
        Self { pool: pool.into() }
    }

    /// The last events, the latest first.
    ///
    /// # Errors
    ///
    /// [`SinkError`] when the database fails.
    pub async fn recent(&self, limit: u32) -> Result<Vec<StoredEvent>, SinkError> {
        let query = "SELECT * FROM security_events ORDER BY id DESC LIMIT $1";
        on!(self.pool, pool => sqlx::query_as(query).bind(i64::from(limit)).fetch_all(pool).await).map_err(failed)
    }
}

#[async_trait]
impl Sink for SqlSink {
    async fn record(&self, event: &Event) -> Result<(), SinkError> {
        let query = "INSERT INTO security_events (event_type, user_id, ip_address, outcome, details, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)";
        let done = on!(self.pool, pool => {
            let query = sqlx::query(query)
                .bind(event.kind().as_str())
                .bind(event.account_id())
                .bind(event.client_ip().map(|ip| ip.to_string()))
                .bind(event.kind().outcome().as_str())
                .bind(event.details_json())
                .bind(database_millis(event.at()));
            query.execute(pool).await.map(drop)
        });
        done.map_err(failed)
    }

    async fn forget(&self, before: Timestamp) -> Result<(), SinkError> {
        let query = "DELETE FROM security_events WHERE id IN
             (SELECT id FROM security_events WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
        let done = on!(self.pool, pool => {
            sqlx::query(query).bind(database_millis(before)).bind(SWEEP).execute(pool).await.map(drop)
        });
        done.map_err(failed)
    }
}

/// Databases have no unsigned numbers; the end of its time is far enough.
fn database_millis(time: Timestamp) -> i64 {
    i64::try_from(time.millis()).unwrap_or(i64::MAX)
}

impl<'r, R: Row> FromRow<'r, R> for StoredEvent
where
    for<'i> &'i str: ColumnIndex<R>,
    AccountId: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let details: String = row.try_get("details")?;
        Ok(Self {
            id: row.try_get("id")?,
            kind: row.try_get("event_type")?,
            outcome: row.try_get("outcome")?,
            account: row.try_get("user_id")?,
            ip: row.try_get("ip_address")?,
            details: serde_json::from_str(&details).map_err(|error| sqlx::Error::Decode(error.into()))?,
            at: Timestamp::from_millis(row.try_get::<i64, _>("created_at")?.unsigned_abs()),
        })
    }
}

fn failed(error: sqlx::Error) -> SinkError {
    SinkError { sink: "database", source: error.into() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::migrate::tests::databases;

    #[tokio::test]
    async fn an_event_is_read_back_from_the_table() {
        for pool in databases().await {
            let sink = SqlSink::new(pool);
            let ada = AccountId::from("ada".to_owned());
            let (first, second) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
            sink.record(&Event::new(Kind::AuthnRegister, first).account(Some(&ada))).await.unwrap();
            let fail = Event::new(Kind::AuthnLoginFail, second).ip(Some([192, 0, 2, 7].into()));
            sink.record(&fail.detail("login", "x'); DROP TABLE users;--\n")).await.unwrap();

            let details = BTreeMap::from([("login".to_owned(), "x'); DROP TABLE users;--\\n".to_owned())]);
            let fail = StoredEvent {
                id: 2,
                kind: "authn_login_fail".into(),
                outcome: "failure".into(),
                account: None,
                ip: Some("192.0.2.7".into()),
                details,
                at: second,
            };
            let register = StoredEvent {
                id: 1,
                kind: "authn_register".into(),
                outcome: "success".into(),
                account: Some(ada),
                ip: None,
                details: BTreeMap::new(),
                at: first,
            };
            assert_eq!(sink.recent(10).await.unwrap(), [fail.clone(), register]);
            assert_eq!(sink.recent(1).await.unwrap(), [fail]);
        }
    }

    #[tokio::test]
    async fn events_from_before_a_time_are_forgotten_so_many_at_once_and_no_others() {
        for pool in databases().await {
            let sink = SqlSink::new(pool.clone());
            let fill = "WITH RECURSIVE n (at) AS (VALUES (1) UNION ALL SELECT at + 1 FROM n WHERE at < 1003)
                        INSERT INTO security_events (event_type, outcome, details, created_at)
                        SELECT 'authn_login_fail', 'failure', '{}', at FROM n";
            on!(pool, pool => sqlx::query(fill).execute(pool).await.map(drop)).unwrap();
            let left = async || {
                let query = "SELECT count(*), min(created_at) FROM security_events";
                let left: sqlx::Result<(i64, i64)> = on!(pool, pool => sqlx::query_as(query).fetch_one(pool).await);
                left.unwrap()
            };
            for (before, expected) in [(1, (1003, 1)), (3, (1001, 3)), (1003, (1, 1003)), (1003, (1, 1003))] {
                sink.forget(Timestamp::from_millis(before)).await.unwrap();
                assert_eq!(left().await, expected, "{before}");
            }

            on!(pool, pool => sqlx::query(fill).execute(pool).await.map(drop)).unwrap();
            sink.forget(Timestamp::from_millis(u64::MAX)).await.unwrap();
            assert_eq!(left().await, (4, 1001), "the oldest first, and not all at once");
        }
    }

    #[tokio::test]
    async fn a_failure_is_told() {
        for pool in databases().await {
            let sink = SqlSink::new(pool.clone());
            on!(pool, pool => pool.close().await);
            let error = sink.record(&Event::new(Kind::StoreFailure, Timestamp::from_millis(1))).await.unwrap_err();
            assert_eq!(error.to_string(), "the audit sink `database` failed");
            sink.forget(Timestamp::from_millis(1)).await.unwrap_err();
        }
    }
}
