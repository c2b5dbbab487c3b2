//! The cluster of hypervisors: membership over two paths, and rules of its high-availability manager.

use std::fmt::Write as _;
use std::net::IpAddr;

use plimsoll_model::design::{Host, Placement, Purpose};
use plimsoll_model::{Design, Name};

use super::{Call, Parameters};
use crate::File;
use crate::text::header;

/// `--link0 address=…,priority=…` for each path.
fn links(host: &Host) -> String {
    let link = |(number, link): (&Name, &plimsoll_model::design::CorosyncLink)| {
        format!(" --link{number} address={},priority={}", link.address, link.priority)
    };
    host.corosync.iter().map(link).collect()
}

/// The address under which another host reaches this one.
fn reached(design: &Design, host: &Host) -> Option<IpAddr> {
    let (network, _) = design.network_for(Purpose::Proxmox)?;
    host.address.get(network).map(|address| address.address.addr())
}

/// The commands that make one cluster of the hosts: the first creates it, each other one joins.
pub(super) fn join(design: &Design, hosts: &[&Name]) -> File {
    let mut text =
        header(design, "#", "Proxmox VE cluster membership: run each line on the host named above it", "people");
    text.push_str(
        "# A host joins before it has guests. Wait for `pvecm status` to show it before the next one joins.\n",
    );
    let mut first = None;
    for name in hosts {
        let Some(host) = design.host.get(*name) else { continue };
        // Writing to a String cannot fail.
        let _ = match first {
            None => write!(text, "\n# on {name}\npvecm create {}{}\n", design.cluster, links(host)),
            Some(address) => write!(text, "\n# on {name}\npvecm add {address}{}\n", links(host)),
        };
        first = first.or_else(|| reached(design, host));
    }
    File::new("membership of the hypervisors", text)
}

/// Guests and rules that the high-availability manager is given. A guest that is added to it is started.
pub(super) fn availability(design: &Design) -> Vec<Call> {
    let resources = design.machine.iter().filter(|(_, machine)| machine.ha).map(|(_, machine)| {
        let mut parameters = Parameters::default();
        parameters.put("sid", format!("vm:{}", machine.vmid));
        parameters.put("state", "started");
        Call { method: "POST", path: "/cluster/ha/resources".into(), parameters }
    });
    let rules = given(design).map(|(name, placement)| {
        let mut parameters = Parameters::default();
        parameters.put("rule", name);
        parameters.put("type", "resource-affinity");
        parameters.put("affinity", "negative");
        parameters.put("resources", resources_of(design, placement));
        parameters.put("comment", &placement.reason);
        Call { method: "POST", path: "/cluster/ha/rules".into(), parameters }
    });
    resources.chain(rules).collect()
}

/// The same as commands.
pub(super) fn availability_commands(design: &Design) -> String {
    let mut text = String::new();
    for machine in design.machine.values().filter(|machine| machine.ha) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "ha-manager add vm:{} --state started", machine.vmid);
    }
    for (name, placement) in given(design) {
        let resources = resources_of(design, placement);
        let _ = writeln!(
            text,
            "ha-manager rules add resource-affinity {name} --affinity negative --resources {resources}  # {}",
            placement.reason
        );
    }
    // Commented out: the file is run on every host.
    let lines = text.lines().fold(String::new(), |lines, line| lines + "# " + line + "\n");
    if lines.is_empty() { lines } else { format!("# On one host, once, when all guests are there:\n{lines}") }
}

fn given(design: &Design) -> impl Iterator<Item = (&Name, &Placement)> {
    design.placement.iter().filter(|(_, placement)| placement.by_hypervisor)
}

fn resources_of(design: &Design, placement: &Placement) -> String {
    let ids = placement.machines.iter().filter_map(|name| design.machine.get(name)).map(|m| format!("vm:{}", m.vmid));
    ids.collect::<Vec<_>>().join(",")
}
