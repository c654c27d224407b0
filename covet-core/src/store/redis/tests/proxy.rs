//! A proxy that counts the commands on the wire.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Stands in front of a server; ends with the test's process.
pub(super) struct Proxy {
    port: u16,
    commands: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) fn before(server: &TestServer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, to) = (listener.local_addr().unwrap().port(), server.port());
        let commands = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&commands);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", to)).unwrap());
                let (from_client, to_client) = (client.try_clone().unwrap(), client);
                let (from_server, to_server) = (server.try_clone().unwrap(), server);
                let counter = Arc::clone(&counter);
                let mut unread = Vec::new();
                let count = move |bytes: &[u8]| {
                    unread.extend_from_slice(bytes);
                    while let Some(length) = command(&unread) {
                        unread.drain(..length);
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                };
                std::thread::spawn(move || copy(from_client, to_server, count));
                std::thread::spawn(move || copy(from_server, to_client, |_| ()));
            }
        });
        Self { port, commands }
    }

    pub(super) fn address(&self) -> Address {
        format!("redis://127.0.0.1:{}", self.port).parse().unwrap()
    }

    /// How many commands were sent since it was last asked.
    pub(super) fn commands(&self) -> usize {
        self.commands.swap(0, Ordering::SeqCst)
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&[u8])) {
    let mut buffer = [0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = buffer.get(..length).unwrap();
        see(bytes);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// The length of the command at the front, if it is whole: `*2\r\n$4\r\nPING\r\n$1\r\nx\r\n`.
fn command(bytes: &[u8]) -> Option<usize> {
    let (count, mut at) = number(bytes, 0, b'*')?;
    for _ in 0..count {
        let (length, start) = number(bytes, at, b'$')?;
        at = start + length + 2;
    }
    (at <= bytes.len()).then_some(at)
}

fn number(bytes: &[u8], at: usize, sign: u8) -> Option<(usize, usize)> {
    let rest = bytes.get(at..)?.strip_prefix(&[sign])?;
    let end = rest.iter().position(|byte| *byte == b'\r')?;
    let number = std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
    (rest.len() > end + 1).then_some((number, at + 1 + end + 2))
}
