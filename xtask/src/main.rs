//! Development commands.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod agreement;
mod bench;
mod cargo;
mod docs;
mod generate;
mod licences;
mod machine;
mod record;
mod set_up;
mod soak;
mod spdx;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use plimsoll_rootfs::Cache;

/// Development commands of Plimsoll.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    /// Where things that take long to make are kept [default: $PLIMSOLL_CACHE, else ~/.cache/plimsoll]
    #[arg(long, value_name = "DIR", global = true)]
    cache: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up what the tests need, and run them all
    Test(test::Options),
    /// Install the packages and fill the cache, without running a test
    SetUp,
    /// Write the generated pages of docs/
    Docs(docs::Options),
    /// Measure what the project promises, and keep the record in docs/benchmarks.md
    Bench(bench::Options),
    /// Print predicted outages beside those that the lab measures
    Agreement(agreement::Options),
    /// Write a cluster file of any size, for measurements
    Generate(generate::Options),
    /// Try every reader with broken files, and keep the record in docs/benchmarks.md
    Soak(soak::Options),
    /// Check the licences and sources of everything that is linked
    Licences,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// False when a check failed; an error when it could not be made.
fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let cache = match arguments.cache {
        Some(dir) => Cache::at(std::path::absolute(dir)?),
        None => Cache::locate()?,
    };
    match arguments.command {
        Command::Test(options) => test::run(&cache, &options),
        Command::SetUp => set_up::run(&cache).map(|()| true),
        Command::Docs(options) => docs::run(&options),
        Command::Bench(options) => bench::run(&cache, &options),
        Command::Agreement(options) => agreement::run(&cache, &options),
        Command::Generate(options) => generate::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Licences => licences::run(),
    }
}
