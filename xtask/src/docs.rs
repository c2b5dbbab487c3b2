//! `cargo xtask docs`: pages that the program itself writes.
//!
//! The text comes from the command line, built by cargo as for the tests, so that this program stays quick to build.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};
use clap::Args;

use crate::cargo::{SECRETS, program, workspace};

/// Options of `cargo xtask docs`.
#[derive(Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a page is out of date
    #[arg(long)]
    pub(crate) check: bool,
}

/// Each page below `docs/`, and the call of the command line that prints it.
const PAGES: [(&str, &[&str]); 3] = [
    ("rules.md", &["explain", "--markdown"]),
    ("cluster-file.md", &["schema", "--markdown"]),
    ("cluster.schema.json", &["schema"]),
];

/// Writes the pages, or tells whether they are up to date.
pub(crate) fn run(options: &Options) -> anyhow::Result<bool> {
    let mut good = true;
    // With everything that the tests are built with, so that they find it built.
    let program = program(&["--workspace", SECRETS])?;
    for (page, call) in PAGES {
        let output = Command::new(&program).args(call).output().context("cannot start plimsoll")?;
        ensure!(
            output.status.success(),
            "plimsoll {}: {}",
            call.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let path = workspace().join("docs").join(page);
        let current = fs::read(&path).unwrap_or_default();
        if current == output.stdout {
            continue;
        }
        if options.check {
            println!("docs/{page} is out of date: cargo xtask docs");
            good = false;
        } else {
            fs::write(&path, &output.stdout).with_context(|| format!("cannot write docs/{page}"))?;
            println!("docs/{page} written");
        }
    }
    Ok(good)
}
