//! `cargo xtask bench`: the figures that the project promises, measured.

mod engine;
mod examples;
mod page;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Args;
use plimsoll_rootfs::Cache;

use crate::cargo::{cargo, program, workspace};
use crate::record;

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs of each fast measurement, of which the median counts
    #[arg(long, default_value_t = 41)]
    runs: usize,
    /// Also measure a cold release build and the rebuild after a change in one rule: minutes
    #[arg(long)]
    builds: bool,
    /// Also measure clicks on the page of the report, in the browser that `cargo xtask test` installs
    #[arg(long)]
    page: bool,
}

/// One measured figure.
struct Figure {
    what: String,
    measured: String,
    /// In words, and whether it was reached.
    wanted: Option<(&'static str, bool)>,
}

/// Files of the audited folder.
const FILES: usize = 200;
/// Milliseconds.
const BUILD: f64 = 10.0;
const PROVED: f64 = 100.0;
const AUDIT: f64 = 200.0;
/// Seconds.
const COLD: f64 = 240.0;
const REBUILD: f64 = 15.0;

/// Measures, prints and records. False when a figure was not reached.
pub(crate) fn run(cache: &Cache, options: &Options) -> anyhow::Result<bool> {
    let program = program(&["--release", "--package=plimsoll"])?;
    let dir = program.parent().unwrap_or(Path::new(".")).join("bench");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    let mut figures = build(&program, &dir, options.runs)?;
    figures.extend(audit(&program, &dir, options.runs)?);
    figures.extend(engine::trees(&program, &dir, options.runs)?);
    figures.extend(examples::proofs(&program, &dir)?);
    figures.extend(examples::thousand(&program, &dir)?);
    figures.extend(examples::builds(&program, &dir, options.runs)?);
    print(&figures);
    record::replace("bench", &table("cargo xtask bench", &figures))?;
    let mut good = reached(&figures);
    if options.builds {
        let figures = [cold_build(&dir)?, one_rule()?];
        print(&figures);
        record::replace("builds", &table("cargo xtask bench --builds", &figures))?;
        good &= reached(&figures);
    }
    if options.page {
        let figures = page::clicks(cache)?;
        print(&figures);
        record::replace("page", &table("cargo xtask bench --page", &figures))?;
        good &= reached(&figures);
    }
    Ok(good)
}

fn reached(figures: &[Figure]) -> bool {
    figures.iter().all(|figure| figure.wanted.is_none_or(|(_, reached)| reached))
}

fn print(figures: &[Figure]) {
    for Figure { what, measured, wanted } in figures {
        let wanted = wanted.map_or(String::new(), |(text, _)| format!("  ({text})"));
        println!("{what:<44} {measured}{wanted}");
    }
}

fn table(command: &str, figures: &[Figure]) -> String {
    let mut out =
        format!("`{command}`\n\n{}\n\n| what | measured | to reach |\n|---|---:|---|\n", record::circumstances());
    for Figure { what, measured, wanted } in figures {
        let wanted = match wanted {
            Some((text, true)) => format!("{text}: reached"),
            Some((text, false)) => format!("{text}: **not reached**"),
            None => String::new(),
        };
        let _ = writeln!(out, "| {what} | {measured} | {wanted} |");
    }
    out
}

/// Medians of each phase of many runs, in milliseconds, in the order in which they are printed.
fn phases(command: impl Fn() -> Command, runs: usize) -> anyhow::Result<(Vec<(String, f64)>, f64)> {
    let mut order: Vec<String> = Vec::new();
    let mut laps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut walls = Vec::new();
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        let output = command().output().context("cannot start plimsoll")?;
        walls.push(start.elapsed().as_secs_f64() * 1e3);
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(matches!(output.status.code(), Some(0 | 1)), "plimsoll failed: {said}");
        for line in said.lines() {
            let Some((phase, time)) = line.strip_suffix(" ms").and_then(|line| line.rsplit_once(' ')) else { continue };
            let phase = phase.trim().to_owned();
            let Ok(time) = time.parse::<f64>() else { continue };
            if !order.contains(&phase) {
                order.push(phase.clone());
            }
            laps.entry(phase).or_default().push(time);
        }
    }
    ensure!(!order.is_empty(), "plimsoll printed no timings");
    let medians = order.into_iter().map(|phase| {
        let time = laps.get_mut(&phase).map_or(0.0, |times| median(times));
        (phase, time)
    });
    Ok((medians.collect(), median(&mut walls)))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The example, from its file to its tree; nothing is written.
fn build(program: &Path, dir: &Path, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let command = |options: &'static [&'static str]| {
        let mut command = Command::new(program);
        command.current_dir(workspace()).args(["build", "--dry-run", "--force", "--timings"]).args(options);
        command.arg("--output").arg(dir.join("never-written")).arg("examples/campus/cluster.yaml");
        command
    };
    // What is proved and drawn has a figure of its own.
    let (plain, _) = phases(|| command(&["--no-proof"]), runs)?;
    let files = plain.iter().find(|(phase, _)| phase == "all but write").map_or(f64::INFINITY, |(_, time)| *time);
    let (phases, wall) = phases(|| command(&[]), runs)?;
    let mut figures = Vec::new();
    for (phase, time) in phases {
        if phase == "all but write" {
            let wanted = Some(("at most 10 ms", files <= BUILD));
            figures.push(Figure {
                what: "build campus without proof and report: all but write".to_owned(),
                measured: ms(files),
                wanted,
            });
            let wanted = Some(("at most 100 ms", time <= PROVED));
            figures.push(Figure { what: "build campus: all but write".to_owned(), measured: ms(time), wanted });
        } else {
            figures.push(Figure { what: format!("build campus: {phase}"), measured: ms(time), wanted: None });
        }
    }
    figures.push(Figure { what: "build campus: the whole process".to_owned(), measured: ms(wall), wanted: None });
    Ok(figures)
}

fn ms(time: f64) -> String {
    format!("{time:.2} ms")
}

/// A folder of [`FILES`] files: what the example renders and the usual files of `plimsoll-formats`, again and again.
fn audit(program: &Path, dir: &Path, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let rendered = dir.join("rendered");
    let status = Command::new(program)
        .current_dir(workspace())
        .args(["build", "--force", "--locked", "--output"])
        .args([rendered.as_path(), Path::new("examples/campus/cluster.yaml")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("cannot start plimsoll")?;
    ensure!(matches!(status.code(), Some(0 | 1)), "the example cannot be rendered");
    let mut files = Vec::new();
    for root in [rendered, workspace().join("crates/formats/tests/files")] {
        let name = root.file_name().map(PathBuf::from).unwrap_or_default();
        below(&root, &mut |path| {
            let inner = path.strip_prefix(&root).map(Path::to_path_buf).unwrap_or_default();
            files.push((path.to_path_buf(), name.join(inner)));
        })?;
    }
    files.sort();
    let folder = dir.join("audited");
    let mut bytes = 0;
    for (number, (from, to)) in files.iter().cycle().take(FILES).enumerate() {
        let to = folder.join(format!("copy-{}", number / files.len())).join(to);
        fs::create_dir_all(to.parent().unwrap_or(&folder))?;
        bytes += fs::copy(from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let command = || {
        let mut command = Command::new(program);
        command.args(["audit", "--timings"]).arg(&folder);
        command
    };
    let (phases, wall) = phases(command, runs)?;
    let mut figures: Vec<Figure> = phases
        .into_iter()
        .map(|(phase, time)| Figure { what: format!("audit: {phase}"), measured: ms(time), wanted: None })
        .collect();
    figures.push(Figure {
        what: format!("audit of {FILES} files ({} KB): the whole process", bytes / 1000),
        measured: ms(wall),
        wanted: Some(("at most 200 ms", wall <= AUDIT)),
    });
    Ok(figures)
}

fn below(dir: &Path, found: &mut impl FnMut(&Path)) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, found)?;
        } else {
            found(&path);
        }
    }
    Ok(())
}

/// Processor seconds of all children so far, and none of this process.
fn children_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields after the name in parentheses: cutime and cstime are the 14th and 15th, in ticks of 1/100 s.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(13) + ticks(14)) / 100.0
}

/// Runs a command of cargo; its wall and processor seconds.
fn timed(command: &mut Command) -> anyhow::Result<(f64, f64)> {
    let (start, before) = (Instant::now(), children_seconds());
    let output = command.output().context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok((start.elapsed().as_secs_f64(), children_seconds() - before))
}

/// `cargo build --release` into an empty directory; packages are fetched already.
fn cold_build(dir: &Path) -> anyhow::Result<Figure> {
    let target = dir.join("cold");
    let (wall, processor) = timed(cargo().args(["build", "--release", "--locked"]).env("CARGO_TARGET_DIR", &target))?;
    fs::remove_dir_all(&target)?;
    Ok(Figure {
        what: "cold `cargo build --release`".to_owned(),
        measured: format!("{wall:.0} s, {processor:.0} s of processor time"),
        wanted: Some(("at most 4 minutes on 2 idle cores", wall <= COLD)),
    })
}

/// A change in one rule, until the tests of all rules have passed.
fn one_rule() -> anyhow::Result<Figure> {
    let mut test = cargo();
    test.args(["test", "--quiet", "--locked", "--package=plimsoll-check", "--test=rules"]);
    timed(&mut test)?;
    let mut rules = Vec::new();
    below(&workspace().join("crates/check/src/rules/vrrp"), &mut |path| rules.push(path.to_path_buf()))?;
    let rule = rules.into_iter().min().context("there is no rule")?;
    // Cargo looks at the time of the last change.
    fs::File::options().append(true).open(&rule)?.set_modified(std::time::SystemTime::now())?;
    let (wall, processor) = timed(&mut test)?;
    Ok(Figure {
        what: "a change in one rule: rebuilt and tested".to_owned(),
        measured: format!("{wall:.1} s, {processor:.1} s of processor time"),
        wanted: Some(("at most 15 s", wall <= REBUILD)),
    })
}
