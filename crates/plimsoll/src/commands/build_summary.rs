//! What `build` says when it is done: what was decided, what was found, what was written, what to do next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use plimsoll_check::Report;
use plimsoll_model::Design;
use plimsoll_model::design::{Machine, MachineNic};
use plimsoll_render::{Source, Tree};

use crate::commands::plural;
use crate::commands::promises::Promises;
use crate::input::Cluster;
use crate::output::Written;
use crate::terminal::Terminal;

pub(super) struct Summary<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) report: &'a Report,
    pub(super) promises: &'a Promises,
    /// The report in one line.
    pub(super) verdict: String,
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
        out += &decided(design, terminal.width());
        let _ = writeln!(out, "\nFindings  {}", self.verdict);
        for (index, line) in self.promises.held.iter().enumerate() {
            let _ = writeln!(out, "{:<9} {line}", if index == 0 { "Proved" } else { "" });
        }
        out += &self.files();
        let _ = writeln!(out, "\n{}", terminal.bold("What to do next"));
        out += &self.next(terminal.width());
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
        let mut line = format!("{verb:<9} {}/: {}", self.directory.display(), plural(self.tree.len(), "file"));
        if !parts.is_empty() {
            let _ = write!(line, " ({})", parts.join(", "));
        }
        if self.lock_changes > 0 && !self.dry_run {
            let _ = write!(line, "; {} ({})", self.cluster.lock_path.display(), plural(self.lock_changes, "line"));
        }
        line.push('\n');
        if self.report.has_errors() || !self.promises.broken.is_empty() {
            line += "          with errors, because of --force: do not build a cluster from these files\n";
        }
        line
    }

    fn next(&self, width: usize) -> String {
        let directory = self.directory.display();
        let mut out = String::new();
        let mut step = 0;
        let mut say = |text: String| {
            step += 1;
            let first = format!("{step:>3}. ");
            out += &wrapped(&first, &text, width);
        };
        if self.report.has_errors() {
            say("Mend the errors above; `plimsoll explain RULE` says how.".to_owned());
        }
        if self.dry_run {
            say("Run it again without --dry-run.".to_owned());
            return out;
        }
        say(format!("Read {directory}/RUNBOOK.md: cabling, addresses, and the order in which things are installed."));
        if self.lock_changes > 0 {
            say(format!(
                "Commit {} beside the cluster file: it keeps the addresses.",
                self.cluster.lock_path.display()
            ));
        }
        let design = &self.cluster.design;
        let unnamed = unnamed_ports(self.cluster);
        if !unnamed.is_empty() {
            say(format!(
                "Check the names of network ports on {}: the cluster file does not give them, so nic0, nic1 and so on are \
                 assumed, and a host whose ports are called otherwise loses its network. Either pin these names on the host \
                 (`pve-network-interface-pinning`), or state the real ones: `links: [enp65s0f0, enp65s0f1]` beside `ports`.",
                ranges(&unnamed)
            ));
        }
        let unknown = unnamed_disks(design);
        if !unknown.is_empty() {
            let groups: Vec<String> =
                unknown.iter().map(|(group, hosts)| format!("`{group}` of {}", ranges(hosts))).collect();
            say(format!(
                "Look up the disks that are passed through, {}: in proxmox/, `<plimsoll:device …>` stands where the name of \
                 each below /dev/disk/by-id belongs. Written under `devices` in the cluster file, they are put there.",
                groups.join(", "),
            ));
        }
        if design.access.ssh_keys.is_none() {
            say("Say who may log in: no key is put on the machines and there is no password. Write \
                 `access: { ssh: ./admins.pub }`, and the public keys of the administrators into that file."
                .to_owned());
        }
        let files: Vec<String> = public_files(self.tree).into_iter().map(|file| format!("`{file}`")).collect();
        if !files.is_empty() {
            say(format!(
                "Write {} beside the cluster file: public keys, which go where `<plimsoll:file …>` stands.",
                files.join(", ")
            ));
        }
        let secrets = self.tree.secrets();
        if !secrets.is_empty() {
            say(format!(
                "{} stand as `<plimsoll:secret …>` in {}: `plimsoll secrets list` names them, `plimsoll secrets make` makes \
                 them, `plimsoll secrets fill` puts them in.",
                plural(secrets.len(), "secret"),
                plural(self.tree.iter().filter(|(_, file)| file.secrets().next().is_some()).count(), "file"),
            ));
        }
        let external: Vec<&str> = design.external.keys().map(plimsoll_model::Name::as_str).collect();
        if !external.is_empty() {
            say(format!("Assumed as declared, since others own it: {}.", external.join(", ")));
        }
        out
    }
}

/// Hosts with a port whose name nobody gave.
fn unnamed_ports(cluster: &Cluster) -> Vec<&str> {
    let chosen = |path: String| matches!(cluster.origins.exact(&path), Some(plimsoll_model::Origin::Default { .. }));
    let unnamed = |name: &plimsoll_model::Name, host: &plimsoll_model::design::Host| {
        let bonded = host.bond.iter().any(|(bond, design)| {
            (0..design.members.len()).any(|index| chosen(format!("host/{name}/bond/{bond}/members/{index}")))
        });
        bonded || host.nic.keys().any(|nic| chosen(format!("host/{name}/nic/{nic}")))
    };
    cluster.design.host.iter().filter(|(name, host)| unnamed(name, host)).map(|(name, _)| name.as_str()).collect()
}

/// Groups of disks that are passed through and whose devices are not named, with their hosts.
fn unnamed_disks(design: &Design) -> BTreeMap<&str, Vec<&str>> {
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for machine in design.machine.values() {
        let Some(host) = design.host.get(&machine.host) else { continue };
        for group in &machine.passthrough {
            if host.disk.get(group).is_some_and(|disk| disk.devices.len() < disk.count as usize) {
                unknown.entry(group.as_str()).or_default().push(machine.host.as_str());
            }
        }
    }
    for hosts in unknown.values_mut() {
        hosts.sort_unstable();
        hosts.dedup();
    }
    unknown
}

/// Files of the person that belong into rendered ones.
fn public_files(tree: &Tree) -> BTreeSet<&str> {
    let holes = tree.iter().flat_map(|(_, file)| file.open_holes());
    holes
        .filter_map(|hole| match &hole.source {
            Source::File(name) => Some(name.as_str()),
            Source::Secret(_) => None,
        })
        .collect()
}

/// Names as the cluster file would write them: `pve-1..6` for six in a row.
fn ranges(names: &[&str]) -> String {
    let split = |name: &str| -> Option<(String, u32)> {
        let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = name.get(stem.len()..).filter(|digits| !digits.starts_with('0'))?;
        Some((stem.to_owned(), digits.parse().ok()?))
    };
    let mut numbered: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut out: Vec<String> = Vec::new();
    for name in names {
        match split(name) {
            Some((stem, number)) => drop(numbered.entry(stem).or_default().insert(number)),
            None => out.push((*name).to_owned()),
        }
    }
    for (stem, numbers) in numbered {
        let mut run: Option<(u32, u32)> = None;
        let mut close = |run: Option<(u32, u32)>| match run {
            Some((first, last)) if first == last => out.push(format!("{stem}{first}")),
            Some((first, last)) => out.push(format!("{stem}{first}..{last}")),
            None => {}
        };
        for number in numbers {
            run = match run {
                Some((first, last)) if last + 1 == number => Some((first, number)),
                other => {
                    close(other);
                    Some((number, number))
                }
            };
        }
        close(run);
    }
    out.join(", ")
}

/// Breaks a text between words; lines after the first begin below the text, not below `first`.
fn wrapped(first: &str, text: &str, width: usize) -> String {
    let indent = first.chars().count();
    let mut out = first.to_owned();
    let mut column = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent {
            if column + 1 + length > width {
                out.push('\n');
                out += &" ".repeat(indent);
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out += word;
        column += length;
    }
    out.push('\n');
    out
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
fn decided(design: &Design, width: usize) -> String {
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
