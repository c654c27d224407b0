//! Over HTTP: requests per second through the loopback device, and the server's CPU time of each.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use covet::store::MemoryStore;
use covet_benches::{Error, cpu_time, median};
use rocket::fairing::AdHoc;
use rocket::{Build, Rocket};

use crate::{app, load};

const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(700);

/// A route and who asks for it.
struct Case<'a> {
    name: &'a str,
    port: u16,
    path: &'a str,
    cookie: Option<&'a str>,
}

pub(crate) fn measure() -> Result<(), Error> {
    let store = Arc::new(MemoryStore::default());
    let cookie = &*tokio::runtime::Builder::new_current_thread().build()?.block_on(app::sign_in(&*store))?;
    let bare = serve(app::without)?;
    let guarded = serve(move |port| app::with(store, port))?;
    for path in ["/permission", "/full"] {
        refuses_strangers(guarded, path)?;
    }
    let case = |name, port, path, cookie| Case { name, port, path, cookie };
    let cases = [
        case("bare, with the cookie", bare, "/bare", Some(cookie)),
        case("fully guarded", guarded, "/full", Some(cookie)),
        case("fully guarded but for the second factor", guarded, "/permission", Some(cookie)),
        case("bare, without the cookie", bare, "/bare", None),
        case("limit, without the cookie", guarded, "/limit", None),
    ];
    let mut rounds: Vec<Vec<Measured>> = cases.iter().map(|_| Vec::new()).collect();
    for round in 0..=ROUNDS {
        for (case, measured) in cases.iter().zip(&mut rounds) {
            let one = ask(case)?;
            if round > 0 {
                measured.push(one);
            }
        }
    }
    print(&cases, &rounds);
    Ok(())
}

/// One round of a case.
struct Measured {
    per_second: f64,
    cpu_micros: f64,
}

/// The client in its own process, so that the CPU time of this one is the server's.
fn ask(case: &Case<'_>) -> Result<Measured, Error> {
    let mut client = Command::new(std::env::current_exe()?);
    client.args([load::ARGUMENT, &case.port.to_string(), case.path, &ROUND.as_millis().to_string()]).args(case.cookie);
    let start = cpu_time();
    let output = client.output()?;
    let cpu = cpu_time() - start;
    if !output.status.success() {
        return Err(format!("{}: {}", case.path, String::from_utf8_lossy(&output.stderr)).into());
    }
    let count: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Measured { per_second: count / ROUND.as_secs_f64(), cpu_micros: cpu.as_secs_f64() * 1e6 / count })
}

fn print(cases: &[Case<'_>], rounds: &[Vec<Measured>]) {
    println!(
        "\nOver HTTP, one worker, 32 connections, median of {ROUNDS} rounds; ratios to the first and to the fourth:"
    );
    let ratio = |of: &[Measured], to: usize, what: fn(&Measured) -> f64| {
        let base = rounds.get(to).map(Vec::as_slice).unwrap_or_default();
        median(of.iter().zip(base).map(|(a, b)| what(a) / what(b)).collect())
    };
    for (case, measured) in cases.iter().zip(rounds) {
        let of = |what: fn(&Measured) -> f64| median(measured.iter().map(what).collect());
        let (with, without) = (ratio(measured, 0, |m| m.per_second), ratio(measured, 3, |m| m.per_second));
        let cpu = ratio(measured, 0, |m| m.cpu_micros);
        println!(
            "  {:7.0} req/s  {with:.3}  {without:.3}   {:5.2} us CPU  {cpu:.3}   {}",
            of(|m| m.per_second),
            of(|m| m.cpu_micros),
            case.name
        );
    }
}

/// Serves an application on a free port, on one worker, as long as this process lives.
fn serve(app: impl FnOnce(u16) -> Rocket<Build> + Send + 'static) -> Result<u16, Error> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (lifted_off, wait) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let tell = AdHoc::on_liftoff("tell", move |_| {
            Box::pin(async move {
                let _ = lifted_off.send(());
            })
        });
        runtime.map(|runtime| runtime.block_on(app(port).attach(tell).launch()).map(drop).map_err(Box::new))
    });
    wait.recv_timeout(Duration::from_secs(10)).map_err(|_| "the server did not start")?;
    Ok(port)
}

/// A route that let everybody in would be fast.
fn refuses_strangers(port: u16, path: &str) -> Result<(), Error> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 401 ") { Ok(()) } else { Err(format!("{path} admits strangers: {answer}").into()) }
}
