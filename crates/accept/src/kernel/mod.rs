//! What `/etc/network/interfaces` means to a real kernel: Debian's, in a virtual machine without hardware
//! virtualisation, wired to an Open vSwitch that speaks LACP.
//!
//! A program that accepts the file knows only its words. Whether a bond negotiates, a VLAN passes and the MTU holds end
//! to end is known only once it runs; `ifup` and `ifquery --check` both call a bond good whose members are all down.

mod archive;
mod state;

use std::time::{Duration, Instant};

use plimsoll_rootfs::{Cache, guest};

pub use state::{Bond, Link, Ping, State, Vlan};

use crate::{Error, File, Files, Sandbox};

/// How long a machine may take: 15 s on two idle cores, several times that beside other work.
const SECONDS: u64 = 180;

/// A host with its cables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Text of `/etc/network/interfaces`.
    pub interfaces: String,
    /// Its NICs, at most 8, each in a port of one switch that passes every VLAN.
    pub nics: Vec<Nic>,
    /// Neighbours on that switch.
    pub peers: Vec<Peer>,
}

/// One network card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Name that the file gives it.
    pub name: String,
    /// Link aggregation group (lower-case letters and digits) that its port belongs to on the switch's side, by LACP.
    pub lag: Option<String>,
}

/// A neighbour that answers pings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// VLAN it is in; none for frames without a tag.
    pub vlan: Option<u16>,
    /// Its address with the length of the prefix, `10.30.20.1/24`.
    pub address: String,
    /// Largest packet it can send and receive, in bytes. It is pinged with a packet of exactly this size that may not be
    /// fragmented.
    pub mtu: u32,
}

/// Boots the machine, brings its interfaces up with ifupdown2, pings every peer, and reads back what the kernel made.
///
/// # Errors
/// When the machine could not be booted or did not report. What it reports may be bad all the same.
pub fn boot(sandbox: &Sandbox, machine: &Machine) -> Result<State, Error> {
    let guest = guest::find(&Cache::locate()?)?;
    // An ICMP echo request has 28 bytes of headers.
    let pings: String = machine
        .peers
        .iter()
        .map(|peer| {
            let address = peer.address.split('/').next().unwrap_or_default();
            format!("{address} {}\n", peer.mtu.saturating_sub(28))
        })
        .collect::<Vec<_>>()
        .concat();
    let initrd = archive::newc(&[
        ("plimsoll", 0o755, None),
        ("plimsoll/init", 0o755, Some(include_bytes!("init.sh"))),
        ("plimsoll/pings", 0o644, Some(pings.as_bytes())),
        ("etc/network/interfaces", 0o644, Some(machine.interfaces.as_bytes())),
    ]);
    let mut files = Files::new();
    files.insert("/plimsoll/initrd", File { bytes: initrd, mode: 0o644 });
    let nics: Vec<String> =
        machine.nics.iter().map(|nic| format!("{} {}", nic.name, nic.lag.as_deref().unwrap_or("-"))).collect();
    let peers: Vec<String> =
        machine.peers.iter().map(|peer| format!("{} {} {}", peer.vlan.unwrap_or(0), peer.address, peer.mtu)).collect();
    let args = [SECONDS.to_string(), nics.join(","), peers.join(",")];
    let limit = u32::try_from(SECONDS + 30).unwrap_or(u32::MAX);
    let start = Instant::now();
    let run = sandbox.run_for(limit, &files, &[], Some(guest.path()), include_str!("machine.sh"), &args)?;
    let took: Duration = start.elapsed();
    State::read(&run.stdout, took)
        .ok_or_else(|| Error::Guest { seconds: took.as_secs(), console: format!("{}\n{}", run.stdout, run.stderr) })
}
