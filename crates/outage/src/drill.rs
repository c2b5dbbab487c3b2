//! What a lab injects and measures: faults at a holder that is known, with what really runs there.

use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};
use serde::Serialize;

use crate::assumption::Assumption;
use crate::how::{How, Mechanism, Who};
use crate::interval::Interval;
use crate::mechanism::{WAKE, bond};
use crate::observer::Observer;
use crate::promise::Endpoint;

/// A fault at the machine that holds the address of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drill {
    /// It loses power.
    PowerOff,
    /// Its HAProxy is killed; systemd starts it again.
    HaproxyKilled,
    /// Its HAProxy is stopped.
    HaproxyStopped,
    /// Its keepalived is killed; systemd starts it again.
    KeepalivedKilled,
    /// Its keepalived is stopped.
    KeepalivedStopped,
    /// The leaf that its bond uses goes down, for every machine.
    LeafDown,
    /// The link that its bond uses goes down.
    LinkDown,
}

impl Drill {
    /// All of them.
    pub const ALL: [Drill; 7] = [
        Drill::PowerOff,
        Drill::HaproxyKilled,
        Drill::HaproxyStopped,
        Drill::KeepalivedKilled,
        Drill::KeepalivedStopped,
        Drill::LeafDown,
        Drill::LinkDown,
    ];
}

/// Bonds of a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bonds {
    /// The kernel's own driver, with this `miimon`.
    Kernel(Millis),
    /// One process that looks at every bond in turn, sleeps for `miimon`, and starts two programs to move one.
    Process {
        /// How long it sleeps between two looks at all bonds.
        miimon: Millis,
        /// How many bonds it moves when a whole leaf is lost.
        bonds: u32,
    },
}

/// What runs in a lab in place of the real thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bench {
    /// Its bonds.
    pub bonds: Bonds,
    /// How often the stand-in for kube-apiserver asks its member of etcd whether it is well; `None` with a real one.
    pub asks_every: Option<Millis>,
    /// The client that measures.
    pub observer: Observer,
}

/// What one start of a program may take on the machine of a lab.
const SPAWN: Millis = Millis(25);

/// How the outage of a drill comes about at a holder, and the interval that the lab's client sees of it.
pub fn drill(design: &Design, drill: Drill, holder: &Name, bench: &Bench) -> (How, Interval) {
    let endpoint = Endpoint { design };
    let how = match drill {
        Drill::PowerOff => How::both(vec![
            endpoint.holder_silent(&[holder]),
            How::either([
                ("another machine led etcd".to_owned(), How::masked("the leader stays")),
                ("it led etcd".to_owned(), leader(endpoint, bench)),
            ]),
        ]),
        Drill::HaproxyKilled => endpoint.holder_restarts_haproxy(holder),
        Drill::HaproxyStopped => endpoint.holder_without_haproxy(holder),
        Drill::KeepalivedKilled => endpoint.holder_restarts_keepalived(holder),
        Drill::KeepalivedStopped => endpoint.holder_steps_back(holder),
        Drill::LeafDown => bonds(bench.bonds, true),
        Drill::LinkDown => bonds(bench.bonds, false),
    };
    let seen = bench.observer.sees(how.outage(Who::New));
    (how, seen)
}

/// How often etcd repeats a read that waits for a leader.
const RETRY: Millis = Millis(500);

fn leader(endpoint: Endpoint<'_>, bench: &Bench) -> How {
    let Some(every) = bench.asks_every else { return endpoint.leader_lost() };
    let interval = Interval::up_to(every + RETRY + WAKE);
    let asks = Mechanism {
        name: "stand-in of kube-apiserver: etcd is asked again",
        new: interval,
        existing: interval,
        formula: format!(
            "at most {} ms until the next question + {} ms until etcd repeats a read that lost its leader",
            every.0, RETRY.0
        ),
        source: "plimsoll-lab-helper readyz-stand-in, and etcd 3.5 v3_server.go (readIndexRetryTime)",
        assumes: &[Assumption::Wakes],
    };
    How::Then(vec![endpoint.leader_lost(), asks.into()])
}

fn bonds(bonds: Bonds, whole_leaf: bool) -> How {
    match bonds {
        Bonds::Kernel(miimon) => bond::carrier(miimon),
        Bonds::Process { miimon, bonds } => {
            let moved = if whole_leaf { u64::from(bonds) } else { 1 };
            let interval = Interval::up_to(miimon + SPAWN * (2 * moved) + WAKE);
            Mechanism {
                name: "stand-in of a bond: a process moves a port",
                new: interval,
                existing: interval,
                formula: format!(
                    "a look every {} ms + {moved} × 2 programs of {} ms + {} ms to act",
                    miimon.0, SPAWN.0, WAKE.0
                ),
                source: "plimsoll-lab-helper bonds",
                assumes: &[Assumption::Wakes, Assumption::CarrierIsSeen],
            }
            .into()
        }
    }
}
