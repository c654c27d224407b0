//! The range API of Have I Been Pwned: `GET /range/5BAA6` answers what follows each known digest of that beginning, and
//! how often it was found. `Add-Padding` brings it to a length that tells nothing; what was added counts 0.

use std::time::Duration;

use ureq::Agent;

use super::{BreachError, Breaches, Sha1Digest};
use crate::password::policy::Breach;

/// Asks the range API.
#[derive(Debug)]
pub struct Api {
    agent: Agent,
    url: String,
}

impl Api {
    /// An answer has some 1000 lines of 40 bytes.
    const MAX_BYTES: u64 = 1 << 20;

    /// The service that the policy names.
    #[must_use]
    pub fn new(policy: &Breach) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(policy.timeout.seconds())))
            // A redirect would tell whom it leads to.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("covet")
            .build();
        Self { agent: config.into(), url: policy.url.as_str().to_owned() }
    }

    fn ask(&self, prefix: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let mut response = self.agent.get(format!("{}{prefix}", self.url)).header("Add-Padding", "true").call()?;
        if response.status() != 200 {
            return Err(format!("it answered {}", response.status()).into());
        }
        Ok(response.body_mut().with_config().limit(Self::MAX_BYTES).read_to_string()?)
    }
}

impl Breaches for Api {
    fn count(&self, digest: &Sha1Digest) -> Result<u64, BreachError> {
        let (prefix, suffix) = digest.split();
        count_in(&self.ask(&prefix).map_err(BreachError::Api)?, &suffix)
    }
}

/// How often the digest with this end was found, by an answer. A line that is none shows that it was cut, or comes from
/// somebody else: then nobody knows what else is missing.
fn count_in(answer: &str, suffix: &str) -> Result<u64, BreachError> {
    let mut found = 0;
    if answer.trim().is_empty() {
        return Err(BreachError::Malformed { line: 1 });
    }
    for (index, line) in answer.lines().enumerate() {
        let malformed = || BreachError::Malformed { line: index + 1 };
        let (end, count) = line.trim_end().split_once(':').ok_or_else(malformed)?;
        let count: u64 = count.parse().map_err(|_| malformed())?;
        if end.len() != suffix.len() || !end.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        if end.eq_ignore_ascii_case(suffix) {
            found = count;
        }
    }
    Ok(found)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;
    use crate::units::Time;

    /// What follows the first five digits of `password`.
    const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    /// A service that answers one request by this, and what it was asked.
    fn service(answer: impl FnOnce(TcpStream) + Send + 'static) -> (Api, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/range/", listener.local_addr().unwrap());
        let (told, asked) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            told.send(String::from_utf8(request).unwrap()).unwrap();
            answer(stream);
        });
        let policy = Breach { url: url.parse().unwrap(), timeout: Time::of(1), ..Breach::default() };
        (Api::new(&policy), asked)
    }

    fn answers(status: &'static str, body: String) -> impl FnOnce(TcpStream) + Send + 'static {
        move |mut stream| {
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            // Whoever has read enough hangs up.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    }

    fn count(answer: impl FnOnce(TcpStream) + Send + 'static) -> Result<u64, BreachError> {
        service(answer).0.count(&Sha1Digest::of("password"))
    }

    fn other(count: u64) -> String {
        format!("{}:{count}\r\n", SUFFIX.replace('1', "A"))
    }

    #[test]
    fn a_stolen_password_is_told_by_its_count_and_another_is_not() {
        let (other, padding) = (other(9), format!("{}:0\r\n", SUFFIX.replace('1', "B")));
        let hit = format!("{other}{SUFFIX}:10434004\r\n{padding}");
        assert_eq!(count(answers("200 OK", hit)).unwrap(), 10_434_004);
        assert_eq!(count(answers("200 OK", format!("{other}{padding}"))).unwrap(), 0);
        assert_eq!(count(answers("200 OK", format!("{other}{SUFFIX}:0"))).unwrap(), 0, "padding is no password");
    }

    #[test]
    fn five_digits_leave_the_process_and_nothing_else() {
        let (api, asked) = service(answers("200 OK", other(1)));
        api.count(&Sha1Digest::of("password")).unwrap();
        let asked = asked.recv().unwrap().to_uppercase();
        assert!(
            asked.starts_with("GET /RANGE/5BAA6 HTTP/1.1\r\n") && asked.contains("ADD-PADDING: TRUE\r\n"),
            "{asked}"
        );
        assert!(!asked.contains("5BAA61") && !asked.contains(&SUFFIX[..4]) && !asked.contains("PASSWORD"), "{asked}");
    }

    #[test]
    fn an_answer_that_is_none_tells_nothing() {
        for status in ["500 Internal Server Error", "429 Too Many Requests", "404 Not Found", "204 No Content"] {
            assert!(matches!(count(answers(status, other(1))), Err(BreachError::Api(_))), "{status}");
        }
        for body in ["", "<html>", &other(1)[..20], &format!("{}{SUFFIX}", other(1)), &format!("{}ABC:1", other(1))] {
            let answer = count(answers("200 OK", body.to_owned()));
            assert!(matches!(answer, Err(BreachError::Malformed { .. })), "{body}: {answer:?}");
        }
        // Cut by the network: less came than was announced.
        let cut = |mut stream: TcpStream| {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n";
            stream.write_all(format!("{head}{}", other(1)).as_bytes()).unwrap();
        };
        assert!(matches!(count(cut), Err(BreachError::Api(_))));
    }

    #[test]
    fn an_answer_without_end_is_not_read_to_it() {
        let long = other(1).repeat(250_000);
        assert!(long.len() > 9_000_000);
        assert!(matches!(count(answers("200 OK", long)), Err(BreachError::Api(_))));
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        let to = elsewhere.local_addr().unwrap();
        let redirect = move |mut stream: TcpStream| {
            let head = format!("HTTP/1.1 302 Found\r\nLocation: http://{to}/range/5BAA6\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
        };
        assert!(matches!(count(redirect), Err(BreachError::Api(_))));
        assert!(elsewhere.accept().is_err(), "nobody came");
    }

    #[test]
    fn a_service_that_is_silent_is_not_waited_for() {
        let (release, held) = mpsc::channel::<()>();
        let start = Instant::now();
        let silent = move |stream: TcpStream| {
            let _ = held.recv();
            drop(stream);
        };
        assert!(matches!(count(silent), Err(BreachError::Api(_))));
        assert!(start.elapsed() < Duration::from_secs(10));
        drop(release);
    }
}
