//! A real Redis fails under load. While it does, each limit does what its policy says, to the request, and nobody waits
//! for long; afterwards all is as before within two seconds, and nothing is left of it but two events.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use covet::rate_limit;
use covet_core::store::redis::server::TestServer;
use rocket::futures::future::join_all;
use rocket::tokio::runtime::Handle;
use rocket::tokio::time::sleep;
use rocket::{Route, get};

use crate::support::{App, Ask, BACK, Person, Reply, Server, Wire};

/// What no answer may take.
const LONG: Duration = Duration::from_secs(1);

/// How long a fault lasts: long enough that the circuit opens and several that try find no store.
const FAULT: Duration = Duration::from_millis(1500);

/// What one of ten processes may admit of 200.
const SHARE: usize = 20;

#[rate_limit("pages")]
#[get("/deny")]
fn deny() {}

#[rate_limit("register")]
#[get("/allow")]
fn allow() {}

#[rate_limit("login")]
#[get("/local")]
fn local() {}

fn routes() -> Vec<Route> {
    covet::routes![deny, allow, local]
}

const PATHS: [&str; 4] = ["/deny", "/allow", "/local", "/me"];

/// A Redis that can be disturbed.
struct Redis {
    server: Option<TestServer>,
    port: u16,
    /// What it keeps outlives it.
    directory: tempfile::TempDir,
}

impl Redis {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display().to_string();
        let server = TestServer::start(&["--appendonly", "yes", "--dir", &path]);
        Self { port: server.port(), server: Some(server), directory }
    }

    fn kill(&mut self) {
        self.server = None;
    }

    fn restart(&mut self, more: &[&str]) {
        let path = self.directory.path().display().to_string();
        let arguments = [&["--appendonly", "yes", "--dir", path.as_str()], more].concat();
        self.server = Some(TestServer::try_start(self.port, &arguments).expect("its port is free"));
    }

    fn signal(&self, signal: &str) {
        let process = self.server.as_ref().unwrap().process().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    /// Sends commands and hands back what is answered to all of them.
    fn tell(&self, commands: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let commands = [commands, &["QUIT"]].concat().join("\r\n");
        stream.write_all(format!("{commands}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(!answer.contains("-ERR"), "{answer}");
        answer
    }

    /// How many are connected, this one not counted.
    fn clients(&self) -> usize {
        let info = self.tell(&["INFO clients"]);
        let count = info.lines().find_map(|line| line.strip_prefix("connected_clients:")).unwrap();
        count.trim().parse::<usize>().unwrap() - 1
    }
}

/// Something that happens to a Redis, and its end.
struct Fault {
    begin: fn(&mut Redis),
    end: fn(&mut Redis),
    /// What is told of it.
    condition: &'static str,
    /// What a route for users answers meanwhile.
    to_users: u16,
}

#[rocket::async_test]
async fn a_redis_that_is_killed_and_started_again() {
    let end = |redis: &mut Redis| redis.restart(&[]);
    Fault { begin: Redis::kill, end, condition: "away", to_users: 503 }.happens().await;
}

#[rocket::async_test]
async fn a_redis_that_is_stopped_and_goes_on() {
    let begin = |redis: &mut Redis| redis.signal("-STOP");
    let end = |redis: &mut Redis| redis.signal("-CONT");
    Fault { begin, end, condition: "away", to_users: 503 }.happens().await;
}

#[rocket::async_test]
async fn a_redis_that_comes_back_with_another_password() {
    let begin = |redis: &mut Redis| {
        redis.kill();
        redis.restart(&["--requirepass", "another"]);
    };
    let end = |redis: &mut Redis| drop(redis.tell(&["AUTH another", "CONFIG SET requirepass \"\""]));
    Fault { begin, end, condition: "away", to_users: 503 }.happens().await;
}

/// What is known of sessions is still true, and can be read.
#[rocket::async_test]
async fn a_redis_without_memory() {
    let begin = |redis: &mut Redis| drop(redis.tell(&["CONFIG SET maxmemory 1"]));
    let end = |redis: &mut Redis| drop(redis.tell(&["CONFIG SET maxmemory 0"]));
    Fault { begin, end, condition: "full", to_users: 200 }.happens().await;
}

/// A session that the new primary has ended is there still: it must not be believed.
#[rocket::async_test]
async fn a_redis_that_has_become_a_replica() {
    let begin = |redis: &mut Redis| drop(redis.tell(&["REPLICAOF 127.0.0.1 1"]));
    let end = |redis: &mut Redis| drop(redis.tell(&["REPLICAOF NO ONE"]));
    Fault { begin, end, condition: "away", to_users: 503 }.happens().await;
}

#[rocket::async_test]
async fn a_redis_that_has_lost_its_replicas() {
    let begin = |redis: &mut Redis| drop(redis.tell(&["CONFIG SET min-replicas-to-write 1"]));
    let end = |redis: &mut Redis| drop(redis.tell(&["CONFIG SET min-replicas-to-write 0"]));
    Fault { begin, end, condition: "away", to_users: 503 }.happens().await;
}

/// How far a test is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
enum Stage {
    Before,
    During,
    After,
    Done,
}

/// A request and its answer.
struct Seen {
    path: &'static str,
    asked: Instant,
    answered: Instant,
    reply: Reply,
}

impl Seen {
    /// Whether it was a process that admitted it, not the store.
    fn is_of_share(&self) -> bool {
        let quota = format!("q={SHARE};");
        self.reply.status == 200 && self.reply.header("RateLimit-Policy").is_some_and(|told| told.contains(&quota))
    }
}

/// What the visitors of an application see.
struct Load {
    server: Server,
    session: String,
    stage: Mutex<Stage>,
    /// How often the limit that is counted in the process was asked of the store.
    before: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
}

impl Load {
    fn enter(&self, stage: Stage) -> Instant {
        *self.stage.lock().unwrap() = stage;
        Instant::now()
    }

    async fn ask(&self, path: &'static str) -> u16 {
        let asked = Instant::now();
        let reply = self.server.send(Ask::get(path).cookie(&self.session)).await;
        let status = reply.status;
        self.seen.lock().unwrap().push(Seen { path, asked, answered: Instant::now(), reply });
        status
    }

    /// One visitor, until the test is done.
    async fn visit(self: Arc<Self>, first: usize) {
        for path in PATHS.into_iter().cycle().skip(first) {
            let stage = *self.stage.lock().unwrap();
            let asks = match stage {
                Stage::Done => return,
                // The store has room left for it afterwards.
                Stage::Before => path != "/local" || self.before.fetch_add(1, Ordering::SeqCst) < 20,
                Stage::During => true,
                Stage::After => path != "/local",
            };
            if asks {
                self.ask(path).await;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Fault {
    async fn happens(self) {
        let mut redis = Redis::start();
        let limits = "[rate_limits.register]\nlimits = ['100000/1m']\non_store_failure = 'allow'\n\
                      [rate_limits.login]\nlimits = ['200/1h']\non_store_failure = 'local'\n\
                      [rate_limits.pages]\nlimits = ['100000/1m']\non_store_failure = 'deny'";
        let url = format!("redis://127.0.0.1:{}", redis.port);
        let app = App::new().in_the_present().with("COVET_REDIS_URL", url).with("COVET_REDIS_TIMEOUT", "200ms");
        let server = app.over(limits).with("COVET_APPLICATION__REPLICAS", "10").serve_with(routes()).await;
        let root = Person::signed_in(&server, "root", "admin").await;
        let load = Load {
            server,
            session: root.session.clone(),
            stage: Mutex::new(Stage::Before),
            before: AtomicUsize::new(0),
            seen: Mutex::default(),
        };
        let load = Arc::new(load);
        for path in PATHS {
            assert_eq!(load.ask(path).await, 200, "{path}");
        }
        let (tasks, clients) = (alive(), redis.clients());
        let visitors: Vec<_> = (0..8).map(|first| rocket::tokio::spawn(Arc::clone(&load).visit(first))).collect();
        sleep(Duration::from_millis(100)).await;

        load.enter(Stage::During);
        (self.begin)(&mut redis);
        let began = Instant::now();
        // Three in a row, of which the store writes none.
        for _ in 0..3 {
            assert_eq!(load.ask("/deny").await, 503);
        }
        let settled = Instant::now();
        join_all((0..100).map(|_| load.ask("/deny"))).await;
        sleep(FAULT.saturating_sub(began.elapsed())).await;

        let ended = load.enter(Stage::After);
        (self.end)(&mut redis);
        let back = Instant::now();
        load.is_back(&root, back).await;
        load.enter(Stage::Done);
        join_all(visitors).await.into_iter().for_each(|visitor| visitor.unwrap());

        self.judge(&load.seen.lock().unwrap(), [began, settled, ended]);
        self.is_told(&load.server, &root).await;
        let start = Instant::now();
        while alive() > tasks || redis.clients() != clients {
            assert!(start.elapsed() < BACK, "{} tasks of {tasks}, {} clients of {clients}", alive(), redis.clients());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Each answer that was asked for and given while the store was away is that of the plan.
    fn judge(&self, seen: &[Seen], [began, settled, ended]: [Instant; 3]) {
        let of_share = seen.iter().filter(|seen| seen.is_of_share()).count();
        assert_eq!(of_share, SHARE, "a process admits its share, no more and no less");
        for Seen { path, asked, answered, reply } in seen {
            assert!(*answered - *asked < LONG, "{path} took {:?}", *answered - *asked);
            if *asked < began || *answered > ended {
                continue;
            }
            let expected: &[u16] = match *path {
                "/deny" => &[503],
                "/allow" => &[200],
                "/local" => &[200, 429],
                _ if *asked < settled => &[200, 503],
                _ => &[self.to_users],
            };
            assert!(expected.contains(&reply.status), "{path}: {reply:?}");
        }
        let during = seen.iter().filter(|seen| seen.asked >= began && seen.answered <= ended);
        let refused = during.filter(|seen| seen.path == "/local" && seen.reply.status == 429).count();
        assert!(refused > 0, "more than the share was asked for");
    }

    /// The audit has one event of its beginning and one of its end.
    async fn is_told(&self, wire: &Server, root: &Person) {
        let start = Instant::now();
        loop {
            // A write: without one it is not known that a store has room again.
            wire.send(Ask::get("/deny")).await;
            let events = root.get(wire, "/events").await.json();
            let of_store = |event: &&rocket::serde::json::Value| event[0].as_str().unwrap().starts_with("store_");
            let events: Vec<_> = events.as_array().unwrap().iter().filter(of_store).collect();
            let has = |event: &rocket::serde::json::Value, kind: &str, condition: &str| {
                event[0] == kind && event[2].as_str().unwrap().contains(&format!("\"condition\": \"{condition}\""))
            };
            match events.as_slice() {
                [last, first] => {
                    assert!(has(first, "store_failure", self.condition), "{first}");
                    assert!(has(last, "store_recovered", "working"), "{last}");
                    return;
                }
                events => assert!(events.len() < 2 && start.elapsed() < 5 * BACK, "{events:?}"),
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Load {
    /// All that the store answers is answered by it again, soon after it was back.
    async fn is_back(&self, root: &Person, back: Instant) {
        for path in PATHS {
            loop {
                let reply = root.get(&self.server, path).await;
                // Of the share there is nothing left, and what is let pass without being counted is told of no limit.
                if reply.status == 200 && (path == "/me" || reply.header("RateLimit").is_some()) {
                    break;
                }
                assert!(back.elapsed() < BACK, "{path}: {reply:?}");
            }
        }
        assert!(back.elapsed() < BACK, "{:?}", back.elapsed());
    }
}

/// How many tasks the application has.
fn alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}
