//! Everything the tests need that is not Rust.

use std::time::Instant;

use anyhow::bail;
use plimsoll_rootfs::{Cache, guest, host_root, schemas};

use crate::machine;

/// Installs and makes what is missing; on a machine that has it all this takes no time.
pub(crate) fn run(cache: &Cache) -> anyhow::Result<()> {
    if !machine::is_root() {
        bail!(
            "the tests run real daemons in namespaces of their own, which only root may make: run as root, or \
             `cargo xtask test --quick` for what needs no root"
        );
    }
    let start = Instant::now();
    let mut tell = |line: &str| println!("   {:>5.1} s  {line}", start.elapsed().as_secs_f64());
    machine::install_what_is_missing(&mut tell)?;
    host_root::ensure(cache, &mut tell)?;
    guest::ensure(cache, &mut tell)?;
    schemas::ensure(cache, &mut tell)?;
    Ok(())
}
