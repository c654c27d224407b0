//! The suite on a real Redis, and what only this store promises.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod cluster;
mod faults;
mod meaning;
mod proxy;
mod refusals;
mod shared;
mod wire;

use std::time::{SystemTime, UNIX_EPOCH};

use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;

use super::server::{self, TestServer};
use super::*;
use crate::store::State;
use crate::store::suite::{charge_step as charge, rates};
use crate::units::Count;
use crate::{lockout, mfa, rate_limit, session};

mod conformance {
    use super::*;

    crate::store_suite!(async {
        let (address, options, server) = server::shared();
        (RedisStore::connect(&address, &options).await.unwrap().with_callers_clock(), server)
    });
}

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const LOCKOUT: lockout::Limits = lockout::Limits {
    max_attempts: 5,
    window_millis: 300_000,
    delay: lockout::Wait { base_millis: 1000, factor: 2, max_millis: 10_000 },
    cap: None,
};

/// Options that wait long: a machine that runs tests is slow.
fn patient() -> Options {
    Options::default().with_response_timeout(Duration::from_secs(10))
}

/// The server beside the store, to look at and to disturb.
async fn beside(server: &TestServer) -> MultiplexedConnection {
    redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn ask<T: FromRedisValue>(connection: &mut MultiplexedConnection, command: &[&str]) -> T {
    let (name, arguments) = command.split_first().unwrap();
    redis::cmd(name).arg(arguments).query_async(connection).await.unwrap()
}

fn present() -> Timestamp {
    Timestamp::from_millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap())
}

/// A key of an owner's, or of nobody's; spread as keyed hashes would be.
fn key(space: Space, owner: u8, id: u8) -> Key {
    let tag = |number: u8| Tag(std::array::from_fn(|at| number.wrapping_mul(151) ^ (at as u8)));
    Key { space, owner: if owner == 0 { Tag::NONE } else { tag(owner) }, id: tag(id) }
}

fn record(roles: &[&str], stage: session::Stage, now: Timestamp) -> session::Record {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    session::Record {
        user: session::User { id: "7f3a".parse().unwrap(), name: "Ada".to_owned(), roles },
        handle: "handle".to_owned(),
        stage,
        created: now,
        seen: now,
        authenticated: now,
        mfa: None,
        mfa_enrolled: true,
        wrong_passwords: 0,
        ip: Some([192, 0, 2, 1].into()),
        user_agent: Some("Firefox \"1\" \u{1f98a}".to_owned()),
    }
}

fn session(policy: &session::Policy, stage: session::Stage, now: Timestamp) -> Write {
    with_roles(&[], policy, stage, now)
}

fn with_roles(roles: &[&str], policy: &session::Policy, stage: session::Stage, now: Timestamp) -> Write {
    let record = record(roles, stage, now);
    Write { expires: session::expires(policy, &record), state: State::Session(record.into()) }
}
