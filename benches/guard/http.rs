//! Over HTTP: requests per second through the loopback device, and the server's CPU time of each.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use covet::store::redis::Options;
use covet::store::redis::server::TestServer;
use covet::store::{MemoryStore, RedisStore};
use covet_benches::{Error, cpu_time, median};
use rocket::fairing::AdHoc;
use rocket::{Build, Rocket};
use tokio::runtime::Runtime;

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
    let cookie = runtime()?.block_on(app::sign_in(&*store))?;
    let guarded = serve(async move |port| Ok(app::with(store, port)))?;
    measure_all("", guarded, &cookie)
}

/// The same on a Redis of this run's own.
pub(crate) fn measure_on_redis() -> Result<(), Error> {
    let server = TestServer::start(&[]);
    let address = server.address();
    // A machine that others use, too, is at times slower than the default waits.
    let connect = async move || {
        let options = Options::default().with_response_timeout(Duration::from_secs(2));
        RedisStore::connect(&address, &options).await
    };
    let cookie = runtime()?.block_on(async { app::sign_in(&connect().await?).await })?;
    // On the runtime of the application, as the fairing connects.
    let guarded = serve(async move |port| Ok(app::with(Arc::new(connect().await?), port)))?;
    measure_all(", on Redis", guarded, &cookie)
}

fn runtime() -> Result<Runtime, Error> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn measure_all(on: &str, guarded: u16, cookie: &str) -> Result<(), Error> {
    let bare = serve(async |port| Ok(app::without(port)))?;
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
    print(on, &cases, &rounds);
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

fn print(on: &str, cases: &[Case<'_>], rounds: &[Vec<Measured>]) {
    println!(
        "\nOver HTTP{on}, one worker, 32 connections, median of {ROUNDS} rounds; ratios to the first and to the fourth:"
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
fn serve(app: impl AsyncFnOnce(u16) -> Result<Rocket<Build>, Error> + Send + 'static) -> Result<u16, Error> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (lifted_off, wait) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let tell = AdHoc::on_liftoff("tell", move |_| {
            Box::pin(async move {
                let _ = lifted_off.send(());
            })
        });
        let served = async { Ok(app(port).await?.attach(tell).launch().await.map(drop).map_err(Box::new)?) };
        runtime.map_err(Error::from).and_then(|runtime| runtime.block_on(served))
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
