//! What a request costs: as much as its route says, or else the policy.

use covet::{rate_limit, require_auth};
use rocket::{Route, get};

use crate::support::{App, Ask, Person, Wire, refusal};

#[rate_limit("pages", cost = 5)]
#[get("/dear")]
fn dear() -> &'static str {
    "dear"
}

#[require_auth]
#[rate_limit("api", cost = 5)]
#[get("/dear-to-a-user")]
fn dear_to_a_user() -> &'static str {
    "dear"
}

fn routes() -> Vec<Route> {
    covet::routes![dear, dear_to_a_user]
}

#[rocket::async_test]
async fn a_request_costs_what_its_route_says() {
    let server = App::new().over("[rate_limits.pages]\nlimits = ['12/1h']").serve_with(routes()).await;
    let mut told = Vec::new();
    for path in ["/dear", "/page", "/dear", "/dear", "/page", "/page"] {
        let reply = server.send(Ask::get(path)).await;
        told.push((reply.status, reply.header("RateLimit").unwrap().replace(";t=3600", "")));
    }
    let expected = [(200, 7), (200, 6), (200, 1), (429, 1), (200, 0), (429, 0)];
    assert_eq!(told, expected.map(|(status, left)| (status, format!("\"pages\";r={left}"))));
}

#[rocket::async_test]
async fn a_request_costs_what_the_policy_says_where_its_route_says_nothing() {
    let server = App::new().over("[rate_limits.pages]\nlimits = ['12/1h']\ncost = 4").serve_with(routes()).await;
    let mut status = Vec::new();
    for path in ["/page", "/dear", "/page", "/dear"] {
        status.push(server.send(Ask::get(path)).await.status);
    }
    // 4, 5 and not 4 more; the refusals have cost nothing.
    assert_eq!(status, [200, 200, 429, 429]);
    assert_eq!(server.send(Ask::get("/page")).await.header("RateLimit"), Some("\"pages\";r=3;t=3600"));
}

#[rocket::async_test]
async fn a_cost_fits_the_share_of_each_process_or_nothing_launches() {
    let app = |replicas: &str, plan: &str| {
        let limit = format!("[rate_limits.pages]\nlimits = ['12/1h']\non_store_failure = '{plan}'");
        App::new().over(&limit).with("COVET_APPLICATION__REPLICAS", replicas)
    };
    let refusal = async |app: App| refusal(app.rocket().mount("/", routes())).await.map(drop);
    for (replicas, plan) in [("2", "local"), ("3", "deny")] {
        assert_eq!(refusal(app(replicas, plan)).await, Ok(()));
    }
    let said = refusal(app("3", "local")).await.expect_err("it launches");
    let expected = "cannot charge the rate limit `pages` while the store is away: a cost of 5 never fits `4/1h`, which is \
                    the share of each of 3 `application.replicas`";
    assert!(said.contains(expected), "{said}");
}

#[rocket::async_test]
async fn a_cost_holds_in_each_tier() {
    let limit = "[rate_limits.api]\nlimits = ['5/1h']\ntiers = { member = ['10/1h'] }";
    let server = App::new().over(limit).serve_with(routes()).await;
    for (role, expected) in [("guest", [200, 429, 429]), ("member", [200, 200, 429])] {
        let person = Person::signed_in(&server, role, role).await;
        for expected in expected {
            assert_eq!(person.get(&server, "/dear-to-a-user").await.status, expected, "{role}");
        }
    }
}

#[rocket::async_test]
async fn a_route_that_a_layer_would_have_refuse_everybody_does_not_launch() {
    let bucket = "[rate_limits.pages]\nlimits = ['100/1h']\nalgorithm = 'token_bucket'\nburst = ";
    for (over, refused) in [
        ("[rate_limits.pages]\nlimits = ['5/1h', '5/1d']", None),
        (
            "[rate_limits.pages]\nlimits = ['5/1h', '4/1d']",
            Some("dear` cannot charge the rate limit `pages`: a cost of 5 never fits `4/1d`"),
        ),
        (
            "[rate_limits.api.tiers]\nmember = ['4/1h']",
            Some(
                "dear_to_a_user` cannot charge the rate limit `api`: in the tier `member`, a cost of 5 never fits `4/1h`",
            ),
        ),
        (&format!("{bucket}5"), None),
        (
            &format!("{bucket}4"),
            Some("dear` cannot charge the rate limit `pages`: a cost of 5 never fits a `burst` of 4"),
        ),
    ] {
        let launched = refusal(App::new().over(over).rocket().mount("/", routes())).await;
        match (launched, refused) {
            (Ok(_), None) => {}
            (Ok(_), Some(_)) => panic!("{over} launches"),
            (Err(said), refused) => assert!(refused.is_some_and(|refused| said.contains(refused)), "{over}: {said}"),
        }
    }
}
