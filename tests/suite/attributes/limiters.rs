//! Handlers that count by a key, and what they hand the guard to.

use covet::{Limit, LimitError, Limiter, Problem, User, public, rate_limit, require_auth};
use rocket::http::Status;
use rocket::{get, post};

use super::policy::limits::Writing;
use super::*;

#[public]
#[rate_limit("login")]
#[post("/", data = "<name>")]
async fn before_anybody_is_known(limiter: Limiter<'_>, name: &str) -> Result<(), Problem> {
    Ok(limiter.check::<Writing>(name.to_lowercase(), 1).await?)
}

#[require_auth]
#[get("/")]
async fn by_user<'r>(user: &'r User, limiter: Limiter<'r>) -> Result<&'r str, Status> {
    match limiter.check::<Writing>(user.id.as_str(), 1).await {
        Ok(()) => Ok(&user.name),
        Err(LimitError::Reached(_)) => Err(Status::TooManyRequests),
        Err(_) => Err(Status::ServiceUnavailable),
    }
}

#[public]
#[get("/<number>")]
async fn by_bytes(number: u64, limiter: Limiter<'_>) -> Result<String, Problem> {
    let key = number.to_be_bytes();
    let left = limiter.peek::<Writing>(key).await?;
    limiter.reset::<Writing>(&key[..]).await?;
    handed_on::<Writing>(&limiter, key.to_vec()).await?;
    Ok(left.to_string())
}

async fn handed_on<L: Limit>(limiter: &Limiter<'_>, key: Vec<u8>) -> Result<(), LimitError> {
    limiter.check::<L>(&key, 1).await
}

#[test]
fn a_handler_may_count_whatever_its_route_demands() {
    let routes = covet::routes![before_anybody_is_known, by_user, by_bytes];
    assert_eq!(names(&routes), ["before_anybody_is_known", "by_user", "by_bytes"].map(|n| format!("limiters::{n}")));
    assert_eq!((limits(before_anybody_is_known {}), access(by_user {})), (vec!["login"], &SIGNED_IN));
}
