//! How much of one file is judged: rules compare things with one another, and nobody has that many in one file.

use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Span};

use super::Content;

/// VRRP has 255 ids for each family and interface.
const INSTANCES: usize = 512;
/// Sections of HAProxy.
const SECTIONS: usize = 2_000;
/// Zones of a server, or of one view of it.
const ZONES: usize = 2_000;
/// Stanzas of an interfaces file, and devices of netplan.
const STANZAS: usize = 1_000;
/// Kubernetes objects.
const OBJECTS: usize = 5_000;

/// Leaves out what is beyond the bound of its kind, and says so.
pub(super) fn keep(content: &mut Content, source: SourceId, problems: &mut Diagnostics) {
    let mut cut = |len: usize, most: usize, what: &str| {
        if len > most {
            let message = format!("only the first {most} of {len} {what} in this file are judged");
            problems.push(Diagnostic::warning(message).code("too-many").at(Span::new(source, 0, 0), ""));
        }
    };
    match content {
        Content::Keepalived(conf) => {
            cut(conf.instances.len(), INSTANCES, "vrrp_instances");
            conf.instances.truncate(INSTANCES);
        }
        Content::Haproxy(conf) => {
            cut(conf.sections.len(), SECTIONS, "sections");
            conf.sections.truncate(SECTIONS);
        }
        Content::Interfaces(conf) => {
            cut(conf.stanzas.len(), STANZAS, "stanzas");
            conf.stanzas.truncate(STANZAS);
        }
        Content::Netplan(conf) => {
            let Some(network) = &mut conf.network else { return };
            for devices in [&mut network.ethernets, &mut network.bonds, &mut network.bridges, &mut network.vlans] {
                cut(devices.0.len(), STANZAS, "devices");
                devices.0.truncate(STANZAS);
            }
        }
        Content::Named(conf) => {
            for zones in conf.views.iter_mut().map(|view| &mut view.zones).chain([&mut conf.zones]) {
                cut(zones.len(), ZONES, "zones");
                zones.truncate(ZONES);
            }
        }
        Content::Kubernetes(manifest) => {
            cut(manifest.objects.len(), OBJECTS, "objects");
            manifest.objects.truncate(OBJECTS);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use plimsoll_diagnostics::Sources;

    use crate::World;
    use crate::files::recognise;

    #[test]
    fn what_is_too_much_is_left_out_with_a_word() {
        let many = |n: usize, one: &str| (0..n).map(|i| one.replace('#', &i.to_string())).collect::<String>();
        for (name, text) in [
            (
                "keepalived.conf",
                many(20_000, "vrrp_instance a# {\n virtual_router_id 1\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n"),
            ),
            (
                "haproxy.cfg",
                many(20_000, "frontend f#\n bind *:1\n default_backend b#\nbackend b#\n server a 10.0.0.1:6443\n"),
            ),
            ("etc/network/interfaces", many(20_000, "iface e# inet manual\n bond-mode 4\n bond-slaves e#0\n")),
            ("named.conf", many(20_000, "zone \"z#\" { type primary; file \"db.z#\"; };\n")),
            ("etc/netplan/a.yaml", format!("network:\n ethernets:\n{}", many(20_000, "  e#: {mtu: 1500}\n"))),
            (
                "objects.yaml",
                many(20_000, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c#}\ndata: {Corefile: a}\n---\n"),
            ),
            (
                "maps.yaml",
                format!(
                    "apiVersion: v1\nkind: ConfigMap\ndata:\n{}",
                    many(40_000, "  Corefile#: |\n    .:53 {\n    }\n")
                ),
            ),
        ] {
            let mut sources = Sources::new();
            sources.add(name, text);
            let start = Instant::now();
            let files = recognise(&sources);
            let said = files.problems.iter().any(|problem| problem.code == "too-many");
            assert!(said, "{name} is said to be too much");
            let _ = World::of_files(&files, None);
            // A debug build on a busy machine; what grows by the square takes minutes.
            assert!(start.elapsed() < Duration::from_secs(20), "{name}: {:?}", start.elapsed());
        }
    }
}
