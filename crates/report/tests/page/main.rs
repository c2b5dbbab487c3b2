//! The page in a real browser. Run with `cargo xtask test`, which installs it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test panics to fail, and prints what it measured"
)]

#[path = "../common/mod.rs"]
mod common;
mod webdriver;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::Case;
use plimsoll_circuit::Var;
use plimsoll_model::Name;
use plimsoll_prove::{Question, explain, margins};
use serde_json::{Value, json};
use webdriver::Browser;

/// Random sets of failures.
const SETS: usize = 200;
const ENTER: &str = "\u{e007}";

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// A page on disk, which goes away with the test.
struct Page(PathBuf);

impl Page {
    fn of(html: &str, name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("plimsoll-page-{name}-{}.html", std::process::id()));
        std::fs::write(&path, html).unwrap();
        Page(path)
    }

    fn url(&self) -> String {
        format!("file://{}", self.0.display())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap_or(&Vec::new()).iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs chromium and chromedriver: run by `cargo xtask test`"]
fn the_page_does_what_the_library_does() {
    let case = Case::campus();
    let html = case.html();
    println!("the page has {} bytes", html.len());
    let page = Page::of(&html, "campus");
    let browser = Browser::start();
    browser.open(&page.url());
    same_answers(&case, &browser);
    clicks_and_keys(&browser);
    fragment(&browser, &page.url());
    let paths = ["host/pve-1", "switch/leaf-1", "rack/r1", "feed/utility", "machine/cp-2", "rack/r1/pdu/a"];
    clicks("campus", &browser, &paths);
    names(&browser);
    let loud: Vec<Value> = browser.console().into_iter().filter(|line| line["level"] != "DEBUG").collect();
    assert!(loud.is_empty(), "the console is silent: {loud:?}");
}

#[test]
#[ignore = "needs chromium and chromedriver: run by `cargo xtask test`"]
fn the_page_of_fifty_hosts_does_what_the_library_does() {
    let case = Case::five_racks();
    let html = case.html();
    println!("the page of fifty hosts has {} bytes", html.len());
    let page = Page::of(&html, "five-racks");
    let browser = Browser::start();
    browser.open(&page.url());
    same_answers(&case, &browser);
    let paths = ["host/pve-01", "switch/spine-1", "rack/r1", "feed/line-1", "machine/cp-2", "rack/r1/pdu/a"];
    clicks("five-racks", &browser, &paths);
    let loud: Vec<Value> = browser.console().into_iter().filter(|line| line["level"] != "DEBUG").collect();
    assert!(loud.is_empty(), "the console is silent: {loud:?}");
}

fn same_answers(case: &Case, browser: &Browser) {
    let model = &case.model;
    let all: Vec<(Var, String)> = model.failable().map(|(var, component)| (var, component.path.clone())).collect();
    let mut dice = Dice(2026);
    let sets: Vec<Vec<usize>> = (0..SETS)
        .map(|_| {
            let size = dice.roll(8);
            let set: BTreeSet<usize> = (0..size).map(|_| dice.roll(all.len())).collect();
            set.into_iter().collect()
        })
        .collect();
    let paths: Vec<Vec<&str>> = sets.iter().map(|set| set.iter().map(|at| all[*at].1.as_str()).collect()).collect();
    let script = "return arguments[0].map((set) => { const broken = plimsoll.ask(set); \
                  return { broken, margins: plimsoll.margins(), room: plimsoll.room(), \
                  why: broken.map((id) => plimsoll.explain(id)) }; });";
    let answers = browser.run(script, &json!([paths]));
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), SETS);
    let mut question = Question::new(model);
    let (mut broken_sets, mut whole_sets) = (0, 0);
    for (set, answer) in sets.iter().zip(answers) {
        let failed: Vec<Var> = set.iter().map(|at| all[*at].0).collect();
        let what: Vec<&str> = set.iter().map(|at| all[*at].1.as_str()).collect();
        question.ask(failed.iter().copied());
        let broken: Vec<&plimsoll_prove::Promise> = question.all_broken().collect();
        let expected: Vec<String> = broken.iter().map(|promise| promise.id.clone()).collect();
        assert_eq!(strings(&answer["broken"]), expected, "{what:?}");
        *(if expected.is_empty() { &mut whole_sets } else { &mut broken_sets }) += 1;
        let with = model.with_consequences(&failed);
        for (promise, why) in broken.iter().zip(answer["why"].as_array().unwrap()) {
            assert_eq!(strings(why), explain(model, promise, &with), "{what:?}: why {}", promise.id);
        }
        for (margin, shown) in margins(model, &failed).iter().zip(answer["margins"].as_array().unwrap()) {
            let mut shown_paths = strings(shown);
            let mut breaks: Vec<String> =
                margin.breaks_with.iter().map(|var| model.components.get(*var).path.clone()).collect();
            shown_paths.sort();
            breaks.sort();
            assert_eq!((shown.is_null(), shown_paths), (margin.broken, breaks), "{what:?}: margin");
        }
        let mut evaluator = plimsoll_circuit::Evaluator::new(
            &model.circuit,
            &model.room.hosts.iter().map(|room| room.gone).collect::<Vec<_>>(),
        );
        evaluator.run(|var| with[var.index()]);
        let hosts = model.room.hosts.iter().enumerate().filter(|(at, _)| !evaluator.broken(*at));
        let room: Vec<String> = hosts.map(|(_, room)| room.host.clone()).collect();
        assert_eq!(strings(&answer["room"]), room, "{what:?}: room");
    }
    println!("{SETS} sets of failures: {broken_sets} break something, {whole_sets} nothing; all as the library says");
    assert!(broken_sets >= 20 && whole_sets >= 20, "both kinds occur");
    browser.run("plimsoll.ask([]); document.getElementById('clear').click();", &json!([]));
}

fn state(browser: &Browser, path: &str) -> (Vec<String>, String, String) {
    let script = "return [plimsoll.failed(), location.hash, \
                  document.querySelector(`#topology [data-path='${arguments[0]}']`).getAttribute('aria-pressed')];";
    let state = browser.run(script, &json!([path]));
    (strings(&state[0]), state[1].as_str().unwrap().to_owned(), state[2].as_str().unwrap().to_owned())
}

fn clicks_and_keys(browser: &Browser) {
    let leaf = browser.find("#topology [data-path='switch/leaf-1']");
    browser.click(&leaf[0]);
    let pressed = |path: &str, failed: &[&str], hash: &str, is: &str| {
        let failed: Vec<String> = failed.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(state(browser, path), (failed, hash.to_owned(), is.to_owned()));
    };
    pressed("switch/leaf-1", &["switch/leaf-1"], "#fail=switch/leaf-1", "true");
    // The keyboard: focus, then Enter, then Space.
    browser.run("document.querySelector(\"#topology [data-path='switch/leaf-2']\").focus();", &json!([]));
    browser.key(ENTER);
    pressed("switch/leaf-2", &["switch/leaf-1", "switch/leaf-2"], "#fail=switch/leaf-1+switch/leaf-2", "true");
    let shown = browser.run(
        "const item = document.querySelector('#state > li'); return [item.querySelector('.word').textContent, \
         document.getElementById('announce').textContent, item.querySelectorAll('.why li').length, \
         document.querySelectorAll('#failed li').length, document.getElementById('room').textContent, \
         document.querySelector(\"#topology [data-path='machine/cp-1']\").classList.contains('away')];",
        &json!([]),
    );
    assert_eq!(shown[0], "broken");
    let said = shown[1].as_str().unwrap();
    assert!(said.starts_with("Failed: switch/leaf-1, switch/leaf-2. Now broken: api, dns"), "{said}");
    assert!(shown[2].as_u64().unwrap() > 0, "it says why");
    assert_eq!((&shown[3], &shown[4], &shown[5]), (&json!(2), &json!("0 CPU and 0.0 GiB"), &json!(false)));
    browser.key(" ");
    pressed("switch/leaf-2", &["switch/leaf-1"], "#fail=switch/leaf-1", "false");
    // A host takes its machines with it.
    browser.run("document.querySelector(\"#topology [data-path='host/pve-1']\").focus();", &json!([]));
    browser.key(" ");
    let away = browser.run(
        "return ['machine/cp-1', 'machine/cp-2'].map((path) => \
         document.querySelector(`#topology [data-path='${path}']`).classList.contains('away'));",
        &json!([]),
    );
    assert_eq!(away, json!([true, false]));
    let clear = browser.find("#clear");
    browser.click(&clear[0]);
    pressed("host/pve-1", &[], "", "false");
    // A row of the matrix is the same switch.
    let row = browser.find("tbody button[data-path='switch/leaf-1']");
    browser.click(&row[0]);
    pressed("switch/leaf-1", &["switch/leaf-1"], "#fail=switch/leaf-1", "true");
    browser.click(&row[0]);
    pressed("switch/leaf-1", &[], "", "false");
}

fn fragment(browser: &Browser, url: &str) {
    browser.open("about:blank");
    browser.open(&format!("{url}#fail=host/pve-1+switch/leaf-1+cable/leaf-2%3Ano-such"));
    let shown = browser.run("return [plimsoll.failed(), document.getElementById('unknown').textContent];", &json!([]));
    assert_eq!(shown[0], json!(["host/pve-1", "switch/leaf-1"]));
    assert_eq!(shown[1], "Not in this design: cable/leaf-2:no-such");
    // Changed by hand, and a link to a section that keeps the scenario.
    browser.run("location.hash = '#fail=rack/r1';", &json!([]));
    let later = "return new Promise((done) => setTimeout(() => done(plimsoll.failed()), 50));";
    assert_eq!(browser.run(later, &json!([])), json!(["rack/r1"]));
    browser.run("location.hash = '#findings';", &json!([]));
    assert_eq!(browser.run(later, &json!([])), json!(["rack/r1"]));
    browser.open(url);
}

fn names(browser: &Browser) {
    // Folded rows are there too once somebody opens them.
    browser.run("plimsoll.ask(['host/pve-1']); document.querySelectorAll('tbody[hidden], details').forEach((e) => { e.hidden = false; e.open = true; });", &json!([]));
    let elements = browser.find("a, button, input, select, textarea, summary, [role=button], [tabindex='0']");
    assert!(elements.len() > 200, "{}", elements.len());
    for element in &elements {
        let name = browser.name(element);
        assert!(!name.trim().is_empty(), "an element without a name: {element}");
    }
    println!("{} elements that one can use have a name", elements.len());
    browser.run("plimsoll.ask([]);", &json!([]));
}

/// Clicks parts of the drawing one after the other, and prints how long the page takes: `cargo xtask bench --page` reads it.
/// No test fails for being slow, since machines are shared.
fn clicks(example: &str, browser: &Browser, paths: &[&str]) {
    let script = "const paths = arguments[0]; const times = []; \
                  for (let round = 0; round < 60; round++) { \
                    const part = document.querySelector(`#topology [data-path='${paths[round % paths.length]}']`); \
                    const start = performance.now(); \
                    part.dispatchEvent(new MouseEvent('click', { bubbles: true })); \
                    document.body.getBoundingClientRect(); \
                    times.push(performance.now() - start); } \
                  return times;";
    let times = browser.run(script, &json!([paths]));
    let mut times: Vec<f64> = times.as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect();
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let slowest = times[times.len() - 1];
    println!("{example}: a click until the page is laid out anew: median {median:.1} ms, slowest {slowest:.1} ms");
}

#[test]
#[ignore = "needs chromium and chromedriver: run by `cargo xtask test`"]
fn a_name_with_markup_runs_nothing() {
    let evil = "</script><script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 2\">";
    let case = Case::campus_with(|design| {
        design.cluster = Name::from(evil);
        let host = design.host.values().next().unwrap().clone();
        design.host.insert(Name::from(evil), host);
    });
    let page = Page::of(&case.html(), "evil");
    let browser = Browser::start();
    browser.open(&page.url());
    let path = format!("host/{evil}");
    let script = "plimsoll.toggle(arguments[0]); \
                  return [window.hacked === undefined, document.querySelector('h1').textContent, plimsoll.failed()];";
    let seen = browser.run(script, &json!([path]));
    assert_eq!(seen, json!([true, evil, [path]]));
    let hash = browser.run("return location.href;", &json!([]));
    browser.open("about:blank");
    browser.open(hash.as_str().unwrap());
    assert_eq!(
        browser.run("return [window.hacked === undefined, plimsoll.failed()];", &json!([])),
        json!([true, [path]])
    );
}
