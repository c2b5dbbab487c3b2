//! The single failures of a Design, with the way each fails.

use std::fmt;
use std::net::IpAddr;

use plimsoll_model::{Design, Name};
use serde::Serialize;

/// How something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Without power, or gone silently: it says nothing any more.
    PowerOff,
    /// The process was killed, and its supervisor starts it again.
    Killed,
    /// The process ended and stays away.
    Stopped,
    /// The link is down, and both ends see it.
    CarrierLost,
    /// Half dead: nothing passes, and the carrier stays.
    Silent,
    /// The part is broken; what it belongs to goes on if it can.
    Broken,
}

impl Way {
    /// Whether components mostly fail so. Half dead and stopped for good are others' stories: they are predicted, and not
    /// what a year is added up from.
    pub const fn is_usual(self) -> bool {
        matches!(self, Way::PowerOff | Way::Killed | Way::CarrierLost | Way::Broken)
    }

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Way::PowerOff => "loses power",
            Way::Killed => "is killed and started again",
            Way::Stopped => "is stopped for good",
            Way::CarrierLost => "loses its carrier",
            Way::Silent => "passes nothing, with carrier",
            Way::Broken => "breaks",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One component and the way it fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Failure {
    /// Path of the component: in the Design (`host/pve-1/psu/a`), or a process below its machine
    /// (`machine/cp-1/haproxy`).
    pub component: String,
    /// The way.
    pub way: Way,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.component, self.way)
    }
}

/// A daemon on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Daemon {
    Haproxy,
    Keepalived,
    Apiserver,
    Etcd,
    Named,
    Mon,
}

/// What fails, in terms of the Design.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What<'a> {
    Host(&'a Name),
    HostPsu(&'a Name, &'a Name),
    Nic(&'a Name, &'a Name),
    Disk(&'a Name, &'a Name),
    Machine(&'a Name),
    Daemon(Daemon, &'a Name),
    Osd(&'a Name),
    CoreDns,
    Switch(&'a Name),
    SwitchPsu(&'a Name, &'a Name),
    Cable(&'a Name),
    Feed(&'a Name),
    Rack(&'a Name),
    Pdu(&'a Name, &'a Name),
    External(&'a Name),
    /// A server for outside names of which only the address is known.
    Server(IpAddr),
}

/// Every single failure of a Design, each component in each way it can fail.
pub(crate) fn all(design: &Design) -> Vec<(Failure, What<'_>)> {
    let mut list = Vec::new();
    collect(design, &mut |component, what, ways| {
        list.extend(ways.iter().map(|way| (Failure { component: component.clone(), way: *way }, what)));
    });
    list
}

const POWER: &[Way] = &[Way::PowerOff];
const PROCESS: &[Way] = &[Way::Killed, Way::Stopped];
const LINK: &[Way] = &[Way::CarrierLost, Way::Silent];
const PART: &[Way] = &[Way::Broken];

fn collect<'a>(design: &'a Design, add: &mut dyn FnMut(String, What<'a>, &[Way])) {
    for name in design.feed.keys() {
        add(format!("feed/{name}"), What::Feed(name), POWER);
    }
    for (name, rack) in &design.rack {
        add(format!("rack/{name}"), What::Rack(name), POWER);
        for pdu in rack.pdu.keys() {
            add(format!("rack/{name}/pdu/{pdu}"), What::Pdu(name, pdu), POWER);
        }
    }
    for name in design.external.keys() {
        add(format!("external/{name}"), What::External(name), POWER);
    }
    for address in design.unnamed_servers() {
        add(format!("external/{address}"), What::Server(address), POWER);
    }
    for (name, switch) in &design.switch {
        add(format!("switch/{name}"), What::Switch(name), &[Way::PowerOff, Way::Silent]);
        for psu in switch.psu.keys() {
            add(format!("switch/{name}/psu/{psu}"), What::SwitchPsu(name, psu), PART);
        }
    }
    for name in design.cable.keys() {
        add(format!("cable/{name}"), What::Cable(name), LINK);
    }
    for (name, host) in &design.host {
        add(format!("host/{name}"), What::Host(name), POWER);
        for psu in host.psu.keys() {
            add(format!("host/{name}/psu/{psu}"), What::HostPsu(name, psu), PART);
        }
        for nic in host.nic.keys() {
            add(format!("host/{name}/nic/{nic}"), What::Nic(name, nic), LINK);
        }
        for disk in host.disk.keys() {
            add(format!("host/{name}/disk/{disk}"), What::Disk(name, disk), PART);
        }
    }
    let mut daemon = |kind, path: String, machine| add(path, What::Daemon(kind, machine), PROCESS);
    for machine in design.api.vrrp.iter().flat_map(|vrrp| vrrp.member.keys()) {
        if design.api.haproxy.is_some() {
            daemon(Daemon::Haproxy, format!("machine/{machine}/haproxy"), machine);
        }
        daemon(Daemon::Keepalived, format!("machine/{machine}/keepalived"), machine);
    }
    for (machine, _) in design.machines(plimsoll_model::design::Role::ControlPlane) {
        daemon(Daemon::Apiserver, format!("machine/{machine}/apiserver"), machine);
    }
    for machine in design.etcd.member.keys() {
        daemon(Daemon::Etcd, format!("etcd/member/{machine}"), machine);
    }
    for machine in design.dns_server.keys() {
        daemon(Daemon::Named, format!("dns_server/{machine}"), machine);
    }
    for machine in design.ceph.iter().flat_map(|ceph| ceph.mon.keys()) {
        daemon(Daemon::Mon, format!("ceph/mon/{machine}"), machine);
    }
    for machine in design.machine.keys() {
        add(format!("machine/{machine}"), What::Machine(machine), POWER);
    }
    for osd in design.ceph.iter().flat_map(|ceph| ceph.osd.keys()) {
        add(format!("ceph/osd/{osd}"), What::Osd(osd), PROCESS);
    }
    add("coredns".to_owned(), What::CoreDns, PROCESS);
}
