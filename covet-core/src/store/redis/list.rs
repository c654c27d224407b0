//! What an owner has.
//!
//! Sessions have an index, a sorted set in the slot of their owner. All else is found by looking at every key of the
//! server, which no request asks for.

use redis::Value;

use super::RedisStore;
use super::answer::BadAnswer;
use super::failure::Failure;
use super::keys;
use crate::store::{Space, Tag};

impl RedisStore {
    /// The ids of an owner's entries in a space, some perhaps of entries that are gone.
    pub(super) async fn ids(&self, space: Space, owner: &Tag) -> Result<Vec<Tag>, Failure> {
        let indexed = if space == Space::Session { self.indexed(owner).await? } else { None };
        match indexed {
            Some(ids) => Ok(ids),
            None => self.scan(space, owner).await,
        }
    }

    /// The ids in the index of an owner's sessions; `None` if what is there is no index.
    async fn indexed(&self, owner: &Tag) -> Result<Option<Vec<Tag>>, Failure> {
        let mut command = redis::cmd("ZRANGE");
        command.arg(self.keys.index(owner)).arg(0).arg(-1);
        match self.in_time(self.link.send(&command)).await {
            Ok(ids) => Ok(Some(ids_of(ids)?)),
            Err(Failure::Refused { code, .. }) if code == "WRONGTYPE" => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn scan(&self, space: Space, owner: &Tag) -> Result<Vec<Tag>, Failure> {
        let (mut cursor, mut ids) = (b"0".to_vec(), Vec::new());
        loop {
            let mut command = redis::cmd("SCAN");
            command.arg(&cursor).arg("MATCH").arg(self.keys.pattern(space, owner)).arg("COUNT").arg(1000);
            let page = self.in_time(self.link.send_to(&self.keys.index(owner), command)).await?;
            let Value::Array(page) = page else { return Err(BadAnswer.into()) };
            let Ok([Value::BulkString(next), keys]) = <[Value; 2]>::try_from(page) else {
                return Err(BadAnswer.into());
            };
            ids.extend(ids_of(keys)?);
            if next == b"0" {
                // A scan may tell of a key twice.
                ids.sort_unstable();
                ids.dedup();
                return Ok(ids);
            }
            cursor = next;
        }
    }
}

fn ids_of(keys: Value) -> Result<Vec<Tag>, BadAnswer> {
    let Value::Array(keys) = keys else { return Err(BadAnswer) };
    let id = |key: &Value| if let Value::BulkString(key) = key { keys::id(key) } else { None };
    Ok(keys.iter().filter_map(id).collect())
}
