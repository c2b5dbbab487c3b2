//! Cables that keep their carrier and pass nothing, or only one way.

mod common;

use common::{broken, campus, campus_with};
use plimsoll_model::design::BondMode;
use plimsoll_model::{Design, Origins};
use plimsoll_outage::{Interval, Way};
use plimsoll_prove::{Model, predictions};

fn with_mode(hosts: &[&str], mode: BondMode) -> (Design, Origins) {
    let (mut design, origins) = campus();
    for host in hosts {
        let host = design.host.get_mut(&(*host).into()).expect("a host");
        host.bond.values_mut().for_each(|bond| bond.mode = mode);
    }
    (design, origins)
}

/// The cables of a host to the two leaves.
fn cables(design: &Design, host: &str) -> Vec<String> {
    let of = &design.host[&host.into()];
    let ports = of.bond.values().flat_map(|bond| &bond.members).map(|port| &of.nic[port]);
    ports.map(|nic| format!("cable/{}:{}", nic.switch, nic.port)).collect()
}

#[test]
fn lacp_takes_out_a_cable_that_passes_one_way() {
    let (design, origins) = campus();
    let model = Model::of(&design, &origins);
    let cables: Vec<&str> = model
        .components
        .all()
        .map(|(_, component)| component.path.as_str())
        .filter(|path| path.starts_with("cable/") && path.ends_with("/silent"))
        .collect();
    assert_eq!(cables, [""; 0]);
}

#[test]
fn a_bond_that_believes_its_carrier_is_lost_with_one_cable() {
    // pve-1 has one of three members of etcd: alone it takes nothing, with another host the quorum, and Ceph stops with two
    // hosts of three copies. A cable that is cut takes nothing even then.
    for mode in [BondMode::ActiveBackup, BondMode::BalanceXor, BondMode::BalanceRr, BondMode::Broadcast] {
        let (design, origins) = with_mode(&["pve-1"], mode);
        let model = Model::of(&design, &origins);
        for cable in cables(&design, "pve-1") {
            let silent = format!("{cable}/silent");
            assert_eq!(broken(&model, &[&silent]), [""; 0], "{mode:?}");
            assert_eq!(broken(&model, &[&silent, "host/pve-2"]), ["api", "storage/ssd"], "{mode:?}");
            assert_eq!(broken(&model, &[&cable, "host/pve-2"]), [""; 0], "{mode:?}");
        }
        // The other hosts speak LACP.
        assert!(model.components.find(&format!("{}/silent", cables(&design, "pve-2")[0])).is_none());
    }
}

#[test]
fn two_ports_on_one_switch_are_a_bond_too() {
    let (mut design, origins) = with_mode(&["pve-1"], BondMode::ActiveBackup);
    let host = design.host.get_mut(&"pve-1".into()).expect("pve-1");
    host.nic.values_mut().filter(|nic| nic.switch.as_str() == "leaf-2").for_each(|nic| {
        nic.switch = "leaf-1".into();
        nic.port = "40".into();
    });
    let model = Model::of(&design, &origins);
    assert_eq!(broken(&model, &["cable/leaf-1:40/silent", "host/pve-2"]), ["api", "storage/ssd"]);
    // A switch that forwards nothing is no worse for it than one that is off.
    assert!(model.components.find("switch/leaf-1/silent").is_none());
}

#[test]
fn a_host_with_one_port_has_no_further_failure() {
    let (mut design, origins) = with_mode(&["pve-1"], BondMode::ActiveBackup);
    let host = design.host.get_mut(&"pve-1".into()).expect("pve-1");
    host.bond.values_mut().for_each(|bond| bond.members.truncate(1));
    let model = Model::of(&design, &origins);
    let cable = &cables(&design, "pve-1")[0];
    assert!(model.components.find(&format!("{cable}/silent")).is_none());
    assert_eq!(broken(&model, &[cable, "host/pve-2"]), ["api", "storage/ssd"]);
}

#[test]
fn a_router_that_hears_nothing_keeps_the_gateway() {
    let (mut design, origins) = campus();
    let uplinks = |design: &mut Design, lag: bool| {
        let ports = design.switch.values_mut().flat_map(|switch| &mut switch.port);
        for (_, port) in ports.filter(|(name, _)| name.as_str().starts_with("uplink-")) {
            port.lag = lag.then(|| "gw-1".into());
        }
    };
    uplinks(&mut design, false);
    let model = Model::of(&design, &origins);
    let lost = broken(&model, &["cable/leaf-1:uplink-1/silent"]);
    for promise in ["api", "zone", "egress", "management"] {
        assert!(lost.iter().any(|id| id == promise), "{promise}: {lost:?}");
    }
    // BGP needs both ways, so that ingress goes by the other router.
    assert!(!lost.iter().any(|id| id == "ingress/public"), "{lost:?}");
    assert_eq!(broken(&model, &["cable/leaf-1:uplink-1"]), [""; 0]);
    let said = predictions(&model, &design);
    let said = said.get("cable/leaf-1:uplink-1", Way::Silent, "egress").expect("a prediction");
    assert_eq!(said.new, Interval::UNTIL_REPAIR);
    // One router: its loss is its loss.
    let (mut alone, origins) = campus_with(&[
        ("network/kube/gateway/by", serde_json::json!(["gw-1"])),
        ("network/mgmt/gateway/by", serde_json::json!(["gw-1"])),
    ]);
    uplinks(&mut alone, false);
    assert!(Model::of(&alone, &origins).components.find("cable/leaf-1:uplink-1/silent").is_none());
}

#[test]
fn a_silent_port_is_as_its_cable() {
    let (design, origins) = with_mode(&["pve-1", "pve-2", "pve-3"], BondMode::ActiveBackup);
    let model = Model::of(&design, &origins);
    // Two of three hosts with members of etcd on one leaf that forwards nothing: each alone is one host.
    let said = predictions(&model, &design);
    assert_eq!(broken(&model, &["switch/leaf-1/silent"]), broken(&model, &["host/pve-1", "host/pve-2", "host/pve-3"]));
    let (cable, port) = (&cables(&design, "pve-1")[0], &design.host[&"pve-1".into()].bond[&"bond0".into()].members[0]);
    let port = format!("host/pve-1/nic/{port}");
    for promise in ["api", "egress", "storage/ssd"] {
        let of = |component: &str| said.get(component, Way::Silent, promise).expect("a prediction").new;
        assert_eq!(of(cable), of(&port), "{promise}");
    }
}
