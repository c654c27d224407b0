//! The one connection to a server, replaced as soon as it is lost.
//!
//! The rule: whoever asks while there is none waits for the next one, but only as long as an answer may take; a task
//! connects anew at once and then again and again, at most half a second apart. It does so whatever made connecting
//! fail; the manager of the `redis` crate gives up for ever on all but I/O errors, such as a password that is refused for
//! a while.
//!
//! Nothing is sent twice: what was lost on the way may have been done.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionInfo, PushInfo, PushKind, RedisResult, Value};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::failure::{Failure, needs_reconnect};
use crate::random;

/// How long to wait between two attempts to connect, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// A connection that was lost sooner was none: one waits before the next.
const SETTLED: Duration = Duration::from_secs(1);

/// The connection to one server.
#[derive(Clone)]
pub(super) struct Connection {
    line: watch::Receiver<Option<Line>>,
    losses: Arc<Losses>,
    _keeper: Arc<Keeper>,
}

#[derive(Clone)]
struct Line {
    number: u64,
    redis: MultiplexedConnection,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(node: ConnectionInfo, timeout: Duration) -> Result<Self, Failure> {
        let losses = Arc::new(Losses::default());
        let dial = Dial { client: Client::open(node)?, timeout, losses: Arc::clone(&losses) };
        let first = dial.dial(0).await?;
        let (sender, line) = watch::channel(Some(first));
        let keeper = Keeper(tokio::spawn(keep(dial, sender)).abort_handle());
        Ok(Self { line, losses, _keeper: Arc::new(keeper) })
    }

    /// Sends a command and waits for its answer, for ever if need be.
    pub(super) async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        let mut line = self.line().await?;
        let answer = line.redis.send_packed_command(command).await.and_then(Value::extract_error);
        if let Err(error) = &answer
            && needs_reconnect(error)
        {
            self.losses.tell(line.number);
        }
        answer
    }

    async fn line(&self) -> RedisResult<Line> {
        if let Some(line) = &*self.line.borrow() {
            return Ok(line.clone());
        }
        let mut next = self.line.clone();
        let line = next.wait_for(Option::is_some).await.ok().and_then(|line| line.clone());
        line.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotConnected).into())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("connected", &self.line.borrow().is_some()).finish_non_exhaustive()
    }
}

/// The newest connection that is known to be lost, counted from 1.
#[derive(Default)]
struct Losses {
    newest: AtomicU64,
    told: Notify,
}

impl Losses {
    fn tell(&self, number: u64) {
        self.newest.fetch_max(number + 1, Ordering::Relaxed);
        self.told.notify_one();
    }

    async fn of(&self, number: u64) {
        while self.newest.load(Ordering::Relaxed) <= number {
            self.told.notified().await;
        }
    }
}

/// The task that connects anew; it ends with the last that uses the connection.
struct Keeper(AbortHandle);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn keep(dial: Dial, line: watch::Sender<Option<Line>>) {
    let mut pause = PAUSES.0;
    for number in 0.. {
        let since = Instant::now();
        dial.losses.of(number).await;
        line.send_replace(None);
        let settled = since.elapsed() >= SETTLED;
        if settled {
            tracing::warn!("the connection to Redis is lost");
            pause = PAUSES.0;
        } else {
            pause = wait(pause).await;
        }
        let next = loop {
            match dial.dial(number + 1).await {
                Ok(next) => break next,
                Err(error) => tracing::debug!(%error, "Redis cannot be reached"),
            }
            pause = wait(pause).await;
        };
        line.send_replace(Some(next));
        // One that comes and goes is not told of each time.
        if settled {
            tracing::warn!("the connection to Redis is there again");
        }
    }
}

/// Waits between half the pause and all of it, so that not all nodes come back at the same moment; and says how long
/// to wait the next time.
async fn wait(pause: Duration) -> Duration {
    let mut random = [0];
    // Without randomness they may come together.
    let _ = random::fill(&mut random);
    let [random] = random;
    tokio::time::sleep(pause.mul_f32(0.5 + f32::from(random) / 512.0)).await;
    (pause * 2).min(PAUSES.1)
}

struct Dial {
    client: Client,
    timeout: Duration,
    losses: Arc<Losses>,
}

impl Dial {
    async fn dial(&self, number: u64) -> Result<Line, Failure> {
        let losses = Arc::clone(&self.losses);
        let lost = move |info: PushInfo| {
            if info.kind == PushKind::Disconnection {
                losses.tell(number);
            }
            Ok::<(), std::convert::Infallible>(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(None)
            .set_push_sender(lost);
        let redis = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Line { number, redis })
    }
}
