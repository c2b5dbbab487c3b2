//! Hypervisors of files below `/etc/pve`.

use std::collections::BTreeSet;

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_formats::Setting;
use plimsoll_formats::corosync::Node;
use plimsoll_formats::pve::sections::Section;
use plimsoll_formats::pve::vm::Vm;
use plimsoll_model::design::CacheMode;
use plimsoll_model::units::Bytes;

use super::{Guest, GuestDisk, GuestNic, HaRule, HaRuleKind, Hypervisors, Job, MemberPath};
use crate::files::{Content, Files};
use crate::{Fact, Place};

/// Hypervisors of files; nothing when there are no files of Proxmox VE.
pub fn from_files(files: &Files) -> Vec<Hypervisors> {
    let nowhere = Place::File { span: None, component: "Proxmox VE".to_owned() };
    let mut all = Hypervisors {
        place: nowhere.clone(),
        nodes: Fact::unknown(nowhere.clone()),
        qdevice: Fact::unknown(nowhere.clone()),
        links: Fact::unknown(nowhere),
        paths: Vec::new(),
        guests: Vec::new(),
        rules: Vec::new(),
    };
    let sections: Vec<&Section> = files
        .list
        .iter()
        .filter_map(|file| match &file.content {
            Content::PveSections(conf) => Some(&conf.sections),
            _ => None,
        })
        .flatten()
        .collect();
    let mut any = false;
    for file in &files.list {
        match &file.content {
            Content::Corosync(conf) => {
                any = true;
                let nodes = conf.nodes();
                let place =
                    Place::File { span: nodes.first().and_then(|node| node.span), component: file.path.clone() };
                let names: Option<Vec<String>> =
                    nodes.iter().map(|node| node.name.as_ref().map(|name| name.value.clone())).collect();
                all.place = place.clone();
                all.paths = nodes.iter().flat_map(|node| paths(node, &file.path)).collect();
                let links = nodes.iter().map(|node| node.addresses.len()).min();
                all.links = Fact::maybe(links.filter(|links| *links > 0), place.clone());
                all.nodes = Fact::maybe(names.filter(|names| !names.is_empty()), place);
                let device = conf.quorum().and_then(|quorum| quorum.device);
                let place = Place::File { span: device.as_ref().and_then(|it| it.span), component: file.path.clone() };
                let host = device.map(|device| device.host.map_or_else(|| "qnetd".to_owned(), |host| host.value));
                all.qdevice = Fact::known(host, place);
            }
            Content::PveVm(vm) => {
                any = true;
                // Every host shows all of /etc/pve: the same guest in several copies is one.
                let guest = guest(&file.path, vm, &sections);
                if !all.guests.iter().any(|it| it.id == guest.id && it.host.get() == guest.host.get()) {
                    all.guests.push(guest);
                }
            }
            Content::PveSections(_) => any = true,
            _ => {}
        }
    }
    for rule in sections.iter().filter_map(|section| rule(section)) {
        let same = |it: &HaRule| it.name == rule.name && it.kind == rule.kind && it.resources == rule.resources;
        if !all.rules.iter().any(same) {
            all.rules.push(rule);
        }
    }
    if any { vec![all] } else { Vec::new() }
}

fn paths(node: &Node, path: &str) -> Vec<MemberPath> {
    let Some(name) = &node.name else { return Vec::new() };
    let path = |(number, address): &(u8, Spanned<String>)| MemberPath {
        host: name.value.clone(),
        number: number.to_string(),
        place: Place::File { span: address.span, component: format!("{path} {} ring{number}", name.value) },
        address: address.value.parse().ok(),
        interface: None,
        only: node.addresses.len() == 1,
    };
    node.addresses.iter().map(path).collect()
}

/// What a name tells about the job of a machine: names that people give to such machines.
fn job(name: &str) -> Option<Job> {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> =
        name.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(&["etcd", "master", "masters", "cp", "controlplane", "control"]) {
        Some(Job::Vote)
    } else if has(&["worker", "workers", "node", "haproxy", "lb", "dns", "ns", "osd", "mon"]) {
        Some(Job::Serves)
    } else {
        None
    }
}

fn guest(path: &str, vm: &Vm, sections: &[&Section]) -> Guest {
    let file = path.rsplit('/').next().unwrap_or_default();
    let id = format!("vm:{}", file.trim_end_matches(".conf"));
    let named = vm.get("name");
    let name = named.map_or_else(|| id.clone(), |name| name.value.clone());
    let first = vm.values().next().and_then(|(key, _)| key.span);
    let at = |span: Option<Span>| Place::File { span: span.or(first), component: path.to_owned() };
    let here = at(named.and_then(|name| name.span));
    let managed =
        sections.iter().find(|section| section.kind.value == "vm" && format!("vm:{}", section.id.value) == id);
    // `ignored` and `disabled` resources are not restarted (ha-manager, states).
    let state = managed.and_then(|section| section.get("state")).map_or("started", |state| state.value.as_str());
    let has_resources = sections.iter().any(|section| section.kind.value == "vm");
    let ha = match managed {
        Some(section) => Fact::known(!matches!(state, "ignored" | "disabled"), at(section.id.span)),
        None if has_resources => Fact::known(false, here.clone()),
        None => Fact::unknown(here.clone()),
    };
    let memory: Fact<Bytes> = Fact::setting_or(&vm.memory(), Vm::DEFAULT_MEMORY, &here).map(|mib| Bytes::mib(*mib));
    let balloon = match vm.balloon() {
        // Not stated, or off: it keeps its memory.
        Setting::Absent => memory.clone(),
        setting => match (setting.get(), memory.get()) {
            (Some(0), Some(all)) => Fact::known(*all, at(setting.span())),
            (Some(mib), _) => Fact::known(Bytes::mib(*mib), at(setting.span())),
            _ => Fact::unknown(at(setting.span())),
        },
    };
    Guest {
        job: Fact::maybe(job(&name), here.clone()),
        // Files lie below `nodes/NAME/qemu-server/`.
        host: Fact::maybe(host_of(path), here.clone()),
        ha,
        onboot: Fact::setting_or(&vm.onboot(), Vm::DEFAULT_ONBOOT, &here),
        memory,
        balloon_minimum: balloon,
        cpu_type: Fact::setting_or(&vm.cpu(), Vm::DEFAULT_CPU.to_owned(), &here),
        os: Fact::unknown(here.clone()),
        disks: vm
            .disks()
            .into_iter()
            .filter(|disk| !disk.is_cdrom)
            .map(|disk| {
                let place = at(disk.slot.span);
                let cache = match &disk.cache {
                    None => Fact::default(CacheMode::None, place.clone()),
                    Some(word) => Fact::maybe(cache(word), at(word.span)),
                };
                GuestDisk {
                    shared: Fact::maybe(disk.storage().and_then(|storage| shared(storage, sections)), place.clone()),
                    replicated: Fact::known(
                        replicated(&id, sections) && disk.replicate.or(true) != Some(false),
                        place.clone(),
                    ),
                    name: disk.slot.value,
                    cache,
                    place,
                }
            })
            .collect(),
        nics: vm
            .nets()
            .into_iter()
            // Proxmox VE knows net0 to net31.
            .take(32)
            .map(|net| {
                let place = at(net.slot.span);
                let tag = match &net.tag {
                    Setting::Absent => Fact::known(None, place.clone()),
                    Setting::Known(tag) => Fact::known(Some(tag.value), at(tag.span)),
                    Setting::Unknown(text) => Fact::unknown(at(text.span)),
                };
                GuestNic {
                    bridge: Fact::maybe(net.bridge.as_ref().map(|bridge| bridge.value.clone()), place),
                    name: net.slot.value,
                    tag,
                }
            })
            .collect(),
        name,
        place: here,
        id,
    }
}

fn host_of(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let at = parts.iter().position(|part| *part == "nodes")?;
    parts.get(at + 1).map(|name| (*name).to_owned())
}

fn cache(word: &str) -> Option<CacheMode> {
    [CacheMode::None, CacheMode::Writethrough, CacheMode::Writeback, CacheMode::Directsync, CacheMode::Unsafe]
        .into_iter()
        .find(|mode| mode.as_str() == word)
}

/// Whether a storage is reached from every host, by its type in `storage.cfg`; unknown when it is not there.
fn shared(storage: &str, sections: &[&Section]) -> Option<bool> {
    const LOCAL: [&str; 6] = ["dir", "btrfs", "lvm", "lvmthin", "zfspool", "zfs"];
    const NETWORK: [&str; 9] = ["nfs", "cifs", "rbd", "cephfs", "iscsi", "iscsidirect", "glusterfs", "pbs", "esxi"];
    let section = sections.iter().find(|section| {
        section.id.value == storage
            && (LOCAL.contains(&section.kind.value.as_str()) || NETWORK.contains(&section.kind.value.as_str()))
    })?;
    // A directory or a volume group on a SAN is shared when it says so; ZFS over iSCSI (`zfs`) always is.
    let kind = section.kind.value.as_str();
    Some(NETWORK.contains(&kind) || kind == "zfs" || section.flag("shared").get() == Some(&true))
}

/// Whether `replication.cfg` copies the disks of a guest (`local: 2001-0`).
fn replicated(id: &str, sections: &[&Section]) -> bool {
    let number = id.trim_start_matches("vm:");
    let of = |job: &str| job.rsplit_once('-').is_some_and(|(guest, _)| guest == number);
    sections.iter().any(|section| {
        section.kind.value == "local" && of(&section.id.value) && section.flag("disable").get() != Some(&true)
    })
}

fn rule(section: &Section) -> Option<HaRule> {
    if section.flag("disable").get() == Some(&true) {
        return None;
    }
    let kind = match section.kind.value.as_str() {
        "resource-affinity" => match section.get("affinity").map(|word| word.value.as_str()) {
            Some("negative") => HaRuleKind::Apart,
            Some("positive") => HaRuleKind::Together,
            _ => HaRuleKind::Other,
        },
        "node-affinity" => HaRuleKind::Nodes {
            nodes: section.nodes().into_iter().map(|(name, priority)| (name.value, priority)).collect(),
            strict: section.flag("strict").get() == Some(&true),
        },
        _ => return None,
    };
    // An id without a type stands for whatever guest has it, in practice a VM.
    let mut names = BTreeSet::new();
    for resource in section.list("resources") {
        let name = resource.value;
        names.insert(if name.contains(':') { name } else { format!("vm:{name}") });
    }
    Some(HaRule {
        name: section.id.value.clone(),
        place: Place::File { span: section.id.span, component: format!("HA rule {}", section.id.value) },
        kind,
        resources: names.into_iter().collect(),
    })
}
