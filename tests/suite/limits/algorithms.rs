//! Each algorithm as a client sees it.

use crate::support::{App, Ask, Wire};

/// The statuses of requests, each after so many seconds.
async fn statuses<const N: usize>(limit: &str, waits: [u64; N]) -> [u16; N] {
    let app = App::new().over(&format!("[rate_limits.pages]\n{limit}"));
    let server = app.serve().await;
    let mut statuses = [0; N];
    for (status, wait) in statuses.iter_mut().zip(waits) {
        app.wait(wait);
        *status = server.send(Ask::get("/page")).await.status;
    }
    statuses
}

#[rocket::async_test]
async fn a_sliding_window_admits_its_count_in_any_window() {
    let waits = [50, 0, 0, 0, 10, 49, 1];
    assert_eq!(statuses("limits = ['3/1m']", waits).await, [200, 200, 200, 429, 429, 429, 200]);
}

#[rocket::async_test]
async fn a_fixed_window_admits_its_count_again_at_each_turn_of_the_clock() {
    let waits = [50, 0, 0, 0, 10, 0, 0, 0, 59, 1];
    let limit = "limits = ['3/1m']\nalgorithm = 'fixed_window'";
    assert_eq!(statuses(limit, waits).await, [200, 200, 200, 429, 200, 200, 200, 429, 429, 200]);
}

#[rocket::async_test]
async fn a_token_bucket_admits_its_burst_and_then_its_rate() {
    let waits = [0, 0, 0, 9, 1, 0, 60, 0, 0];
    let limit = "limits = ['6/1m']\nalgorithm = 'token_bucket'\nburst = 2";
    assert_eq!(statuses(limit, waits).await, [200, 200, 429, 429, 200, 429, 200, 200, 429]);
    let waits = [0, 0, 0, 29, 1];
    assert_eq!(statuses("limits = ['2/1m']\nalgorithm = 'token_bucket'", waits).await, [200, 200, 429, 429, 200]);
}

#[rocket::async_test]
async fn of_several_rates_each_must_hold() {
    let waits = [0, 0, 0, 60, 0, 60, 3480, 0];
    let limit = "limits = ['2/1m', '3/1h']";
    assert_eq!(statuses(limit, waits).await, [200, 200, 429, 200, 429, 429, 200, 200]);
}

#[rocket::async_test]
async fn who_waits_as_long_as_told_is_admitted_and_not_a_second_sooner() {
    for rest in
        ["", "algorithm = 'fixed_window'", "algorithm = 'token_bucket'", "algorithm = 'token_bucket'\nburst = 7"]
    {
        let app = App::new().over(&format!("[rate_limits.pages]\nlimits = ['5/1m']\n{rest}"));
        let server = app.serve().await;
        let ask = async || {
            let reply = server.send(Ask::get("/page")).await;
            reply.header("Retry-After").map(|seconds| seconds.parse::<u64>().unwrap())
        };
        app.wait(7);
        let wait = loop {
            app.wait(1);
            if let Some(wait) = ask().await {
                break wait;
            }
        };
        app.wait(wait - 1);
        assert_eq!(ask().await, Some(1), "{rest}");
        app.wait(1);
        assert_eq!(ask().await, None, "{rest}");
    }
}

#[rocket::async_test]
async fn a_bucket_is_told_as_what_it_holds_and_how_long_it_fills() {
    let limit = "limits = ['6/1m']\nalgorithm = 'token_bucket'\nburst = 2";
    let app = App::new().over(&format!("[rate_limits.pages]\n{limit}"));
    let server = app.serve().await;
    for state in [r#""pages";r=1;t=10"#, r#""pages";r=0;t=10"#, r#""pages";r=0;t=10"#] {
        let reply = server.send(Ask::get("/page")).await;
        assert_eq!(reply.header("RateLimit-Policy"), Some(r#""pages";q=2;w=20"#));
        assert_eq!(reply.header("RateLimit"), Some(state));
    }
}
