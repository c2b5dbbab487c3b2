//! Whatever the bytes: a diagnostic or a value, soon, and never a panic.

use std::time::{Duration, Instant};

use plimsoll_diagnostics::Sources;
use plimsoll_diagnostics::render::{Style, text};
use plimsoll_yaml::mutate::{alias_bomb, mutate};

const CAMPUS: &str = include_str!("../../../examples/campus/cluster.yaml");

/// Reads bytes as the command line does, shows what is said, and tells how long it took.
fn try_bytes(bytes: &[u8]) -> (bool, Duration) {
    let start = Instant::now();
    let mut sources = Sources::new();
    let (id, problem) = sources.add_bytes("cluster.yaml", bytes);
    let (spec, diagnostics) = plimsoll_spec::read(id, &sources);
    let said = problem.is_some() || !diagnostics.is_empty();
    for diagnostic in problem.iter().chain(diagnostics.iter()).take(50) {
        assert!(!text(diagnostic, &sources, Style::default()).is_empty());
    }
    assert!(spec.is_some() || said, "no value and not a word");
    (said, start.elapsed())
}

#[test]
fn broken_variants_of_the_example() {
    let (mut said, mut longest) = (0, Duration::ZERO);
    for seed in 0..800 {
        let (spoke, took) = try_bytes(&mutate(CAMPUS, seed));
        said += usize::from(spoke);
        longest = longest.max(took);
        assert!(took < Duration::from_secs(1), "seed {seed} took {took:?}");
    }
    // Some variants only change a comment or the order of lines; most must be noticed.
    assert!(said > 500, "only {said} of 800 were noticed");
    println!("{said} of 800 noticed, longest {longest:?}");
}

#[test]
fn every_truncation_of_the_example() {
    for end in (0..CAMPUS.len()).step_by(7) {
        try_bytes(&CAMPUS.as_bytes()[..end]);
    }
}

#[test]
fn extremes() {
    let many_names =
        (0..2000).map(|n| format!("  h{n}-1..500: {{ cpu: 1, memory: 1GiB }}\n")).collect::<Vec<_>>().concat();
    let cases = [
        String::new(),
        (0..90_000).map(|n| format!("k{n}: 1\n")).collect::<Vec<_>>().concat(),
        "\0".repeat(10_000),
        "a: ".repeat(100_000),
        "[".repeat(1_000_000),
        "- ".repeat(500_000),
        "{a: ".repeat(200_000),
        "x".repeat(20 << 20),
        format!("{CAMPUS}{}", alias_bomb(50)),
        format!("plimsoll: 1\ncluster: c\napi: {{ vip: 10.0.0.1 }}\nhosts:\n{many_names}"),
        "a: 1\n".repeat(100_000),
        "---\n".repeat(100_000),
        "? ".repeat(50_000),
        "\"".repeat(100_001),
        "# x\n".repeat(200_000),
        "&a *a ".repeat(100_000),
        "!x ".repeat(100_000),
        "%TAG ! tag:x,2000:\n".repeat(50_000),
    ];
    for case in &cases {
        let (_, took) = try_bytes(case.as_bytes());
        let start: String = case.chars().take(20).collect();
        // Unoptimised code is some ten times slower; the limit of one second holds for the released program.
        let limit = if cfg!(debug_assertions) { 10 } else { 1 };
        assert!(took < Duration::from_secs(limit), "{start:?}… took {took:?}");
        println!("{start:?}… {took:?}");
    }
}
