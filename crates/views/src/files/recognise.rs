//! By which name and by which words a file is recognised.

use plimsoll_diagnostics::Sources;

use super::{Content, File, Files, Kind, backends, bounds, embedded, left_over, machines};

/// Recognises every text of `sources` by its path, else by its content, and reads it.
pub fn recognise(sources: &Sources) -> Files {
    let mut files = Files::default();
    for (source, text) in sources.iter() {
        let kind = match by_path(&text.name, &text.text) {
            Some(kind) => kind,
            None => by_words(&text.text),
        };
        let since = files.problems.len();
        let content = Files::content(refine(kind, &text.text), source, sources, &mut files.problems);
        let mut file = File { source, path: text.name.clone(), owner: owner(&text.name), content, whole: true };
        file.whole = bounds::is_whole(&files.problems, since);
        bounds::given_up(&file, &mut files, since);
        bounds::keep(&mut file, &mut files.cuts, &mut files.problems);
        let inner = match &file.content {
            Content::Kubernetes(manifest) => embedded::unpack(manifest, &file, &text.text, &mut files),
            _ => Vec::new(),
        };
        files.list.push(file);
        files.list.extend(inner);
    }
    machines::tell_apart(&mut files.list);
    backends::missing(&files.list, &mut files.problems);
    files
}

/// What a cluster file of Plimsoll is called among the files that were recognised: `plimsoll check` judges it.
pub const CLUSTER_FILE: &str = "cluster file of Plimsoll";

/// Whether a path alone tells that a file is of a kind that rules judge.
pub fn is_judged_by_name(path: &str) -> bool {
    by_path(path, "").is_some_and(|kind| !matches!(kind, Kind::Known(_) | Kind::Unrecognised))
}

/// Endings that files called `db` have and that are no names of zones.
const NO_ZONE: [&str; 9] = [".yaml", ".yml", ".json", ".toml", ".service", ".timer", ".env", ".conf", ".cfg"];

/// Endings that templates have in front of or behind the real one.
const TEMPLATE_ENDINGS: [&str; 6] = [".j2", ".tmpl", ".tpl", ".erb", ".template", ".in"];

fn by_path(path: &str, text: &str) -> Option<Kind> {
    // A copy that was asked for by name is what its original is.
    let mut path = left_over::without_ending(path).unwrap_or(path).to_ascii_lowercase();
    for ending in TEMPLATE_ENDINGS {
        if let Some(shorter) = path.strip_suffix(ending) {
            path.truncate(shorter.len());
        }
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let below = |folder: &str| path.contains(&format!("/{folder}/")) || path.starts_with(&format!("{folder}/"));
    let ends = |ending: &str| name.ends_with(ending);
    Some(match name {
        "chrony.conf" => Kind::Chrony,
        "corosync.conf" => Kind::Corosync,
        "frr.conf" | "bgpd.conf" | "bfdd.conf" | "zebra.conf" => Kind::Frr,
        "corefile" => Kind::Corefile,
        "hosts" if below("etc") => Kind::Hosts,
        "resolv.conf" => Kind::Resolv,
        "storage.cfg" | "jobs.cfg" | "replication.cfg" | "rules.cfg" | "resources.cfg" | "groups.cfg" => {
            Kind::PveSections
        }
        "etcd" if below("default") || below("sysconfig") => Kind::Etcd,
        "etcd.env" | "etcd.conf" | "etcd.conf.yml" | "etcd.conf.yaml" | "etcd.service" => Kind::Etcd,
        "kubelet" | "kubelet.env" if below("default") || below("sysconfig") || ends(".env") => Kind::KubeletFlags,
        "interfaces" if below("network") => Kind::Interfaces,
        "nftables.conf" => Kind::Nftables,
        "sysctl.conf" => Kind::Sysctl,
        "keepalived.conf" => Kind::Keepalived,
        "haproxy.cfg" => Kind::Haproxy,
        _ if below("haproxy") && (ends(".cfg") || ends(".conf")) => Kind::Haproxy,
        _ if below("keepalived") && ends(".conf") => Kind::Keepalived,
        "modules" if below("etc") => Kind::ModulesLoad,
        _ if below("sysctl.d") => Kind::Sysctl,
        _ if below("interfaces.d") => Kind::Interfaces,
        _ if below("netplan") && (ends(".yaml") || ends(".yml")) => Kind::Netplan,
        _ if below("nftables.d") || ends(".nft") => Kind::Nftables,
        _ if below("modules-load.d") => Kind::ModulesLoad,
        _ if below("chrony/conf.d") || below("chrony/sources.d") => Kind::Chrony,
        _ if below("qemu-server") && ends(".conf") => Kind::PveVm,
        _ if name.starts_with("named.conf") => Kind::Named,
        _ if ends(".zone") => Kind::Zone,
        // `db.example.edu` is a zone; `db.yaml` is somebody's database.
        _ if name.starts_with("db.") && !NO_ZONE.iter().any(|ending| ends(ending)) => Kind::Zone,
        _ if ends(".service") || ends(".timer") || ends(".mount") || ends(".socket") => Kind::Unit,
        // A key of TSIG lies in a file of its own, and is BIND's.
        _ if ends(".key") && !text.contains("-----BEGIN") && text.contains("algorithm") => Kind::Named,
        _ if ends(".crt") || ends(".pem") || ends(".key") || ends(".pub") => Kind::Known("certificate or key"),
        _ if below("default") || below("sysconfig") || ends(".env") => Kind::Variables,
        _ if ends(".sh") => Kind::Script,
        _ if ends(".md") || ends(".txt") || ends(".rst") => Kind::Known("text for people"),
        _ => return None,
    })
}

/// By words that only such a file has. The first lines suffice, and a limit keeps large texts cheap.
fn by_words(text: &str) -> Kind {
    const LOOKED_AT: usize = 64 << 10;
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let has = |word: &str| text.contains(word);
    let top = |start: &str| text.lines().any(|line| line.starts_with(start));
    let line = |start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
    if top("plimsoll:") && top("cluster:") {
        Kind::Known(CLUSTER_FILE)
    } else if has("apiVersion") && has("kind") {
        Kind::Kubernetes
    } else if line("vrrp_instance ") || line("vrrp_script ") {
        Kind::Keepalived
    } else if (line("frontend ") || line("listen ")) && line("server ") {
        Kind::Haproxy
    } else if line("iface ") && (line("auto ") || line("allow-hotplug ") || line("    address ")) {
        Kind::Interfaces
    } else if line("network:") && (line("ethernets:") || line("bonds:") || line("vlans:")) {
        Kind::Netplan
    } else if line("table ") && line("chain ") && line("type filter hook ") {
        Kind::Nftables
    } else if line("router bgp ") {
        Kind::Frr
    } else if has("totem") && has("nodelist") {
        Kind::Corosync
    } else if (line("zone \"") || line("options {") || line("key \"")) && has("};") {
        Kind::Named
    } else if has("IN") && has("SOA") && (line("$TTL") || line("$ORIGIN") || line("@")) {
        Kind::Zone
    } else if line(".:53") || (has("kubernetes ") && has("forward .")) {
        Kind::Corefile
    } else if line("ETCD_") {
        Kind::Etcd
    } else if line("KUBELET_EXTRA_ARGS") {
        Kind::KubeletFlags
    } else if line("[Unit]") && line("[") {
        Kind::Unit
    } else if has("--provider=") && has("--source=") {
        Kind::ExternalDns
    } else if line("#!") {
        Kind::Script
    } else if line("-----BEGIN ") {
        Kind::Known("certificate or key")
    } else {
        Kind::Unrecognised
    }
}

/// A unit that starts etcd is read for etcd's settings.
fn refine(kind: Kind, text: &str) -> Kind {
    let starts_etcd = || {
        text.lines().any(|line| {
            let command = line.trim().strip_prefix("ExecStart=");
            command.is_some_and(|command| command.split_whitespace().next().is_some_and(|it| it.ends_with("/etcd")))
        })
    };
    if kind == Kind::Unit && starts_etcd() { Kind::Etcd } else { kind }
}

/// The part of a path before `etc/`, `var/` or the file's own name: one folder per machine is how people copy them.
fn owner(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let root = parts.iter().position(|part| matches!(*part, "etc" | "var" | "usr" | "opt" | "root" | "srv"));
    let folder = &parts[..root.unwrap_or(parts.len().saturating_sub(1))];
    folder.last().map_or_else(String::new, |name| (*name).to_owned())
}

impl Content {
    /// Whether it has facts about a cluster.
    pub fn is_judged(&self) -> bool {
        !matches!(self, Content::Known(_) | Content::Unrecognised)
    }
}
