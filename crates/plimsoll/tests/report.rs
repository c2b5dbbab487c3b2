//! `plimsoll report`: files, standard output, and the server.
#![allow(clippy::panic)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use common::Place;

const DAY: [&str; 2] = ["--today", "2026-11-24"];

#[test]
fn the_page_is_written_and_the_same_each_time() {
    let place = Place::campus();
    place.run(&[&["report"], &DAY[..]].concat()).exits(0).says("wrote `report.html`");
    let first = place.read("report.html");
    assert!(first.starts_with("<!doctype html>") && first.trim_end().ends_with("</html>"));
    place.run(&[&["report", "cluster.yaml", "-o", "second.html"], &DAY[..]].concat()).exits(0);
    assert_eq!(first, place.read("second.html"));
    let said = place.run(&[&["report", "-o", "-"], &DAY[..]].concat()).exits(0);
    assert_eq!(said.out, first);
    assert!(!place.exists("report.html.half-written"));
}

#[test]
fn drawings_go_to_standard_output() {
    let place = Place::campus();
    let said = place.run(&["report", "--format", "svg"]).exits(0);
    assert!(said.out.starts_with("<svg xmlns=") && said.out.trim_end().ends_with("</svg>"));
    place.run(&["report", "--format", "mermaid"]).exits(0).says("flowchart TB");
    place.run(&["report", "--format", "mermaid", "-o", "wiki.mmd"]).exits(0);
    assert!(place.read("wiki.mmd").starts_with("flowchart TB"));
    assert!(!place.exists("report.html"));
}

#[test]
fn a_file_with_errors_gives_no_page() {
    let place = Place::campus_with(&[("cluster: campus", "cluster: campus\nnonsense: 1")]);
    place.run(&["report"]).exits(1).says("nonsense");
    assert!(!place.exists("report.html"));
    place.run(&["report", "no-such.yaml"]).exits(2);
    place.run(&["report", "-o", "no/such/folder/report.html", "cluster.yaml"]).says("nonsense");
}

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(place: &Place) -> Self {
        let mut command = place.command(&[&["report", "--serve"], &DAY[..]].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("an address");
        let port = line.trim().trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
        let mut server = Server { child, port: 0 };
        server.port = port.unwrap_or_else(|| panic!("no address in `{line}`"));
        server
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a time");
        stream.write_all(request.replace("PORT", &self.port.to_string()).as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_server_follows_the_file_and_gives_nothing_else() {
    let place = Place::campus();
    let server = Server::start(&place);
    let body = |answer: &str| answer.split_once("\r\n\r\n").expect("a head").1.to_owned();
    let stamp = body(&server.get("/stamp"));
    let page = server.get("/");
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains(&format!("\"stamp\":\"{stamp}\"")), "{stamp}");
    assert!(page.contains("connect-src 'self'"));

    // Saved with another name, and a later time.
    place.edit("cluster.yaml", &[("cluster: campus", "cluster: meadow")]);
    let file = std::fs::File::options().write(true).open(place.at("cluster.yaml")).expect("the file");
    file.set_modified(SystemTime::now() + Duration::from_secs(2)).expect("a time");
    let later = body(&server.get("/stamp"));
    assert_ne!(stamp, later);
    assert!(server.get("/").contains("<h1>meadow</h1>"));

    // Errors are no end: the page waits.
    place.edit("cluster.yaml", &[("cluster: meadow", "cluster: [")]);
    file.set_modified(SystemTime::now() + Duration::from_secs(4)).expect("a time");
    assert!(server.get("/").contains("The file has errors"));

    assert!(server.get("/cluster.yaml").starts_with("HTTP/1.1 404"));
    assert!(server.get("/../../etc/passwd").starts_with("HTTP/1.1 404"));
    let post = "POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 0\r\n\r\n";
    assert!(server.ask(post).starts_with("HTTP/1.1 405"));
    // A name that a page of somebody else could have bound to this machine.
    assert!(server.ask("GET / HTTP/1.1\r\nHost: evil.example:PORT\r\n\r\n").starts_with("HTTP/1.1 403"));
}
