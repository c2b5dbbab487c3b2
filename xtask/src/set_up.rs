//! Everything the tests need that is not Rust.

use std::time::Instant;

use anyhow::bail;
use plimsoll_rootfs::{Cache, guest, host_root, kubeadm, schemas};

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
    // One check among many needs it, and it needs a tool chain of its own: where that fails, all else still runs.
    if kubeadm::can_build() {
        if let Err(error) = kubeadm::ensure(cache, &mut tell) {
            println!("LEFT OUT: kubeadm could not be built, its configuration will not be checked: {error}");
        }
    } else {
        println!("LEFT OUT: there is no Go to build kubeadm with, its configuration will not be checked");
    }
    Ok(())
}
