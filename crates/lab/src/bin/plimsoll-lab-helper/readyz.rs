//! `readyz-stand-in`: in place of kube-apiserver, answers whether the local etcd member is well.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_lab::{ReadyzStandIn, monotonic_ns};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig, ServerConnection, Stream};

use crate::{Failure, tls};

/// Head line that says which host an answer comes from.
pub(crate) const ANSWERED_BY: &str = "X-Readyz-Stand-In: ";
/// Time between two questions to etcd.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// How long etcd may take to answer: kube-apiserver's `--etcd-readycheck-timeout`.
const ASK_LIMIT: Duration = Duration::from_secs(2);
/// How long a client may take to ask its question.
const CLIENT_LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn serve(path: &str) -> Result<(), Failure> {
    let text = std::fs::read(path).map_err(|error| format!("`{path}`: {error}"))?;
    let setting: ReadyzStandIn = serde_json::from_slice(&text)?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(tls::certificates(&setting.certificate)?, tls::key(&setting.key)?)?;
    let config = Arc::new(config);
    // When etcd was last well, in nanoseconds of the monotonic clock; 0 for never or not any more.
    let well = Arc::new(AtomicU64::new(0));
    watch_etcd(&setting, Arc::clone(&well))?;
    let listener = TcpListener::bind(setting.listen).map_err(|error| format!("{}: {error}", setting.listen))?;
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let (config, well, node) = (Arc::clone(&config), Arc::clone(&well), setting.node.clone());
        // A client that breaks off is its own affair.
        std::thread::spawn(move || answer(stream, config, &well, &node).ok());
    }
    Ok(())
}

fn watch_etcd(setting: &ReadyzStandIn, well: Arc<AtomicU64>) -> Result<(), Failure> {
    let config = ClientConfig::builder()
        .with_root_certificates(tls::roots(&setting.etcd_ca)?)
        .with_client_auth_cert(tls::certificates(&setting.etcd_certificate)?, tls::key(&setting.etcd_key)?)?;
    let (config, target) = (Arc::new(config), setting.etcd);
    let name = ServerName::from(target.ip());
    std::thread::spawn(move || {
        loop {
            let answer = tls::get(target, &name, &config, "/health", ASK_LIMIT);
            let healthy = answer.is_ok_and(|answer| answer.status == 200);
            well.store(if healthy { monotonic_ns() } else { 0 }, Ordering::Relaxed);
            std::thread::sleep(ASK_EVERY);
        }
    });
    Ok(())
}

fn answer(mut tcp: TcpStream, config: Arc<ServerConfig>, well: &AtomicU64, node: &str) -> Result<(), Failure> {
    tcp.set_read_timeout(Some(CLIENT_LIMIT))?;
    tcp.set_write_timeout(Some(CLIENT_LIMIT))?;
    tcp.set_nodelay(true)?;
    let mut tls = ServerConnection::new(config)?;
    let mut stream = Stream::new(&mut tls, &mut tcp);
    let mut request = Vec::new();
    let mut buffer = [0; 2048];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        request.extend_from_slice(&buffer[..count]);
        if count == 0 || request.len() > 16 * 1024 {
            return Ok(());
        }
    }
    let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or_default().to_owned();
    // An answer that etcd still owes after its limit counts as none.
    let fresh = u64::try_from((ASK_LIMIT + ASK_EVERY).as_nanos())?;
    let (status, body) = match path.split('?').next() {
        Some("/readyz") if monotonic_ns() - well.load(Ordering::Relaxed) < fresh => ("200 OK", "ok"),
        Some("/readyz") => ("500 Internal Server Error", "[-]etcd failed"),
        _ => ("404 Not Found", "readyz-stand-in serves /readyz alone"),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\
         {ANSWERED_BY}{node}\r\n\r\n{body}"
    )?;
    stream.flush()?;
    tls.send_close_notify();
    tls.complete_io(&mut tcp)?;
    Ok(())
}
