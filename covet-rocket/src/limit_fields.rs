//! The fields of a response that tell of its rate limits.

use covet_core::engine::Seen;
use covet_core::time::Timestamp;
use rocket::Response;
use rocket::http::Header;

/// Tells of the limits in the fields that each wants to be told in.
pub(crate) fn tell(limits: &[Seen], now: Timestamp, response: &mut Response<'_>) {
    if limits.iter().any(|seen| seen.fields.ietf) {
        let (policies, states) = ietf(limits);
        response.set_header(Header::new("RateLimit-Policy", policies));
        response.set_header(Header::new("RateLimit", states));
    }
    if let Some(tightest) = tightest(limits.iter().filter(|seen| seen.fields.x)) {
        let reset = now.plus_millis(wait(tightest)).millis().div_ceil(1000);
        response.set_header(Header::new("X-RateLimit-Limit", tightest.answer.quota.to_string()));
        response.set_header(Header::new("X-RateLimit-Remaining", tightest.answer.remaining.to_string()));
        // A time, in seconds since 1970, as the services have it that made these fields known.
        response.set_header(Header::new("X-RateLimit-Reset", reset.to_string()));
    }
}

/// Those fields know one limit only: the one that refuses longest, or that has the least left.
fn tightest<'s>(limits: impl Iterator<Item = &'s Seen>) -> Option<&'s Seen> {
    limits.reduce(|tightest, seen| if seen.answer.is_tighter_than(&tightest.answer) { seen } else { tightest })
}

/// After how many milliseconds there is more.
fn wait(seen: &Seen) -> u64 {
    seen.answer.retry_after_millis.unwrap_or(seen.answer.reset_millis)
}

/// The fields of draft-ietf-httpapi-ratelimit-headers-11: `"login";q=5;w=300` and `"login";r=3;t=120`. Put
/// together by hand, for `write!` takes some 200 ns more of every request to a route with limits.
fn ietf(limits: &[Seen]) -> (String, String) {
    // Beside a name there are 10 signs and two numbers of at most 9 digits.
    let room = limits.iter().map(|seen| seen.name.len() + 28).sum();
    let (mut policies, mut states) = (String::with_capacity(room), String::with_capacity(room));
    for seen @ Seen { name, answer, .. } in limits.iter().filter(|seen| seen.fields.ietf) {
        push_name(&mut policies, name);
        policies.push_str(";q=");
        push_number(&mut policies, answer.quota.into());
        policies.push_str(";w=");
        push_number(&mut policies, answer.window_seconds);

        push_name(&mut states, name);
        states.push_str(";r=");
        push_number(&mut states, answer.remaining.into());
        states.push_str(";t=");
        push_number(&mut states, wait(seen).div_ceil(1000));
    }
    (policies, states)
}

fn push_name(field: &mut String, name: &str) {
    field.push_str(if field.is_empty() { "\"" } else { ", \"" });
    field.push_str(name);
    field.push('"');
}

fn push_number(field: &mut String, number: u64) {
    field.push_str(itoa::Buffer::new().format(number));
}

#[cfg(test)]
mod tests {
    use covet_core::engine::Told;
    use covet_core::rate_limit::Answer;

    use super::*;

    #[test]
    fn the_older_fields_tell_of_the_tightest_limit_that_wants_them() {
        let answer = |remaining, retry_after_millis| Answer {
            retry_after_millis,
            quota: 9,
            window_seconds: 60,
            remaining,
            reset_millis: 1500,
        };
        let seen = |answer, x| Seen { name: "a", answer, fields: Told { ietf: false, x } };
        let limits = [seen(answer(5, None), true), seen(answer(3, None), true), seen(answer(0, Some(9000)), false)];
        let told = |limits: &[Seen]| {
            let mut response = Response::new();
            tell(limits, Timestamp::from_seconds(100), &mut response);
            response.headers().iter().map(|header| format!("{}: {}", header.name(), header.value())).collect::<Vec<_>>()
        };
        assert_eq!(told(&limits), ["X-RateLimit-Limit: 9", "X-RateLimit-Remaining: 3", "X-RateLimit-Reset: 102"]);
        let refused = seen(answer(0, Some(9000)), true);
        let [_, tightest, hidden] = limits;
        let expected = ["X-RateLimit-Limit: 9", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 109"];
        assert_eq!(told(&[tightest, refused]), expected);
        assert!(told(&[hidden]).is_empty());
    }

    #[test]
    fn the_fields_tell_of_each_limit() {
        let refused =
            Answer { retry_after_millis: Some(119_001), quota: 5, window_seconds: 300, remaining: 0, reset_millis: 1 };
        let free =
            Answer { retry_after_millis: None, quota: 300, window_seconds: 60, remaining: 299, reset_millis: 60_000 };
        let in_ietf = Told { ietf: true, x: false };
        let login = Seen { name: "login", answer: refused, fields: in_ietf };
        let pages = Seen { name: "pages", answer: free, fields: in_ietf };
        let hidden = Seen { name: "hidden", answer: free, fields: Told::default() };
        assert_eq!(ietf(&[login]), ("\"login\";q=5;w=300".to_owned(), "\"login\";r=0;t=120".to_owned()));
        let both = ("\"pages\";q=300;w=60, \"login\";q=5;w=300", "\"pages\";r=299;t=60, \"login\";r=0;t=120");
        assert_eq!(ietf(&[pages, hidden, login]), (both.0.to_owned(), both.1.to_owned()));
    }
}
