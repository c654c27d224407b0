//! The client over HTTP: a process of its own, with connections that are kept alive and never pipelined.

use std::time::{Duration, Instant};

use covet_benches::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::COOKIE;

/// What makes this program the client.
pub(crate) const ARGUMENT: &str = "load";

const CONNECTIONS: usize = 32;

/// Asks as fast as the server answers, and prints how often it did.
pub(crate) fn run(port: u16, path: &str, time: Duration, cookie: Option<&str>) -> Result<(), Error> {
    let cookie = cookie.map(|value| format!("cookie: {COOKIE}={value}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\naccept: */*\r\n{cookie}\r\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let count = runtime.block_on(async {
        let end = Instant::now() + time;
        let connections: Vec<_> =
            (0..CONNECTIONS).map(|_| tokio::spawn(connection(port, request.clone(), end))).collect();
        let mut count = 0;
        for connection in connections {
            count += connection.await?.map_err(|error| error.to_string())?;
        }
        Ok::<u64, Error>(count)
    })?;
    println!("{count}");
    Ok(())
}

async fn connection(port: u16, request: String, end: Instant) -> Result<u64, std::io::Error> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 4096];
    let mut count = 0;
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut buffer).await?;
        count += 1;
    }
    Ok(count)
}

/// Reads exactly one answer, which must be a success.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<(), std::io::Error> {
    let mut length = 0;
    loop {
        let read = stream.read(buffer.get_mut(length..).unwrap_or_default()).await?;
        length += read;
        let so_far = buffer.get(..length).unwrap_or_default();
        if is_whole(so_far) {
            return Ok(());
        }
        if read == 0 {
            return Err(std::io::Error::other(format!("no answer: {}", String::from_utf8_lossy(so_far))));
        }
    }
}

/// Whether this is a whole answer that ends where its length says.
fn is_whole(answer: &[u8]) -> bool {
    const LENGTH: &[u8] = b"content-length: ";
    let find = |what: &[u8]| answer.windows(what.len()).position(|window| window == what);
    let digits = find(LENGTH).and_then(|at| answer.get(at + LENGTH.len()..)).unwrap_or_default();
    let body = digits.iter().take_while(|byte| byte.is_ascii_digit()).fold(0, |n, d| n * 10 + usize::from(d - b'0'));
    answer.starts_with(b"HTTP/1.1 200 ") && find(b"\r\n\r\n").is_some_and(|at| answer.len() == at + 4 + body)
}
