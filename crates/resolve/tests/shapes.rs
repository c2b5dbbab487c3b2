//! Other files than the example: a newcomer's, other bridges, other timers.

mod common;

use common::{CAMPUS, Run, campus};
use plimsoll_model::design::{Balancer, FailureDomain, Peer, Purpose, Reach, VrrpCheckKind};
use plimsoll_model::units::Millis;

#[test]
fn a_newcomers_file_is_enough() {
    let run = Run::of(plimsoll_spec::init());
    assert_eq!(run.problems(), "");
    let design = run.design();
    assert_eq!(design.machine.len(), 6);
    let cp = design.machine("cp-1").expect("cp-1");
    let nic = &cp.nic[&"kube".into()];
    assert_eq!((nic.bridge.as_str(), nic.tag), ("vmbr0", Some(2001)));
    assert_eq!(nic.gateway.map(|gateway| gateway.to_string()).as_deref(), Some("10.30.12.1"));
    assert!(cp.disk.contains_key(&"etcd".into()), "etcd has a disk of its own");
    let kube = design.network("kube").expect("kube");
    for purpose in [Purpose::Nodes, Purpose::Api, Purpose::Proxmox, Purpose::Corosync] {
        assert!(kube.purposes.contains(&purpose), "{purpose:?}");
    }
    assert_eq!(design.api.name, "api.first.internal");
    let vrrp = design.api.vrrp.as_ref().expect("keepalived");
    assert_eq!(vrrp.member.len(), 3);
    // What nobody described is assumed, and says so.
    let origin = run.resolved.origins.of("switch/switch").expect("an origin").describe(&run.sources);
    assert_eq!(origin, "default of edition 2026-11: no switch was described: everything hangs on one");
    let again = Run::with_lock(plimsoll_spec::init(), &run.lock());
    assert_eq!(again.design(), design);
}

#[test]
fn a_trunk_bridge_keeps_vlans_apart_itself() {
    let run = Run::of(&campus(
        "bridges: { vmbr0: bond0.12, vmbr1: bond0.2000, vmbr2: bond0.2001 }",
        "bridges: { vmbr0: bond0 }",
    ));
    let design = run.design();
    let host = design.host("pve-1").expect("pve-1");
    let bridge = &host.bridge[&"vmbr0".into()];
    assert!(bridge.vlan_aware);
    assert_eq!((bridge.vids.clone(), bridge.mtu), (vec![12, 2000, 2001], 9000));
    assert_eq!(host.address[&"mgmt".into()].interface, *"vmbr0.12");
    assert_eq!(host.vlan[&"vmbr0.12".into()].parent, *"vmbr0");
    let storage = &design.machine("worker-1").expect("worker-1").nic[&"storage".into()];
    assert_eq!((storage.tag, storage.mtu), (Some(2000), 9000));
    let kube = &design.machine("worker-1").expect("worker-1").nic[&"kube".into()];
    assert_eq!(kube.mtu, 1500, "a jumbo bridge does not change a network of 1500");
}

#[test]
fn the_first_corosync_link_is_the_one_that_carries_the_least() {
    let run = Run::of(common::CAMPUS);
    for host in run.design().host.values() {
        let links: Vec<(&str, &str)> =
            host.corosync.values().map(|link| (link.network.as_str(), link.interface.as_str())).collect();
        assert_eq!(links, [("oob", "eno1"), ("mgmt", "bond0")]);
        let priorities: Vec<u8> = host.corosync.values().map(|link| link.priority).collect();
        assert!(priorities[0] > priorities[1], "the higher priority carries the traffic");
    }
}

#[test]
fn pods_leave_room_for_their_encapsulation() {
    for (written, mtu, bgp) in [
        ("encapsulation: none", 1500, true),
        ("encapsulation: ipip", 1480, true),
        ("encapsulation: vxlan", 1450, true),
        ("encapsulation: vxlan, wireguard: true", 1440, true),
        ("encapsulation: none, mtu: 1400", 1400, true),
        // eBPF passes packets for node ports on in VXLAN.
        ("encapsulation: none, dataplane: bpf", 1450, true),
        ("encapsulation: none, dataplane: bpf, mtu: 1400", 1400, true),
    ] {
        let run = Run::of(&campus("encapsulation: none", written));
        let calico = &run.design().calico;
        assert_eq!((calico.mtu, calico.bgp), (mtu, bgp), "{written}");
    }
    let run =
        Run::of(&campus("calico: { encapsulation: none, mesh: full, asn: 64512 }", "calico: { encapsulation: vxlan }"));
    assert!(!run.design().calico.bgp, "VXLAN needs no BGP");
}

#[test]
fn a_fast_failover_has_timers_that_outlast_an_election() {
    let run = Run::of(&campus("failover: safe", "failover: fast"));
    let vrrp = run.design().api.vrrp.clone().expect("keepalived");
    let check = vrrp.check.expect("a check");
    assert_eq!(vrrp.advert_interval, Millis(200));
    assert!(check.max_time < check.timeout.min(check.interval), "VRRP-016");
    let detect = check.interval * u64::from(check.fall) + check.timeout;
    assert!(detect + vrrp.advert_interval <= run.design().api.recovery_time, "VRRP-014");
    assert!(check.interval * u64::from(check.fall) >= run.design().etcd.election * 2, "an election is no failure");
}

#[test]
fn the_articles_own_balancing_can_be_said_and_is_kept_for_the_rules_to_judge() {
    let run = Run::of(&campus(
        "failover: safe",
        "haproxy: { backends: local, check: tcp }, vrrp: { check: process, check_weight: -10, priorities: [150, 130, 110] }",
    ));
    let api = &run.design().api;
    let haproxy = api.haproxy.as_ref().expect("HAProxy");
    assert!(haproxy.local_only && !haproxy.check.http && !haproxy.check.tls && haproxy.check.ca_file.is_none());
    let vrrp = api.vrrp.as_ref().expect("keepalived");
    let check = vrrp.check.as_ref().expect("a check");
    assert_eq!((check.kind, check.weight, check.url.as_str()), (VrrpCheckKind::Process, Some(-10), ""));
    let priorities: Vec<u8> = vrrp.member.values().map(|member| member.priority).collect();
    assert_eq!(priorities, [150, 130, 110]);
    let span = run.resolved.origins.span("api/vrrp/check/weight").expect("a place");
    assert_eq!(run.sources.text(span), "-10");
}

#[test]
fn balancers_of_their_own_hold_the_address_and_the_control_plane_does_not() {
    let text = campus("balancer: stacked", "balancer: dedicated")
        .replace("  ns-1..2: {", "  lb-1..2: { role: balancer, host: pve-5..6, networks: [kube] }\n  ns-1..2: {");
    let run = Run::of(&text);
    assert_eq!(run.problems(), "");
    let (design, stacked) = (run.design(), Run::of(CAMPUS));
    let names = |map: &mut dyn Iterator<Item = &plimsoll_model::Name>| map.map(ToString::to_string).collect::<Vec<_>>();
    let (vrrp, haproxy) = (design.api.vrrp.as_ref().expect("VRRP"), design.api.haproxy.as_ref().expect("HAProxy"));
    assert_eq!(design.api.balancer, Balancer::Dedicated);
    assert_eq!(names(&mut vrrp.member.keys()), ["lb-1", "lb-2"]);
    assert_eq!(vrrp.member.values().map(|member| member.priority).collect::<Vec<_>>(), [150, 140]);
    let own = |name: &str| design.machine(name).expect(name).nic[&"kube".into()].address.addr();
    assert_eq!(vrrp.member[&"lb-1".into()].peers, [own("lb-2")]);
    // Behind them are the same API servers as ever.
    let servers = |design: &plimsoll_model::Design| design.api.haproxy.as_ref().expect("HAProxy").server.clone();
    assert_eq!(names(&mut haproxy.server.keys()), ["cp-1", "cp-2", "cp-3"]);
    assert_eq!(servers(design).len(), servers(stacked.design()).len());
    assert_eq!(haproxy.server[&"cp-2".into()].address, own("cp-2").to_string());

    // Who asks whom: the address is for everybody and lets nobody in to the control plane.
    let allowed = |design: &plimsoll_model::Design, role: &str, purpose: &str| {
        let all = design.firewall.get(&role.into()).expect(role).clone();
        all.into_iter().find(|allow| allow.purpose == purpose).map(|allow| allow.from)
    };
    let role = |role: &str| Peer::Role(role.into());
    assert_eq!(allowed(design, "balancer", "VRRP of keepalived"), Some(vec![role("balancer")]));
    assert_eq!(allowed(design, "control-plane", "VRRP of keepalived"), None);
    assert_eq!(allowed(design, "control-plane", "API through the balancer"), None);
    let users = allowed(stacked.design(), "control-plane", "API through the balancer");
    assert_eq!(allowed(design, "balancer", "API through the balancer"), users);
    let through = allowed(design, "control-plane", "API server").expect("the API server");
    assert!(through.contains(&role("balancer")), "{through:?}");
    let rule = &design.placement[&"balancer".into()];
    assert_eq!(rule.machines, ["lb-1", "lb-2"]);
}

#[test]
fn copies_are_kept_apart_by_the_servers_below_the_nodes() {
    let run = Run::of(common::CAMPUS);
    let design = run.design();
    let ceph = design.ceph.as_ref().expect("Ceph");
    assert_eq!(ceph.pool[&"ssd".into()].domain, FailureDomain::Chassis);
    assert_eq!(ceph.osd.len(), 24);
    let osd = &ceph.osd[&"worker-2:osd-1".into()];
    assert_eq!(osd.device, "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi2");
    for (_, node) in design.nodes() {
        assert_eq!(node.label.get(&"topology.rook.io/chassis".into()), Some(&node.host.as_str().to_owned()));
    }
}

#[test]
fn what_a_controller_writes_and_what_is_rendered_share_no_zone() {
    let run = Run::of(common::CAMPUS);
    let design = run.design();
    let dynamic: Vec<&str> =
        design.zone.iter().filter(|(_, zone)| zone.update_key.is_some()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(dynamic, ["14.30.10.in-addr.arpa", "apps.k8s.example.edu"]);
    let ours = &design.zone[&"k8s.example.edu".into()];
    assert!(ours.records.iter().any(|record| record.name == "apps" && record.data == "ns-2.k8s.example.edu."));
    assert!(ours.records.iter().any(|record| record.name == "api" && record.data == "10.30.12.100"));
}

#[test]
fn a_closed_port_is_closed_for_every_role() {
    let run = Run::of(&campus("access: { ssh:", "access: { firewall: { close: [vrrp, tcp/2380] }, ssh:"));
    let rules = &run.design().firewall[&"control-plane".into()];
    assert!(rules.iter().all(|allow| !allow.purpose.contains("VRRP")));
    let etcd = rules.iter().find(|allow| allow.purpose == "etcd").expect("etcd");
    assert_eq!(etcd.ports.len(), 1, "2379 stays");
}

#[test]
fn hardware_addresses_are_local_and_distinct() {
    let run = Run::of(common::CAMPUS);
    let mut all: Vec<&str> =
        run.design().machine.values().flat_map(|machine| machine.nic.values()).map(|nic| nic.mac.as_str()).collect();
    for mac in &all {
        let first = u8::from_str_radix(&mac[..2], 16).expect("hexadecimal");
        assert_eq!(first & 3, 2, "{mac} is unicast and locally administered");
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn limits_of_rules_are_read_from_the_file() {
    let run = Run::of(
        &(common::CAMPUS.to_owned()
            + "rules:\n  PVE-012: { limits: { vcpu_overcommit: 1.5 } }\n  VRRP-021: { severity: off }\n")
            .replace("severity: off", "severity: \"off\""),
    );
    let design = run.design();
    assert!((design.threshold.vcpu_overcommit - 1.5).abs() < f64::EPSILON);
    assert_eq!(design.severity[&"VRRP-021".into()], plimsoll_model::design::RuleSeverity::Off);
}

#[test]
fn disks_that_are_named_are_handed_on_in_their_order() {
    let named =
        "devices:\n  pve-2: { osd: [nvme-B_2, nvme-A_1] }\n  pve-1: { osd: [/dev/disk/by-id/nvme-C_3] }\nmachines: ";
    let run = Run::of(&campus("machines: ", named));
    let devices = |host: &str| run.design().host[&host.into()].disk[&"osd".into()].devices.clone();
    assert_eq!(devices("pve-2"), ["nvme-B_2", "nvme-A_1"]);
    assert_eq!(devices("pve-1"), ["nvme-C_3"]);
    assert_eq!(devices("pve-3"), [] as [&str; 0]);
    let span = run.resolved.origins.span("host/pve-2/disk/osd/devices/1").expect("a place");
    assert_eq!(run.sources.locate(span), "cluster.yaml:41:28");
}

#[test]
fn time_comes_from_debian_where_nobody_names_a_server() {
    let site = |file: &str| Run::of(file).design().site.clone();
    let written = site(CAMPUS);
    assert_eq!((written.ntp.len(), written.ntp_pools.len()), (3, 0));
    let ntp = "  ntp: [10.30.1.11, 10.30.1.12, 10.30.1.13]\n";
    assert_eq!(site(&campus(ntp, "")).ntp_pools, ["2.debian.pool.ntp.org"]);
    let pools = site(&campus(ntp, "  ntp_pools: [ptbtime.example.edu, de.pool.example.edu]\n"));
    assert_eq!(pools.ntp_pools, ["de.pool.example.edu", "ptbtime.example.edu"], "their order has no meaning");
    assert_eq!(pools.ntp, [] as [std::net::IpAddr; 0]);
}

#[test]
fn a_tenant_reaches_what_is_stated_in_whatever_order() {
    let of = |from: &str, to: &str| {
        let stated = format!("alice: {{ cpu: 4, memory: 8GiB, from: {from}, to: {to} }}");
        let run = Run::of(&campus("alice: { cpu: 4, memory: 8GiB }", &stated));
        assert_eq!(run.problems(), "");
        let tenant = run.design().tenant[&"alice".into()].clone();
        (tenant.from, tenant.to)
    };
    let (from, to) = of("any", "[shared, 10.30.1.0/24, internet]");
    assert_eq!(from, [Reach::Any]);
    assert_eq!(to.len(), 3);
    for wanted in
        [Reach::Namespace("shared".into()), Reach::Prefix("10.30.1.0/24".parse().expect("a prefix")), Reach::Internet]
    {
        assert!(to.contains(&wanted), "{wanted:?} is not in {to:?}");
    }
    assert_eq!(of("any", "[internet, shared, 10.30.1.0/24]").1, to);
    let closed = Run::of(common::CAMPUS).design().tenant[&"alice".into()].clone();
    assert_eq!((closed.from, closed.to), (Vec::new(), Vec::new()), "closed until somebody says otherwise");
}

#[test]
fn what_is_assumed_about_repairs_is_carried_with_its_place() {
    let assume = "assume: { maintenance: { a_year: 4-12, lasts: 30m }, repair: 1d, crews: 1 }\naccept:";
    let run = Run::of(&campus("accept:", assume));
    let carried = &run.design().assume;
    let windows = carried.maintenance.expect("windows");
    assert_eq!((windows.a_year.to_string(), windows.lasts.to_string()), ("4-12".to_owned(), "30m".to_owned()));
    // One time for all is short for the line of all parts.
    let repair: Vec<String> = carried.repair.iter().map(|(kind, time)| format!("{kind} {time}")).collect();
    assert_eq!((repair, carried.crews), (vec!["parts 1d".to_owned()], Some(1)));
    for path in ["assume/maintenance/a_year", "assume/repair/parts", "assume/crews"] {
        let origin = run.resolved.origins.of(path).expect(path).describe(&run.sources);
        assert!(origin.contains("cluster.yaml:68"), "{path}: {origin}");
    }
    let long = Run::of(&campus("accept:", "assume: { repair: { disk: 2d-7d, psu: 1d } }\naccept:"));
    let repair: Vec<String> = long.design().assume.repair.iter().map(|(kind, time)| format!("{kind} {time}")).collect();
    assert_eq!(repair, ["disk 2d-7d", "psu 1d"]);
}

#[test]
fn no_secondaries_and_nothing_said_are_two_things() {
    let servers = |written: &str| {
        let run = Run::of(&campus("secondaries: [ns-2], ", written));
        run.design().zone.values().next().expect("a zone").secondaries.clone()
    };
    assert_eq!(servers("")[..], ["ns-2"], "the other zone server");
    assert!(servers("secondaries: [], ").is_empty());
}

#[test]
fn a_file_server_is_kept_with_its_path() {
    let text = campus("  vault: {", "  nas-1: { kind: nfs, address: 10.30.1.90 }\n  vault: {");
    let text = text.replacen("storage:\n", "storage:\n  nfs: { server: nas-1, path: /export }\n", 1);
    let run = Run::of(&text);
    assert_eq!(run.problems(), "");
    let nfs = run.design().nfs.as_ref().expect("a file server");
    assert_eq!((nfs.server.as_str(), nfs.path.as_str()), ("nas-1", "/export"));
    assert!(run.resolved.origins.span("nfs/server").is_some());
}
