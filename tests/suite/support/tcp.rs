//! A server on a free port, and a client that says exactly what it is told to.

use std::net::SocketAddr;
use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use rocket::tokio::net::TcpStream;
use rocket::tokio::sync::oneshot;
use rocket::tokio::task::JoinHandle;
use rocket::tokio::time::timeout;
use rocket::{Build, Rocket, Shutdown};

use super::{Ask, Reply, Wire};

/// Who has no answer by then waits for a server that waits for the client.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server; it shuts down when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
    running: JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(rocket: Rocket<Build>) -> Self {
        let (tell, told) = oneshot::channel();
        let rocket = rocket.attach(AdHoc::on_liftoff("Port", |rocket| {
            let address = (rocket.config().address, rocket.config().port).into();
            Box::pin(async move { tell.send(address).unwrap() })
        }));
        let rocket = super::ignite(rocket).await;
        let shutdown = rocket.shutdown();
        let running = rocket::tokio::spawn(async move { drop(rocket.launch().await) });
        Self { address: told.await.unwrap(), shutdown, running }
    }

    /// Shuts down; afterwards nothing of the application is left.
    pub(crate) async fn stop(mut self) {
        self.shutdown.clone().notify();
        (&mut self.running).await.unwrap();
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection { stream: TcpStream::connect(self.address).await.unwrap(), read: Vec::new() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}

impl Wire for Server {
    async fn send(&self, ask: Ask) -> Reply {
        let mut connection = self.connect().await;
        let length = ask.body.len().to_string();
        let ask = ask.header("Content-Length", length);
        connection.write(&[&head(&ask), ask.body.as_bytes()].concat()).await;
        connection.reply(ask.method == "HEAD").await
    }
}

/// The request without its body.
pub(crate) fn head(ask: &Ask) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nHost: localhost\r\n", ask.method, ask.path);
    for (name, value) in &ask.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// A connection on which nothing happens by itself.
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    /// Writes, whether or not the other side still reads.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Reads one response.
    pub(crate) async fn reply(&mut self, without_body: bool) -> Reply {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            assert!(self.more().await, "no response: {}", String::from_utf8_lossy(&self.read));
        };
        let rest = self.read.split_off(end + 4);
        let head = String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let field =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        let mut reply = Reply { status, headers: lines.map(field).collect(), body: String::new() };
        if status == 100 {
            return Box::pin(self.reply(without_body)).await;
        }
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        if !without_body {
            while self.read.len() < length {
                assert!(self.more().await, "the response ends early");
            }
            let rest = self.read.split_off(length);
            reply.body = String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap();
        }
        reply
    }

    /// Sends a body little by little until the response comes or all of it is sent; says how much that was.
    pub(crate) async fn trickle(&mut self, length: usize, piece: usize) -> (Reply, usize) {
        let mut sent = 0;
        while sent < length && self.read.is_empty() {
            let wrote = self.stream.write_all(&vec![b'x'; piece]).await;
            sent += if wrote.is_ok() { piece } else { break };
            rocket::tokio::task::yield_now().await;
            let mut buffer = [0; 4096];
            if let Ok(count) = self.stream.try_read(&mut buffer) {
                self.read.extend(&buffer[..count]);
            }
        }
        (self.reply(false).await, sent)
    }

    /// Reads something, unless there is nothing more, or nothing comes for so long that nothing will.
    async fn more(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        read.is_ok_and(|read| read.is_ok_and(|count| count > 0))
    }
}
