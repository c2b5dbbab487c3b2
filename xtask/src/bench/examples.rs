//! Both examples as a person calls them: whole processes that prove, draw and build.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};

use super::{Figure, median, ms, phases};
use crate::cargo::workspace;
use crate::generate;

/// A figure to reach: in words, and in milliseconds.
type Goal = (&'static str, f64);

/// Milliseconds in which all single failures of five racks are to be predicted.
const PREDICTED: f64 = 100.0;

/// An example that is built whole, what is taken out of its file first, and what to reach: built, and unchanged.
const BUILT: [(&str, &str, Goal, Goal); 2] = [
    ("campus", "", ("at most 100 ms", 100.0), ("at most 20 ms", 20.0)),
    // Graphics processors that are passed to machines are not rendered yet, and `build` writes nothing with them, forced or
    // not. Everything else of the example is measured.
    ("five-racks", ", gpus: { A100: 4 }", ("at most 1.5 s", 1500.0), ("at most 100 ms", 100.0)),
];

/// Whole processes that build with proof and report: into an empty directory, again with everything there, and when nothing
/// has changed.
pub(super) fn builds(program: &Path, dir: &Path, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (example, left_out, built, unchanged) in BUILT {
        let place = dir.join("built").join(example);
        fs::create_dir_all(&place)?;
        let file = workspace().join("examples").join(example).join("cluster.yaml");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        ensure!(text.contains(left_out), "{} has no `{left_out}`", file.display());
        fs::write(place.join("cluster.yaml"), text.replace(left_out, ""))?;
        let (out, lock) = (place.join("out"), place.join("cluster.lock"));
        let time = |options: &[&str], empty: bool, runs: usize| -> anyhow::Result<f64> {
            let mut walls = Vec::new();
            for run in 0..runs.max(1) {
                if empty && out.exists() {
                    // Kept until the end: ext4 avoids what was freed a moment ago, and looks long for other places.
                    fs::rename(&out, place.join(format!("out-{run}")))?;
                    fs::remove_file(&lock)?;
                }
                let start = Instant::now();
                let output = Command::new(program)
                    .current_dir(&place)
                    .arg("build")
                    .args(options)
                    .output()
                    .context("cannot start plimsoll")?;
                walls.push(start.elapsed().as_secs_f64() * 1e3);
                let said = String::from_utf8_lossy(&output.stderr);
                ensure!(output.status.success(), "plimsoll cannot build {example}: {said}");
                let skipped = String::from_utf8_lossy(&output.stdout).contains("\nUnchanged ");
                ensure!(
                    skipped != (empty || options.contains(&"--fresh")),
                    "the build of {example} was skipped wrongly, or not"
                );
            }
            Ok(median(&mut walls))
        };
        let name = if left_out.is_empty() { example.to_owned() } else { format!("{example} without GPUs") };
        let few = if example == "campus" { runs.min(11) } else { runs.min(3) };
        let mut add = |what: &str, time: f64, wanted: Option<(&'static str, f64)>| {
            let wanted = wanted.map(|(text, most)| (text, time <= most));
            figures.push(Figure { what: format!("build {name}: {what}"), measured: ms(time), wanted });
        };
        add("with proof and report, into an empty directory", time(&[], true, few)?, Some(built));
        add("with proof and report, again", time(&["--fresh"], false, few)?, Some(built));
        add(
            "nothing has changed",
            {
                time(&["--fresh"], false, 1)?;
                time(&[], false, runs.min(21))?
            },
            Some(unchanged),
        );
        if example == "five-racks" {
            let command = || {
                let mut command = Command::new(program);
                command.current_dir(&place).args(["build", "--dry-run", "--timings"]);
                command
            };
            let (phases, _) = phases(command, few)?;
            let predict = phases.iter().find(|(phase, _)| phase == "predict").context("no predictions were timed")?.1;
            figures.push(Figure {
                what: format!("{example}: predictions of all single failures"),
                measured: ms(predict),
                wanted: Some(("at most 100 ms", predict <= PREDICTED)),
            });
        }
    }
    Ok(figures)
}

/// Whole processes that prove and draw both examples. A design that is not all kept exits with 1, which is no failure here.
pub(super) fn proofs(program: &Path, dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (example, runs) in [("campus", 11), ("five-racks", 5)] {
        let file = format!("examples/{example}/cluster.yaml");
        let page = dir.join("report.html");
        let calls: [(&str, Vec<&str>); 2] = [
            ("prove", vec!["prove", &file, "--order", "3", "--format", "json"]),
            ("report", vec!["report", &file, "--output", page.to_str().context("a path that is no text")?]),
        ];
        for (name, arguments) in calls {
            let mut walls = Vec::new();
            for _ in 0..runs {
                let start = Instant::now();
                let output = Command::new(program)
                    .current_dir(workspace())
                    .args(&arguments)
                    .output()
                    .context("cannot start plimsoll")?;
                let said = String::from_utf8_lossy(&output.stderr);
                ensure!(matches!(output.status.code(), Some(0 | 1)), "plimsoll failed: {said}");
                walls.push(start.elapsed().as_secs_f64() * 1e3);
            }
            walls.sort_by(f64::total_cmp);
            let median = walls[walls.len() / 2];
            let wanted = (example, name) == ("five-racks", "prove");
            let wanted = wanted.then_some(("at most 1 s", median <= 1000.0));
            figures.push(Figure { what: format!("{name} {example}: the whole process"), measured: ms(median), wanted });
        }
    }
    Ok(figures)
}

/// A thousand hosts: cut sets to the second order, and the probability of every promise.
pub(super) fn thousand(program: &Path, dir: &Path) -> anyhow::Result<Vec<Figure>> {
    const SECONDS: f64 = 20.0;
    let file = dir.join("thousand").join("cluster.yaml");
    fs::create_dir_all(dir.join("thousand"))?;
    fs::write(&file, generate::cluster(50, 20)?)?;
    let start = Instant::now();
    let output = Command::new(program)
        .args(["prove", "--order", "2", "--format", "json"])
        .arg(&file)
        .output()
        .context("cannot start plimsoll")?;
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(matches!(output.status.code(), Some(0 | 1)), "plimsoll failed: {said}");
    let shown = String::from_utf8_lossy(&output.stdout);
    let by_bounds = |rest: &&str| rest.trim_start().starts_with("true");
    let bounds = shown.split("\"bound_only\":").skip(1).filter(by_bounds).count();
    let reached = seconds <= SECONDS && bounds == 0;
    Ok(vec![Figure {
        what: "prove 1,000 hosts: order 2 and exact".to_owned(),
        measured: format!("{seconds:.1} s, {bounds} promises by bounds"),
        wanted: Some(("at most 20 s, all exact", reached)),
    }])
}
