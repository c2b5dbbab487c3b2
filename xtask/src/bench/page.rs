//! How soon a click on the page of the report is answered, in a real browser.

use std::process::Stdio;

use anyhow::{Context, ensure};
use plimsoll_rootfs::Cache;

use super::Figure;
use crate::cargo::{SECRETS, cargo};

/// Milliseconds: one frame.
const CLICK: f64 = 16.0;

/// Runs the test of the page, which prints what it measured for each example.
pub(super) fn clicks(cache: &Cache) -> anyhow::Result<Vec<Figure>> {
    let output = cargo()
        .args(["test", "--quiet", "--locked", "--workspace", SECRETS, "--test=page", "--", "--include-ignored"])
        .args(["--nocapture", "--test-threads=1"])
        .env("PLIMSOLL_CACHE", cache.dir())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "the test of the page failed: `cargo xtask test --only page`");
    let said = String::from_utf8_lossy(&output.stdout);
    let figures = said.lines().filter_map(|line| {
        let (example, rest) = line.split_once(": a click until the page is laid out anew: median ")?;
        let median: f64 = rest.split_once(" ms")?.0.parse().ok()?;
        Some(Figure {
            what: format!("{}: a click until the page is laid out anew", example.trim()),
            measured: format!("{median:.1} ms"),
            wanted: Some(("at most 16 ms", median <= CLICK)),
        })
    });
    let figures: Vec<Figure> = figures.collect();
    ensure!(figures.len() == 2, "the test of the page told {} times instead of two", figures.len());
    Ok(figures)
}
