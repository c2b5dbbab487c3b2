//! Every rule, tested by the Markdown file of its name in `tests/rules/`.
//!
//! A file begins with `# VRRP-003: …` and holds cases, each under a `## heading`. A case starts from the clean example
//! and breaks one thing, or brings files of its own:
//!
//! - ` ```edit `: lines `PATH = JSON` change the Design (`remove PATH` takes something out);
//! - ` ```cluster `: lines `- old` and `+ new` change the text of the example's cluster file;
//! - ` ```file PATH `: a file somebody has; several make a folder;
//! - ` ```expect `: what the rule says, exactly; an empty block expects that it says nothing;
//! - ` ```also `: ids of other rules that rightly speak of the same edit.
//!
//! `UPDATE_EXPECT=1 cargo test -p plimsoll-check --test rules` rewrites the expectations: read the diff before you commit.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_check::{Reads, Rule, rules};
use plimsoll_diagnostics::Severity;
use support::{Case, Outcome, markdown};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

#[test]
fn the_example_is_clean() {
    let outcome = support::clean_example();
    assert_eq!(outcome.text(None), "", "the example must have no findings of any severity");
}

#[test]
fn every_rule_does_what_its_page_says() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let only = std::env::var("RULE").ok();
    let wanted: Vec<_> =
        rules::all().into_iter().filter(|rule| only.as_ref().is_none_or(|only| only == rule.id)).collect();
    support::prepare();
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || wanted.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take).map(|rule| page_of(rule, update)).collect::<String>()
    };
    // Pages are independent, and a change in one rule should be tried in seconds.
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let failures: String = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a page does not panic")).collect()
    });
    assert!(failures.is_empty(), "{failures}");
}

/// What is wrong with the page of one rule; empty when all is well.
fn page_of(rule: &'static Rule, update: bool) -> String {
    let mut failures = String::new();
    let path = folder().join(format!("{}.md", rule.id));
    let Ok(text) = std::fs::read_to_string(&path) else {
        return format!("{}: no page {}\n", rule.id, path.display());
    };
    let page = match markdown::parse(&text) {
        Ok(page) => page,
        Err(error) => return format!("{}: {error}\n", path.display()),
    };
    let mut on_design = false;
    let mut on_files = false;
    let mut spoke_on_design = false;
    let mut spoke_on_files = false;
    let mut rewritten = text.clone();
    for case in &page.cases {
        on_design |= case.files.is_empty();
        on_files |= !case.files.is_empty();
        let outcome = match support::run(case, rule) {
            Ok(outcome) => outcome,
            Err(error) => {
                let _ = writeln!(failures, "{} / {}: {error}", rule.id, case.heading);
                continue;
            }
        };
        let said = outcome.text(Some(rule.id));
        spoke_on_design |= case.files.is_empty() && !said.is_empty();
        spoke_on_files |= !case.files.is_empty() && !said.is_empty();
        if said != case.expect {
            if update {
                rewritten = markdown::replace_expectation(&rewritten, case, &said);
            } else {
                let expected = &case.expect;
                let _ = writeln!(failures, "{} / {}:\n--- expected\n{expected}--- said\n{said}", rule.id, case.heading);
            }
        }
        failures += &unexpected(rule.id, case, &outcome);
    }
    if update
        && rewritten != text
        && let Err(error) = std::fs::write(&path, rewritten)
    {
        let _ = writeln!(failures, "write {}: {error}", path.display());
    }
    for (broken, what) in [
        (
            rule.reads != Reads::Files && on_design && !spoke_on_design,
            "it speaks of no Design: a test that cannot fail",
        ),
        (rule.reads != Reads::Design && on_files && !spoke_on_files, "it speaks of no files: a test that cannot fail"),
        (rule.reads != Reads::Files && !on_design, "judged on a Design, and no case has one"),
        (rule.reads != Reads::Design && !on_files, "judged on files, and no case has any"),
    ] {
        if broken {
            let _ = writeln!(failures, "{}: {what}", rule.id);
        }
    }
    failures
}

/// Other rules that speak of an edited Design without being named: one cause must give one finding.
fn unexpected(rule: &str, case: &Case, outcome: &Outcome) -> String {
    if !case.files.is_empty() {
        return String::new();
    }
    let said: BTreeSet<&str> = outcome
        .report
        .findings
        .iter()
        .filter(|finding| finding.severity != Severity::Note && finding.code != rule)
        .map(|finding| finding.code.as_str())
        .collect();
    let named: BTreeSet<&str> = case.also.iter().map(String::as_str).collect();
    if said == named {
        return String::new();
    }
    format!("{rule} / {}: other rules spoke: {said:?}, the page names {named:?}\n", case.heading)
}

#[test]
fn every_page_belongs_to_a_rule() {
    let known: BTreeSet<String> = rules::all().iter().map(|rule| format!("{}.md", rule.id)).collect();
    for entry in std::fs::read_dir(folder()).expect("the folder of pages") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(known.contains(&name), "{name} is the page of no rule");
    }
}

#[test]
fn the_registry_is_in_order_and_every_manual_is_whole() {
    let all = rules::all();
    let ids: BTreeSet<&str> = all.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), all.len(), "an id is used twice");
    for rule in all {
        let manual = &rule.manual;
        for (part, text) in [
            ("summary", rule.summary),
            ("checks", manual.checks),
            ("breaks", manual.breaks),
            ("remedy", manual.remedy),
            ("before", manual.before),
            ("after", manual.after),
            ("source", manual.source),
        ] {
            assert!(!text.trim().is_empty(), "{}: the manual has no `{part}`", rule.id);
        }
        assert_ne!(manual.before, manual.after, "{}: the example does not change", rule.id);
        for other in rule.silent_behind {
            assert!(ids.contains(other), "{}: silent behind {other}, which does not exist", rule.id);
        }
    }
}
