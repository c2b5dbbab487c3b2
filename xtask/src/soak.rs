//! `cargo xtask soak`: every reader against tens of thousands of broken files.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context, ensure};
use clap::Args;

use crate::cargo::cargo;
use crate::record;

/// Options of `cargo xtask soak`.
#[derive(Args)]
pub(crate) struct Options {
    /// Broken variants of each file
    #[arg(long, default_value_t = 50_000)]
    cases: u64,
    /// Stop each reader after so many seconds, and say how far it came
    #[arg(long)]
    seconds: Option<u64>,
    /// Only readers whose name contains this; nothing is recorded
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only the case of this name, as the table and the failures give it; nothing is recorded
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
}

/// Runs the soak test in release and keeps its table. False when a case panicked or was over a limit.
pub(crate) fn run(options: &Options) -> anyhow::Result<bool> {
    let mut arguments = vec![format!("--cases={}", options.cases)];
    arguments.extend(options.seconds.map(|seconds| format!("--seconds={seconds}")));
    let shown = format!("cargo xtask soak {}", arguments.join(" "));
    arguments.extend(options.only.as_ref().map(|text| format!("--only={text}")));
    arguments.extend(options.case.as_ref().map(|name| format!("--case={name}")));
    let mut child = cargo()
        .args(["run", "--quiet", "--locked", "--release", "--package=plimsoll", "--example=soak", "--"])
        .args(&arguments)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let output = child.stdout.take().context("no output of the soak test")?;
    let mut table = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.context("cannot read the output of the soak test")?;
        println!("{line}");
        table.push_str(&line);
        table.push('\n');
    }
    let status = child.wait().context("cannot wait for the soak test")?;
    ensure!(matches!(status.code(), Some(0 | 1)), "the soak test did not finish: {status}");
    if options.only.is_none() && options.case.is_none() {
        record::replace("soak", &format!("`{shown}`\n\n{}\n\n{table}", record::circumstances()))?;
    }
    Ok(status.success())
}
