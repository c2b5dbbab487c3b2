//! Files of which only a part is known: no rule that reads them may judge.
#![allow(dead_code, reason = "the pages of the rules' tests are read for their files only")]

#[path = "support/markdown.rs"]
mod markdown;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use plimsoll_check::{judge, rules};
use plimsoll_diagnostics::Sources;
use plimsoll_views::World;
use plimsoll_views::files::{self, About, Cut, Files};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

/// How rules judge files: what each has found, and for how many components it holds.
fn verdicts(files: &Files, cuts: &[Cut]) -> BTreeMap<String, (BTreeSet<String>, usize)> {
    let mut world = World::of_files(files, None);
    world.cuts.extend_from_slice(cuts);
    let mut all: BTreeMap<String, (BTreeSet<String>, usize)> = BTreeMap::new();
    // One by one, so that none is silent behind another.
    for rule in rules::all() {
        let report = judge(&world, &[rule]);
        let said =
            report.findings.iter().map(|finding| format!("{} {:?}", finding.message, finding.component)).collect();
        let held = report.held.values().sum();
        all.insert(rule.id.to_owned(), (said, held));
    }
    all
}

/// Without one of a case's files some rules judge otherwise. Exactly these must not judge when that file is known in
/// part only, for what they miss may be in the other part.
#[test]
fn rules_do_not_trust_a_file_that_is_known_in_part() {
    let mut tried: BTreeSet<About> = BTreeSet::new();
    let mut wrong: BTreeSet<String> = BTreeSet::new();
    for rule in rules::all() {
        let text = std::fs::read_to_string(folder().join(format!("{}.md", rule.id))).expect("the page");
        for case in markdown::parse(&text).expect("a page").cases {
            let read = |without: Option<usize>| {
                let mut sources = Sources::new();
                for (_, (path, text)) in case.files.iter().enumerate().filter(|(at, _)| Some(*at) != without) {
                    sources.add(path.as_str(), text.as_str());
                }
                files::recognise(&sources)
            };
            let all = read(None);
            let whole = verdicts(&all, &[]);
            for (at, (path, _)) in case.files.iter().enumerate() {
                let Some(file) = all.list.iter().find(|file| file.path == *path) else { continue };
                let Some(about) = file.content.about() else { continue };
                tried.insert(about);
                let cut = Cut { path: path.clone(), about, left_out: "1 of 2 things".to_owned() };
                let (less, cut) = (verdicts(&read(Some(at)), &[]), verdicts(&all, &[cut]));
                for (id, verdict) in &cut {
                    if whole[id] != less[id] && *verdict != (BTreeSet::new(), 0) {
                        wrong.insert(format!("{id} reads what is {about:?} ({} / {})", rule.id, case.heading));
                    }
                }
            }
        }
    }
    assert_eq!(tried.len(), 8, "{tried:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
