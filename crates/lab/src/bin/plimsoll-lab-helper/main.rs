//! The processes of a lab that are not a cluster's: see each module. Started by `plimsoll-lab`, not by people.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "this program's output is read by the lab")]

mod bonds;
mod boot;
mod probe;
mod readyz;
mod supervise;
mod tls;

use std::process::ExitCode;

/// Why a part of the helper ended; shown to whoever reads the lab's logs.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_default();
    let setting = arguments.next().unwrap_or_default();
    let result = match part.as_str() {
        "supervise" => supervise::supervise(&setting),
        "init" => supervise::init(),
        "boot" => boot::boot(&setting),
        "bonds" => bonds::watch(&setting),
        "probe" => probe::probe(&setting),
        "readyz-stand-in" => readyz::serve(&setting),
        "version" => {
            println!("{}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        _ => Err(format!("unknown part `{part}`").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plimsoll-lab-helper {part}: {error}");
            ExitCode::FAILURE
        }
    }
}
