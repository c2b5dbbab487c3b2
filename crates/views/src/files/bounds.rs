//! How much of one file is judged: rules compare things with one another, and nobody has that many in one file.

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Severity, SourceId, Span};
use plimsoll_formats::haproxy::Section;
use plimsoll_formats::keepalived::Tracks;
use plimsoll_formats::kubernetes::Object;

use super::{Content, File, Files};

/// VRRP has 255 ids for each family and interface.
const INSTANCES: usize = 512;
/// Sections of HAProxy.
const SECTIONS: usize = 1_000;
/// Servers of a section of HAProxy.
const SERVERS: usize = 512;
/// Other statements of a section of HAProxy.
const LINES: usize = 4_000;
/// What one section or instance has of a kind: addresses, scripts.
const PARTS: usize = 256;
/// Zones of a server, of all its views together. Each is seen with the lists it inherits.
const ZONES: usize = 500;
/// Views of a name server.
const VIEWS: usize = 32;
/// Sections of Proxmox VE: storages, resources, rules.
const PVE_SECTIONS: usize = 1_000;
/// Bytes of one of their values, such as the guests of a rule.
const LONGEST_VALUE: usize = 4 << 10;
/// Stanzas of an interfaces file, and devices of netplan.
const STANZAS: usize = 1_000;
/// Kubernetes objects.
const OBJECTS: usize = 5_000;
/// Kinds of which a cluster has one or a few, each of which is seen with all objects that belong to it.
const FEW: [&str; 8] = [
    "CephCluster",
    "ClusterConfiguration",
    "InitConfiguration",
    "JoinConfiguration",
    "Installation",
    "FelixConfiguration",
    "BGPConfiguration",
    "MetalLB",
];
/// How many of each of these are judged.
const MOST_OF_FEW: usize = 16;

/// A file of which a part is not judged. Whoever misses something may find it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Its path as given.
    pub path: String,
    /// What it says things about.
    pub about: About,
    /// What is left out: `15000 of 20000 objects`.
    pub left_out: String,
}

/// What a file says things about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// VRRP, by keepalived.
    Vrrp,
    /// Balancing, by HAProxy.
    Balancing,
    /// The network of a host.
    HostNetwork,
    /// Names: zones, servers, resolvers of the cluster.
    Names,
    /// etcd.
    Etcd,
    /// Proxmox VE and its guests.
    Hypervisor,
    /// Other settings of a machine: its clock, kernel, scripts, units.
    Machine,
    /// Anything in a cluster: Kubernetes objects.
    Cluster,
}

impl Content {
    /// What it says things about; nothing when no rule reads it.
    pub fn about(&self) -> Option<About> {
        Some(match self {
            Content::Keepalived(_) => About::Vrrp,
            Content::Haproxy(_) => About::Balancing,
            Content::Interfaces(_) | Content::Netplan(_) => About::HostNetwork,
            Content::Named(_) | Content::Zone(_) | Content::Corefile(_) | Content::ExternalDns(_) => About::Names,
            Content::Etcd(_) => About::Etcd,
            Content::Corosync(_) | Content::PveVm(_) | Content::PveSections(_) => About::Hypervisor,
            Content::Unit(_)
            | Content::KubeletFlags(_)
            | Content::Variables(_)
            | Content::Nftables(_)
            | Content::Chrony(_)
            | Content::Sysctl(_)
            | Content::ModulesLoad(_)
            | Content::Hosts(_)
            | Content::Resolv(_)
            | Content::Script(_) => About::Machine,
            Content::Kubernetes(_) => About::Cluster,
            Content::Frr(_) | Content::Known(_) | Content::Unrecognised => return None,
        })
    }
}

/// Problems that leave a part of a file, or all of it, unread.
const UNREAD: [&str; 5] = ["syntax", "yaml-syntax", "yaml-limit", "too-large", "too-deep"];

/// Whether a problem leaves a part of its file, or all of it, unread.
pub fn leaves_unread(problem: &Diagnostic) -> bool {
    problem.severity == Severity::Error && UNREAD.contains(&problem.code.as_str())
}

/// Whether none of the problems since `since` leaves a part unread.
pub(super) fn is_whole(problems: &Diagnostics, since: usize) -> bool {
    !problems.iter().skip(since).any(leaves_unread)
}

/// Notes a file that its reader gave up: it is too large, or something in it is.
pub(super) fn given_up(file: &File, files: &mut Files, since: usize) {
    let codes = ["too-large", "too-deep", "yaml-limit"];
    let gave_up = files.problems.iter().skip(since).any(|problem| codes.contains(&problem.code.as_str()));
    if let Some(about) = file.content.about().filter(|_| gave_up) {
        files.cuts.push(Cut { path: file.path.clone(), about, left_out: "parts that were not read".to_owned() });
    }
}

/// Leaves out what is beyond the bound of its kind, and says so.
pub(super) fn keep(file: &mut File, cuts: &mut Vec<Cut>, problems: &mut Diagnostics) {
    let Some(about) = file.content.about() else { return };
    let mut cutter = Cutter { path: &file.path, source: file.source, about, told: false, cuts, problems };
    match &mut file.content {
        Content::Keepalived(conf) => {
            cutter.cut(&mut conf.instances, INSTANCES, "vrrp_instances");
            cutter.cut(&mut conf.scripts, PARTS, "vrrp_scripts");
            cutter.cut(&mut conf.processes, PARTS, "vrrp_track_processes");
            cutter.cut(&mut conf.files, PARTS, "track_files");
            cutter.cut(&mut conf.sync_groups, PARTS, "vrrp_sync_groups");
            for group in &mut conf.sync_groups {
                cutter.cut(&mut group.instances, INSTANCES, "instances of a group");
                cutter.tracks(&mut group.tracks);
            }
            for instance in &mut conf.instances {
                cutter.cut(&mut instance.virtual_addresses, PARTS, "addresses of an instance");
                cutter.cut(&mut instance.excluded_addresses, PARTS, "addresses of an instance");
                cutter.cut(&mut instance.unicast_peers, PARTS, "peers of an instance");
                cutter.tracks(&mut instance.tracks);
            }
        }
        Content::Haproxy(conf) => {
            cutter.cut(&mut conf.sections, SECTIONS, "sections");
            for section in &mut conf.sections {
                let Section::Proxy(proxy) = section else { continue };
                cutter.cut(&mut proxy.servers, SERVERS, "servers of a section");
                cutter.cut(&mut proxy.binds, PARTS, "binds of a section");
                cutter.cut(&mut proxy.options, PARTS, "options of a section");
                cutter.cut(&mut proxy.http_checks, PARTS, "rules of a check");
                cutter.cut(&mut proxy.tcp_checks, PARTS, "rules of a check");
                cutter.cut(&mut proxy.use_backends, LINES, "uses of backends in a section");
                cutter.cut(&mut proxy.unknown, LINES, "other statements of a section");
            }
        }
        Content::Interfaces(conf) => cutter.cut(&mut conf.stanzas, STANZAS, "stanzas"),
        Content::Netplan(conf) => {
            let Some(network) = &mut conf.network else { return };
            for devices in [&mut network.ethernets, &mut network.bonds, &mut network.bridges, &mut network.vlans] {
                cutter.cut(&mut devices.0, STANZAS, "devices");
            }
        }
        Content::PveSections(conf) => {
            cutter.cut(&mut conf.sections, PVE_SECTIONS, "sections");
            for section in &mut conf.sections {
                let len = section.values.len();
                section.values.retain(|(_, value)| value.as_ref().is_none_or(|value| value.len() <= LONGEST_VALUE));
                if section.values.len() < len {
                    cutter.tell(len, section.values.len(), "values of a section");
                }
            }
        }
        Content::Named(conf) => {
            cutter.cut(&mut conf.views, VIEWS, "views");
            let mut most = ZONES;
            for zones in conf.views.iter_mut().map(|view| &mut view.zones).chain([&mut conf.zones]) {
                cutter.cut(zones, most, "zones");
                most -= zones.len();
            }
        }
        Content::Kubernetes(manifest) => {
            cutter.cut(&mut manifest.objects, OBJECTS, "objects");
            for kind in FEW {
                cutter.cut_kind(&mut manifest.objects, kind);
            }
        }
        _ => {}
    }
}

/// Cuts the lists of one file.
struct Cutter<'a> {
    path: &'a str,
    source: SourceId,
    about: About,
    told: bool,
    cuts: &'a mut Vec<Cut>,
    problems: &'a mut Diagnostics,
}

impl Cutter<'_> {
    fn cut<T>(&mut self, list: &mut Vec<T>, most: usize, what: &str) {
        let len = list.len();
        if len <= most {
            return;
        }
        list.truncate(most);
        self.tell(len, most, what);
    }

    fn tell(&mut self, len: usize, most: usize, what: &str) {
        // Told once: a file with one such list has hundreds of them.
        if self.told {
            return;
        }
        self.told = true;
        self.problems.push(
            Diagnostic::warning(format!("only the first {most} of {len} {what} in this file are judged"))
                .code("too-many")
                .at(Span::new(self.source, 0, 0), "")
                .note("what is missed elsewhere may be among the others, so that rules about it cannot judge"),
        );
        let left_out = format!("{} of {len} {what}", len - most);
        self.cuts.push(Cut { path: self.path.to_owned(), about: self.about, left_out });
    }

    /// Of a kind that nobody has many of.
    fn cut_kind(&mut self, objects: &mut Vec<Object>, kind: &str) {
        let of_kind = objects.iter().filter(|object| object.kind.value == kind).count();
        if of_kind <= MOST_OF_FEW {
            return;
        }
        let mut kept = 0;
        objects.retain(|object| {
            kept += usize::from(object.kind.value == kind);
            object.kind.value != kind || kept <= MOST_OF_FEW
        });
        self.tell(of_kind, MOST_OF_FEW, &format!("objects of kind {kind}"));
    }

    fn tracks(&mut self, tracks: &mut Tracks) {
        for list in
            [&mut tracks.scripts, &mut tracks.interfaces, &mut tracks.processes, &mut tracks.files, &mut tracks.bfd]
        {
            self.cut(list, PARTS, "things that are tracked");
        }
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
            ("a/named.conf", many(5_000, "view v# {\n zone \"z\" { type primary; file \"a\"; };\n };\n")),
            ("rules.cfg", many(20_000, "resource-affinity: r#\n\taffinity negative\n\tresources vm:#,vm:#0\n\n")),
            (
                "a/rules.cfg",
                format!("resource-affinity: r\n\taffinity negative\n\tresources vm:1{}\n", many(100_000, ",vm:#")),
            ),
            (
                "ceph.yaml",
                many(
                    2_000,
                    "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: c#, namespace: n}\n---\napiVersion: \
                     ceph.rook.io/v1\nkind: CephBlockPool\nmetadata: {name: p#, namespace: n}\n---\n",
                ),
            ),
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
            let world = World::of_files(&files, None);
            assert!(!world.cuts.is_empty(), "{name} is said to be known in part");
            // A debug build on a busy machine; what grows by the square takes minutes.
            assert!(start.elapsed() < Duration::from_secs(20), "{name}: {:?}", start.elapsed());
        }
    }
}
