//! On Redis, a server of this run's own: decisions beside a bare `GET`, beside scripts written by hand for one purpose.
//!
//! What no script can pass is measured in the same run: a script that does nothing, and one that only reads. With one call
//! in flight the way to the server takes most of the time. With many it is shared by all that lie in one read of the
//! socket, and what is left is what the server does for each. Its CPU time tells how far one can come there, as it does not
//! depend on what else the machine does: of the rate of `GET`, a core can do 0.46 as an empty script, 0.33 as one that reads,
//! 0.28 as a counter, 0.10 as GCRA by hand, and 0.07 as a sliding window of ours. So a decision at 64 in flight is to be held
//! against GCRA by hand, which is as exact, and not against `GET`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use ::redis::io::tcp::TcpSettings;
use ::redis::{AsyncConnectionConfig, Client, IntoConnectionInfo as _, Script};
use covet::store::redis::{Options, server::TestServer};
use covet::store::{Key, Outcome, RedisStore, Space, State, Step, Store, Tag, Write};
use covet::time::{Clock, SystemClock};
use covet_benches::{Error, cpu_time, median, median_ratio};
use covet_core::rate_limit::Policy;
use covet_core::session::{self, Record, Stage, User};

use crate::subject;

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(200);
const IN_FLIGHT: [usize; 3] = [1, 16, 64];

/// The keys that all go by in turn.
const KEYS: u32 = 1000;

/// What a script costs that does nothing.
const EMPTY: &str = "return 1";

/// What one command in a script adds.
const READ: &str = "return redis.call('GET', KEYS[1])";

/// The least that counts: a fixed window that begins with its first request.
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
    empty: Script,
    read: Script,
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
    Empty,
    Read,
    Counter,
    Gcra,
    Window,
    Bucket,
    OneTrip,
    ThreeTrips,
    KnownRefusal,
}

const CASES: [(What, &str); 10] = [
    (What::Get, "GET"),
    (What::Empty, "an empty script"),
    (What::Read, "a script that is one GET"),
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
            empty: Script::new(EMPTY),
            read: Script::new(READ),
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
            What::Empty => self.empty.key(name).invoke_async::<u64>(&mut line).await? == 1,
            What::Read => self.read.key(name).invoke_async::<Option<String>>(&mut line).await?.is_none(),
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

    /// How often in how many seconds, with as many at once.
    async fn run(self: &Arc<Self>, what: What, in_flight: usize) -> Result<(f64, f64), Error> {
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
        Ok((count as f64, began.elapsed().as_secs_f64()))
    }

    /// The CPU time of the server so far.
    async fn server_time(&self) -> Result<Duration, Error> {
        let info: String = ::redis::cmd("INFO").arg("cpu").query_async(&mut self.line.clone()).await?;
        let seconds = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.parse::<f64>().ok());
        let time = seconds("used_cpu_sys:").zip(seconds("used_cpu_user:")).ok_or("the server tells no times")?;
        Ok(Duration::from_secs_f64(time.0 + time.1))
    }

    /// One round of a case.
    async fn round(self: &Arc<Self>, what: What, in_flight: usize) -> Result<Measured, Error> {
        let (server, client) = (self.server_time().await?, cpu_time());
        let (count, seconds) = self.run(what, in_flight).await?;
        let (client, server) = (cpu_time() - client, self.server_time().await? - server);
        let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
        Ok(Measured { per_second: count / seconds, server: each(server), client: each(client) })
    }
}

/// What a round tells: how often a second, and the CPU time of each call in us, at both ends of the line.
#[derive(Clone, Copy)]
struct Measured {
    per_second: f64,
    server: f64,
    client: f64,
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
        println!(
            "\nOn Redis, calls a second and their ratio to GET, median of {ROUNDS} rounds; us CPU of the server and of"
        );
        println!("its client for each; and what a core of the server could so do, as a ratio to GET:");
        for in_flight in IN_FLIGHT {
            let mut rounds: Vec<Vec<Measured>> = CASES.iter().map(|_| Vec::new()).collect();
            for _ in 0..ROUNDS {
                for ((what, _), measured) in CASES.iter().zip(&mut rounds) {
                    measured.push(bench.round(*what, in_flight).await?);
                }
            }
            print(in_flight, &rounds);
        }
        Ok(())
    })
}

fn print(in_flight: usize, rounds: &[Vec<Measured>]) {
    println!("  {in_flight} in flight");
    let of = |what: What, part: fn(&Measured) -> f64| -> Vec<f64> {
        let place = CASES.iter().position(|case| case.0 == what);
        place.and_then(|place| rounds.get(place)).into_iter().flatten().map(part).collect()
    };
    let (rate, server) = (|measured: &Measured| measured.per_second, |measured: &Measured| measured.server);
    for (what, name) in CASES {
        let client = median(of(what, |measured| measured.client));
        let (ratio, core) = (
            median_ratio(&of(what, rate), &of(What::Get, rate)),
            median_ratio(&of(What::Get, server), &of(what, server)),
        );
        let (rate, server) = (median(of(what, rate)), median(of(what, server)));
        println!("    {rate:8.0}  {ratio:6.2}   {server:5.1} + {client:4.1} us  {core:5.2}   {name}");
    }
    for (what, name) in CASES.iter().filter(|(what, _)| matches!(what, What::Window | What::Bucket)) {
        let to = |base| median_ratio(&of(*what, rate), &of(base, rate));
        println!("    {:.2} x an empty script, {:.2} x GCRA by hand: {name}", to(What::Empty), to(What::Gcra));
    }
    let trips = median_ratio(&of(What::OneTrip, rate), &of(What::ThreeTrips, rate));
    let known = median_ratio(&of(What::KnownRefusal, rate), &of(What::Window, rate));
    println!("    one trip {trips:.2} x three; a known refusal {known:.1} x one limit");
}
