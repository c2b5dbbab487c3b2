//! Hosts, fabric and faults on this machine.
//!
//! A lab is a short program: describe hosts, leaves and clients in a [`LabPlan`], [`Lab::launch`] it, inject faults,
//! measure with a [`Probe`] what a client saw of them, and let go of it. Hosts boot the systemd and the daemons of a
//! Debian image; the files they are given are those that the cluster's machines would get.
//!
//! # What is real
//!
//! Hosts run real daemons on the real kernel of this machine. Switches are Linux bridges, VLANs are plain segments, and
//! where the kernel has no bonding driver a process of the lab moves a port between bridges instead. [`Lab::fidelity`]
//! says of each lab what is real and what stands in for something; a measurement should be kept together with it.
//!
//! # Nothing is left behind
//!
//! A lab lives in mount, pid and network namespaces of its own. Their first process is held on a leash by a supervisor,
//! and the supervisor by the process that owns the [`Lab`]: whichever is killed, in whatever way, the kernel ends every
//! process of the lab, and with them its mounts, interfaces and network namespaces. The supervisor then removes the
//! disks and control groups and puts back the one kernel limit that a lab raises; [`sweep`] does so for labs whose
//! supervisor was killed too. Nothing of a lab is ever visible in the machine's own network.

mod cgroup;
mod client;
mod command;
mod drill;
mod error;
mod fabric;
mod fidelity;
mod files;
mod holders;
mod host;
mod lab;
mod plan;
mod process;
mod stand_in;
mod state;

pub use client::{Attempt, Gap, Probe, ProbePlan, longest_gap, monotonic_ns, tally};
pub use drill::{Drill, Journal};
pub use error::LabError;
pub use fabric::{BondWatch, WatchedBond};
pub use fidelity::Fidelity;
pub use holders::{HolderTimes, HolderWatch};
pub use host::Boot;
pub use lab::{Lab, SupervisorSays, missing};
pub use plan::{ClientPlan, HostFile, HostPlan, LabPlan, Segment};
pub use process::Process;
pub use stand_in::{ReadyzStandIn, UNIT as READYZ_STAND_IN_UNIT};
pub use state::{Record, records, sweep};
