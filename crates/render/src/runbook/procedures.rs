//! What is done on purpose: installation, cold start, shutdown, maintenance, certificates.

use std::fmt::Write as _;

use plimsoll_model::design::{Drain, Feed, Host, Machine, Peer, PlatformKind, Role};
use plimsoll_model::{Design, Name};

use super::commands;
use crate::nftables;
use crate::text::{dash, list};

/// `1. …` lines.
fn numbered(steps: &[String]) -> String {
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}. {step}", index + 1);
    }
    text
}

fn names(machines: impl Iterator<Item = (impl ToString, impl Sized)>) -> Vec<String> {
    machines.map(|(name, _)| name.to_string()).collect()
}

fn is_proxmox(design: &Design) -> bool {
    design.host.values().any(|host| host.platform.kind == PlatformKind::Proxmox)
}

fn minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

pub(super) fn installation(design: &Design) -> String {
    let control = names(design.machines(Role::ControlPlane));
    let workers = names(design.machines(Role::Worker));
    let zone_servers: Vec<String> = design.dns_server.keys().map(ToString::to_string).collect();
    let version = &design.kubernetes.version;
    let first = control.first().cloned().unwrap_or_default();
    let balancers = names(design.machines(Role::Balancer));
    let mut steps = vec![
        "Power and cables as in the tables above; ports, VLANs and aggregates of the switches as in `switches/`; give `gateways/` to \
         the owners of the routers. Check each link: `ethtool`, `/proc/net/bonding/bond0`, and the largest packet with `ping -M do`."
            .to_owned(),
format!(
            "Fill the secrets: files with `<plimsoll:…>` in them are listed in `manifest.json`, each with the names of what is missing. The \
             authorities of the cluster (`ca`, `front-proxy-ca`, `etcd/ca`, `sa` below `/etc/kubernetes/pki`) go to every control-plane machine \
             before `kubeadm init`; it takes them as they are. {}Keep the private keys of the recipients away from this site.",
            if balancers.is_empty() {
                String::new()
            } else {
                format!("Of them {} get `ca.crt` alone, at the same place. ", list(&balancers))
            }
        ),
    ];
    if is_proxmox(design) {
        steps.push(
            "Install Proxmox VE on each host, with the host's name and its management address of the tables above; set the address of its BMC \
             while you stand before it."
                .into(),
        );
        steps.push(format!(
            "Before the network is loaded, compare the names of the interfaces in `hosts/<host>/etc/network/interfaces` with `ip -brief link` on \
             the host, cable by cable: an `ifreload` with a name that is not there takes the host off the network.{} Work at the console or \
             through the BMC, one host at a time.",
            invented_names(design)
        ));
        steps.push(
            "Copy `hosts/<host>/` to `/`, `ifreload -a`, `systemctl restart chrony`; look at `cat /proc/net/bonding/*`, ping the gateway, and check \
             the time with `chronyc sources`. `apt-get install prometheus-node-exporter`, since the alerts ask the hosts too."
                .into(),
        );
        steps.push("Join the hosts: `proxmox/cluster.sh`, one line after the other.".into());
        steps.extend(hypervisor_filter(design));
        let images: std::collections::BTreeSet<&str> =
            design.machine.values().map(|machine| machine.image.os.as_str()).collect();
        steps.push(format!(
            "On each host: `pvesm set local --content iso,vztmpl,backup,snippets,import`, lay the cloud image ({}) into \
             `/var/lib/vz/import/` as `<name>.qcow2`, and make the storages {}.",
            list(images),
            list(storages(design)),
        ));
        let unknown: Vec<String> =
            design.machine.values().flat_map(|machine| unknown_devices(design, machine)).collect();
        if !unknown.is_empty() {
            steps.push(format!(
                "Disks that are passed through have no `devices:` in the cluster file yet ({}): write the names from `/dev/disk/by-id` there \
                 and build again.",
                list(unknown)
            ));
        }
        steps.push("Make the guests: `sh qm.sh` of `proxmox/` on each host makes its own and no others (root alone may pass disks through by their path); \
             or the calls of `proxmox/vms.json`.".into());
    }
    steps.push(format!(
        "Wait for `cloud-init status --wait` on each machine. Copy `machines/<machine>/` to `/` of it: `tar -C machines/<machine> --owner=0 \
         --group=0 -cf - . | ssh {}@<address> sudo tar -C / --no-overwrite-dir -xpf -` (`manifest.json` has modes, and the owners that are not \
         root){}. The filled files of this machine go over it in the same way. Then `systemctl daemon-reload`, `systemd-sysusers`, `systemctl restart systemd-modules-load`, `sysctl --system`, `systemctl enable --now \
         var-lib-etcd.mount` where there is one, `systemd-tmpfiles --create --remove`, `netplan apply`, `systemctl restart chrony`.",
        design.access.user,
        if zones_change(design) {
            "; whoever copies again later leaves out what `manifest.json` marks `once`: `--exclude=./var/lib/bind`"
        } else {
            ""
        },
    ));
    if !design.firewall.is_empty() {
        steps.push(format!(
            "On each machine `systemctl enable nftables` (Debian does not start it by itself) and `systemctl restart nftables`. From then on SSH is \
             answered only from {}: keep a session open and try a second one. There is no password to log in with at the console; the way \
             back in is `qm guest exec` on the host.",
            administration(design)
        ));
    }
    if !zone_servers.is_empty() {
        let zones = list(design.zone.keys());
        steps.push(format!(
            "DNS servers ({}): {}`named-checkconf -z`, `systemctl restart named`; the zones are {zones}. Then ask {} to delegate them.{}",
            list(&zone_servers),
            if zones_change(design) { "`chown bind:bind /var/lib/bind/db.*`, " } else { "" },
            list(design.zone.values().filter_map(|zone| zone.delegated_by.as_ref()).collect::<std::collections::BTreeSet<_>>()),
            if zones_change(design) {
                " Files below `/var/lib/bind` are laid there this once: named keeps the records of services in them, and a second copy \
                 would throw those away."
            } else {
                ""
            },
        ));
    }
    steps.push(format!(
        "Nodes: add the package repository of Kubernetes {} (`https://pkgs.k8s.io/core:/stable:/v{}/deb/`), install `kubeadm`, `kubelet`, \
         `kubectl` and `cri-tools` of that release, {version}, hold them (`apt-mark hold`).{}",
        minor(version),
        minor(version),
        runtime(design),
    ));
    let enable = "`systemctl enable --now haproxy keepalived` (HAProxy is retried until the authority is there that it checks with; \
                  keepalived stays in FAULT until the API answers through it)";
    let own = balancers.is_empty();
    if !own {
        steps.push(format!("Balancers: on {}, {enable}.", list(&balancers)));
    }
    let balanced = if own && design.api.haproxy.is_some() { format!("{enable}, then ") } else { String::new() };
    let holds = if own { first.as_str() } else { balancers.first().map_or("", String::as_str) };
    steps.push(format!(
        "On {first}: {balanced}`kubeadm init --config /etc/kubernetes/kubeadm.yaml --upload-certs`. It waits for {}:{}, which comes up by itself \
         on {}{}. Then `mkdir -p ~/.kube && cp /etc/kubernetes/admin.conf ~/.kube/config`, there and wherever else `kubectl` is called.",
        design.api.name,
        design.api.port,
        api_interface(design, holds),
        if own { "" } else { " of a balancer" },
    ));
    steps.push(format!(
        "Join {} with `kubeadm join --config /etc/kubernetes/kubeadm-join.yaml`, one after the other and within two hours; wait for `e endpoint health --cluster` each time \
         (the alias of \"An etcd member\" below). \
         {} one machine may hold {}.",
        list(control.iter().skip(1)),
        if own { "Then start `haproxy` and `keepalived` there too: exactly" } else { "Exactly" },
        list(&design.api.vip)
    ));
    steps.push(format!("Join the workers in the same way: {}.", list(&workers)));
    steps.push(
        "Apply `cluster/` in the order of its numbers, each operator before its objects as `cluster/README.md` says; wait for the nodes to be \
         Ready after the pod network. Until the resolver cache runs, pods have no names."
            .into(),
    );
    steps.push(
        "`systemctl enable --now plimsoll-certificates.timer` on every control-plane machine, so that Prometheus knows when certificates end."
            .into(),
    );
    if design.backup.etcd.is_some() {
        steps.push("`systemctl enable --now plimsoll-etcd-backup.timer` on every member, run it once, and restore that snapshot somewhere.".into());
    }
    steps.push("Measure before users come: power off the holder of the VIP, pull a cable, stop a leaf; compare with what was proved.".into());
    numbered(&steps)
}

/// Whether a zone takes signed updates, so that its file is the server's own after its start.
fn zones_change(design: &Design) -> bool {
    design.zone.values().any(|zone| zone.update_key.is_some())
}

/// How the packet filter of hypervisors is tried without locking oneself out: it goes by itself unless somebody who still
/// gets in turns it on for good.
fn hypervisor_filter(design: &Design) -> Option<String> {
    let table = nftables::TABLE;
    nftables::filters_hypervisors(design).then(|| {
        let from: std::collections::BTreeSet<String> = nftables::administration(design, nftables::HYPERVISOR).map(said).collect();
        format!(
            "Packet filter of the hosts, one host after the other: `apt-get install -o Dpkg::Options::=--force-confold nftables`; \
             then, before anything else, the way back: `systemd-run --on-active=5m /usr/sbin/nft destroy table inet \
             {table}`. Now `nft -f /etc/nftables.conf`. SSH is answered only from {}: open a second session, look at port 8006 in a browser, and \
             at `pvecm status`, which must show every host. What does not get through comes back after the five minutes; write the \
             network that is missing under `admins:` of `access:` and build again. When all is well and the five minutes are over: `systemctl \
             enable nftables` and `systemctl restart nftables`. At the console `nft destroy table inet {table}` opens the host again.",
            list(from)
        )
    })
}

/// Where names of interfaces were chosen, since nobody stated them.
fn invented_names(design: &Design) -> String {
    let pinned = |name: &Name| {
        name.as_str()
            .strip_prefix("nic")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let names: std::collections::BTreeSet<&Name> =
        design.host.values().flat_map(|host| host.nic.keys()).filter(|name| pinned(name)).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        " {} are names that a host has only once they are pinned (a `.link` file for each hardware address, or \
         `pve-network-interface-pinning`, then a restart); else write the real names under `links:` of the bond and build again.",
        list(names)
    )
}

/// From where machines answer SSH.
fn administration(design: &Design) -> String {
    let roles: std::collections::BTreeSet<&str> =
        design.machine.values().map(|machine| machine.role.as_str()).collect();
    let of_machines = design.firewall.iter().filter(|(role, _)| roles.contains(role.as_str()));
    let rules = of_machines.flat_map(|(_, allowed)| allowed);
    let rules = rules.filter(|allow| allow.ports.iter().any(|range| range.first == 22));
    let from = rules.flat_map(|allow| &allow.from).map(said);
    list(from.collect::<std::collections::BTreeSet<_>>())
}

/// Whoever may send, in words.
pub(super) fn said(peer: &Peer) -> String {
    match peer {
        Peer::Any => "everywhere".to_owned(),
        Peer::Prefix(prefix) => prefix.to_string(),
        Peer::Nodes => "the nodes".to_owned(),
        Peer::Role(name) => format!("machines of role {name}"),
        Peer::Network(name) => format!("network {name}"),
        Peer::External(name) => name.to_string(),
    }
}

/// Where the container runtime comes from: Debian's own package, or one of the design's version.
fn runtime(design: &Design) -> String {
    if crate::guest::debians_containerd(design) {
        return " Then `systemctl restart containerd`.".into();
    }
    let version = design.version.get(&Name::from("containerd")).map_or("", String::as_str);
    format!(
        " The container runtime is containerd {version}; Debian's own is older. Take `containerd.io` of that version from Docker's repository \
         (`https://download.docker.com/linux/debian`), with `apt-get install -o Dpkg::Options::=--force-confold` so that the rendered \
         `/etc/containerd/config.toml` stays, hold it too, and `systemctl restart containerd`."
    )
}

fn storages(design: &Design) -> std::collections::BTreeSet<String> {
    let disks = design.host.values().flat_map(|host| host.disk.iter());
    disks.filter_map(|(group, disk)| Some(format!("`{}` (on {group})", disk.storage.as_ref()?))).collect()
}

fn unknown_devices(design: &Design, machine: &Machine) -> Vec<String> {
    let Some(host) = design.host.get(&machine.host) else { return Vec::new() };
    let missing = |group: &&Name| host.disk.get(*group).is_some_and(|disk| disk.devices.len() < disk.count as usize);
    machine.passthrough.iter().filter(missing).map(|group| format!("{}/{group}", machine.host)).collect()
}

fn api_interface(design: &Design, machine: &str) -> String {
    let member = design.api.vrrp.as_ref().and_then(|vrrp| vrrp.member.get(&Name::from(machine)));
    dash(member.map(|member| &member.interface))
}

/// Feeds with a battery, and for how long they bridge.
fn batteries(design: &Design) -> Vec<String> {
    let bridged = |(name, feed): (&Name, &Feed)| feed.runtime.map(|runtime| format!("{name} {runtime}"));
    design.feed.iter().filter_map(bridged).collect()
}

fn time_servers(design: &Design) -> Vec<String> {
    let servers = design.site.ntp.iter().map(ToString::to_string);
    servers.chain(design.site.ntp_pools.iter().cloned()).collect()
}

pub(super) fn cold_start(design: &Design) -> String {
    let mut steps = vec![
        "Switches and routers first: hosts that start without a network wait for it. Leaves up, aggregates up, gateways answer.".to_owned(),
        format!(
            "Time and resolvers of the site: {} and {}. Certificates and etcd need the right time.",
            list(time_servers(design)),
            list(&design.site.resolvers)
        ),
    ];
    if is_proxmox(design) {
        let hosts = design.host.len();
        steps.push(format!(
            "Hosts. Proxmox VE starts no guest before more than half of them ({} of {hosts}) see each other: `pvecm status`. When fewer can come \
             back: `pvecm expected 1` on the one that shall work, knowing that the others must stay off.",
            hosts / 2 + 1,
        ));
    }
    let ordered = |role: Role| list(names(design.machines(role)));
    if !design.dns_server.is_empty() {
        steps.push(format!(
            "DNS servers: {}. Nothing below needs them to start{}.",
            list(design.dns_server.keys()),
            if design.api.hosts_entry {
                ", since every node has the API's name in its hosts file"
            } else {
                " but the nodes, which look the API's name up"
            }
        ));
    }
    if design.machines(Role::Balancer).next().is_some() {
        steps.push(format!(
            "Balancers: {}. One of them takes the address once an API server answers through it.",
            ordered(Role::Balancer)
        ));
    }
    steps.push(format!(
        "Control plane: {}. etcd answers when {} of {} are up; then the API; then the holder of {}. Check: `curl --cacert \
         /etc/kubernetes/pki/ca.crt https://{}:{}/readyz`.",
        ordered(Role::ControlPlane),
        design.etcd.member.len() / 2 + 1,
        design.etcd.member.len(),
        list(&design.api.vip),
        design.api.name,
        design.api.port,
    ));
    steps.push(format!("Workers: {}. `kubectl get nodes`.", ordered(Role::Worker)));
    if let Some(ceph) = &design.ceph {
        steps.push(format!(
            "Ceph: monitors on {} must have their quorum before any volume works: `ceph status` in the toolbox; `HEALTH_OK` or only recovery.",
            list(ceph.mon.keys())
        ));
    }
    steps.push("Names inside (`kubectl -n kube-system get pods -l k8s-app=kube-dns`), then service addresses (BGP sessions on the routers), then tenants.".into());
    let mut text = numbered(&steps);
    let orders: Vec<String> = design
        .machine
        .iter()
        .map(|(name, machine)| {
            format!("{name} {}{}", machine.startup_order, if machine.onboot { "" } else { " (by hand)" })
        })
        .collect();
    let _ = writeln!(text, "\nStart order on each host (smaller first): {}.", list(orders));
    text
}

pub(super) fn shutdown(design: &Design) -> String {
    let mut steps = vec![
        "Snapshot: `systemctl start plimsoll-etcd-backup` on one member.".to_owned(),
        format!(
            "Workers: `kubectl drain` is of no use when everything goes; `systemctl poweroff` on {}.",
            list(names(design.machines(Role::Worker)))
        ),
        format!("Control plane last, all within a minute: {}.", list(names(design.machines(Role::ControlPlane)))),
        format!(
            "{}DNS servers ({}), then the hosts, then the switches.",
            match &names(design.machines(Role::Balancer))[..] {
                [] => String::new(),
                balancers => format!("Balancers ({}), ", list(balancers)),
            },
            list(design.dns_server.keys())
        ),
    ];
    if design.ceph.is_some() {
        steps.insert(
            1,
            "Ceph: stop what writes, then `ceph osd set noout`, `norebalance` and `norecover`; unset them after the start.".into(),
        );
    }
    let mut text = String::new();
    let batteries = batteries(design);
    if !batteries.is_empty() {
        let _ = writeln!(text, "On battery: {}. Begin in time.\n", list(batteries));
    }
    text + &numbered(&steps)
}

pub(super) fn maintenance(design: &Design) -> String {
    let mut text = String::from(
        "One host at a time, and only while nothing else is down: every node Ready, `e endpoint health --cluster` good (the alias of \"An etcd member\" below), Ceph (if any) healthy. For each host, what is on it:\n\n",
    );
    for (name, host) in &design.host {
        let on: Vec<(&Name, &Machine)> = design.machine.iter().filter(|(_, machine)| machine.host == *name).collect();
        if on.is_empty() {
            continue;
        }
        let words = on.iter().map(|(machine, stated)| match stated.drain {
            Drain::Stop => format!("{machine} stops"),
            Drain::Migrate => format!("{machine} moves"),
        });
        let _ = writeln!(text, "- **{name}**: {}.{}", list(words), quorum_note(design, host, &on));
    }
    text.push('\n');
    text.push_str(&commands(&[
        "kubectl drain NODE --ignore-daemonsets --delete-emptydir-data   # for each node on the host".into(),
        "systemctl poweroff                                              # in each machine that stops".into(),
        "# work on the host, start it, wait for its machines".into(),
        "kubectl uncordon NODE".into(),
    ]));
    text
}

fn quorum_note(design: &Design, _host: &Host, on: &[(&Name, &Machine)]) -> String {
    let members = on.iter().filter(|(name, _)| design.etcd.member.contains_key(*name)).count();
    let left = design.etcd.member.len() - members;
    let needed = design.etcd.member.len() / 2 + 1;
    if members == 0 {
        String::new()
    } else if left > needed {
        format!(" etcd keeps {left} members and may lose {} more.", left - needed)
    } else if left == needed {
        " etcd keeps its quorum and may lose nothing more.".into()
    } else {
        " **etcd loses its quorum.**".into()
    }
}

pub(super) fn certificates(design: &Design) -> String {
    let stated = &design.kubernetes.certificates;
    let control = names(design.machines(Role::ControlPlane));
    let mut text = format!(
        "Certificates of kubeadm live {}, its authorities {}; they are to be renewed every {}. `kubeadm upgrade` renews them too. The \
         kubelet's client certificate renews itself.\n\n",
        stated.validity,
        stated.ca_validity,
        dash(stated.renew_every)
    );
    let _ = writeln!(text, "On {}, one after the other (the API stays up behind the others):\n", list(&control));
    text.push_str(&commands(&[
        "kubeadm certs check-expiration".into(),
        "kubeadm certs renew all".into(),
        "# static pods read them at their start only: take the manifests away and give them back, one by one".into(),
        "for pod in kube-apiserver kube-controller-manager kube-scheduler etcd; do".into(),
        "  mv /etc/kubernetes/manifests/$pod.yaml /root/ && while crictl ps --name \"^$pod$\" -q | grep -q .; do sleep 1; done".into(),
        "  mv /root/$pod.yaml /etc/kubernetes/manifests/ && until crictl ps --name \"^$pod$\" -q | grep -q .; do sleep 1; done".into(),
        "done".into(),
        "cp /etc/kubernetes/admin.conf ~/.kube/config".into(),
    ]));
    text.push_str("\nWait for `/readyz` of that machine before the next one.\n");
    text
}
