//! What the defaults and the lock decided, in a table of machines and some lines.

use std::fmt::Write as _;

use plimsoll_model::Design;
use plimsoll_model::design::{Machine, MachineNic};

use super::summary::{table, wrapped};

/// The table of machines, as in the article's layout.
pub(super) fn machines(design: &Design) -> String {
    let mut rows = vec![["MACHINE", "ROLE", "HOST", "CPU", "MEMORY", "DISKS", "ADDRESSES"].map(str::to_owned)];
    for (name, machine) in &design.machine {
        rows.push([
            name.to_string(),
            machine.role.as_str().to_owned(),
            machine.host.to_string(),
            machine.cpu.to_string(),
            machine.memory.to_string(),
            disks(design, machine),
            addresses(machine),
        ]);
    }
    table(&rows)
}

fn disks(design: &Design, machine: &Machine) -> String {
    let mut disks: Vec<String> =
        machine.disk.iter().map(|(name, disk)| format!("{name} {} on {}", disk.size, disk.on)).collect();
    if let Some(host) = design.host.get(&machine.host) {
        for group in &machine.passthrough {
            if let Some(disk) = host.disk.get(group) {
                disks.push(format!("{group} {}x{} passed through", disk.count, disk.size));
            }
        }
    }
    disks.join(", ")
}

fn addresses(machine: &Machine) -> String {
    let mut nics: Vec<(&plimsoll_model::Name, &MachineNic)> = machine.nic.iter().collect();
    nics.sort_by_key(|(_, nic)| nic.index);
    nics.iter().map(|(network, nic)| format!("{network} {}", nic.address.addr())).collect::<Vec<_>>().join(", ")
}

/// Lines that say what the defaults and the lock decided.
pub(super) fn decided(design: &Design, width: usize) -> String {
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut say = |what: &str, text: String| rows.push([what.to_owned(), text]);
    let vips: Vec<String> = design.api.vip.iter().map(ToString::to_string).collect();
    let mut api = format!("https://{}:{} on {}", design.api.name, design.api.port, vips.join(", "));
    if let Some(vrrp) = &design.api.vrrp {
        let holders: Vec<&str> = vrrp.member.keys().map(plimsoll_model::Name::as_str).collect();
        let _ = write!(api, ", VRRP {} over {}", vrrp.vrid, holders.join(", "));
    }
    say("API", api);
    let members: Vec<&str> = design.etcd.member.keys().map(plimsoll_model::Name::as_str).collect();
    say("etcd", format!("{} members: {}", members.len(), members.join(", ")));
    let prefixes = |list: &[ipnet::IpNet]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    say(
        "Pods",
        format!(
            "{}, services {}, Calico {}, MTU {}",
            prefixes(&design.kubernetes.pods),
            prefixes(&design.kubernetes.services),
            match design.calico.encapsulation.as_str() {
                "None" => "without encapsulation",
                encapsulation => encapsulation,
            },
            design.calico.mtu
        ),
    );
    if let Some(metallb) = &design.metallb {
        for (name, pool) in &metallb.pool {
            let ranges: Vec<String> = pool.ranges.iter().map(ToString::to_string).collect();
            let routers: Vec<String> =
                metallb.peer.values().map(|peer| format!("{} (AS {})", peer.router, peer.asn)).collect();
            say(
                "Ingress",
                format!("{name}: {} announced from AS {} to {}", ranges.join(", "), metallb.asn, routers.join(", ")),
            );
        }
    }
    if let Some(ceph) = &design.ceph {
        let raw: plimsoll_model::units::Bytes = ceph.osd.values().map(|osd| osd.size).sum();
        let mons: Vec<&str> = ceph.mon.keys().map(plimsoll_model::Name::as_str).collect();
        say(
            "Ceph",
            format!("{} disks, {:.1} TiB raw, monitors on {}", ceph.osd.len(), raw.as_gib() / 1024.0, mons.join(", ")),
        );
    }
    for (name, zone) in design.zone.iter().filter(|(_, zone)| zone.kind == plimsoll_model::design::ZoneKind::Forward) {
        let secondaries: Vec<&str> = zone.secondaries.iter().map(plimsoll_model::Name::as_str).collect();
        say("Zone", format!("{name} on {} and {}", zone.primary, secondaries.join(", ")));
    }
    let tenants: Vec<String> =
        design.tenant.iter().map(|(name, tenant)| format!("{name} {} CPU, {}", tenant.cpu, tenant.memory)).collect();
    if !tenants.is_empty() {
        say("Tenants", tenants.join("; "));
    }
    let versions: Vec<String> = design.version.iter().map(|(name, version)| format!("{name} {version}")).collect();
    say("Versions", format!("edition {}: {}", design.edition, versions.join(", ")));
    rows.iter().fold(String::new(), |mut out, [what, text]| {
        out += &wrapped(&format!("{what:<9} "), text, width);
        out
    })
}
