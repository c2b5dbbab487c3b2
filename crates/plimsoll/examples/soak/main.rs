//! Tries every reader with broken files and says how it stood them: `cargo xtask soak`.
//!
//! Each reader runs in a process of its own, whose peak of resident memory is its own. A case is one input: read,
//! used, its problems shown. It must not panic, nor take a second, nor bring the process to a gigabyte.
//! What fails is named; `--only READER --case NAME` makes that one case again.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod hostile;
mod pairs;
mod readers;
mod shapes;
mod special;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use plimsoll_yaml::mutate::mutate;

use crate::readers::{READERS, Reader};

const LONGEST: Duration = Duration::from_secs(1);
/// Bytes.
const MOST_MEMORY: u64 = 1_000_000_000;
/// A case that takes so long will not end.
const HOPELESS: Duration = Duration::from_mins(1);
/// Failures of one reader that are told.
const TOLD: usize = 10;

#[derive(Parser)]
struct Arguments {
    /// Broken variants of each file
    #[arg(long, default_value_t = 50_000)]
    cases: u64,
    /// Stop each reader after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Only readers whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Only the case of this name, as the table and the failures give it: `seed 7`, `20 MB of copies`
    #[arg(long)]
    case: Option<String>,
    /// Run this reader in this process
    #[arg(long, hide = true)]
    reader: Option<usize>,
}

/// Rows that wait for earlier ones, the next to be shown, and whether all passed so far.
type Rows = (BTreeMap<usize, (String, bool)>, usize, bool);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(reader) = arguments.reader.and_then(|at| READERS.get(at)) {
        return one(reader, arguments);
    }
    println!("| reader | mutated | special | noticed | longest case | peak memory | failures |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let chosen: Vec<usize> = (0..READERS.len())
        .filter(|at| arguments.only.as_ref().is_none_or(|only| READERS[*at].name.contains(only.as_str())))
        .collect();
    let next = AtomicUsize::new(0);
    // Rows that wait for an earlier one, how many were printed, and whether all of them were good.
    let rows: Mutex<Rows> = Mutex::new((BTreeMap::new(), 0, true));
    let work = || {
        while let Some(at) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            let row = apart(*at, &arguments)
                .unwrap_or_else(|died| (format!("| {} | | | | | | {died} |", READERS[*at].name), false));
            let Ok(mut rows) = rows.lock() else { return };
            let (waiting, printed, good) = &mut *rows;
            waiting.insert(*at, row);
            while let Some((row, stood)) = chosen.get(*printed).and_then(|at| waiting.remove(at)) {
                println!("{}", row.trim_end());
                *printed += 1;
                *good &= stood;
            }
        }
    };
    // Each case is measured by the time that its own thread works, so that several do not hinder one another.
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    ExitCode::from(u8::from(!rows.into_inner().is_ok_and(|(_, printed, good)| good && printed == chosen.len())))
}

/// Runs one reader in a process of its own: its row, and whether it stood all. An error says how that process died.
fn apart(at: usize, arguments: &Arguments) -> Result<(String, bool), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg(format!("--reader={at}")).arg(format!("--cases={}", arguments.cases));
    command.args(arguments.seconds.map(|seconds| format!("--seconds={seconds}")));
    command.args(arguments.case.as_ref().map(|case| format!("--case={case}")));
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    match output.status.code() {
        Some(code) => Ok((String::from_utf8_lossy(&output.stdout).into_owned(), code == 0)),
        None => Err(output.status.to_string()),
    }
}

/// What is being tried since when.
static NOW: Mutex<Option<(String, Instant)>> = Mutex::new(None);

fn set_now(now: Option<(String, Instant)>) {
    if let Ok(mut place) = NOW.lock() {
        *place = now;
    }
}

/// The main thread only watches, so that a case that never ends is named.
fn one(reader: &'static Reader, arguments: Arguments) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    // As much stack as the main thread of a program has.
    let worker = std::thread::Builder::new().stack_size(8 << 20).spawn(move || trial(reader, &arguments));
    let Ok(worker) = worker else {
        eprintln!("cannot start a thread");
        return ExitCode::from(2);
    };
    while !worker.is_finished() {
        std::thread::sleep(Duration::from_millis(10));
        if let Ok(now) = NOW.lock()
            && let Some((case, since)) = now.as_ref()
            && since.elapsed() > HOPELESS
        {
            println!("| {} | | | | over {} s in {case} | | 1 |", reader.name, HOPELESS.as_secs());
            return ExitCode::from(1);
        }
    }
    match worker.join() {
        Ok(outcome) => {
            println!("{}", outcome.line(reader));
            ExitCode::from(u8::from(outcome.failures > 0))
        }
        Err(_) => ExitCode::from(2),
    }
}

/// How a reader stood its cases.
#[derive(Default)]
struct Outcome {
    mutated: u64,
    special: u64,
    noticed: u64,
    longest: Duration,
    longest_case: String,
    /// Bytes; so far.
    peak: u64,
    /// The case that brought it there, but for the last hundredth, which is noise; and to how much.
    peak_case: (String, u64),
    /// Names of special cases so far.
    names: BTreeSet<String>,
    failures: usize,
}

impl Outcome {
    /// A case that no seed makes. No two of a reader have the same name.
    fn special(&mut self, reader: &Reader, only: Option<&str>, name: &str, bytes: &[u8]) {
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let Some(name) = std::iter::once(name.to_owned()).chain(numbered).find(|name| !self.names.contains(name))
        else {
            return;
        };
        self.names.insert(name.clone());
        if only.is_none_or(|only| only == name) {
            self.case(reader, name, bytes);
            self.special += 1;
        }
    }

    fn case(&mut self, reader: &Reader, name: String, bytes: &[u8]) {
        self.weigh(reader, &format!("making {name}"));
        let start = Instant::now();
        let worked = processor_time();
        set_now(Some((name.clone(), start)));
        let result = catch_unwind(AssertUnwindSafe(|| (reader.run)(reader, bytes)));
        // The machine may have other work; what counts is the time that this case was worked on.
        let took = processor_time().zip(worked).map_or(start.elapsed(), |(now, before)| now.saturating_sub(before));
        set_now(None);
        self.weigh(reader, &name);
        match result {
            Ok(said) => self.noticed += u64::from(said),
            Err(cause) => {
                let text = cause.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("of unknown cause");
                self.failed(reader, &name, &format!("panicked: {text}"));
            }
        }
        if took > LONGEST {
            self.failed(reader, &name, &format!("took {} ms for {} bytes", took.as_millis(), bytes.len()));
        }
        if took > self.longest {
            self.longest = took;
            self.longest_case = name;
        }
    }

    /// Looks whether `what` raised the peak of memory.
    fn weigh(&mut self, reader: &Reader, what: &str) {
        let before = std::mem::replace(&mut self.peak, peak_memory());
        if self.peak > self.peak_case.1 + self.peak_case.1 / 100 {
            self.peak_case = (what.to_owned(), self.peak);
        }
        if before <= MOST_MEMORY && self.peak > MOST_MEMORY {
            let message = format!("brought the process to {} bytes of memory, from {before}", self.peak);
            self.failed(reader, what, &message);
        }
    }

    fn failed(&mut self, reader: &Reader, case: &str, what: &str) {
        self.failures += 1;
        if self.failures <= TOLD {
            eprintln!("{}: {case}: {what}", reader.name);
        }
    }

    /// Its line of the table.
    fn line(&self, reader: &Reader) -> String {
        format!(
            "| {} | {} | {} | {} | {:.0} ms ({}) | {} MB ({}) | {} |",
            reader.name,
            self.mutated,
            self.special,
            self.noticed,
            self.longest.as_secs_f64() * 1e3,
            self.longest_case,
            self.peak / 1_000_000,
            self.peak_case.0,
            self.failures
        )
    }
}

fn trial(reader: &'static Reader, arguments: &Arguments) -> Outcome {
    let mut outcome = Outcome::default();
    let only = arguments.case.as_deref();
    special::inputs(reader.good, |name, bytes| outcome.special(reader, only, name, &bytes));
    hostile::large(reader.good, |name, bytes| outcome.special(reader, only, name, &bytes));
    if let Some(more) = reader.more {
        more(reader, &mut |name, bytes| outcome.special(reader, only, name, &bytes));
    }
    let seeds = match only.map(|only| only.strip_prefix("seed ").and_then(|seed| seed.parse().ok())) {
        None => 0..arguments.cases,
        Some(None) => 0..0,
        Some(Some(seed)) => seed..seed + 1,
    };
    let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    for seed in seeds {
        if end.is_some_and(|end| Instant::now() > end) {
            break;
        }
        outcome.case(reader, format!("seed {seed}"), &mutate(reader.good, seed));
        outcome.mutated += 1;
    }
    outcome
}

/// What the calling thread has worked so far; nothing where the kernel does not tell.
fn processor_time() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// The most memory that this process has had resident, in bytes; the inputs themselves are part of it.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
