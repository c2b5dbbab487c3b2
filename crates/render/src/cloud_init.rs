//! The first boot of a guest: cloud-init's user data, meta data and network.

use plimsoll_model::design::{Machine, Role};
use plimsoll_model::{Design, Name};
use plimsoll_yaml::{Entry, Key, Node, emit};

use crate::proxmox::{self, Guest};
use crate::text::header;
use crate::{File, Form, Hole, Tree};

/// Adds the files of each guest where its host's storage `local` keeps them.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    for Guest { name, machine, .. } in proxmox::guests(design) {
        let place = |part: &str| format!("{}/{name}-{part}.yaml", proxmox::SNIPPETS);
        tree.on_host(&machine.host, &place("user"), user_data(design, name, machine));
        tree.on_host(&machine.host, &place("meta"), meta_data(design, name));
        let network = crate::netplan::config(design, machine);
        let head = header(design, "#", format_args!("Network of {name} at its first boot"), "cloud-init");
        tree.on_host(&machine.host, &place("network"), File::new("cloud-init network", format!("{head}{network}")));
    }
}

fn map(entries: Vec<(&str, Node)>) -> Node {
    Node::mapping(entries.into_iter().map(|(key, value)| -> Entry { (Key::new(key), value) }).collect())
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Node {
    Node::sequence(items.into_iter().map(|item| Node::text(item.to_string())).collect())
}

fn flag(value: bool) -> Node {
    Node::plain(value.to_string())
}

/// Debian's packages that a role needs; those of Kubernetes come from its own repository, at the version of the design.
pub(crate) fn packages(design: &Design, name: &Name, machine: &Machine) -> Vec<&'static str> {
    let mut packages = vec!["chrony", "nftables", "prometheus-node-exporter", "qemu-guest-agent"];
    if machine.role.is_node() {
        packages.extend(["open-iscsi", "nfs-common"]);
        // Debian 13 has containerd 1.7, whose support has ended; a later one comes from elsewhere, as the runbook says.
        packages.extend(crate::guest::debians_containerd(design).then_some("containerd"));
    }
    if design.api.haproxy.is_some() && crate::balancer::runs_on(design, name) {
        packages.extend(["curl", "haproxy", "keepalived"]);
    }
    if design.etcd.member.contains_key(name) && design.backup.etcd.is_some() {
        packages.extend(["age", "openssh-client"]);
    }
    if machine.role == Role::ZoneServer {
        packages.extend(["bind9", "bind9-dnsutils"]);
    }
    packages.sort_unstable();
    packages
}

fn user_data(design: &Design, name: &Name, machine: &Machine) -> File {
    // The list of keys stands in the item's place, one item a line.
    let keys = design.access.ssh_keys.as_ref().map(|path| Hole::file(path, Form::Items(2)));
    let mut user = vec![
        ("name", Node::text(&design.access.user)),
        ("groups", texts(["adm", "sudo"])),
        ("sudo", Node::text("ALL=(ALL) NOPASSWD:ALL")),
        ("shell", Node::text("/bin/bash")),
        ("lock_passwd", flag(true)),
    ];
    if let Some(hole) = &keys {
        user.push(("ssh_authorized_keys", texts([hole])));
    }
    let mut entries = vec![
        ("hostname", Node::text(name.as_str())),
        ("fqdn", Node::text(&machine.fqdn)),
        ("manage_etc_hosts", flag(false)),
        ("ssh_pwauth", flag(false)),
        ("disable_root", flag(true)),
        ("users", Node::sequence(vec![map(user)])),
        ("package_update", flag(true)),
        ("packages", texts(packages(design, name, machine))),
    ];
    let mounted: Vec<_> = machine.disk.values().filter_map(|disk| Some((disk, disk.mount.as_ref()?))).collect();
    if !mounted.is_empty() {
        let device = |bus: &str| {
            let number = bus.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
            format!("/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi{number}")
        };
        let file_systems = mounted.iter().map(|(disk, mount)| {
            map(vec![
                ("device", Node::text(device(&disk.bus))),
                ("filesystem", Node::text("ext4")),
                ("label", Node::text(label(mount))),
                ("overwrite", flag(false)),
            ])
        });
        entries.push(("fs_setup", Node::sequence(file_systems.collect())));
    }
    let head = header(design, "#", format_args!("First boot of {name}"), "cloud-init");
    let file = File::new("cloud-init user data", format!("#cloud-config\n{head}{}", emit(&map(entries))));
    match &keys {
        Some(hole) => file.holes([hole]),
        None => file,
    }
}

/// Label of the file system that is mounted at a place, at most 16 letters (ext4).
pub(crate) fn label(mount: &str) -> String {
    mount.trim_matches('/').replace('/', "-").chars().rev().take(16).collect::<Vec<_>>().into_iter().rev().collect()
}

fn meta_data(design: &Design, name: &Name) -> File {
    let data = map(vec![
        ("instance-id", Node::text(format!("{}-{name}", design.cluster))),
        ("local-hostname", Node::text(name.as_str())),
    ]);
    let head = header(design, "#", format_args!("Identity of {name}"), "cloud-init");
    File::new("cloud-init meta data", format!("{head}{}", emit(&data)))
}
