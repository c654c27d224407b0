//! The suite on a real Redis, and what only this store promises.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use super::*;

mod conformance {
    use super::*;

    crate::store_suite!(async {
        let (address, options, server) = server::shared();
        (RedisStore::connect(&address, &options).await.unwrap().with_callers_clock(), server)
    });
}
