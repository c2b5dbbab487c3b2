//! Generated parts of `docs/benchmarks.md`: each stands between two comments, the rest of the page is written by hand.

use std::fs;
use std::process::Command;

use anyhow::{Context, bail};

use crate::cargo::workspace;

/// Replaces the part called `name`.
pub(crate) fn replace(name: &str, text: &str) -> anyhow::Result<()> {
    let path = workspace().join("docs/benchmarks.md");
    let page = fs::read_to_string(&path).context("cannot read docs/benchmarks.md")?;
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->\n"));
    let Some(((before, _), (_, after))) = page.split_once(&begin).zip(page.split_once(&end)) else {
        bail!("docs/benchmarks.md has no part `{name}`");
    };
    fs::write(&path, format!("{before}{begin}\n{}\n\n{end}{after}", text.trim()))
        .context("cannot write docs/benchmarks.md")
}

/// What was measured and on what, in one line.
pub(crate) fn circumstances() -> String {
    let commit = Command::new("git")
        .args(["rev-parse", "--short", "HEAD"])
        .current_dir(workspace())
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let cpus = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
    format!("Commit {commit}; {cpus} × {model}; load average {load}.")
}
