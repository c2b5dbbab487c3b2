//! The engine alone, on fault trees in the Open-PSA format, as anybody's tree is analysed.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Figure, median};
use crate::cargo::workspace;

/// A tree, what to reach, and its number of minimal cut sets.
struct Tree {
    what: &'static str,
    file: PathBuf,
    order: u32,
    cut_sets: u64,
    /// The probability that is known, to be met to six digits.
    known: Option<f64>,
    goal: Option<(&'static str, f64)>,
}

/// A published tree with known results, and capacity: at least so many of so many alike hosts.
pub(super) fn trees(program: &Path, dir: &Path, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let counted = |least: usize, of: usize| -> anyhow::Result<PathBuf> {
        let file = dir.join(format!("{least}-of-{of}.xml"));
        fs::write(&file, at_least(least, of)).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    };
    let trees = [
        Tree {
            what: "ha3.xml: 312 minimal cut sets, exact probability",
            file: workspace().join("crates/circuit/tests/data/ha3.xml"),
            order: 5,
            cut_sets: 312,
            known: Some(6.509_75e-7),
            goal: None,
        },
        Tree {
            what: "at least 46 of 50 hosts: exact probability",
            file: counted(46, 50)?,
            order: 2,
            cut_sets: 0,
            known: None,
            goal: Some(("at most 20 ms", 20.0)),
        },
        Tree {
            what: "at least 180 of 200 hosts: exact probability",
            file: counted(180, 200)?,
            order: 2,
            cut_sets: 0,
            known: None,
            goal: Some(("at most 200 ms", 200.0)),
        },
    ];
    trees.iter().map(|tree| measure(program, tree, runs)).collect()
}

/// Hosts of which at least `least` must be there: the tree fails when one more than may be away is.
fn at_least(least: usize, of: usize) -> String {
    let mut xml = format!(
        "<opsa-mef>\n<define-fault-tree name=\"capacity\">\n<define-gate name=\"short\"><atleast min=\"{}\">\n",
        of - least + 1
    );
    for host in 1..=of {
        let _ = writeln!(xml, "<basic-event name=\"host-{host}\"/>");
    }
    xml += "</atleast></define-gate>\n</define-fault-tree>\n<model-data>\n";
    for host in 1..=of {
        let _ = writeln!(
            xml,
            "<define-basic-event name=\"host-{host}\"><float value=\"0.0{}\"/></define-basic-event>",
            10 + host % 7
        );
    }
    xml + "</model-data>\n</opsa-mef>\n"
}

/// The time that the program gives for the one top of a tree, in milliseconds.
fn measure(program: &Path, tree: &Tree, runs: usize) -> anyhow::Result<Figure> {
    let mut times = Vec::new();
    for _ in 0..runs.clamp(1, 11) {
        let output = Command::new(program)
            .args(["prove", "--format", "json", "--order", &tree.order.to_string(), "--openpsa"])
            .arg(&tree.file)
            .output()
            .context("cannot start plimsoll")?;
        ensure!(output.status.success(), "plimsoll failed: {}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).context("the analysis is no JSON")?;
        let top = &said["tops"][0];
        ensure!(top["cut_sets"] == tree.cut_sets, "{}: {} cut sets", tree.what, top["cut_sets"]);
        ensure!(top["bounds"]["lower"] == top["bounds"]["upper"], "{}: the probability is not exact", tree.what);
        let probability = top["probability"].as_f64().context("no probability")?;
        let is_known = tree.known.is_none_or(|known| (probability / known - 1.0).abs() < 1e-6);
        ensure!(is_known, "{}: the probability is {probability:e}", tree.what);
        times.push(top["seconds"].as_f64().context("no time")? * 1e3);
    }
    let time = median(&mut times);
    let wanted = tree.goal.map(|(text, most)| (text, time <= most));
    Ok(Figure { what: tree.what.to_owned(), measured: format!("{time:.2} ms"), wanted })
}
