//! Every reader with a good file of its format, and what is done with one broken variant.

use std::fmt::Display;

use plimsoll_check::{judge, rules};
use plimsoll_diagnostics::render::{Style, text};
use plimsoll_diagnostics::{Diagnostic, SourceId, Sources};
use plimsoll_formats::{
    Read, chrony, corefile, corosync, env, etcd, externaldns, frr, haproxy, hosts, interfaces, keepalived,
    kubelet_flags, kubernetes, modules_load, named, netplan, nftables, pve, resolv, sysctl, systemd, zone,
};
use plimsoll_resolve::{Lock, resolve};
use plimsoll_views::{World, files};

use crate::{hostile, shapes};

/// A reader under trial.
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    /// A good file of the format.
    pub(crate) good: &'static str,
    /// Reads bytes and uses what came of it; true when there was something to say.
    pub(crate) run: fn(&Reader, &[u8]) -> bool,
    /// Gives inputs that are hostile to this one reader.
    pub(crate) more: Option<More>,
}

/// Gives inputs of a reader with their names, one after the other.
type More = fn(&Reader, &mut dyn FnMut(&str, Vec<u8>));

const CAMPUS: &str = include_str!("../../../../examples/campus/cluster.yaml");
const LOCK: &str = include_str!("../../../../examples/campus/cluster.lock");

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../formats/tests/files/", $name))
    };
}

/// A reader of `plimsoll-formats`: reads, writes what was understood, and reads that again.
macro_rules! format {
    ($name:literal, $file:literal, $read:path) => {
        Reader { name: $name, good: sample!($file), run: |_, bytes| read_and_write(bytes, $read), more: None }
    };
}

/// A file as `plimsoll audit` takes it: recognised by its path, read, seen and judged by every rule.
macro_rules! audited {
    ($path:literal, $file:literal) => {
        Reader {
            name: concat!("audit ", $path),
            good: sample!($file),
            run: |reader, bytes| audit(reader, bytes),
            more: Some(|reader, add| shapes::shapes(reader.name, add)),
        }
    };
}

pub(crate) const READERS: &[Reader] = &[
    Reader {
        name: "cluster file",
        good: CAMPUS,
        run: |_, bytes| build(bytes, ""),
        more: Some(|reader, add| hostile::clusters(reader.good, add)),
    },
    Reader { name: "lock file", good: LOCK, run: |_, bytes| lock(bytes), more: Some(|_, add| hostile::locks(add)) },
    format!("keepalived.conf", "keepalived.conf", keepalived::read),
    format!("haproxy.cfg", "haproxy.cfg", haproxy::read),
    format!("interfaces", "interfaces", interfaces::read),
    format!("netplan", "netplan.yaml", netplan::read),
    format!("nftables.conf", "nftables.conf", nftables::read),
    format!("sysctl.conf", "sysctl.conf", sysctl::read),
    format!("modules", "modules.conf", modules_load::read),
    format!("chrony.conf", "chrony.conf", chrony::read),
    format!("named.conf", "named.conf", named::read),
    format!("zone", "k8s.zone", zone::read),
    format!("Corefile", "Corefile", corefile::read),
    format!("frr.conf", "frr.conf", frr::read),
    format!("systemd unit", "etcd.service", systemd::read),
    format!("etcd variables", "etcd.env", etcd::read),
    Reader {
        name: "etcd YAML",
        good: sample!("etcd.conf.yml"),
        run: |_, bytes| read_only(bytes, etcd::read_yaml),
        more: None,
    },
    format!("variables", "etcd.env", env::read),
    format!("kubelet flags", "kubelet", kubelet_flags::read),
    format!("ExternalDNS", "external-dns.args", externaldns::read),
    format!("corosync.conf", "corosync.conf", corosync::read),
    format!("virtual machine", "2002.conf", pve::vm::read),
    format!("storage.cfg", "storage.cfg", pve::sections::read),
    format!("hosts", "hosts", hosts::read),
    format!("resolv.conf", "resolv.conf", resolv::read),
    Reader { name: "manifests", good: sample!("manifests.yaml"), run: |_, bytes| manifests(bytes), more: None },
    audited!("cp-1/etc/keepalived/keepalived.conf", "keepalived.conf"),
    audited!("cp-1/etc/haproxy/haproxy.cfg", "haproxy.cfg"),
    audited!("pve-1/etc/network/interfaces", "interfaces"),
    audited!("cp-1/etc/netplan/a.yaml", "netplan.yaml"),
    audited!("cp-1/etc/nftables.conf", "nftables.conf"),
    audited!("cp-1/etc/sysctl.d/a.conf", "sysctl.conf"),
    audited!("cp-1/etc/modules-load.d/a.conf", "modules.conf"),
    audited!("cp-1/etc/chrony/chrony.conf", "chrony.conf"),
    audited!("cp-1/etc/hosts", "hosts"),
    audited!("cp-1/etc/resolv.conf", "resolv.conf"),
    audited!("cp-1/etc/default/kubelet", "kubelet"),
    audited!("cp-1/etc/default/x", "etcd.env"),
    audited!("cp-1/etc/systemd/system/etcd.service", "etcd.service"),
    audited!("cp-1/etc/systemd/system/s.service", "etcd.service"),
    audited!("cp-1/etc/etcd/etcd.conf.yml", "etcd.conf.yml"),
    audited!("pve-1/etc/pve/corosync.conf", "corosync.conf"),
    audited!("pve-1/etc/pve/storage.cfg", "storage.cfg"),
    audited!("pve-1/etc/pve/ha/resources.cfg", "storage.cfg"),
    audited!("pve-1/etc/pve/ha/rules.cfg", "storage.cfg"),
    audited!("pve-1/etc/pve/qemu-server/1.conf", "2002.conf"),
    audited!("ns-1/etc/bind/db.x", "k8s.zone"),
    audited!("cluster/external-dns.args", "external-dns.args"),
    audited!("cp-1/etc/etcd.env", "etcd.env"),
    audited!("cp-1/etc/frr/frr.conf", "frr.conf"),
    audited!("ns-1/etc/bind/named.conf", "named.conf"),
    audited!("cluster/Corefile", "Corefile"),
    audited!("cluster/manifests.yaml", "manifests.yaml"),
];

/// What is shown of a run: rendering must stand every place too.
fn show<'a>(problems: impl IntoIterator<Item = &'a Diagnostic>, sources: &Sources) -> bool {
    let mut said = false;
    for problem in problems.into_iter().take(20) {
        said |= !text(problem, sources, Style::default()).is_empty();
    }
    said
}

fn read_only<T>(bytes: &[u8], read: fn(SourceId, &Sources) -> Read<T>) -> bool {
    let mut sources = Sources::new();
    let (id, not_text) = sources.add_bytes("broken", bytes);
    let found = read(id, &sources);
    show(not_text.iter().chain(&found.problems), &sources)
}

fn read_and_write<T: Display>(bytes: &[u8], read: fn(SourceId, &Sources) -> Read<T>) -> bool {
    let mut sources = Sources::new();
    let (id, not_text) = sources.add_bytes("broken", bytes);
    let found = read(id, &sources);
    let written = found.value.to_string();
    let again = sources.add("written", written);
    let _ = read(again, &sources);
    show(not_text.iter().chain(&found.problems), &sources)
}

fn manifests(bytes: &[u8]) -> bool {
    let mut sources = Sources::new();
    let (id, not_text) = sources.add_bytes("broken", bytes);
    let found = kubernetes::read(id, &sources);
    let written = plimsoll_yaml::emit_documents(found.value.objects.iter().map(|object| &object.node));
    let again = sources.add("written", written);
    let _ = kubernetes::read(again, &sources);
    show(not_text.iter().chain(&found.problems), &sources)
}

/// `plimsoll build` without writing.
fn build(bytes: &[u8], lock: &str) -> bool {
    let mut sources = Sources::new();
    let (id, not_text) = sources.add_bytes("cluster.yaml", bytes);
    let (spec, mut problems) = plimsoll_spec::read(id, &sources);
    if let Some(spec) = spec.filter(|_| !problems.has_errors()) {
        let lock_id = sources.add("cluster.lock", lock);
        let (lock, _) = Lock::read(lock_id, &sources);
        let resolved = resolve(&spec, &lock);
        problems.extend(resolved.diagnostics);
        if let Some(design) = resolved.design {
            let report = judge(&World::of_design(&design, &resolved.origins, None), &rules::all());
            let _ = (report.summary(), plimsoll_render::render(&design));
        }
    }
    show(not_text.iter().chain(problems.iter()), &sources)
}

/// A broken lock beside a good cluster file.
fn lock(bytes: &[u8]) -> bool {
    let mut sources = Sources::new();
    let (id, not_text) = sources.add_bytes("cluster.lock", bytes);
    let (lock, problems) = Lock::read(id, &sources);
    let good = sources.add("cluster.yaml", CAMPUS);
    let resolved = plimsoll_spec::read(good, &sources).0.map(|spec| resolve(&spec, &lock));
    let more = resolved.iter().flat_map(|resolved| resolved.diagnostics.iter());
    let written = lock.to_text();
    let again = sources.add("written", written);
    let _ = Lock::read(again, &sources);
    show(not_text.iter().chain(problems.iter()).chain(more), &sources)
}

fn audit(reader: &Reader, bytes: &[u8]) -> bool {
    let mut sources = Sources::new();
    let path = reader.name.trim_start_matches("audit ");
    let (_, not_text) = sources.add_bytes(path, bytes);
    let files = files::recognise(&sources);
    let report = judge(&World::of_files(&files, None), &rules::all());
    let said = show(not_text.iter().chain(files.problems.iter()), &sources);
    let findings = report.findings.iter();
    show(findings, &sources) || said
}
