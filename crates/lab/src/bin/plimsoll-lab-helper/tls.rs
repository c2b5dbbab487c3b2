//! Reading certificates, and one `GET` over TLS: enough of HTTP for a health check.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use crate::Failure;

pub(crate) fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| format!("`{path}`: {error}"))?.collect();
    Ok(found.map_err(|error| format!("`{path}`: {error}"))?)
}

pub(crate) fn key(path: &str) -> Result<PrivateKeyDer<'static>, Failure> {
    Ok(PrivateKeyDer::from_pem_file(path).map_err(|error| format!("`{path}`: {error}"))?)
}

pub(crate) fn roots(path: &str) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// The answer to one request.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The whole answer, head and body.
    pub(crate) text: String,
}

/// One request over a new connection, within a limit of time for all of it. An error says in which step it happened, in
/// few and stable words, since they are counted.
pub(crate) fn get(
    target: SocketAddr,
    name: &ServerName<'static>,
    config: &Arc<ClientConfig>,
    path: &str,
    limit: Duration,
) -> Result<Answer, String> {
    let end = Instant::now() + limit;
    let left = || end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
    let mut tcp = TcpStream::connect_timeout(&target, limit).map_err(|error| step("connect", &error))?;
    let arm = |tcp: &TcpStream| {
        let left = left().ok_or("timed out")?;
        tcp.set_read_timeout(Some(left)).and_then(|()| tcp.set_write_timeout(Some(left))).map_err(|_| "socket")
    };
    let _ = tcp.set_nodelay(true);
    let mut tls = ClientConnection::new(Arc::clone(config), name.clone()).map_err(|error| format!("tls: {error}"))?;
    while tls.is_handshaking() {
        arm(&tcp).map_err(|reason| format!("tls: {reason}"))?;
        tls.complete_io(&mut tcp).map_err(|error| step("tls", &error))?;
    }
    let mut stream = Stream::new(&mut tls, &mut tcp);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| step("request", &error))?;
    let mut text = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        arm(stream.sock).map_err(|reason| format!("answer: {reason}"))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
            // A server may close without TLS's farewell; the length of the answer is checked below.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(step("answer", &error)),
        }
        if complete(&text) || text.len() > 64 * 1024 {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.map(|status| Answer { status, text }).ok_or_else(|| "answer: cut short".to_owned())
}

/// Whether an answer has its head and as much body as it announced.
fn complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

fn step(step: &str, error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    let reason = match error.kind() {
        Kind::TimedOut | Kind::WouldBlock => "timed out".to_owned(),
        Kind::ConnectionRefused => "refused".to_owned(),
        Kind::ConnectionReset | Kind::BrokenPipe => "reset".to_owned(),
        Kind::UnexpectedEof => "closed".to_owned(),
        Kind::HostUnreachable => "no route to host".to_owned(),
        _ => error.to_string(),
    };
    format!("{step}: {reason}")
}
