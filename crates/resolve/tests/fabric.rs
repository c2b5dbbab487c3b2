//! Several racks: where things stand, how switches hang together, what their links carry.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{FIVE_RACKS, Run, assert_same, campus, five_racks};
use plimsoll_model::design::{Design, FailureDomain, SwitchRole};

/// Cables between switches and to routers, without those inside of a pair: upper end, its port, lower end with its port.
fn fabric(design: &Design) -> Vec<(String, String, String)> {
    let between = design
        .cable
        .values()
        .filter(|cable| !cable.b.device.starts_with("host/") && !cable.b.port.as_str().starts_with("peer-"));
    between
        .map(|cable| {
            let below = format!("{} {}", cable.b.device, cable.b.port);
            (cable.a.device.clone(), cable.a.port.to_string(), below)
        })
        .collect()
}

#[test]
fn everything_stands_in_its_rack() {
    let run = Run::of(FIVE_RACKS);
    assert_eq!(run.problems(), "");
    let design = run.design();
    assert_eq!((design.host.len(), design.machine.len(), design.switch.len()), (50, 58, 18));
    for (index, (name, host)) in design.host.iter().enumerate() {
        let rack = index / 10 + 1;
        assert_eq!(host.rack.as_str(), format!("r{rack}"), "{name}");
        let mut switches: Vec<&str> = host.nic.values().map(|nic| nic.switch.as_str()).collect();
        switches.sort_unstable();
        let mut wanted = [format!("leaf-{}", 2 * rack - 1), format!("leaf-{}", 2 * rack), format!("oob-{rack}")];
        wanted.sort();
        assert_eq!(switches, wanted, "{name} is cabled to its own rack");
        assert_eq!(host.bmc.as_ref().map(|bmc| bmc.switch.to_string()), Some(format!("oob-{rack}")));
        let strips: BTreeSet<String> =
            host.psu.values().map(|psu| format!("{}/{}", psu.pdu.rack, psu.pdu.pdu)).collect();
        assert_eq!(strips, BTreeSet::from([format!("r{rack}/a"), format!("r{rack}/b")]));
    }
    for (pair, mlag) in design.mlag.iter().filter(|(pair, _)| pair.as_str() != "core") {
        let racks: BTreeSet<_> = mlag.members.iter().map(|member| &design.switch[member].rack).collect();
        assert_eq!((mlag.members.len(), racks.len()), (2, 1), "{pair} is one pair in one rack");
    }
    let members: BTreeSet<&str> =
        design.etcd.member.keys().map(|name| design.host[&design.machine[name].host].rack.as_str()).collect();
    assert_eq!(members.len(), 5, "one member of etcd in each rack");
    let ceph = design.ceph.as_ref().expect("Ceph");
    assert_eq!(ceph.pool[&"ssd".into()].domain, FailureDomain::Rack);
    assert_eq!(ceph.osd.len(), 200);
    for (name, machine) in design.machine.iter().filter(|(_, machine)| machine.role.is_node()) {
        let rack = &design.host[&machine.host].rack;
        let zone = machine.label.iter().find(|(label, _)| label.as_str() == "topology.kubernetes.io/zone");
        assert_eq!(zone.map(|(_, zone)| zone.as_str()), Some(rack.as_str()), "{name}");
    }
    let addresses: Vec<_> = design.machine.values().flat_map(|it| it.nic.values().map(|nic| nic.address)).collect();
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len(), "no address twice");
}

#[test]
fn a_pair_and_its_spines_are_one_aggregate() {
    let run = Run::of(FIVE_RACKS);
    let design = run.design();
    let mut wanted: Vec<String> = (1..=5).map(|rack| format!("switch/oob-core switch/oob-{rack} uplink-1")).collect();
    for spine in 1..=2 {
        wanted.extend((1..=10).map(|leaf| format!("switch/spine-{spine} switch/leaf-{leaf} uplink-{spine}")));
        wanted.extend((1..=2).map(|gw| format!("external/gw-{gw} switch/spine-{spine} uplink-{gw}")));
    }
    wanted.sort();
    // Which port of a spine a leaf has is the lock's business.
    let mut found: Vec<String> =
        fabric(design).into_iter().map(|(above, _, below)| format!("{above} {below}")).collect();
    found.sort();
    assert_eq!(found, wanted);
    for cable in design.cable.values() {
        let ends = [&cable.a, &cable.b].map(|end| {
            let switch = design.switch.get(&end.device.strip_prefix("switch/")?.into())?;
            switch.port.get(&end.port).map(|port| (port, &switch.lag, end))
        });
        let [Some((upper, upper_lags, above)), Some((lower, lower_lags, under))] = ends else { continue };
        assert_eq!((&upper.tagged, upper.untagged), (&lower.tagged, lower.untagged), "{above:?}");
        assert_eq!((upper.speed, lower.speed, upper.edge, lower.edge), (cable.speed, cable.speed, false, false));
        assert_eq!(upper.lag.is_some(), lower.lag.is_some(), "an aggregate has two ends: {under:?}");
        if let (Some(up), Some(down)) = (&upper.lag, &lower.lag) {
            assert_eq!(upper_lags[up].to, format!("mlag/{up}"));
            assert_eq!((down.as_str(), lower_lags[down].to.as_str()), ("core", "mlag/core"));
        }
    }
    let spine = &design.switch[&"spine-2".into()];
    assert_eq!((spine.role, spine.rack.as_str()), (SwitchRole::Spine, "r3"));
    let carried = |port: &str| spine.port[&port.into()].tagged.clone();
    assert_eq!(carried("1"), [12, 2000, 2001], "storage goes from rack to rack");
    assert_eq!(carried("uplink-1"), [12, 2001], "and not to the routers");
    for network in design.network.values() {
        assert_eq!(network.racks.len(), 5);
    }
}

#[test]
fn spines_that_are_no_pair_are_an_aggregate_each() {
    let run = Run::of(&five_racks(&[(", mlag: { group: core, peer_links: 2, keepalive: true } }", " }")]));
    let design = run.design();
    let leaf = &design.switch[&"leaf-3".into()];
    let lags: BTreeMap<&str, &str> = leaf
        .port
        .iter()
        .filter(|(port, _)| port.as_str().starts_with("uplink"))
        .filter_map(|(port, it)| Some((port.as_str(), it.lag.as_ref()?.as_str())))
        .collect();
    assert_eq!(lags, BTreeMap::from([("uplink-1", "spine-1"), ("uplink-2", "spine-2")]));
    assert_eq!(leaf.lag[&"spine-1".into()].to, "switch/spine-1");
    let core = &design.switch[&"spine-1".into()];
    assert_eq!(core.lag[&"pair-2".into()].to, "mlag/pair-2");
}

#[test]
fn a_vlan_of_one_leaf_goes_up_from_its_whole_pair() {
    // A host that hangs on one leaf of a pair alone: what it speaks also comes down over the other.
    let run = Run::of(&five_racks(&[
        ("eno1: { ports: [oob-5], speed: 1G, networks: [oob] }", "eno1: { ports: [leaf-9], networks: [oob] }"),
        ("bmc: oob-5", "bmc: oob-4"),
    ]));
    let design = run.design();
    for leaf in ["leaf-9", "leaf-10"] {
        assert_eq!(design.switch[&leaf.into()].port[&"uplink-2".into()].tagged, [12, 13, 2000, 2001], "{leaf}");
    }
    assert_eq!(design.switch[&"leaf-8".into()].port[&"uplink-2".into()].tagged, [12, 2000, 2001]);
}

#[test]
fn ports_of_spines_stay_when_a_leaf_is_added() {
    let first = Run::of(FIVE_RACKS);
    let again = Run::with_lock(FIVE_RACKS, &first.lock());
    assert_same(again.design(), first.design());
    let more = five_racks(&[(
        "  spine-1..2:",
        "  border: { rack: r1, power: [a, b], uplinks: { to: spine-1..2, speed: 100G }, stp: true }\n  spine-1..2:",
    )]);
    let grown = Run::with_lock(&more, &first.lock());
    let (before, after) = (fabric(first.design()), fabric(grown.design()));
    assert!(before.iter().all(|cable| after.contains(cable)), "{after:?}");
    assert_eq!(after.len(), before.len() + 2);
}

#[test]
fn graphics_processors_are_in_the_design() {
    let run = Run::of(FIVE_RACKS);
    let design = run.design();
    let machine = design.machine("gpu-07").expect("gpu-07");
    assert_eq!((machine.gpus, machine.gpu[&"A100".into()], machine.host.as_str()), (4, 4, "pve-47"));
    assert_eq!(design.host("pve-47").expect("pve-47").gpu[&"A100".into()], 4);
    assert!(design.host("pve-07").expect("pve-07").gpu.is_empty());
    let span = run.resolved.origins.span("machine/gpu-07/gpu/A100").expect("a place");
    assert_eq!(run.sources.text(span), "4");

    let many = Run::of(&five_racks(&[("gpus: { A100: 4 }, taints", "gpus: { A100: 5 }, taints")]));
    assert!(many.resolved.design.is_none());
    let said = many.problems();
    assert_eq!(said.matches("error[").count(), 1, "once for the range: {said}");
    assert!(said.contains("error[gpus-too-few]: host `pve-41` has 4 graphics processors `A100`, its machines get 5"));
    let moved = Run::of(&five_racks(&[("drain: stop, gpus", "drain: migrate, gpus")]));
    assert!(moved.problems().contains("error[nowhere-to-go]: `gpu-10` has graphics processors of its host"));
    let none =
        Run::of(&campus("networks: [kube, storage], drain", "gpus: { L4: 1 }, networks: [kube, storage], drain"));
    assert!(none.problems().contains("host `pve-1` has 0 graphics processors `L4`, its machines get 1"));
}
