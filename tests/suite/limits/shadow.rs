//! A limit in shadow counts and tells the log, and nobody else.

use crate::support::{App, Ask, Reply, Wire, logged};

/// The lines of the log on what a limit refused, or would have, of a client.
fn excesses(client: &str) -> Vec<String> {
    logged(&format!("ip={client} ")).into_iter().filter(|line| line.contains("excess_rate_limit")).collect()
}

fn tells_of_limits(reply: &Reply) -> bool {
    ["RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "Retry-After"]
        .iter()
        .any(|name| reply.header(name).is_some())
}

#[rocket::async_test]
async fn a_limit_in_shadow_lets_pass_and_tells_only_the_log() {
    let limit = "[rate_limits.pages]\nlimits = ['1/1h']\nheaders = ['ietf', 'x']\n";
    for (mode, client, expected) in
        [("shadow", "203.0.113.11", [200, 200, 200]), ("enforce", "203.0.113.12", [200, 429, 429])]
    {
        let app = App::new().behind_a_proxy().over(&format!("{limit}mode = '{mode}'"));
        let server = app.serve().await;
        for expected in expected {
            let reply = server.send(Ask::get("/page").forwarded(client)).await;
            assert_eq!((reply.status, tells_of_limits(&reply)), (expected, mode == "enforce"));
        }
        let lines = excesses(client);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let in_shadow = |line: &String| line.contains("mode") && line.contains("shadow");
        assert!(lines.iter().all(|line| line.contains("pages") && in_shadow(line) == (mode == "shadow")), "{lines:?}");
    }
}

#[rocket::async_test]
async fn a_limit_in_shadow_is_enforced_from_its_day_on() {
    // The clock stands at 8 in the morning of the 15th, UTC; what was counted before the day counts on it.
    let limit = "[rate_limits.pages]\nlimits = ['1/1d']\nmode = 'shadow'\nshadow_until = 2027-01-16";
    let app = App::new().over(limit);
    let server = app.serve().await;
    for (wait, expected) in [(0, 200), (0, 200), (57_599, 200), (1, 429), (28_799, 429), (1, 200), (0, 429)] {
        app.wait(wait);
        let reply = server.send(Ask::get("/page")).await;
        let enforced = app.now().seconds() >= 1_800_057_600;
        assert_eq!((reply.status, tells_of_limits(&reply)), (expected, enforced), "{:?}", app.now());
    }
}

#[rocket::async_test]
async fn a_limit_in_shadow_does_not_hold_back_the_one_behind_it() {
    let limit = "[rate_limits.pages]\nlimits = ['1/1h']\nmode = 'shadow'\n[rate_limits.login]\nlimits = ['2/1h']";
    let server = App::new().over(limit).serve().await;
    let ask = async || server.send(Ask::get("/several")).await;
    // Nobody is signed in; the limits by address come first.
    assert_eq!([ask().await.status, ask().await.status], [401, 401]);
    let refused = ask().await;
    assert_eq!((refused.status, refused.json()["violated-policies"].to_string()), (429, r#"["login"]"#.to_owned()));
}
