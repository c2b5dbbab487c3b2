//! The predictions for the campus example, class by class, with the sums in comments.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test panics to fail")]

mod common;

use std::time::{Duration, Instant};

use common::{campus, campus_with};
use plimsoll_model::units::Millis;
use plimsoll_outage::{Assumption, End, Interval, Predictions, Way, Who, predict, promises};

fn new(predictions: &Predictions, component: &str, way: Way, promise: &str) -> Interval {
    predictions.get(component, way, promise).unwrap_or_else(|| panic!("{component} {way} {promise}")).new
}

fn existing(predictions: &Predictions, component: &str, way: Way, promise: &str) -> Interval {
    predictions.get(component, way, promise).unwrap().existing
}

#[test]
fn the_promises_are_those_of_the_example() {
    let wanted = "api one-holder/api dns dns/outside zone ingress/public storage/ssd capacity/alice capacity/analytics \
                  egress management";
    assert_eq!(promises(&campus()).join(" "), wanted);
}

#[test]
fn parts_with_a_twin_are_not_missed() {
    let predictions = predict(&campus());
    for (component, way) in [
        ("host/pve-1/psu/a", Way::Broken),
        ("switch/leaf-1/psu/b", Way::Broken),
        ("rack/r1/pdu/a", Way::PowerOff),
        ("rack/r1/pdu/b", Way::PowerOff),
        ("feed/ups-1", Way::PowerOff),
        ("host/pve-1/disk/boot", Way::Broken),
        ("host/pve-1/disk/fast", Way::Broken),
        ("cable/leaf-1:peer-1", Way::CarrierLost),
        ("switch/oob-1", Way::PowerOff),
        ("external/registry", Way::PowerOff),
    ] {
        for promise in &predictions.promises {
            let prediction = predictions.get(component, way, promise).unwrap();
            assert_eq!(
                (prediction.new, prediction.existing),
                (Interval::ZERO, Interval::ZERO),
                "{component} {promise}"
            );
            assert_eq!(prediction.partly, [], "{component} {promise}");
        }
    }
}

#[test]
fn a_battery_bridges_a_short_outage_and_not_a_long_one() {
    let predictions = predict(&campus());
    // Without power nobody holds the address.
    assert!(new(&predictions, "rack/r1", Way::PowerOff, "one-holder/api").is_zero());
    for promise in predictions.promises.iter().filter(|promise| *promise != "one-holder/api") {
        let whole = Interval::new(End::After(Millis(0)), End::Repair);
        assert_eq!(new(&predictions, "feed/utility", Way::PowerOff, promise), whole);
        assert_eq!(new(&predictions, "rack/r1", Way::PowerOff, promise), Interval::UNTIL_REPAIR);
    }
    let text = format!("{:?}", predictions.get("feed/utility", Way::PowerOff, "api").unwrap().how);
    assert!(text.contains("power is back within 20m") && text.contains("etcd has lost its quorum"), "{text}");
    // Both strips on the utility: nothing bridges.
    let bare = predict(&campus_with(&[("b: ups-1", "b: utility")]));
    assert_eq!(new(&bare, "feed/utility", Way::PowerOff, "api"), Interval::UNTIL_REPAIR);
    // One power supply alone is the host.
    let single = predict(&campus_with(&[("    power: [a, b]                     #", "    power: [a] #")]));
    let host = new(&single, "host/pve-1", Way::PowerOff, "storage/ssd");
    assert_eq!(new(&single, "host/pve-1/psu/a", Way::Broken, "storage/ssd"), host);
}

#[test]
fn two_hold_the_address_until_one_knows_better() {
    let predictions = predict(&campus());
    let two = |component: &str, way| new(&predictions, component, way, "one-holder/api");
    // LACP notices a dead link after 3150 ms; another takes the address after 2 x 1000 + 414 ms at the soonest (priority 150:
    // 106/256 of a second), and hears the first at its next advertisement: 3150 - 2414 + 1000 + 50.
    assert_eq!(two("switch/leaf-1", Way::Silent), Interval::millis(0, 1_786));
    // A bond that loses a carrier, and a keepalived that is killed (1750 ms), are there again before.
    assert_eq!(two("switch/leaf-1", Way::PowerOff), Interval::ZERO);
    assert_eq!(two("machine/cp-1/keepalived", Way::Killed), Interval::ZERO);
    assert_eq!(two("machine/cp-1", Way::PowerOff), Interval::ZERO);
    // One port each: the check fails after 2 x 3000 + 2000 + 50 ms at most, less 2414, + 1050.
    let alone = [("ports: [leaf-1, leaf-2]", "ports: [leaf-1]"), ("mode: lacp, ", "")];
    let port = predict(&campus_with(&alone));
    let of_port = port.all.iter().filter(|one| one.failure.component.starts_with("host/pve-1/nic/"));
    let of_port: Vec<Interval> =
        of_port.filter(|one| one.promise == "one-holder/api").map(|one| one.new).filter(|new| !new.is_zero()).collect();
    assert_eq!(of_port, [Interval::millis(0, 6_686); 2], "its carrier, or silently");
    // A check that does not see it.
    let process = ("failover: safe }", "failover: safe, vrrp: { check: process } }");
    let process = predict(&campus_with(&[alone[0], alone[1], process]));
    assert!(process.all.iter().any(|one| one.promise == "one-holder/api" && one.new == Interval::UNTIL_REPAIR));
    // Quick timers: another takes it before systemd has started keepalived again.
    let fast = predict(&campus_with(&[("failover: safe", "failover: fast")]));
    assert!(!new(&fast, "machine/cp-1/keepalived", Way::Killed, "one-holder/api").is_zero());
}

#[test]
fn a_control_plane_machine_takes_its_address_its_leader_and_its_server_with_it() {
    let predictions = predict(&campus());
    // Without preemption anybody may hold the address, so from nothing. cp-1: 3 × 1000 + 454 (cp-2) + 50; the election,
    // 19 ticks of 100 + 3 × 10 + 2 × 10 = 1950, runs at the same time.
    assert_eq!(new(&predictions, "machine/cp-1", Way::PowerOff, "api"), Interval::millis(0, 3_504));
    // cp-2: its heir is cp-1, skew 106/256 s = 414.06 ms.
    assert_eq!(new(&predictions, "machine/cp-2", Way::PowerOff, "api"), Interval::millis(0, 3_465));
    // Idle clients ping within 30 s and meet a reset: max(30, 3.5 + 15).
    assert_eq!(existing(&predictions, "machine/cp-1", Way::PowerOff, "api"), Interval::millis(0, 30_000));
    // A third of the new connections, until HAProxy has it out: (3 - 1) × 3000 to 3000 + 2 × 3000 + 3 × (3000 + 50).
    let prediction = predictions.get("machine/cp-1", Way::PowerOff, "api").unwrap();
    assert!(prediction.partly[0].share.starts_with("up to 1 of 3 new connections, each waits 5s"));
    assert_eq!(prediction.partly[0].how.outage(Who::New), Interval::millis(6_000, 18_150));
    assert!(prediction.assumptions().contains(&Assumption::ElectionNotSplit));
    // The host below carries nothing else of the API.
    assert_eq!(new(&predictions, "host/pve-1", Way::PowerOff, "api"), prediction.new);
}

#[test]
fn preemption_tells_who_holds_the_address() {
    let mut design = campus();
    design.api.vrrp.as_mut().unwrap().preempt = true;
    let predictions = predict(&design);
    // cp-1 holds it: no case is left in which it does not.
    assert_eq!(new(&predictions, "machine/cp-1", Way::PowerOff, "api"), Interval::millis(2_453, 3_504));
    assert_eq!(new(&predictions, "machine/cp-2/haproxy", Way::Stopped, "api"), Interval::ZERO);
}

#[test]
fn daemons_of_the_endpoint() {
    let predictions = predict(&campus());
    let of = |path: &str, way| new(&predictions, path, way, "api");
    // RestartSec 1000 + 250 + 500.
    assert_eq!(of("machine/cp-1/haproxy", Way::Killed), Interval::millis(0, 1_750));
    // 2 × 3000 + 50 + 454 + 50.
    assert_eq!(of("machine/cp-1/haproxy", Way::Stopped), Interval::millis(0, 6_554));
    // Its VRRP process alone: 3 × 1000 + 454 + 50, and the address may be gone at once.
    assert_eq!(of("machine/cp-1/keepalived", Way::Killed), Interval::millis(0, 3_504));
    assert_eq!(of("machine/cp-1/keepalived", Way::Stopped), Interval::millis(0, 504));
    // Refused connections go on to another server.
    assert_eq!(of("machine/cp-1/apiserver", Way::Stopped), Interval::ZERO);
    // It may lead: 19 ticks + votes. Its own API server is out within 3000 + 2 × 3000 + 3 × (2000 + 50).
    assert_eq!(of("etcd/member/cp-1", Way::Stopped), Interval::millis(0, 1_950));
    assert_eq!(existing(&predictions, "etcd/member/cp-1", Way::Stopped, "api"), Interval::millis(0, 15_150));
}

#[test]
fn balancers_of_their_own_move_the_address_and_the_control_plane_elects() {
    let machines = "  lb-1..2: { role: balancer, host: pve-5..6, networks: [kube] }\n  ns-1..2: {";
    let changes = [("balancer: stacked", "balancer: dedicated"), ("  ns-1..2: {", machines)];
    let predictions = predict(&campus_with(&changes));
    let of = |path: &str, way| new(&predictions, path, way, "api");
    // As of a control plane that held the address: 3 × 1000 + 454 (lb-2, priority 140) + 50.
    assert_eq!(of("machine/lb-1", Way::PowerOff), Interval::millis(0, 3_504));
    assert_eq!(of("host/pve-5", Way::PowerOff), Interval::millis(0, 3_504));
    // lb-2: its heir is lb-1, skew 414.06 ms.
    assert_eq!(of("machine/lb-2", Way::PowerOff), Interval::millis(0, 3_465));
    assert_eq!(of("machine/lb-1/haproxy", Way::Stopped), Interval::millis(0, 6_554));
    assert_eq!(predictions.get("machine/lb-1", Way::PowerOff, "api").unwrap().partly, []);
    // A control plane takes no address with it: the election alone, 1950, and a share until HAProxy has it out.
    assert_eq!(of("machine/cp-1", Way::PowerOff), Interval::millis(0, 1_950));
    let prediction = predictions.get("machine/cp-1", Way::PowerOff, "api").unwrap();
    assert_eq!(prediction.partly[0].how.outage(Who::New), Interval::millis(6_000, 18_150));
    assert!(predictions.get("machine/cp-1/haproxy", Way::Stopped, "api").is_none());
}

#[test]
fn links_switches_and_gateways() {
    let predictions = predict(&campus());
    let both_leaves = |way, promise: &str| {
        let one = new(&predictions, "switch/leaf-1", way, promise);
        assert_eq!(one, new(&predictions, "switch/leaf-2", way, promise));
        one
    };
    // miimon 100 + 50; and the uplinks in the same time.
    for promise in ["api", "dns", "zone", "ingress/public", "storage/ssd", "egress", "management"] {
        assert_eq!(both_leaves(Way::PowerOff, promise), Interval::millis(0, 150), "{promise}");
    }
    // LACP fast at both ends: 3000 + 100 + 50. BGP sessions that were lost meanwhile: 120 s + 50 ms more. etcd may begin an
    // election: 1950 more.
    assert_eq!(both_leaves(Way::Silent, "storage/ssd"), Interval::millis(0, 3_150));
    assert_eq!(both_leaves(Way::Silent, "ingress/public"), Interval::millis(0, 123_200));
    assert_eq!(both_leaves(Way::Silent, "api"), Interval::millis(0, 5_100));
    assert_eq!(new(&predictions, "cable/leaf-2:4", Way::CarrierLost, "storage/ssd"), Interval::millis(0, 150));
    assert_eq!(new(&predictions, "host/pve-4/nic/nic1", Way::CarrierLost, "storage/ssd"), Interval::millis(0, 150));
    // 3 × 1000 + 997 + 50 by the defaults of the protocol.
    for promise in ["api", "zone", "ingress/public", "egress", "management"] {
        assert_eq!(new(&predictions, "external/gw-2", Way::PowerOff, promise), Interval::millis(0, 4_047), "{promise}");
    }
    assert_eq!(new(&predictions, "external/gw-2", Way::PowerOff, "dns"), Interval::ZERO);
}

#[test]
fn a_worker_takes_pods_disks_and_paths_with_it() {
    let predictions = predict(&campus());
    let of = |promise: &str| predictions.get("machine/worker-1", Way::PowerOff, promise).unwrap();
    // 20 + 6 + 1 + 5 + 1 + 3.
    assert_eq!(of("storage/ssd").new, Interval::millis(20_000, 36_000));
    // 50 + 2 × 5 + 300 + 3 + 60.
    assert_eq!(of("capacity/alice").new, Interval::millis(0, 423_000));
    // analytics has volumes.
    assert_eq!(of("capacity/analytics").new, Interval::new(End::After(Millis(0)), End::Repair));
    // Flows through it: 2 × 300 to 3 × 300 + 50; copies on it: 50 - 10 to 50 + 2 × 5 + 3.
    let shares: Vec<_> = of("ingress/public").partly.iter().map(|one| one.how.outage(Who::New)).collect();
    assert_eq!(shares, [Interval::millis(600, 950), Interval::millis(0, 63_000)]);
    assert_eq!(of("ingress/public").new, Interval::ZERO);
    assert_eq!(of("dns").new, Interval::ZERO);
    assert_eq!(of("api").new, Interval::ZERO);
}

#[test]
fn storage_stops_below_its_least_copies() {
    let predictions = predict(&campus_with(&[("replicas: 3, min: 2", "replicas: 2, min: 2")]));
    assert_eq!(new(&predictions, "machine/worker-1", Way::PowerOff, "storage/ssd"), Interval::UNTIL_REPAIR);
    assert_eq!(new(&predictions, "machine/cp-1", Way::PowerOff, "storage/ssd"), Interval::ZERO);
    let predictions = predict(&campus());
    // One process or disk on a host that lives: 1 + 1 + 3.
    assert_eq!(new(&predictions, "ceph/osd/worker-1:osd-0", Way::Killed, "storage/ssd"), Interval::millis(0, 5_000));
    assert_eq!(new(&predictions, "host/pve-1/disk/osd", Way::Broken, "storage/ssd"), Interval::millis(0, 5_000));
    // 10 + 5 + 3 for those who come new.
    assert_eq!(new(&predictions, "ceph/mon/worker-4", Way::Killed, "storage/ssd"), Interval::millis(0, 18_000));
    assert_eq!(existing(&predictions, "ceph/mon/worker-4", Way::Killed, "storage/ssd"), Interval::ZERO);
}

#[test]
fn names() {
    let predictions = predict(&campus());
    // One of two servers: a lookup that begins with it asks the other after 5 s; a restart is over before.
    assert_eq!(new(&predictions, "dns_server/ns-1", Way::Stopped, "zone"), Interval::millis(0, 5_000));
    assert_eq!(new(&predictions, "dns_server/ns-1", Way::Killed, "zone"), Interval::millis(0, 850));
    assert_eq!(new(&predictions, "host/pve-4", Way::PowerOff, "zone"), Interval::millis(0, 5_000));
    let mut alone = campus();
    alone.zone.values_mut().for_each(|zone| zone.secondaries.clear());
    let primary = alone.zone.values().next().unwrap().primary.clone();
    let alone = predict(&alone);
    assert_eq!(new(&alone, &format!("dns_server/{primary}"), Way::Stopped, "zone"), Interval::UNTIL_REPAIR);
    assert_eq!(new(&alone, &format!("dns_server/{primary}"), Way::Killed, "zone"), Interval::millis(100, 850));
}

#[test]
fn two_members_of_etcd_survive_nothing() {
    let mut design = campus();
    design.etcd.member.remove(&"cp-3".into());
    let predictions = predict(&design);
    assert_eq!(new(&predictions, "machine/cp-1", Way::PowerOff, "api"), Interval::UNTIL_REPAIR);
    assert_eq!(new(&predictions, "etcd/member/cp-1", Way::Stopped, "api"), Interval::UNTIL_REPAIR);
    // Killed alone it returns: 1 + 60 s + 50 ms.
    assert_eq!(new(&predictions, "etcd/member/cp-1", Way::Killed, "api").max(), End::After(Millis(61_050)));
}

#[test]
fn single_points_stay_down() {
    let mut design = campus();
    design.api.vrrp.as_mut().unwrap().member.retain(|name, _| name.as_str() == "cp-1");
    let predictions = predict(&design);
    assert_eq!(new(&predictions, "machine/cp-1", Way::PowerOff, "api"), Interval::UNTIL_REPAIR);
    assert_eq!(new(&predictions, "machine/cp-1/haproxy", Way::Stopped, "api"), Interval::UNTIL_REPAIR);
    let mut design = campus();
    design.api.vrrp.as_mut().unwrap().check = None;
    let predictions = predict(&design);
    let stopped = new(&predictions, "machine/cp-1/haproxy", Way::Stopped, "api");
    assert_eq!(stopped, Interval::new(End::After(Millis(0)), End::Repair));
}

#[test]
fn a_local_server_alone_moves_the_address() {
    let mut design = campus();
    design.api.haproxy.as_mut().unwrap().local_only = true;
    let predictions = predict(&design);
    // As when HAProxy itself is stopped: 2 × 3000 + 50 + 454 + 50.
    assert_eq!(new(&predictions, "machine/cp-1/apiserver", Way::Stopped, "api"), Interval::millis(0, 6_554));
}

#[test]
fn every_interval_is_in_order_and_every_mechanism_has_a_source() {
    for design in [campus(), campus_with(&[("failover: safe", "failover: fast")])] {
        for prediction in predict(&design).all {
            assert!(prediction.new.min() <= prediction.new.max());
            assert!(prediction.existing.min() <= prediction.existing.max());
            for step in prediction.how.steps() {
                assert!(
                    !step.source.is_empty() && !step.formula.is_empty() && !step.assumes.is_empty(),
                    "{}",
                    step.name
                );
            }
        }
    }
}

#[test]
fn all_single_failures_are_quick() {
    let design = campus();
    // The best of some: other tests run on the same processors, and this one is not optimised.
    let took = (0..5).map(|_| {
        let start = Instant::now();
        let predictions = predict(&design);
        assert!(predictions.all.len() > 2_000);
        start.elapsed()
    });
    let best = took.min().unwrap();
    let limit = if cfg!(debug_assertions) { 1_000 } else { 100 };
    assert!(best < Duration::from_millis(limit), "{best:?}");
}

#[test]
fn what_is_only_planned_takes_nobodys_place() {
    // The third member of etcd is not there yet: of two, either one is the quorum.
    let mut design = campus();
    design.machine.get_mut(&"cp-3".into()).unwrap().state = plimsoll_model::design::State::Planned;
    let predictions = predict(&design);
    for machine in ["machine/cp-1", "machine/cp-2"] {
        assert_eq!(new(&predictions, machine, Way::PowerOff, "api").max(), End::Repair, "{machine}");
    }
    for promise in &predictions.promises {
        assert_eq!(new(&predictions, "machine/cp-3", Way::PowerOff, promise), Interval::ZERO, "{promise}");
    }
    // The other server of the zone is on a host that is planned.
    let mut design = campus();
    design.host.get_mut(&"pve-5".into()).unwrap().state = plimsoll_model::design::State::Planned;
    let predictions = predict(&design);
    assert_eq!(new(&predictions, "host/pve-4", Way::PowerOff, "zone"), Interval::UNTIL_REPAIR);
}
