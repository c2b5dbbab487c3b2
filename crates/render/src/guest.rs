//! What every machine has: time, names, kernel settings, the container runtime, its own disks.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use plimsoll_formats::{chrony, hosts, modules_load, sysctl, systemd};
use plimsoll_model::design::{Machine, PlatformKind, State};
use plimsoll_model::{Design, Name};

use crate::text::header;
use crate::{File, Tree};

/// Adds the files of every machine, and those of the hosts that are alike.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    for (name, host) in design.host.iter().filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox) {
        if host.state != State::Planned {
            tree.on_host(name, "/etc/chrony/chrony.conf", time(design, name));
        }
    }
    for (name, machine) in design.machine.iter().filter(|(_, machine)| machine.state != State::Planned) {
        tree.on_machine(name, "/etc/chrony/chrony.conf", time(design, name));
        tree.on_machine(name, "/etc/hosts", names(design, name, machine));
        network(design, tree, name, machine);
        mounts(design, tree, name, machine);
        wait_for_disks(design, tree, name, machine);
        kernel(design, tree, name, machine);
        if machine.role.is_node() {
            tree.on_machine(name, "/etc/systemd/networkd.conf.d/60-plimsoll.conf", foreign_routes(design, name));
            tree.on_machine(name, "/etc/containerd/config.toml", containerd(design, name));
        }
    }
}

/// The network, where cloud-init wrote it at the first boot, so that there are never two of it; from then on the file is
/// ours.
fn network(design: &Design, tree: &mut Tree, name: &Name, machine: &Machine) {
    let head = header(design, "#", format_args!("Network of {name}"), "netplan");
    let text = crate::netplan::config(design, machine);
    let file = File::new("network", format!("{head}{text}")).mode(0o600);
    tree.on_machine(name, "/etc/netplan/50-cloud-init.yaml", file);
    let head = header(design, "#", format_args!("The network of {name} is not cloud-init's any more"), "cloud-init");
    let file = File::new("cloud-init and the network", format!("{head}network:\n  config: disabled\n"));
    tree.on_machine(name, "/etc/cloud/cloud.cfg.d/99-plimsoll-network.cfg", file);
}

/// systemd-networkd takes away what it did not make itself when it starts or an interface changes: the routes of Calico's
/// BIRD and the next hops of MetalLB's FRR would be gone until somebody restarts those (networkd.conf(5)).
fn foreign_routes(design: &Design, name: &Name) -> File {
    let no = || "no".to_owned();
    let keep =
        [("ManageForeignRoutes", no()), ("ManageForeignRoutingPolicyRules", no()), ("ManageForeignNextHops", no())];
    let conf = systemd::Unit { sections: vec![systemd::Section::new("Network", keep)] };
    let head = header(design, "#", format_args!("Routes of others stay on {name}"), "systemd-networkd.service");
    File::new("routes of others", format!("{head}{conf}"))
}

/// The time: every server of the site, none alone; of a pool, as many as chrony takes by itself. A step is allowed only in
/// the first updates after a start.
fn time(design: &Design, name: &Name) -> File {
    let source =
        |kind, name: String| chrony::Source { kind, name: name.into(), options: vec!["iburst".to_owned().into()] };
    let servers = design.site.ntp.iter().map(|address| source(chrony::SourceKind::Server, address.to_string()));
    let pools = design.site.ntp_pools.iter().map(|name| source(chrony::SourceKind::Pool, name.clone()));
    let conf = chrony::Conf {
        sources: servers.chain(pools).collect(),
        makestep: Some(chrony::Makestep { threshold: Duration::from_secs(1).into(), limit: 3.into() }),
        rtcsync: true,
        driftfile: "/var/lib/chrony/chrony.drift".to_owned().into(),
        ..chrony::Conf::default()
    };
    let head = header(design, "#", format_args!("Time of {name}"), "chrony.service");
    File::new("time", format!("{head}{conf}"))
}

/// The hosts file: the machine itself, and the API's name when it must not depend on DNS.
fn names(design: &Design, name: &Name, machine: &Machine) -> File {
    let entry = |address: IpAddr, names: &[&str]| hosts::Entry::Host {
        address: address.into(),
        names: names.iter().map(|name| (*name).to_owned().into()).collect(),
    };
    let mut entries = vec![
        entry(IpAddr::from([127, 0, 0, 1]), &["localhost"]),
        entry(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), &["localhost", "ip6-localhost", "ip6-loopback"]),
    ];
    // The address that carries the default route is the machine's own.
    let own = machine.nic.values().find(|nic| nic.gateway.is_some()).or_else(|| machine.nic.values().next());
    if let Some(nic) = own {
        entries.push(entry(nic.address.addr(), &[&machine.fqdn, name.as_str()]));
    }
    if design.api.hosts_entry && machine.role.is_node() {
        entries.extend(design.api.vip.iter().map(|vip| entry(*vip, &[&design.api.name])));
    }
    let head = header(design, "#", format_args!("Names that {name} knows without DNS"), "the resolver of libc");
    File::new("names without DNS", format!("{head}{}", hosts::Conf { entries }))
}

fn kernel(design: &Design, tree: &mut Tree, name: &Name, machine: &Machine) {
    let mut entries = Vec::new();
    if machine.role.is_node() {
        let head = header(design, "#", format_args!("Kernel modules of {name}"), "systemd-modules-load.service");
        let module = |module: &str| modules_load::Module { name: module.to_owned().into(), parameters: Vec::new() };
        let conf = modules_load::Conf { modules: ["br_netfilter", "overlay"].map(module).into() };
        let place = "/etc/modules-load.d/60-plimsoll.conf";
        tree.on_machine(name, place, File::new("kernel modules", format!("{head}{conf}")));
        // Routing between pods and nodes, and bridged packets shown to the rules of services.
        entries.push(sysctl::Entry::new("net.bridge.bridge-nf-call-ip6tables", 1));
        entries.push(sysctl::Entry::new("net.bridge.bridge-nf-call-iptables", 1));
        entries.push(sysctl::Entry::new("net.ipv4.ip_forward", 1));
        if machine.nic.values().any(|nic| nic.address6.is_some()) {
            entries.push(sysctl::Entry::new("net.ipv6.conf.all.forwarding", 1));
        }
        // A kubelet and its containers watch many files; the kernel's own limit of 128 ends in "too many open files".
        entries.push(sysctl::Entry::new("fs.inotify.max_user_instances", 8192));
        entries.push(sysctl::Entry::new("fs.inotify.max_user_watches", 524_288));
        // What the kubelet demands (protectKernelDefaults) and kubeadm sets up for.
        entries.push(sysctl::Entry::new("kernel.panic", 10));
        entries.push(sysctl::Entry::new("kernel.panic_on_oops", 1));
        entries.push(sysctl::Entry::new("vm.overcommit_memory", 1));
    }
    let nonlocal = design.api.haproxy.as_ref().is_some_and(|haproxy| haproxy.nonlocal_bind);
    if nonlocal && crate::balancer::runs_on(design, name) {
        entries.push(sysctl::Entry::new("net.ipv4.ip_nonlocal_bind", 1));
        entries.push(sysctl::Entry::new("net.ipv6.ip_nonlocal_bind", 1));
    }
    if entries.is_empty() {
        return;
    }
    let head = header(design, "#", format_args!("Kernel settings of {name}"), "systemd-sysctl.service");
    let conf = sysctl::Conf { entries, unknown: Vec::new() };
    tree.on_machine(name, "/etc/sysctl.d/60-plimsoll.conf", File::new("kernel settings", format!("{head}{conf}")));
}

/// The kubelet waits for the disks. A member of etcd that started on an empty directory below its mount point would have
/// forgotten what it has promised to the others.
fn wait_for_disks(design: &Design, tree: &mut Tree, name: &Name, machine: &Machine) {
    let mounts: Vec<&str> = machine.disk.values().filter_map(|disk| disk.mount.as_deref()).collect();
    if mounts.is_empty() || !machine.role.is_node() {
        return;
    }
    let needs = systemd::Section::new("Unit", [("RequiresMountsFor", mounts.join(" "))]);
    let unit = systemd::Unit { sections: vec![needs] };
    let head = header(design, "#", format_args!("The kubelet of {name} does not start without its disks"), "systemd");
    let place = "/etc/systemd/system/kubelet.service.d/20-plimsoll.conf";
    tree.on_machine(name, place, File::new("disks of the kubelet", format!("{head}{unit}")));
}

/// A mount unit for each disk of its own; cloud-init has made and labelled the file system.
fn mounts(design: &Design, tree: &mut Tree, name: &Name, machine: &Machine) {
    for mount in machine.disk.values().filter_map(|disk| disk.mount.as_ref()) {
        let label = crate::cloud_init::label(mount);
        let unit = unit_name(mount);
        let text = systemd::Unit {
            sections: vec![
                systemd::Section::new(
                    "Unit",
                    [
                        ("Description", format!("Disk of {mount}")),
                        // Whoever uses the directory must not find it empty.
                        ("Before", "kubelet.service etcd.service".to_owned()),
                    ],
                ),
                systemd::Section::new(
                    "Mount",
                    [
                        ("What", format!("/dev/disk/by-label/{label}")),
                        ("Where", mount.clone()),
                        ("Type", "ext4".to_owned()),
                        ("Options", "noatime".to_owned()),
                    ],
                ),
                // Wanted and not required: without its disk the machine shall still come up and be logged in to.
                systemd::Section::new("Install", [("WantedBy", "local-fs.target".to_owned())]),
            ],
        };
        let head = header(design, "#", format_args!("Disk of {mount} on {name}"), "systemd");
        let place = format!("/etc/systemd/system/{unit}.mount");
        tree.on_machine(name, &place, File::new("mount of a disk", format!("{head}{text}")));
        // mkfs leaves a directory there, and kubeadm refuses a data directory that is not empty.
        let head = header(design, "#", format_args!("An empty {mount} on {name}"), "systemd-tmpfiles");
        let place = format!("/etc/tmpfiles.d/plimsoll-{unit}.conf");
        let text = format!("{head}r {mount}/lost+found\n");
        tree.on_machine(name, &place, File::new("emptiness of a fresh disk", text));
    }
}

/// The name of the unit of a path, as systemd-escape --path makes it.
pub(crate) fn unit_name(path: &str) -> String {
    let mut name = String::new();
    for (index, byte) in path.trim_matches('/').bytes().enumerate() {
        match byte {
            b'/' => name.push('-'),
            b'.' if index == 0 => name.push_str("\\x2e"),
            b'.' | b'_' | b':' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => name.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(name, "\\x{byte:02x}")),
        }
    }
    name
}

/// Whether the containerd of the design is the one that Debian 13 brings.
pub(crate) fn debians_containerd(design: &Design) -> bool {
    design.version.get(&Name::from("containerd")).is_none_or(|version| version.starts_with("1."))
}

/// The runtime: cgroups by systemd, as the kubelet has them; the sandbox image of the design, so that the kubelet does
/// not collect another one as garbage. Version 2 of the file is read by containerd 1.7 and 2.
fn containerd(design: &Design, name: &Name) -> File {
    let mut text = header(design, "#", format_args!("Container runtime of {name}"), "containerd.service");
    text.push_str("version = 2\n\n[plugins.\"io.containerd.grpc.v1.cri\"]\n");
    if let Some(pause) = design.version.get(&Name::from("pause")) {
        let repository = design.kubernetes.image_repository.as_deref().unwrap_or("registry.k8s.io");
        let _ = writeln!(text, "  sandbox_image = \"{repository}/pause:{pause}\"");
    }
    text.push_str(
        "  # Mirrors of registries: one directory a registry.\n  \
         [plugins.\"io.containerd.grpc.v1.cri\".registry]\n    config_path = \"/etc/containerd/certs.d\"\n  \
         [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n    runtime_type = \"io.containerd.runc.v2\"\n    \
         [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n",
    );
    let systemd = design.kubernetes.kubelet.cgroup_driver == "systemd";
    let _ = writeln!(text, "      SystemdCgroup = {systemd}");
    File::new("container runtime", text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn units_of_paths_are_named_as_systemd_names_them() {
        assert_eq!(super::unit_name("/var/lib/etcd"), "var-lib-etcd");
        assert_eq!(super::unit_name("/srv/my-data/.x"), "srv-my\\x2ddata-.x");
    }
}
