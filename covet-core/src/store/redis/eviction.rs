//! Whether the server would forget what must not be forgotten.

use redis::Value;

use super::RedisStore;

impl RedisStore {
    /// Warns of a server that evicts. One that does not say is believed: many may not be asked.
    pub(super) async fn warn_of_eviction(&self) {
        let mut command = redis::cmd("INFO");
        command.arg("memory");
        let said = self.in_time(self.link.send_to(&self.keys.to_string(), command)).await;
        if said.is_ok_and(|said| text(&said).is_some_and(evicts)) {
            tracing::warn!(
                "Redis may evict sessions, failed attempts and used codes when its memory is full; \
                 set `maxmemory-policy noeviction`"
            );
        }
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

/// Every key has a time to live, so each policy but one evicts; without a limit of memory, none does.
fn evicts(info: &str) -> bool {
    let field = |name: &str| info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
    field("maxmemory").is_some_and(|limit| limit != "0") && field("maxmemory_policy") != Some("noeviction")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_evicts_that_has_a_limit_and_another_policy_than_none() {
        for (limit, policy, expected) in
            [("0", "allkeys-lru", false), ("100", "noeviction", false), ("100", "volatile-ttl", true)]
        {
            let info = format!("# Memory\r\nused_memory:7\r\nmaxmemory:{limit}\r\nmaxmemory_policy:{policy}\r\n");
            assert_eq!(evicts(&info), expected, "{info}");
        }
    }
}
