//! `cargo xtask test`: from a fresh machine to a verdict.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use plimsoll_rootfs::Cache;

use crate::cargo::{Metadata, SECRETS, cargo, metadata};
use crate::{docs, licences, set_up};

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Run only this step (may be given more than once)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the steps
    #[arg(long)]
    list: bool,
    /// Leave out what needs root or the cache
    #[arg(long)]
    quick: bool,
}

/// One step of the whole.
struct Step {
    name: &'static str,
    about: &'static str,
    /// Whether it needs root and what `set-up` makes.
    heavy: bool,
    /// Whether it runs when no step is named: the parts of `test` do not, since `test` runs them.
    by_default: bool,
    run: fn(&State<'_>) -> anyhow::Result<bool>,
}

/// What steps know.
struct State<'a> {
    cache: &'a Cache,
    quick: bool,
}

const STEPS: [Step; 10] = [
    Step { name: "format", about: "cargo fmt --check", heavy: false, by_default: true, run: format },
    Step {
        name: "licences",
        about: "licences and sources of what is linked",
        heavy: false,
        by_default: true,
        run: |_| licences::run(),
    },
    Step {
        name: "set-up",
        about: "packages of the machine, and the cache",
        heavy: true,
        by_default: true,
        run: |context| set_up::run(context.cache).map(|()| true),
    },
    Step { name: "lint", about: "cargo clippy, with warnings denied", heavy: false, by_default: true, run: lint },
    Step {
        name: "docs",
        about: "generated pages of docs/ are up to date",
        heavy: false,
        by_default: true,
        run: |_| docs::run(&docs::Options { check: true }),
    },
    Step { name: "test", about: "cargo test of everything", heavy: false, by_default: true, run: test },
    Step {
        name: "unit",
        about: "part of test: crates that need neither root nor the cache",
        heavy: false,
        by_default: false,
        run: unit,
    },
    Step {
        name: "accept",
        about: "part of test: files read by their real programs, and by a real kernel",
        heavy: true,
        by_default: false,
        run: |context| cargo_test(context.cache, &["--package=plimsoll-accept"], &[]),
    },
    Step { name: "page", about: "the report in a real browser", heavy: true, by_default: true, run: page },
    Step { name: "lab", about: "the control plane run by its real daemons", heavy: true, by_default: true, run: lab },
];

/// Runs the steps that were asked for, all of them even if one fails. False when one failed.
pub(crate) fn run(cache: &Cache, options: &Options) -> anyhow::Result<bool> {
    if options.list {
        for step in &STEPS {
            println!("{:<10} {}{}", step.name, step.about, if step.heavy { " (root)" } else { "" });
        }
        return Ok(true);
    }
    if let Some(unknown) = options.only.iter().find(|name| !STEPS.iter().any(|step| step.name == **name)) {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("no step is called `{unknown}`: there are {}", names.join(", "));
    }
    let named = |step: &Step| options.only.iter().any(|name| name == step.name);
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| if options.only.is_empty() { step.by_default } else { named(step) })
        .filter(|step| !(options.quick && step.heavy))
        .collect();
    if chosen.is_empty() {
        bail!("nothing to run: `--quick` leaves out what `--only` names");
    }
    let context = State { cache, quick: options.quick };
    let mut outcomes: Vec<(&str, Duration, bool)> = Vec::new();
    for (number, step) in chosen.iter().enumerate() {
        println!("== {} ({} of {}): {}", step.name, number + 1, chosen.len(), step.about);
        let start = Instant::now();
        let good = (step.run)(&context).with_context(|| format!("step `{}`", step.name))?;
        println!("== {}: {}, {:.1} s\n", step.name, word(good), start.elapsed().as_secs_f64());
        outcomes.push((step.name, start.elapsed(), good));
    }
    let all: Duration = outcomes.iter().map(|(_, took, _)| *took).sum();
    for (name, took, good) in &outcomes {
        println!("{name:<10} {:>7.1} s  {}", took.as_secs_f64(), word(*good));
    }
    println!("{:<10} {:>7.1} s", "in all", all.as_secs_f64());
    Ok(outcomes.iter().all(|(_, _, good)| *good))
}

fn word(good: bool) -> &'static str {
    if good { "ok" } else { "FAILED" }
}

fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    Ok(command.status().context("cannot start cargo")?.success())
}

fn format(_: &State<'_>) -> anyhow::Result<bool> {
    succeeds(cargo().args(["fmt", "--all", "--", "--check"]))
}

fn lint(_: &State<'_>) -> anyhow::Result<bool> {
    // The default build and the whole one: each has code that the other leaves out.
    for features in [&[][..], &[SECRETS]] {
        let clippy = ["clippy", "--quiet", "--locked", "--workspace", "--all-targets"];
        if !succeeds(cargo().args(clippy).args(features).args(["--", "--deny=warnings"]))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn test(context: &State<'_>) -> anyhow::Result<bool> {
    // With the parts that the default build leaves out; `unit` tests the default build.
    if context.quick { unit(context) } else { cargo_test(context.cache, &["--workspace", SECRETS], &[]) }
}

/// The tests of the lab are marked `#[ignore]`, so that `cargo test` alone needs no root; here they run.
fn lab(context: &State<'_>) -> anyhow::Result<bool> {
    let targets = ["--test=host", "--test=cleanup", "--test=small_lab", "--test=split_brain"];
    let mut arguments = vec!["--workspace", SECRETS];
    arguments.extend(targets);
    arguments.extend(["--", "--include-ignored", "--nocapture"]);
    cargo_test(context.cache, &arguments, &[])
}

/// The test of the page is marked `#[ignore]` too: it needs the browser that set-up installs.
fn page(context: &State<'_>) -> anyhow::Result<bool> {
    // Of the whole workspace, as for the other tests: of one package alone cargo would build what it stands on anew.
    cargo_test(context.cache, &["--workspace", SECRETS, "--test=page", "--", "--include-ignored", "--nocapture"], &[])
}

fn unit(context: &State<'_>) -> anyhow::Result<bool> {
    let metadata: Metadata = metadata()?;
    let mut arguments = vec!["--workspace".to_owned()];
    arguments.extend(metadata.that_use_the_cache().into_iter().map(|name| format!("--exclude={name}")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    cargo_test(context.cache, &arguments, &[])
}

/// Tests find the cache where it was filled, wherever that is; and what is set for them.
pub(crate) fn cargo_test(cache: &Cache, arguments: &[&str], set: &[(&str, String)]) -> anyhow::Result<bool> {
    let mut command = cargo();
    command.args(["test", "--locked", "--no-fail-fast"]).args(arguments);
    succeeds(command.env("PLIMSOLL_CACHE", cache.dir()).envs(set.iter().map(|(name, value)| (name, value))))
}
