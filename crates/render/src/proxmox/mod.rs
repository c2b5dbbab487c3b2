//! Proxmox VE: its cluster, and the guests as calls of its interface.

mod cluster;
mod guest;

use std::fmt::Write as _;

use plimsoll_model::design::{Host, Machine, PlatformKind, State};
use plimsoll_model::{Design, Name};
use serde::Serialize;

use crate::text::{header, shell};
use crate::{File, Tree};

/// Directory of the storage `local` in which cloud-init files lie.
pub(crate) const SNIPPETS: &str = "/var/lib/vz/snippets";

/// One call of Proxmox VE's HTTP interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Call {
    /// `POST` or `PUT`.
    pub(crate) method: &'static str,
    /// Below `/api2/json`.
    pub(crate) path: String,
    /// Form fields in the order in which they are read best. Encode them: an unescaped `+` becomes a blank.
    pub(crate) parameters: Parameters,
}

/// Form fields in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(pub(crate) Vec<(String, String)>);

impl Parameters {
    pub(crate) fn put(&mut self, key: impl Into<String>, value: impl ToString) {
        self.0.push((key.into(), value.to_string()));
    }
}

impl Serialize for Parameters {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A guest with what makes it.
pub(crate) struct Guest<'a> {
    pub(crate) name: &'a Name,
    pub(crate) machine: &'a Machine,
    pub(crate) host: &'a Host,
}

/// Guests of Proxmox VE that are there or are to be made, by host and start order.
pub(crate) fn guests(design: &Design) -> Vec<Guest<'_>> {
    let mut guests: Vec<Guest<'_>> = design
        .machine
        .iter()
        .filter(|(_, machine)| machine.state != State::Planned)
        .filter_map(|(name, machine)| {
            let host = design.host.get(&machine.host)?;
            (host.platform.kind == PlatformKind::Proxmox).then_some(Guest { name, machine, host })
        })
        .collect();
    guests.sort_by_key(|guest| (&guest.machine.host, guest.machine.startup_order, guest.name));
    guests
}

/// Adds `proxmox/…`.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    let hosts: Vec<&Name> = design
        .host
        .iter()
        .filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox)
        .map(|(name, _)| name)
        .collect();
    if hosts.is_empty() {
        return;
    }
    let guests = guests(design);
    let mut calls: Vec<Call> = guests.iter().flat_map(|guest| guest::calls(guest)).collect();
    calls.extend(cluster::availability(design));
    let json = serde_json::to_string_pretty(&calls).unwrap_or_default() + "\n";
    tree.add("proxmox/vms.json", File::new("guests, as calls of the Proxmox VE API", json));

    let what = "The guests as qm commands: the same as vms.json, to read, or to run on each host, which makes its own";
    let mut text = header(design, "#", what, "sh");
    text.push_str("set -eu\n");
    // `qm create` makes a guest wherever it is called: each host must make only those that are its own.
    text.push_str("case \"$(hostname -s)\" in\n");
    for on in guests.chunk_by(|one, next| one.machine.host == next.machine.host) {
        let Some(first) = on.first() else { continue };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{})", shell(first.machine.host.as_str()));
        for call in on.iter().flat_map(guest::calls) {
            text.push_str(&guest::as_command(&call));
        }
        text.push_str(";;\n");
    }
    text.push_str("*)\n  echo \"no guests are planned on $(hostname -s)\" >&2\n  exit 1\n  ;;\nesac\n");
    text.push_str(&cluster::availability_commands(design));
    tree.add("proxmox/qm.sh", File::new("guests, as commands to read", text).mode(0o755));
    tree.add("proxmox/cluster.sh", cluster::join(design, &hosts));
}

/// `--key value` for each parameter, one on a line.
pub(crate) fn options(parameters: &Parameters) -> String {
    let words: Vec<String> =
        parameters.0.iter().map(|(key, value)| format!(" \\\n  --{key} {}", shell(value))).collect();
    words.concat()
}
