//! A server for one page and one person.
//!
//! It listens on this machine only, knows two addresses and no files, and answers one request after another. The page
//! asks `/stamp` every second and loads itself anew when the cluster file or its lock was saved.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime};

use plimsoll_model::design::Date;

use crate::failure::Failure;
use crate::input::{self, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// A request is a line and some headers; who sends more is no browser.
const LONGEST: usize = 16 << 10;
/// How long a request may take to arrive, and an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves until the process is ended.
pub(super) fn serve(file: &Path, port: u16, today: Option<Date>, terminal: &Terminal) -> Result<bool, Failure> {
    let listen = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        Ok::<_, std::io::Error>((listener, port))
    };
    let (listener, port) = listen()
        .map_err(|error| Failure::new(format!("failed to listen on 127.0.0.1:{port}: {error}")))
        .map_err(|failure| failure.with_hint("choose another port with `--port`, or 0 for a free one"))?;
    let mut page = build(file, today, &stamp(file), terminal)?;
    terminal.out(&format!("http://127.0.0.1:{port}/\n"))?;
    terminal.progress("The page loads itself anew whenever the file is saved. Ctrl-C ends this.");
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let now = stamp(file);
        let answer = match request(&mut stream, port) {
            Request::Page => {
                if page.0 != now {
                    page = build(file, today, &now, terminal)?;
                }
                answer("200 OK", "text/html; charset=utf-8", &page.1)
            }
            Request::Stamp => answer("200 OK", "text/plain", &now),
            Request::Unknown => answer("404 Not Found", "text/plain", "there is one page here, at /\n"),
            Request::NotGet => answer("405 Method Not Allowed", "text/plain", "only GET\n"),
            Request::Foreign => answer("403 Forbidden", "text/plain", "only for this machine\n"),
            Request::Nothing => continue,
        };
        // Who went away needs no answer.
        let _ = stream.write_all(&answer);
    }
    Ok(true)
}

enum Request {
    Page,
    Stamp,
    Unknown,
    NotGet,
    /// Another name for this machine, as a page of somebody else could make one.
    Foreign,
    Nothing,
}

fn request(stream: &mut TcpStream, port: u16) -> Request {
    let timed = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    if timed.is_err() {
        return Request::Nothing;
    }
    let mut head = Vec::new();
    let mut some = [0; 2048];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut some) {
            Ok(count) if count > 0 && head.len() + count <= LONGEST => head.extend_from_slice(&some[..count]),
            _ => return Request::Nothing,
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let host = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim().to_owned());
    let ours = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    match (method, target) {
        _ if !host.is_some_and(|host| ours.contains(&host)) => Request::Foreign,
        ("GET", "/") => Request::Page,
        ("GET", "/stamp") => Request::Stamp,
        ("GET", _) => Request::Unknown,
        _ => Request::NotGet,
    }
}

fn answer(status: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// When the file and its lock were written last.
fn stamp(file: &Path) -> String {
    let of = |path: &Path| {
        let written = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        written.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos())
    };
    format!("{}-{}", of(file), of(&file.with_extension("lock")))
}

/// The page of this moment, with its stamp. A file with errors gives a page that says so and waits for a better one.
fn build(file: &Path, today: Option<Date>, stamp: &str, terminal: &Terminal) -> Result<(String, String), Failure> {
    let loaded = input::load(file, terminal, &mut Timings::start());
    let page = match loaded {
        Ok(Loaded::Cluster(cluster)) => super::page(&cluster, today, Some(("/stamp", stamp))),
        Ok(Loaded::Errors) => waiting(stamp),
        // While an editor saves it, a file may be away for a moment; not to have one from the start is a wrong call.
        Err(_) if file.exists() => waiting(stamp),
        Err(failure) => return Err(failure),
    };
    Ok((stamp.to_owned(), page))
}

fn waiting(stamp: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>The file has errors</title><body style=\"font: 16px/1.5 system-ui; margin: 3rem; max-width: 40rem\">\
         <h1>The file has errors</h1><p>They are listed in the terminal. This page follows when they are mended.</p>\
         <script>setInterval(async () => {{ try {{ const answer = await fetch(\"/stamp\"); \
         if (await answer.text() !== \"{stamp}\") location.reload(); }} catch {{}} }}, 1000);</script></body></html>\n"
    )
}
