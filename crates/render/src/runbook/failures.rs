//! What to do when something fails: what is gone, how it shows, what to do.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use plimsoll_model::Design;
use plimsoll_model::design::{FailureDomain, Feed, Role};

use super::commands;
use crate::text::{dash, list};

pub(super) fn all(design: &Design) -> String {
    let parts = [
        ("A host", host(design)),
        ("A leaf, a cable or a bond", leaf(design)),
        ("The VIP of the API", vip(design)),
        ("An etcd member", etcd_member(design)),
        ("A router or a BGP session", router(design)),
        ("A Ceph disk", osd(design)),
        ("A DNS server", dns_server(design)),
        ("Power", power(design)),
    ];
    let mut text = String::new();
    for (title, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        // Writing to a String cannot fail.
        let _ = write!(text, "### {title}\n\n{}\n\n", part.trim_end());
    }
    text
}

fn host(design: &Design) -> String {
    let mut text = String::from("Gone with it:\n\n");
    for (name, host) in &design.host {
        let on = design.machine.iter().filter(|(_, machine)| machine.host == *name).map(|(machine, _)| machine);
        let mut parts: Vec<String> = on.map(ToString::to_string).collect();
        let disks = design.ceph.iter().flat_map(|ceph| ceph.osd.values()).filter(|osd| osd.host == *name).count();
        if disks > 0 {
            parts.push(format!("{disks} Ceph disks"));
        }
        let bmc = host.bmc.as_ref().map(|bmc| bmc.address);
        let _ = writeln!(text, "- {name}: {}; BMC {}", list(parts), dash(bmc));
    }
    let grace = design.kubernetes.controller_manager.node_monitor_grace_period;
    let _ = write!(
        text,
        "\nNodes on it become NotReady after {grace}, their pods are started elsewhere {} later. Machines that stop with their host do \
         not come up elsewhere: their disks are on it. Look at the BMC, power it on, wait for its machines. If it will not come back:\n\n\
         - a control-plane machine: as \"An etcd member\" below, on new hardware under the same name;\n\
         - a worker: `kubectl delete node`, then make it anew on another host. A pod with a volume that is attached to the dead node waits \
         until you say that it is off: `kubectl taint node NODE node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`.\n",
        design.kubernetes.apiserver.default_toleration,
    );
    if design.machines(Role::Balancer).next().is_some() {
        text.push_str("- a balancer: make it anew on another host under the same name; nothing on it is its own.\n");
    }
    text
}

fn leaf(design: &Design) -> String {
    let mut text = String::new();
    for (name, group) in &design.mlag {
        let _ = writeln!(
            text,
            "- Any one of {} (group {name}) may be lost: every bond goes on with its other port at half its speed. Look at \
             `/proc/net/bonding/*` on the hosts for who has lost what.",
            list(&group.members)
        );
    }
    let single: Vec<String> = design
        .host
        .iter()
        .flat_map(|(host, stated)| {
            let bonded: BTreeSet<_> = stated.bond.values().flat_map(|bond| &bond.members).collect();
            let alone = stated.nic.iter().filter(move |(nic, _)| !bonded.contains(nic));
            alone.map(move |(nic, port)| format!("{host} {nic} ({})", port.switch))
        })
        .collect();
    if !single.is_empty() {
        let _ = writeln!(text, "- Ports without a bond, whose switch or cable has no twin: {}.", list(single));
    }
    text.push_str("- A port that comes back and goes again: take it down on the switch, replace cable and optics, then give it back.\n");
    text
}

fn vip(design: &Design) -> String {
    let Some(vrrp) = &design.api.vrrp else { return String::new() };
    let members: Vec<String> = vrrp
        .member
        .iter()
        .map(|(name, member)| format!("{name} ({}, priority {})", member.source, member.priority))
        .collect();
    let mut text = format!(
        "{} is held by one of {}. When its holder dies, another takes over after {} missed advertisements of {}; it {}.\n\nWho holds \
         it, and why the others do not:\n\n",
        list(&design.api.vip),
        list(members),
        vrrp.down_timer_adverts,
        vrrp.advert_interval,
        if vrrp.preempt { "goes back when the first one returns" } else { "stays there when the first one returns" },
    );
    let mut lines: Vec<String> =
        design.api.vip.iter().map(|vip| format!("ip -brief address | grep -F {vip}")).collect();
    lines.push("journalctl -u keepalived -n 50".into());
    if let Some(check) = &vrrp.check {
        lines.push(format!("sudo -u {} {}; echo $?", vrrp.script_user.as_deref().unwrap_or("root"), check.script));
    }
    lines.push(format!(
        "curl --cacert /etc/kubernetes/pki/ca.crt https://{}:{}/readyz",
        design.api.name, design.api.port
    ));
    text.push_str(&commands(&lines));
    let _ = write!(
        text,
        "\n- Nobody holds it: the check fails everywhere, so the API itself is gone; look at etcd first.\n- Two hold it: they do not hear \
         each other. Protocol 112 between the addresses above must pass the firewall; stop keepalived on one until it does.\n- It is held, \
         but nobody outside reaches it: the router has an old ARP entry (`arping -U -I INTERFACE {}` on the holder), or its port is in the \
         wrong VLAN.\n",
        list(design.api.vip.first())
    );
    text
}

fn etcd_member(design: &Design) -> String {
    let count = design.etcd.member.len();
    let needed = count / 2 + 1;
    let mut text = format!(
        "{count} members ({}), {needed} must agree: {} may be lost. With one lost, replace it **before** anything else is done; with fewer \
         than {needed}, go to \"Restoring\" below only when they are lost for good.\n\n",
        list(design.etcd.member.keys()),
        count - needed,
    );
    let pki = crate::etcd::PKI;
    text.push_str(&commands(&[
        "alias e='crictl exec $(crictl ps --name \"^etcd$\" -q) etcdctl \\".into(),
        format!("  --endpoints=https://127.0.0.1:{} --cacert={pki}/ca.crt \\", design.etcd.client_port),
        format!("  --cert={pki}/healthcheck-client.crt --key={pki}/healthcheck-client.key'"),
        "e endpoint status --cluster --write-out=table   # leader, size, errors".into(),
        "e alarm list                                    # NOSPACE: compact, defragment, then `e alarm disarm`".into(),
        "# a member whose disk is gone, on a healthy one:".into(),
        "e member list && e member remove ID".into(),
        "kubectl delete node NAME".into(),
        "# on the machine, made anew or emptied (`kubeadm reset -f`, empty data directory):".into(),
        "kubeadm join …                                  # control-plane join configuration, fresh token and certificate key:".into(),
        "#   kubeadm token create; kubeadm init phase upload-certs --upload-certs".into(),
    ]));
    let _ = write!(text, "\nDefragmentation: {}.\n", design.etcd.defragmentation.as_deref().unwrap_or("not planned"));
    text
}

fn router(design: &Design) -> String {
    let Some(metallb) = &design.metallb else { return String::new() };
    let mut text = String::new();
    for (name, peer) in &metallb.peer {
        let bfd = peer.bfd.as_ref().and_then(|profile| metallb.bfd.get(profile));
        let notice = bfd.map_or_else(
            || format!("after {} of silence", peer.hold_time),
            |bfd| format!("after {} packets of {} (BFD)", bfd.detect_multiplier, bfd.receive_interval),
        );
        let _ = writeln!(
            text,
            "- {name}, {} (AS {}): its loss is noticed {notice}; speakers are {}.",
            peer.address,
            peer.asn,
            list(&peer.nodes)
        );
    }
    text.push_str("\n`kubectl -n metallb-system get bgpsessionstates` (or `vtysh -c 'show bgp summary'` in a speaker's FRR), and the router's own view. A session that stays in `Active`: TCP 179 or the AS numbers; one that flaps: the MTU or BFD over a busy link.\n");
    text
}

fn osd(design: &Design) -> String {
    let Some(ceph) = &design.ceph else { return String::new() };
    let mut text = format!(
        "A disk that is down is counted out after {}, then its data are copied to the others; reads and writes go on while each pool has \
         its minimum:\n\n",
        ceph.down_out_interval
    );
    for (name, pool) in &ceph.pool {
        let _ = writeln!(
            text,
            "- {name}: {} copies, no two on one {}; {} of them must be there",
            pool.replicas,
            match pool.domain {
                FailureDomain::Osd => "disk",
                FailureDomain::Host => "machine",
                FailureDomain::Chassis => "host (a `chassis` of Ceph)",
                FailureDomain::Rack => "rack",
            },
            pool.min
        );
    }
    let _ = write!(
        text,
        "\nWrites stop at {} % of any disk. In the toolbox (`kubectl -n rook-ceph exec -it deploy/rook-ceph-tools -- bash`):\n\n",
        ceph.full * 100.0
    );
    text.push_str(&commands(&[
        "ceph status; ceph osd tree; ceph osd df".into(),
        "ceph osd out ID && ceph osd safe-to-destroy ID   # wait until it says so".into(),
        "# then take its deployment away and purge it:".into(),
        "kubectl -n rook-ceph delete deploy rook-ceph-osd-ID && ceph osd purge ID --yes-i-really-mean-it".into(),
        "# replace the disk, wipe the new one, restart the operator: it makes the disk anew".into(),
    ]));
    text.push_str("\nDisks by machine, under the names that they have in it:\n\n");
    for (name, machine) in &design.machine {
        let mine = ceph.osd.iter().filter(|(_, osd)| osd.machine == *name);
        let rows: Vec<String> = mine
            .map(|(osd, it)| format!("{} {}", osd.as_str().rsplit(':').next().unwrap_or_default(), it.device))
            .collect();
        if !rows.is_empty() {
            let _ = writeln!(text, "- {name} on {}: {}", machine.host, rows.join(", "));
        }
    }
    text
}

fn dns_server(design: &Design) -> String {
    if design.zone.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for (name, zone) in &design.zone {
        let _ = writeln!(
            text,
            "- {name}: primary {}, secondaries {}; without the primary they answer for {}, but nothing can be changed.",
            zone.primary,
            list(&zone.secondaries),
            zone.expire
        );
    }
    text.push_str(
        "\n`dig @SERVER ZONE SOA` on each: the serials must be the same. A primary that is lost for longer than that: make it anew (its files \
         are in `machines/`); dynamic records come back when ExternalDNS runs, or copy the zone from a secondary before: `dig -y …  AXFR`.\n",
    );
    text
}

fn power(design: &Design) -> String {
    let mut text = String::new();
    for (name, Feed { from, runtime }) in &design.feed {
        let strips: Vec<String> = design
            .rack
            .iter()
            .flat_map(|(rack, stated)| {
                stated.pdu.iter().filter(|(_, pdu)| pdu.feed == *name).map(move |(pdu, _)| format!("{rack}/{pdu}"))
            })
            .collect();
        let facts: Vec<String> =
            [from.as_ref().map(|from| format!("from {from}")), runtime.map(|runtime| format!("bridges {runtime}"))]
                .into_iter()
                .flatten()
                .collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        let _ = writeln!(text, "- {name}{facts} feeds {}", list(strips));
    }
    let one: Vec<String> =
        design.host.iter().filter(|(_, host)| host.psu.len() < 2).map(|(name, _)| name.to_string()).collect();
    if !one.is_empty() {
        let _ = writeln!(text, "- With one power supply only: {}.", list(one));
    }
    let control = design.machines(Role::ControlPlane).count();
    let _ = write!(
        text,
        "\nOn battery: decide early whether to go down cleanly (\"Clean shutdown\"); the API is gone when {} of the {control} \
         control-plane machines are. After power came back: \"Cold start\".\n",
        control.div_ceil(2)
    );
    text
}
