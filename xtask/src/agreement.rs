//! `cargo xtask agreement`: what is predicted beside what the lab measures, again and again.

use clap::Args;
use plimsoll_rootfs::Cache;

use crate::cargo::SECRETS;
use crate::{set_up, test};

/// Options of `cargo xtask agreement`.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each fault is injected, with each profile; ten take 20 minutes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    repeats: u32,
    /// Only these timers: `safe` or `fast`
    #[arg(long, value_parser = ["safe", "fast"])]
    profile: Option<String>,
}

/// Sets up what the lab needs, and runs it. False when more than one gap in twenty lies outside its interval.
pub(crate) fn run(cache: &Cache, options: &Options) -> anyhow::Result<bool> {
    set_up::run(cache)?;
    let mut set = vec![("PLIMSOLL_REPEATS", options.repeats.to_string())];
    set.extend(options.profile.clone().map(|profile| ("PLIMSOLL_PROFILE", profile)));
    test::cargo_test(
        cache,
        &["--workspace", SECRETS, "--test=agreement", "--", "--include-ignored", "--nocapture"],
        &set,
    )
}
