//! On Redis, a server of this run's own: decisions beside a bare `GET`, beside scripts written by hand for one purpose.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use ::redis::io::tcp::TcpSettings;
use ::redis::{AsyncConnectionConfig, Client, IntoConnectionInfo as _, Script};
use covet::store::redis::{Options, server::TestServer};
use covet::store::{Key, Outcome, RedisStore, Space, State, Step, Store, Tag, Write};
use covet::time::{Clock, SystemClock};
use covet_benches::{Error, median, median_ratio};
use covet_core::rate_limit::Policy;
use covet_core::session::{self, Record, Stage, User};

use crate::subject;

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(200);
const IN_FLIGHT: [usize; 3] = [1, 16, 64];

/// The keys that all go by in turn.
const KEYS: u32 = 1000;

/// The least that a script can do: a fixed window that begins with its first request.
const COUNTER: &str = "
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count";

/// A token bucket as GCRA by the server's time, in one string: the least that counts as exactly as ours.
const GCRA: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + ARGV[1]
if full - now > ARGV[2] + 0 then return {1, full - now} end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return {0, full - now}";

/// What is done on the server, on one connection of the same kind each.
struct Bench {
    line: MultiplexedConnection,
    store: RedisStore,
    counter: Script,
    gcra: Script,
    window: Policy,
    bucket: Policy,
    /// Reached with the first request.
    reached: Policy,
    sessions: session::Policy,
    entries: Vec<(String, [Key; 3])>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Get,
    Counter,
    Gcra,
    Window,
    Bucket,
    OneTrip,
    ThreeTrips,
    KnownRefusal,
}

const CASES: [(What, &str); 8] = [
    (What::Get, "GET"),
    (What::Counter, "a counter, by hand"),
    (What::Gcra, "GCRA, by hand"),
    (What::Window, "one limit, a sliding window"),
    (What::Bucket, "one limit, a token bucket"),
    (What::OneTrip, "limit + session + limit in one trip"),
    (What::ThreeTrips, "the same in three"),
    (What::KnownRefusal, "a refusal that is known"),
];

impl Bench {
    async fn new(server: &TestServer) -> Result<Self, Error> {
        let info = format!("{}?protocol=resp3", server.url()).into_connection_info()?;
        let client = Client::open(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))?;
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let begun = subject::begun()?;
        let entry = |number| {
            let address = subject::key(begun, &subject::address(number));
            let owner = subject::key(begun, &format!("user {number}")).id;
            let session = Key { space: Space::Session, owner, id: address.id };
            (format!("bench:{number}"), [address, session, Key { owner, ..address }])
        };
        let bench = Self {
            line: client.get_multiplexed_async_connection_with_config(&config).await?,
            store: RedisStore::connect(
                &server.address(),
                &Options::default().with_response_timeout(Duration::from_secs(2)),
            )
            .await?,
            counter: Script::new(COUNTER),
            gcra: Script::new(GCRA),
            window: subject::window(100_000_000, 60)?,
            bucket: subject::bucket(100_000_000, 60)?,
            reached: subject::window(1, 86_400)?,
            sessions: session::Policy::default(),
            entries: (0..KEYS).map(entry).collect(),
        };
        for (_, [_, session, _]) in &bench.entries {
            bench.sign_in(session).await?;
        }
        Ok(bench)
    }

    async fn sign_in(&self, key: &Key) -> Result<(), Error> {
        let now = SystemClock.now();
        let record = Record {
            user: User { id: "7f3a".to_owned().into(), name: "Ada".to_owned(), roles: vec!["member".to_owned()] },
            handle: "7f3a".to_owned(),
            stage: Stage::Full,
            created: now,
            seen: now,
            authenticated: now,
            mfa: Some(now),
            mfa_enrolled: true,
            wrong_passwords: 0,
            ip: Some([127, 0, 0, 1].into()),
            user_agent: Some("Mozilla/5.0".to_owned()),
        };
        let write = Write { state: State::Session(Arc::new(record)), expires: now.plus_millis(1_000_000) };
        self.store.swap(key, None, Some(write), now).await?;
        Ok(())
    }

    /// Does it once for the entry with a number, and says whether the answer was as it should be.
    async fn once(&self, what: What, number: usize) -> Result<bool, Error> {
        let Some((name, [address, session, user])) = self.entries.get(number % self.entries.len()) else {
            return Ok(false);
        };
        let mut line = self.line.clone();
        Ok(match what {
            What::Get => ::redis::cmd("GET").arg(name).query_async::<Option<String>>(&mut line).await.is_ok(),
            What::Counter => {
                self.counter.key(format!("c:{name}")).arg(60_000).invoke_async::<u64>(&mut line).await? > 0
            }
            What::Gcra => {
                let script = self.gcra.key(format!("g:{name}"));
                let answer = { script }.arg(1).arg(60_000_000).invoke_async::<(u8, u64)>(&mut line).await?;
                answer.0 == 0
            }
            What::Window => self.admits(&[subject::charge(*address, &self.window)]).await?,
            What::Bucket => {
                let key = Key { owner: Tag([1; 16]), ..*address };
                self.admits(&[subject::charge(key, &self.bucket)]).await?
            }
            What::OneTrip => self.admits(&self.steps(address, session, user)).await?,
            What::ThreeTrips => {
                let steps = self.steps(address, session, user);
                let mut admitted = true;
                for step in &steps {
                    admitted &= self.admits(std::slice::from_ref(step)).await?;
                }
                admitted
            }
            What::KnownRefusal => {
                let key = Key { owner: Tag([2; 16]), ..*address };
                !self.admits(&[subject::charge(key, &self.reached)]).await? || number < self.entries.len()
            }
        })
    }

    fn steps(&self, address: &Key, session: &Key, user: &Key) -> [Step<'_>; 3] {
        let session = Step::Session { key: *session, policy: &self.sessions };
        [subject::charge(*address, &self.window), session, subject::charge(*user, &self.window)]
    }

    /// As the engine asks: first for what is known at once.
    async fn admits(&self, steps: &[Step<'_>]) -> Result<bool, Error> {
        let (mut outcomes, now) = (covet::store::Outcomes::new(), SystemClock.now());
        let known = self.store.run_now(steps, now, &mut outcomes)?;
        if !known {
            outcomes = self.store.run(steps, now).await?.into();
        }
        Ok(outcomes.len() == steps.len() && !outcomes.last().is_some_and(Outcome::is_refusal))
    }

    /// How often a second, with as many at once.
    async fn rate(self: &Arc<Self>, what: What, in_flight: usize) -> Result<f64, Error> {
        let began = Instant::now();
        let tasks: Vec<_> = (0..in_flight)
            .map(|task| {
                let bench = Arc::clone(self);
                tokio::spawn(async move {
                    let (mut count, mut number) = (0_u64, task * 31);
                    while began.elapsed() < ROUND {
                        if !bench.once(what, number).await? {
                            return Err("an answer is not as it should be".into());
                        }
                        (count, number) = (count + 1, number + 1);
                    }
                    Ok::<_, Error>(count)
                })
            })
            .collect();
        let mut count = 0;
        for task in tasks {
            count += task.await??;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    }

    /// The server's own time of a call, in us.
    async fn server_micros(&self) -> Result<f64, Error> {
        let mut line = self.line.clone();
        let stats: String = ::redis::cmd("INFO").arg("commandstats").query_async(&mut line).await?;
        ::redis::cmd("CONFIG").arg("RESETSTAT").query_async::<()>(&mut line).await?;
        let field = |line: &str, name: &str| {
            let text = line.split([':', ',']).find_map(|field| field.strip_prefix(name)?.strip_prefix('='))?;
            text.parse::<f64>().ok()
        };
        let asked =
            stats.lines().filter(|line| ["cmdstat_get:", "cmdstat_evalsha:"].iter().any(|c| line.starts_with(c)));
        let busiest =
            asked.max_by(|a, b| f64::total_cmp(&field(a, "usec").unwrap_or(0.0), &field(b, "usec").unwrap_or(0.0)));
        Ok(busiest.and_then(|line| field(line, "usec_per_call")).unwrap_or(f64::NAN))
    }
}

pub(crate) fn measure() -> Result<(), Error> {
    let server = TestServer::start(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let bench = Arc::new(Bench::new(&server).await?);
        for (what, _) in CASES {
            for number in 0..2 * bench.entries.len() {
                bench.once(what, number).await?;
            }
        }
        println!("\nOn Redis, a second; us of the server; median of {ROUNDS} rounds; ratios to GET:");
        for in_flight in IN_FLIGHT {
            let mut rounds: Vec<[Vec<f64>; 2]> = CASES.iter().map(|_| Default::default()).collect();
            for _ in 0..ROUNDS {
                for ((what, _), [rates, micros]) in CASES.iter().zip(&mut rounds) {
                    bench.server_micros().await?;
                    rates.push(bench.rate(*what, in_flight).await?);
                    micros.push(bench.server_micros().await?);
                }
            }
            print(in_flight, &rounds);
        }
        Ok(())
    })
}

fn print(in_flight: usize, rounds: &[[Vec<f64>; 2]]) {
    println!("  {in_flight} in flight");
    let of = |what: What| {
        let place = CASES.iter().position(|case| case.0 == what);
        place.and_then(|place| rounds.get(place)).map(|[rates, _]| rates.as_slice()).unwrap_or_default()
    };
    for ((_, name), [rates, micros]) in CASES.iter().zip(rounds) {
        let ratio = median_ratio(rates, of(What::Get));
        println!("    {:8.0}  {ratio:6.2}   {:5.2} us   {name}", median(rates.clone()), median(micros.clone()));
    }
    let trips = median_ratio(of(What::OneTrip), of(What::ThreeTrips));
    let known = median_ratio(of(What::KnownRefusal), of(What::Window));
    println!("    one trip {trips:.2} x three; a known refusal {known:.1} x one limit");
}
