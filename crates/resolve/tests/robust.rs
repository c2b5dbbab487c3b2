//! Whatever a readable file says, there is a Design or a message, soon.

mod common;

use std::time::{Duration, Instant};

use common::CAMPUS;
use plimsoll_diagnostics::Sources;
use plimsoll_resolve::{Lock, resolve};
use plimsoll_yaml::mutate::Random;

/// Values at the edges of their kinds.
const EDGES: [&str; 24] = [
    "0",
    "1",
    "2",
    "255",
    "65535",
    "4294967295",
    "18446744073709551615",
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.30.12.0/32",
    "10.30.12.0/31",
    "10.30.12.0/30",
    "10.30.12.0-255.255.255.255",
    "100-999999999",
    "48x1G",
    "1x1GB hdd",
    "65535x3840GB nvme",
    "x-1..500",
    "0s",
    "1ms",
    "500000000y",
    "0B",
    "1GiB",
    "16000000TiB",
];

/// Places of words: what stands between blanks, brackets and commas.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices() {
        let inside = letter.is_ascii_alphanumeric() || "./-_*\"".contains(letter);
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// One variant: up to three words replaced by others of the file or by edges, or a line left out.
fn variant(seed: u64) -> String {
    let mut numbers = Random::new(seed);
    let mut text = CAMPUS.to_owned();
    for _ in 0..=numbers.below(3) {
        let all = words(&text);
        let (from, to) = all[numbers.below(all.len())];
        // Words that look alike fit each other's places more often.
        let shape = |word: &str| word.chars().filter(|letter| !letter.is_ascii_alphanumeric()).collect::<String>();
        let is_number = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
        let old = &text[from..to];
        let alike = |word: &&str| shape(word) == shape(old) && is_number(word) == is_number(old);
        let mut fitting: Vec<&str> = all.iter().map(|(from, to)| &text[*from..*to]).filter(alike).collect();
        fitting.extend(EDGES.iter().copied().filter(alike));
        let new = match numbers.below(8) {
            0 => EDGES[numbers.below(EDGES.len())].to_owned(),
            1 => String::new(),
            _ => fitting[numbers.below(fitting.len())].to_owned(),
        };
        text.replace_range(from..to, &new);
    }
    text
}

#[test]
fn any_readable_file_gives_a_design_or_a_message() {
    let (mut designs, mut refused) = (0, 0);
    let mut slowest = (Duration::ZERO, 0);
    // More with PLIMSOLL_VARIANTS, for a soak.
    let variants = std::env::var("PLIMSOLL_VARIANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(400);
    for seed in 0..variants {
        let text = variant(seed);
        let mut sources = Sources::new();
        let id = sources.add("cluster.yaml", text);
        let (spec, problems) = plimsoll_spec::read(id, &sources);
        let Some(spec) = spec.filter(|_| !problems.has_errors()) else { continue };
        let start = Instant::now();
        let resolved = resolve(&spec, &Lock::new());
        slowest = slowest.max((start.elapsed(), seed));
        if let Some(design) = &resolved.design {
            designs += 1;
            let json = serde_json::to_value(design).expect("JSON");
            let back: plimsoll_model::Design = serde_json::from_value(json).expect("it reads back");
            assert!(back == *design, "seed {seed}: JSON keeps everything");
            let again = resolve(&spec, &resolved.lock);
            assert!(again.design.as_ref() == Some(design), "seed {seed}: the lock keeps the design");
            assert!(again.lock == resolved.lock, "seed {seed}: the lock keeps itself");
        } else {
            refused += 1;
            assert!(resolved.diagnostics.has_errors(), "seed {seed}: nothing comes of it and nothing is said");
        }
    }
    assert!(designs > 20 && refused > 2, "{designs} designs, {refused} refused");
    println!("{designs} designs, {refused} refused, slowest {:?} (seed {})", slowest.0, slowest.1);
    assert!(slowest.0 < Duration::from_secs(10), "seed {} took {:?}", slowest.1, slowest.0);
}
