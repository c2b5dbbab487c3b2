//! What `build` says when it is done: what was decided, what was found, what was written, what to do next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use plimsoll_check::Report;
use plimsoll_model::{Design, series};
use plimsoll_render::{Source, Tree};

use super::decided::{decided, machines};
use super::proof::{self, Row};
use crate::commands::plural;
use crate::commands::promises::Promises;
use crate::input::Cluster;
use crate::output::Written;
use crate::terminal::Terminal;

/// What the table of promises leaves out.
const SHORT: &str = "The most likely failures are named; those that the file accepts are left out. Lost in a year are \
                     independent failures, failovers and windows of maintenance together, without common causes. \
                     `plimsoll prove` has all of it, and why.";

pub(super) struct Summary<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) report: &'a Report,
    pub(super) promises: &'a Promises,
    /// What is proved of each promise; `None` when nothing was to be.
    pub(super) proved: Option<&'a Vec<Row>>,
    /// The report in one line.
    pub(super) verdict: String,
    pub(super) tree: &'a Tree,
    pub(super) directory: &'a Path,
    pub(super) written: &'a Written,
    pub(super) outcome: Outcome,
    pub(super) lock_changes: usize,
}

/// What became of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They were written.
    Written,
    /// They would have been.
    DryRun,
    /// Nothing has changed, and nothing was done.
    Skipped,
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
        match self.proved {
            None => out += "Proved    nothing, because of --no-proof: not even what `survive:` asks for\n",
            Some(rows) => {
                let _ = writeln!(out, "\n{}", proof::text(rows));
                out += &wrapped("", SHORT, terminal.width());
                out.push('\n');
            }
        }
        out += &self.files();
        let _ = writeln!(out, "\n{}", terminal.bold("What to do next"));
        out += &self.next(terminal.width());
        out
    }

    fn files(&self) -> String {
        let Written { new, changed, removed, unchanged } = self.written;
        let verb = match self.outcome {
            Outcome::Written => "Written",
            Outcome::DryRun => "Would write",
            Outcome::Skipped => {
                return format!(
                    "Unchanged {}/: {}; nothing was done, since nothing has changed (`--fresh` builds all the same)\n",
                    self.directory.display(),
                    plural(self.tree.len(), "file")
                );
            }
        };
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
        if self.lock_changes > 0 && self.outcome == Outcome::Written {
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
        if self.outcome == Outcome::DryRun {
            say("Run it again without --dry-run.".to_owned());
            return out;
        }
        say(format!("Read {directory}/RUNBOOK.md: cabling, addresses, and the order in which things are installed."));
        if self.tree.get("report.html").is_some() {
            say(format!(
                "Open {directory}/report.html in a browser: click parts of the drawing to see what their failure does."
            ));
        }
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
pub(super) fn ranges(names: &[&str]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    series::sort(&mut names);
    names.dedup();
    series::collapse(&names).join(", ")
}

/// Breaks a text between words; lines after the first begin below the text, not below `first`.
pub(super) fn wrapped(first: &str, text: &str, width: usize) -> String {
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
