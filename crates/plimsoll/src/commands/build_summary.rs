//! What `build` says when it is done: what was decided, what was found, what was written, what to do next.

use std::fmt::Write as _;
use std::path::Path;

use plimsoll_check::Report;
use plimsoll_model::Design;
use plimsoll_model::design::{Machine, MachineNic};
use plimsoll_render::Tree;

use crate::input::Cluster;
use crate::output::Written;
use crate::terminal::Terminal;

pub(super) struct Summary<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) report: &'a Report,
    pub(super) tree: &'a Tree,
    pub(super) directory: &'a Path,
    pub(super) written: &'a Written,
    pub(super) dry_run: bool,
    pub(super) lock_changes: usize,
}

impl Summary<'_> {
    pub(super) fn text(&self, terminal: &Terminal) -> String {
        let design = &self.cluster.design;
        let mut out = String::new();
        let _ = writeln!(out, "{}\n", terminal.bold(&format!("Cluster {}", design.cluster)));
        out += &machines(design);
        out.push('\n');
        out += &decided(design);
        let _ = writeln!(out, "\nFindings  {}", self.report.summary());
        out += &self.files();
        let _ = writeln!(out, "\n{}", terminal.bold("What to do next"));
        out += &self.next();
        out
    }

    fn files(&self) -> String {
        let Written { new, changed, removed, unchanged } = self.written;
        let verb = if self.dry_run { "Would write" } else { "Written" };
        let mut parts = Vec::new();
        for (count, what) in
            [(new.len(), "new"), (changed.len(), "changed"), (removed.len(), "removed"), (*unchanged, "unchanged")]
        {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let mut line = format!("{verb:<9} {}/: {} files", self.directory.display(), self.tree.len());
        if !parts.is_empty() {
            let _ = write!(line, " ({})", parts.join(", "));
        }
        if self.lock_changes > 0 && !self.dry_run {
            let _ = write!(line, "; {} ({} entries changed)", self.cluster.lock_path.display(), self.lock_changes);
        }
        line.push('\n');
        if self.report.has_errors() {
            line += "          with errors, because of --force: do not build a cluster from these files\n";
        }
        line
    }

    fn next(&self) -> String {
        let directory = self.directory.display();
        let mut out = String::new();
        let mut step = 0;
        let mut say = |text: String| {
            step += 1;
            let _ = writeln!(out, "  {step}. {text}");
        };
        if self.report.has_errors() {
            say("Mend the errors above; `plimsoll explain RULE` says how.".to_owned());
        }
        say(format!("Read {directory}/RUNBOOK.md: cabling, addresses, and the order in which things are installed."));
        if self.lock_changes > 0 {
            say(format!(
                "Commit {} beside the cluster file: it keeps the addresses.",
                self.cluster.lock_path.display()
            ));
        }
        let secrets = self.tree.secrets();
        if !secrets.is_empty() {
            say(format!(
                "{} secrets are marked `<plimsoll:secret …>` in {} files; the runbook says how each is made and put in.",
                secrets.len(),
                self.tree.iter().filter(|(_, file)| file.open_holes().next().is_some()).count()
            ));
        }
        let external: Vec<&str> = self.cluster.design.external.keys().map(plimsoll_model::Name::as_str).collect();
        if !external.is_empty() {
            say(format!("Assumed as declared, since others own it: {}.", external.join(", ")));
        }
        out
    }
}

/// The table of machines, as in the article's layout.
fn machines(design: &Design) -> String {
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
fn decided(design: &Design) -> String {
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
            "{}, services {}, Calico {} with MTU {}",
            prefixes(&design.kubernetes.pods),
            prefixes(&design.kubernetes.services),
            design.calico.encapsulation.as_str(),
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
        let _ = writeln!(out, "{what:<9} {text}");
        out
    })
}

/// Columns as wide as their widest cell, two blanks apart.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    rows.iter().fold(String::new(), |mut out, row| {
        let line: String =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect::<Vec<_>>().join("  ");
        out.push_str(line.trim_end());
        out.push('\n');
        out
    })
}
