//! Commands and files that the documentation shows work as they are shown.
#![allow(clippy::panic)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::Place;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// Every page that people read, with its text.
fn pages() -> Vec<(String, String)> {
    let mut paths = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for entry in fs::read_dir(root().join("docs")).expect("docs").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "md") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    let read = |path: PathBuf| (path.display().to_string(), fs::read_to_string(&path).expect("readable"));
    paths.into_iter().map(read).collect()
}

/// Fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        let line_start = line.trim_start();
        match &mut open {
            None => open = line_start.strip_prefix("```").map(|name| (name == language, String::new())),
            Some((wanted, block)) if line_start.starts_with("```") => {
                if *wanted {
                    found.push(std::mem::take(block));
                }
                open = None;
            }
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    found
}

/// Calls of the program in back-ticks and in shell blocks, as words after `plimsoll`.
fn calls(text: &str) -> Vec<Vec<String>> {
    let spans = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let shell = blocks(text, "sh").into_iter().chain(blocks(text, "console"));
    let lines = shell.flat_map(|block| block.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>());
    spans
        .chain(lines)
        .filter_map(|call| {
            let call = call.trim_start_matches("$ ").split(['|', '>', '#', ';', ',']).next()?.trim().to_owned();
            let rest = call.strip_prefix("plimsoll ")?;
            Some(rest.split_whitespace().map(str::to_owned).collect())
        })
        .collect()
}

#[test]
fn every_call_in_the_documentation_is_a_call_that_the_program_knows() {
    let place = Place::campus();
    place.build(&[]).exits(0);
    place.write("masters/cp-1/etc/motd", "x\n");
    place.write("KEY.txt", "x\n");
    let mut tried = 0;
    for (page, text) in pages() {
        for call in calls(&text) {
            let words: Vec<&str> = call
                .iter()
                .map(|word| match word.as_str() {
                    "PATH…" | "PATH" | "masters/" => "masters",
                    "RULE" => "VRRP-003",
                    "PART" => "machine/cp-1",
                    "/root/filled" => "filled",
                    word => word,
                })
                .collect();
            let said = place.run(&words);
            let understood = !said.err.contains("Usage:") && !said.err.contains("there is no rule");
            assert!(understood, "{page}: `plimsoll {}`\n{}", words.join(" "), said.err);
            tried += 1;
        }
    }
    assert!(tried > 20, "only {tried} calls were found");
}

#[test]
fn links_lead_somewhere() {
    for (page, text) in pages() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || target.starts_with("http") {
                continue;
            }
            let path = Path::new(&page).parent().expect("a folder").join(file);
            assert!(path.exists(), "{page} links to `{target}`");
        }
    }
}

#[test]
fn examples_of_the_cluster_file_are_read() {
    // Each block of YAML is a part of a cluster file: put into the example in place of its own part, the grammar reads it.
    for (page, text) in pages() {
        for block in blocks(&text, "yaml") {
            let Some(key) = block.split(':').next() else { continue };
            let mut kept = String::new();
            let mut skipping = false;
            for line in common::CAMPUS.lines() {
                if !line.starts_with(' ') {
                    skipping = line.starts_with(&format!("{key}:"));
                }
                if !skipping {
                    kept.push_str(line);
                    kept.push('\n');
                }
            }
            let place = Place::empty();
            place.write("cluster.yaml", kept + &block);
            let said = place.run(&["check", "--today", "2026-11-24"]);
            assert!(
                said.out.lines().last().is_some_and(|line| line.starts_with("campus: ")),
                "{page}:\n{block}\n{}",
                said.err
            );
        }
    }
}
