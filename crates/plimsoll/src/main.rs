//! The command line of Plimsoll: the only room that prints, reads the environment or exits.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod beside;
mod commands;
mod failure;
mod input;
mod output;
mod record;
mod staged;
mod terminal;
mod timings;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;
use crate::failure::Failure;
use crate::terminal::{ColorChoice, Terminal};

/// Two threads that prove take and give back tables of megabytes. The allocator of the C library asks the kernel each time,
/// and the threads then wait for each other there: on campus for more than half of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Design, check and render a self-hosted, highly available Kubernetes cluster from one file
///
/// Plimsoll reads one file that describes a cluster from the power feed to the tenant's quota, says what is wrong with
/// it, and writes every configuration. It changes no host.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    propagate_version = true,
    after_help = "Start with `plimsoll init`, or with `plimsoll audit PATH` on files you already have.\n\
                  Exit codes: 0 good, 1 errors in the design or in the judged files, \
                  2 wrong call, input that cannot be read or not wholly, or files that would be lost."
)]
struct Cli {
    /// When to use colours: `auto` (on a terminal, unless NO_COLOR is set), `always` or `never`
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_possible_values = true,
        value_name = "WHEN",
        display_order = 900
    )]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(cli.color);
    match cli.command.run(&terminal) {
        Ok(success) => ExitCode::from(u8::from(!success)),
        Err(failure) => {
            report(&failure, &terminal);
            ExitCode::from(2)
        }
    }
}

fn report(failure: &Failure, terminal: &Terminal) {
    terminal.error(&failure.to_string());
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        terminal.err(&format!("  caused by: {error}"));
        cause = error.source();
    }
    if let Some(hint) = failure.hint() {
        terminal.err(&format!("\nhint: {hint}"));
    }
}
