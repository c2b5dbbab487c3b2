//! A real browser, driven by chromedriver over the WebDriver protocol: plain HTTP with JSON.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window. It ends with this value, also when a test panics.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    process: Option<u64>,
    profile: PathBuf,
}

impl Browser {
    /// Starts chromedriver on a free port, and a browser with an empty profile.
    pub(crate) fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver: `cargo xtask set-up` installs it");
        let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver says where it listens").expect("text");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').parse().expect("a port");
            }
        };
        // One of its own: two browsers with one profile would be one browser.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("plimsoll-page-{}-{number}", std::process::id()));
        // From here on the value ends what was started.
        let mut browser = Browser { driver, port, session: String::new(), process: None, profile };
        let profile = format!("--user-data-dir={}", browser.profile.display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1400,1000",
            // What is scrolled to is there at once.
            "--force-prefers-reduced-motion",
            &profile,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let started = browser.call("POST", "/session", &wanted);
        browser.session = started["sessionId"].as_str().map(str::to_owned).expect("a session");
        browser.process = started["capabilities"]["goog:processID"].as_u64();
        browser
    }

    /// One call of the protocol; panics with what the browser says when it fails.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_call(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(Duration::from_mins(2))).map_err(|error| error.to_string())?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).map_err(|error| error.to_string())?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).ok_or("no length")?;
        let mut answer = vec![0; length.trim().parse::<usize>().map_err(|error| error.to_string())?];
        stream.read_exact(&mut answer).map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        if answer["value"]["error"].is_string() {
            return Err(answer["value"]["message"].as_str().unwrap_or_default().to_owned());
        }
        Ok(answer["value"].clone())
    }

    fn in_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    /// Opens an address.
    pub(crate) fn open(&self, url: &str) {
        self.in_session("POST", "/url", &json!({ "url": url }));
    }

    /// Runs the body of a function in the page.
    pub(crate) fn run(&self, script: &str, arguments: &Value) -> Value {
        self.in_session("POST", "/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// The elements that a selector finds.
    pub(crate) fn find(&self, selector: &str) -> Vec<String> {
        let found = self.in_session("POST", "/elements", &json!({ "using": "css selector", "value": selector }));
        let list = found.as_array().expect("a list");
        list.iter().filter_map(|element| element[ELEMENT].as_str()).map(str::to_owned).collect()
    }

    /// Clicks into the middle of an element, as a mouse does.
    pub(crate) fn click(&self, element: &str) {
        self.in_session("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Presses and releases a key.
    pub(crate) fn key(&self, key: &str) {
        let press = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": press }] });
        self.in_session("POST", "/actions", &actions);
    }

    /// The name of an element as a screen reader hears it.
    pub(crate) fn name(&self, element: &str) -> String {
        let name = self.in_session("GET", &format!("/element/{element}/computedlabel"), &Value::Null);
        name.as_str().unwrap_or_default().to_owned()
    }

    /// What the page and the browser wrote to the console since the last time.
    pub(crate) fn console(&self) -> Vec<Value> {
        let lines = self.in_session("POST", "/se/log", &json!({ "type": "browser" }));
        lines.as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.try_call("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        // A browser that did not hear it is ended by its id.
        if let Some(process) = self.process {
            let _ = Command::new("kill").arg(process.to_string()).stderr(Stdio::null()).status();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // The browser writes until its last process has ended.
        for _ in 0..50 {
            let _ = std::fs::remove_dir_all(&self.profile);
            if !self.profile.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
