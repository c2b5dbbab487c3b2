//! The Tree of the campus example: golden files, and what our own readers make of them.
//!
//! `UPDATE_GOLDEN=1 cargo test -p plimsoll-render --test tree` writes the golden files anew; look at the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_diagnostics::{SourceId, Sources};
use plimsoll_formats::nftables::{Judgement, Packet};
use plimsoll_formats::{
    Read, chrony, env, frr, haproxy, hosts, interfaces, keepalived, modules_load, named, netplan, nftables, sysctl,
    systemd, zone,
};
use plimsoll_model::Design;
use plimsoll_render::{Manifest, Tree, etcd_flags, etcd_flags_for, render};

fn campus() -> Design {
    serde_json::from_str(include_str!("../../resolve/tests/golden/campus.json")).expect("a design")
}

fn golden_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/campus")
}

fn files_below(root: &Path, at: &Path, found: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(at) else { return };
    for entry in entries.map(|entry| entry.expect("readable").path()) {
        if entry.is_dir() {
            files_below(root, &entry, found);
        } else {
            let path = entry.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            found.insert(path, fs::read_to_string(&entry).expect("a text"));
        }
    }
}

/// Objects of the cluster and kubeadm's files have tests of their own.
fn is_golden(path: &str) -> bool {
    !path.starts_with("cluster/") && !path.contains("/etc/kubernetes/")
}

#[test]
fn the_tree_is_the_golden_one() {
    let tree = render(&campus());
    let rendered: BTreeMap<String, String> =
        tree.iter().filter(|(path, _)| is_golden(path)).map(|(path, file)| (path.to_owned(), file.text())).collect();
    let root = golden_root();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let _ = fs::remove_dir_all(&root);
        for (path, text) in &rendered {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("written");
        }
    }
    let mut golden = BTreeMap::new();
    files_below(&root, &root, &mut golden);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&rendered), names(&golden), "the list of files; UPDATE_GOLDEN=1 takes it over");
    for (path, text) in &rendered {
        assert_eq!(text, &golden[path], "{path}; UPDATE_GOLDEN=1 takes it over");
    }
}

#[test]
fn the_manifest_names_every_file_and_reads_back() {
    let design = campus();
    let tree = render(&design);
    let manifest = Manifest::of(&design, &tree);
    assert_eq!(manifest.file.len(), tree.len());
    assert_eq!(manifest.file["machines/ns-1/etc/bind/plimsoll.keys"].secrets, ["tsig/externaldns", "tsig/transfer"]);
    let once: Vec<&str> = manifest.file.iter().filter(|(_, file)| file.once).map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        once,
        ["machines/ns-1/var/lib/bind/db.14.30.10.in-addr.arpa", "machines/ns-1/var/lib/bind/db.apps.k8s.example.edu"],
        "what named writes itself must not be laid over"
    );
    assert_eq!(Manifest::from_json(&manifest.to_json()).expect("a manifest"), manifest);
}

#[test]
fn a_text_of_the_person_cannot_ask_for_a_secret() {
    let mut design = campus();
    let reason = "see <plimsoll:secret pki/ca.key>";
    design
        .excluded
        .insert("feed/utility".into(), plimsoll_model::design::Excluded { reason: reason.into(), until: None });
    let tree = render(&design);
    let runbook = tree.get("RUNBOOK.md").expect("a runbook");
    assert!(runbook.text().contains(reason));
    assert_eq!(runbook.open_holes().count(), 0);
    assert!(tree.secrets().iter().all(|secret| secret.0 != "pki/ca.key"));
}

/// Lines that are neither empty nor comments.
fn code(text: &str, marks: &[&str]) -> Vec<String> {
    let comment = |line: &&str| marks.iter().any(|mark| line.trim_start().starts_with(mark));
    let lines = text.lines().filter(|line| !line.trim().is_empty()).filter(|line| !comment(line));
    lines.map(str::to_owned).collect()
}

/// Reads a rendered file with our own reader: it has nothing to complain about, and writes it the same again.
fn read_back<T: std::fmt::Display>(
    tree: &Tree,
    path: &str,
    marks: &[&str],
    notes: &[&str],
    read: impl Fn(SourceId, &Sources) -> Read<T>,
) -> T {
    let text = tree.get(path).expect(path).text();
    let mut sources = Sources::new();
    let source = sources.add(path, text.clone());
    let read = read(source, &sources);
    let problems: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(problems, notes, "{path}");
    assert_eq!(code(&read.value.to_string(), marks), code(&text, marks), "{path}");
    read.value
}

#[test]
fn our_readers_give_back_the_numbers_of_the_design() {
    let design = campus();
    let tree = render(&design);

    let vrrp = design.api.vrrp.as_ref().expect("it has one");
    let check = vrrp.check.as_ref().expect("it has one");
    for (machine, member) in &vrrp.member {
        let path = format!("machines/{machine}/etc/keepalived/keepalived.conf");
        let conf = read_back(&tree, &path, &["#"], &[], keepalived::read);
        let instance = &conf.instances[0];
        assert_eq!(instance.priority.get(), Some(&member.priority));
        assert_eq!(instance.advert_int.get(), Some(&Duration::from_millis(vrrp.advert_interval.0)));
        assert_eq!(instance.unicast_src_ip.get(), Some(&member.source));
        let peers: Vec<_> = instance.unicast_peers.iter().filter_map(|peer| peer.address.get()).copied().collect();
        assert_eq!(peers, member.peers);
        assert!(instance.nopreempt.value != vrrp.preempt);
        let script = &conf.scripts[0];
        assert_eq!(script.interval.get(), Some(&Duration::from_millis(check.interval.0)));
        assert_eq!((script.fall.get(), script.rise.get()), (Some(&check.fall), Some(&check.rise)));
        assert_eq!(script.weight.get(), Some(&check.weight.unwrap_or(0)));
    }

    let stated = design.api.haproxy.as_ref().expect("it has one");
    let notes = ["`log`", "`user`", "`group`", "`stats`"];
    let path = "machines/cp-2/etc/haproxy/haproxy.cfg";
    let text = tree.get(path).expect("there").text();
    let mut sources = Sources::new();
    let source = sources.add(path, text.clone());
    let read = haproxy::read(source, &sources);
    let complaints: Vec<&str> = read
        .problems
        .iter()
        .map(|problem| problem.message.as_str())
        .filter(|message| !notes.iter().any(|known| message.starts_with(known)))
        .collect();
    assert_eq!(complaints, [""; 0], "only statements that are passed through are noted");
    assert_eq!(code(&read.value.to_string(), &["#"]), code(&text, &["#"]));
    let backend = read.value.effective("apiservers").expect("it is there");
    let servers: Vec<_> = backend.servers.iter().filter_map(|server| server.name.get()).map(String::as_str).collect();
    assert_eq!(servers, ["cp-1", "cp-2", "cp-3"], "every API server, not just its own");
    let options = backend.default_server.effective(read.value.global());
    assert_eq!(options.inter, Some(Duration::from_millis(stated.check.interval.0)));
    assert_eq!((options.fall, options.rise), (Some(stated.check.fall), Some(stated.check.rise)));
    assert_eq!(backend.timeouts.tunnel.get().copied(), stated.timeout.tunnel.map(|time| Duration::from_millis(time.0)));

    let path = "gateways/gw-1.frr.conf";
    let conf = read_back(&tree, path, &["!", "#"], &[], frr::read);
    let metallb = design.metallb.as_ref().expect("it has one");
    let peer = &metallb.peer[&plimsoll_model::Name::from("gw-1")];
    let bgp = &conf.bgp()[0];
    assert_eq!(bgp.asn.get(), Some(&peer.asn));
    let seconds = |time: plimsoll_model::units::Millis| u32::try_from(time.whole_secs()).expect("small");
    let speakers = &bgp.neighbors["metallb"];
    assert_eq!(speakers.timers.get(), Some(&(seconds(peer.keepalive_time), seconds(peer.hold_time))));
    assert_eq!(
        speakers.bfd.get().and_then(|bfd| bfd.profile.as_deref()),
        peer.bfd.as_ref().map(plimsoll_model::Name::as_str)
    );
    let members = bgp.neighbors.values().filter(|neighbor| neighbor.group.is_some()).count();
    assert_eq!(members, peer.nodes.len(), "every speaker and nobody else");
    assert_eq!(conf.prefix_lists().len(), 1, "the pool and nothing else");

    for machine in ["ns-1", "ns-2"] {
        for file in ["named.conf.local", "named.conf.options"] {
            read_back(&tree, &format!("machines/{machine}/etc/bind/{file}"), &["//"], &[], named::read);
        }
    }
    let records = read_back(&tree, "machines/ns-1/etc/bind/db.k8s.example.edu", &[";"], &[], zone::read);
    let zone = &design.zone[&plimsoll_model::Name::from("k8s.example.edu")];
    assert_eq!(records.soa().map(|soa| soa.serial), Some(zone.serial));
    assert_eq!(records.records("k8s.example.edu").len(), zone.records.len() + 1);

    for (host, stated) in &design.host {
        let notes = ["`/etc/network/interfaces.d/*` is included and must be read as well"];
        let conf = read_back(&tree, &format!("hosts/{host}/etc/network/interfaces"), &["#"], &notes, interfaces::read);
        for (bond, stated) in &stated.bond {
            let stanza = conf.of(bond.as_str()).next().expect("every bond");
            assert_eq!(stanza.mtu.get(), Some(&stated.mtu));
            assert_eq!(stanza.bond.mode.get().map(|mode| mode.word()), Some(stated.mode.as_str()));
        }
        for address in stated.address.values() {
            let stanza = conf.of(address.interface.as_str()).next().expect("every interface with an address");
            assert_eq!(stanza.addresses.len(), 1, "{host} {}", address.interface);
        }
    }

    let time = read_back(&tree, "machines/cp-1/etc/chrony/chrony.conf", &["#"], &[], chrony::read);
    assert_eq!(time.sources.len(), design.site.ntp.len());
    read_back(&tree, "machines/cp-1/etc/sysctl.d/60-plimsoll.conf", &["#"], &[], sysctl::read);
    read_back(&tree, "machines/cp-1/etc/modules-load.d/60-plimsoll.conf", &["#"], &[], modules_load::read);
    let names = read_back(&tree, "machines/worker-1/etc/hosts", &["#"], &[], hosts::read);
    assert_eq!(names.addresses(&design.api.name)[0].0, design.api.vip[0]);
    for node in ["cp-1", "worker-1"] {
        let path = format!("machines/{node}/etc/systemd/networkd.conf.d/60-plimsoll.conf");
        let conf = read_back(&tree, &path, &["#"], &[], systemd::read);
        assert_eq!(conf.all("Network", "ManageForeignRoutes").map(|it| it.value.as_str()).collect::<Vec<_>>(), ["no"]);
    }
    let path = "machines/cp-1/etc/systemd/system/kubelet.service.d/20-plimsoll.conf";
    let waits = read_back(&tree, path, &["#"], &[], systemd::read);
    assert_eq!(
        waits.all("Unit", "RequiresMountsFor").map(|it| it.value.as_str()).collect::<Vec<_>>(),
        ["/var/lib/etcd"]
    );
    assert!(tree.get(&path.replace("cp-1", "worker-1")).is_none(), "it has no disk of its own");
    for unit in ["plimsoll-etcd-backup.timer", "plimsoll-etcd-backup.service", "var-lib-etcd.mount"] {
        read_back(&tree, &format!("machines/cp-3/etc/systemd/system/{unit}"), &["#"], &[], systemd::read);
    }
}

/// A file as our own reader understands it; it has nothing to complain about.
fn understood<T>(tree: &Tree, path: &str, read: impl Fn(SourceId, &Sources) -> Read<T>) -> T {
    let mut sources = Sources::new();
    let source = sources.add(path, tree.get(path).expect(path).text());
    let read = read(source, &sources);
    let problems: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(problems, [""; 0], "{path}");
    read.value
}

#[test]
fn a_guest_has_the_designs_addresses() {
    let design = campus();
    let tree = render(&design);
    for (name, machine) in &design.machine {
        let conf = understood(&tree, &format!("machines/{name}/etc/netplan/50-cloud-init.yaml"), netplan::read);
        let network = conf.network.expect("a network");
        assert_eq!(network.devices().count(), machine.nic.len());
        for nic in machine.nic.values() {
            let found = network.devices().find(|(key, it)| it.interface(&key.value) == Some(nic.interface.as_str()));
            let device = found.expect("every interface").1;
            let addresses: Vec<_> = device.addresses.iter().filter_map(|address| address.net.get()).copied().collect();
            assert_eq!(addresses, [nic.address], "{name}");
            assert_eq!(device.mtu.get(), Some(&nic.mtu), "{name}");
            let gateways: Vec<String> = device.default_gateways().map(ToString::to_string).collect();
            assert_eq!(gateways, nic.gateway.iter().map(ToString::to_string).collect::<Vec<_>>(), "{name}");
        }
        let conf = understood(&tree, &format!("machines/{name}/etc/default/prometheus-node-exporter"), env::read);
        assert!(conf.get("ARGS").is_some_and(|arguments| arguments.value.contains("--collector.systemd")), "{name}");
    }
}

#[test]
fn packet_filters_let_in_who_is_stated_and_nobody_else() {
    let design = campus();
    let tree = render(&design);
    let judged = |path: &str, protocol: u8, port: Option<u16>, from: &str| {
        let rules = understood(&tree, path, nftables::read);
        rules.input(&Packet::v4(protocol, port).from(from.parse().expect("an address")))
    };
    let (control, host, worker) =
        ("machines/cp-1/etc/nftables.conf", "hosts/pve-1/etc/nftables.conf", "machines/worker-1/etc/nftables.conf");
    let stranger = "203.0.113.9";
    for (path, protocol, port, from) in [
        (control, 6, Some(2381), "10.30.12.13"),
        (control, 6, Some(2381), "10.244.7.7"),
        (control, 6, Some(2380), "10.30.12.11"),
        (control, 112, None, "10.30.12.12"),
        (control, 6, Some(8443), stranger),
        (worker, 6, Some(9141), "10.30.12.18"),
        (host, 6, Some(22), "10.30.11.99"),
        (host, 6, Some(8006), "10.30.11.99"),
        (host, 17, Some(5405), "10.30.13.11"),
        (host, 6, Some(60_000), "10.30.11.15"),
        (host, 6, Some(9100), "10.30.12.18"),
        (host, 1, None, stranger),
    ] {
        assert_eq!(judged(path, protocol, port, from), Judgement::Accepted, "{path}: {protocol}/{port:?} of {from}");
    }
    for (path, protocol, port, from) in [
        (control, 6, Some(2379), "10.30.12.13"),
        (control, 6, Some(2381), stranger),
        (control, 112, None, "10.30.12.13"),
        (worker, 6, Some(2381), "10.30.12.10"),
        // Guests share the hosts' cables: none of them may reach the hypervisor.
        (host, 6, Some(22), "10.30.12.13"),
        (host, 6, Some(8006), "10.30.12.13"),
        (host, 17, Some(5405), "10.30.12.13"),
        (host, 6, Some(5900), stranger),
    ] {
        let judged = judged(path, protocol, port, from);
        assert!(matches!(judged, Judgement::Dropped(_)), "{path}: {protocol}/{port:?} of {from} is {judged:?}");
    }
}

#[test]
fn hypervisors_without_rules_are_left_open() {
    let mut design = campus();
    design.firewall.remove(&plimsoll_model::Name::from("proxmox"));
    let tree = render(&design);
    assert!(tree.get("hosts/pve-1/etc/nftables.conf").is_none());
    assert!(!tree.get("RUNBOOK.md").expect("there").text().contains("Packet filter of the hosts"));
}

#[test]
fn a_guest_gets_its_disks_where_ceph_looks_for_them() {
    let design = campus();
    let calls = render(&design).get("proxmox/vms.json").expect("there").text();
    let calls: Vec<serde_json::Value> = serde_json::from_str(&calls).expect("JSON");
    let ceph = design.ceph.as_ref().expect("it has one");
    for (name, osd) in &ceph.osd {
        let vmid = design.machine[&osd.machine].vmid.to_string();
        let create =
            calls.iter().find(|call| call["parameters"]["vmid"] == vmid.as_str()).expect("every guest is made");
        let bus = osd.device.rsplit("drive-").next().expect("a place");
        let disk = create["parameters"][bus].as_str().unwrap_or_default();
        assert!(
            disk.contains(&format!("{}/{}/", osd.host, osd.disk)) || disk.starts_with("/dev/disk/by-id/"),
            "{name}: {disk}"
        );
        assert!(!disk.contains("serial="), "{name}: another serial number would change the name in the guest");
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (path, file) in render(&campus()).iter() {
        // JSON knows no comments, and a private key nothing but itself.
        let bare = path == "proxmox/vms.json" || path.ends_with("/id_ed25519");
        assert!(bare || file.text().contains("Rendered by Plimsoll for cluster campus"), "{path}");
        assert!(file.text().ends_with('\n'), "{path} has no line end");
        assert!(!file.purpose.is_empty(), "{path}");
    }
}

#[test]
fn etcd_has_the_numbers_of_the_design_in_the_words_of_its_version() {
    let design = campus();
    let flags = etcd_flags(&design, "cp-2");
    assert!(flags.contains(&format!("--quota-backend-bytes={}", design.etcd.quota.0)), "{flags:#?}");
    for flag in [
        "--name=cp-2",
        "--heartbeat-interval=100",
        "--election-timeout=1000",
        "--initial-cluster=cp-1=https://10.30.12.10:2380,cp-2=https://10.30.12.11:2380,cp-3=https://10.30.12.12:2380",
        "--feature-gates=InitialCorruptCheck=true",
    ] {
        assert!(flags.iter().any(|found| found == flag), "{flag} is not in {flags:#?}");
    }
    let old = etcd_flags_for(&design, "cp-2", (3, 5));
    assert!(old.contains(&"--experimental-initial-corrupt-check=true".to_owned()), "{old:#?}");
    assert!(etcd_flags(&design, "worker-1").is_empty());
}
