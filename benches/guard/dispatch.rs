//! In process: what a guard adds to a dispatch, in CPU time, allocations and calls of the store.

use std::hint::black_box;
use std::sync::Arc;

use covet::store::{MemoryStore, SqlStore, Store};
use covet::time::{Clock, SystemClock};
use covet_benches::{Error, allocations, cpu_time, median};
use rocket::http::{Accept, Cookie, Status};
use rocket::local::asynchronous::{Client, LocalRequest};
use tokio::runtime::Runtime;

use crate::app::{self, COOKIE};
use crate::count::CountingStore;

const ROUNDS: usize = 25;
const DISPATCHES: u32 = 10_000;

/// A route and who asks for it.
struct Case {
    name: &'static str,
    client: usize,
    path: &'static str,
    signed_in: bool,
}

const fn case(name: &'static str, client: usize, path: &'static str, signed_in: bool) -> Case {
    Case { name, client, path, signed_in }
}

/// Tells how far to trust the others.
const AGAIN: &str = "bare with the cookie, again";

/// Each after the bare route that is sent the same headers.
const CASES: [Case; 9] = [
    case("bare", 0, "/bare", false),
    case("a counter by hand", 0, "/by-hand", false),
    case("limit", 1, "/limit", false),
    case("bare, with the cookie", 0, "/bare", true),
    case("limit + session + permission + user limit", 1, "/permission", true),
    case("the same, told in no fields", 1, "/quiet", true),
    case("all of it + second factor", 1, "/full", true),
    case("the last, on SQLite", 2, "/full", true),
    case(AGAIN, 0, "/bare", true),
];

pub(crate) fn measure() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(times())?;
    costs(&runtime)
}

async fn client(rocket: rocket::Rocket<rocket::Build>) -> Result<Client, Error> {
    Client::untracked(rocket).await.map_err(|error| format!("{error}").into())
}

async fn sqlite() -> Result<SqlStore, Error> {
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    covet_core::migrate::migrate(&pool.clone().into()).await?;
    Ok(SqlStore::open(pool, MemoryStore::default(), SystemClock.now()).await?)
}

/// A route that let everybody in would be fast.
async fn refuses_strangers(clients: &[Client]) -> Result<(), Error> {
    for case in CASES.iter().filter(|case| case.signed_in && case.client > 0) {
        let status = request(clients, case, None)?.dispatch().await.status();
        if status != Status::Unauthorized {
            return Err(format!("{} answers {status} to strangers", case.path).into());
        }
    }
    Ok(())
}

fn request<'c>(clients: &'c [Client], case: &Case, cookie: Option<&str>) -> Result<LocalRequest<'c>, Error> {
    let client = clients.get(case.client).ok_or("no such client")?;
    let request = client.get(case.path).remote(([127, 0, 0, 1], 4711).into()).header(Accept::Any);
    Ok(match cookie {
        Some(value) if case.signed_in => request.cookie(Cookie::new(COOKIE, value.to_owned())),
        _ => request,
    })
}

async fn times() -> Result<(), Error> {
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let sqlite: Arc<dyn Store> = Arc::new(sqlite().await?);
    let cookie = app::sign_in(&*memory).await?;
    app::sign_in(&*sqlite).await?;
    let clients =
        [client(app::without(0)).await?, client(app::with(memory, 0)).await?, client(app::with(sqlite, 0)).await?];
    refuses_strangers(&clients).await?;
    let mut rounds: Vec<Vec<f64>> = CASES.iter().map(|_| Vec::new()).collect();
    // The first round only warms up.
    for round in 0..=ROUNDS {
        for (case, times) in CASES.iter().zip(&mut rounds) {
            let time = cpu_time_of(&clients, case, &cookie).await?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    println!("\nIn process, CPU time of a dispatch in ns, median of {ROUNDS} rounds of {DISPATCHES}:");
    let mut bare = Vec::new();
    for (case, times) in CASES.iter().zip(rounds) {
        let over: Vec<f64> = times.iter().zip(&bare).map(|(time, bare)| time - bare).collect();
        let time = median(times.clone());
        if case.path == "/bare" && case.name != AGAIN {
            bare = times;
            println!("  {time:6.0}          {}", case.name);
        } else {
            println!("  {time:6.0}  {:+6.0}  {}", median(over), case.name);
        }
    }
    Ok(())
}

async fn cpu_time_of(clients: &[Client], case: &Case, cookie: &str) -> Result<f64, Error> {
    let start = cpu_time();
    repeat(DISPATCHES, clients, case, cookie).await?;
    Ok((cpu_time() - start).as_secs_f64() * 1e9 / f64::from(DISPATCHES))
}

/// Allocations and calls of the store, which are the same each time.
fn costs(runtime: &Runtime) -> Result<(), Error> {
    const REQUESTS: u32 = 100;
    let (memory, counting) = (Arc::new(MemoryStore::default()), Arc::new(CountingStore::default()));
    let (apps, counted_apps, cookie) = runtime.block_on(async {
        app::sign_in(&*memory).await?;
        let cookie = app::sign_in(&*counting).await?;
        let apps = [client(app::without(0)).await?, client(app::with(memory, 0)).await?];
        let counted_apps = [client(app::without(0)).await?, client(app::with(counting.clone(), 0)).await?];
        Ok::<_, Error>((apps, counted_apps, cookie))
    })?;
    println!("\nWhat a request costs, over the bare route with the same headers:");
    let mut bare = (0, 0);
    for case in CASES.iter().filter(|case| case.client < apps.len() && case.name != AGAIN) {
        let run = |apps| runtime.block_on(repeat(REQUESTS, apps, case, &cookie));
        run(&apps)?;
        let (result, allocated) = allocations::during(|| run(&apps));
        result?;
        // The store that counts allocates, too.
        counting.take();
        run(&counted_apps)?;
        let calls = counting.take() / u64::from(REQUESTS);
        let each = |total: u64| i64::try_from(total / u64::from(REQUESTS)).unwrap_or(i64::MAX);
        let (count, bytes) = (each(allocated.count), each(allocated.bytes));
        if case.path == "/bare" {
            bare = (count, bytes);
            println!("  {count:3} allocations {bytes:6} bytes                {}", case.name);
        } else {
            let (count, bytes) = (count - bare.0, bytes - bare.1);
            println!("  {count:+3} allocations {bytes:+6} bytes  {calls} store calls  {}", case.name);
        }
    }
    Ok(())
}

async fn repeat(times: u32, clients: &[Client], case: &Case, cookie: &str) -> Result<(), Error> {
    for _ in 0..times {
        let response = request(clients, case, Some(cookie))?.dispatch().await;
        if response.status() != Status::Ok {
            return Err(format!("{} answers {}", case.path, response.status()).into());
        }
        black_box(&response);
    }
    Ok(())
}
