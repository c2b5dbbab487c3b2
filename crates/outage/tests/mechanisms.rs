//! Each formula worked by hand, and what must hold for all: a larger timer never shortens a bound.

#![allow(clippy::unwrap_used, reason = "a test panics to fail")]

mod common;

use common::campus;
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};
use plimsoll_outage::mechanism::keepalived::Fails;
use plimsoll_outage::mechanism::vrrp::Succession;
use plimsoll_outage::mechanism::{bond, ceph, client, etcd, haproxy, keepalived, node, routing, vrrp};
use plimsoll_outage::{End, Interval, Prediction, predict};

fn name(text: &str) -> Name {
    text.into()
}

#[test]
fn skew_as_keepalived_counts_it() {
    // Version 3, 1 s, priority 140: 116 × 100 × 625 / 16 = 453 125 µs.
    assert_eq!(vrrp::skew_micros(3, Millis(1_000), 140), 453_125);
    // Version 3, 200 ms: 116 × 20 × 625 / 16 = 90 625 µs.
    assert_eq!(vrrp::skew_micros(3, Millis(200), 140), 90_625);
    // Version 2 counts of a second whatever the interval: 116 × 1 000 000 / 256.
    assert_eq!(vrrp::skew_micros(2, Millis(3_000), 140), 453_125);
    // Priority 128 by default, version 3, 1 s: the half of it.
    assert_eq!(vrrp::skew_micros(3, Millis(1_000), 128), 500_000);
    // Whole hundredths of a second: 255 ms counts as 250.
    assert_eq!(vrrp::skew_micros(3, Millis(255), 128), 125_000);
}

#[test]
fn who_takes_over() {
    let design = campus();
    let vrrp = design.api.vrrp.as_ref().unwrap();
    let (one, two, three) = (name("cp-1"), name("cp-2"), name("cp-3"));
    // cp-3 with 130: 126/256 s = 492.19 ms, so 2000 + 492 to 3000 + 493 + 50.
    let heir = Succession::of(vrrp, &[&one, &two]).unwrap();
    assert_eq!(vrrp::missed(vrrp, &heir).new, Interval::millis(2_492, 3_543));
    assert_eq!(vrrp::handed_over(vrrp, &heir).new, Interval::millis(492, 543));
    assert!(Succession::of(vrrp, &[&one, &two, &three]).is_none());
    // keepalived 2.3.3 in namespaces, its holder cut off and killed, cp-1 or cp-2 taking over.
    let heirs = Succession::of(vrrp, &[&one]).unwrap();
    let other = Succession::of(vrrp, &[&two]).unwrap();
    let any = vrrp::missed(vrrp, &heirs).new.or(vrrp::missed(vrrp, &other).new);
    assert!([3_435, 3_421, 2_562, 2_727, 3_399].iter().all(|seen| any.contains(Millis(*seen))), "{any:?}");
}

#[test]
fn a_weight_moves_the_address_or_does_not() {
    let mut design = campus();
    let one = name("cp-1");
    let outage = |design: &Design, weight| {
        vrrp::outranked(design.api.vrrp.as_ref().unwrap(), &one, weight).outage(plimsoll_outage::Who::New)
    };
    // Nobody may take an address from a holder that lives.
    assert_eq!(outage(&design, -50), Interval::UNTIL_REPAIR);
    design.api.vrrp.as_mut().unwrap().preempt = true;
    // 150 - 5 is still above 140; 150 - 10 ties and stays.
    assert_eq!(outage(&design, -5), Interval::UNTIL_REPAIR);
    assert_eq!(outage(&design, -10), Interval::UNTIL_REPAIR);
    // 150 - 11 is below cp-2: 3 × 1000 + 454 + 50 at most.
    assert_eq!(outage(&design, -11), Interval::millis(0, 3_504));
    // Positive: the others have 20 more, 160 above 150.
    assert_eq!(outage(&design, 20), Interval::millis(0, 3_504));
    design.api.vrrp.as_mut().unwrap().preempt_delay = Millis(7_000);
    assert_eq!(outage(&design, -11), Interval::millis(0, 10_504));
}

#[test]
fn an_election_is_counted_in_ticks() {
    let mut etcd = campus().etcd;
    // 10 to 19 ticks of 100 ms: 1000 - 200 to 1900 + 3 × 10 + 2 × 10. Three kills of a leader were seen as 869, 920 and, with
    // what follows an election, 2120 ms.
    assert_eq!(etcd::election(&etcd, None).new, Interval::millis(800, 1_950));
    assert!([869, 920].iter().all(|seen| etcd::election(&etcd, None).new.contains(Millis(*seen))));
    // Figures that were stated count instead: 1900 + 3 × 2 + 2 × 5.
    etcd.rtt_max = Some(Millis(2));
    assert_eq!(etcd::election(&etcd, Some(Millis(5))).new.max(), End::After(Millis(1_916)));
    // 250/2500: 10 to 19 ticks of 250 ms.
    (etcd.heartbeat, etcd.election, etcd.rtt_max) = (Millis(250), Millis(2_500), None);
    assert_eq!(etcd::election(&etcd, None).new, Interval::millis(2_000, 4_800));
}

#[test]
fn clients_with_a_dead_connection() {
    // 30 s of silence, 15 s without an answer.
    assert_eq!(client::pings().existing, Interval::millis(0, 45_000));
    // The address moved after 2.4 to 3.5 s: the ping comes within 30 s of silence and meets a reset.
    assert_eq!(client::after_move(Interval::millis(2_414, 3_504)).existing, Interval::millis(2_414, 30_000));
    // After 20 s: a ping that was sent before is given up after 15 s.
    assert_eq!(client::after_move(Interval::millis(0, 20_000)).existing, Interval::millis(0, 35_000));
}

#[test]
fn nodes_that_are_gone() {
    let kubernetes = campus().kubernetes;
    // 50 s since 1.32: the last renewal 0 to 10 s old, the controller 0 to 5 s late, twice.
    assert_eq!(node::not_ready_time(&kubernetes), Interval::millis(40_000, 60_000));
    assert_eq!(node::endpoints_leave(&kubernetes).new, Interval::millis(40_000, 63_000));
    // + 300 s, 3 s and 60 s.
    assert_eq!(node::evicted(&kubernetes).new, Interval::millis(340_000, 423_000));
}

/// Ends of an interval never come earlier when a timer grows.
fn grows(what: &str, make: impl Fn(u64) -> Interval) {
    let mut before = Interval::ZERO;
    for step in [1, 2, 5, 10, 30, 100, 1_000] {
        let now = make(step);
        assert!(now.min() <= now.max(), "{what} at {step}");
        assert!(before.max() <= now.max(), "{what} at {step}: {now:?} after {before:?}");
        before = now;
    }
}

#[test]
fn a_larger_timer_never_shortens_the_bound() {
    let design = campus();
    let (one, vrrp, haproxy) = (name("cp-1"), design.api.vrrp.unwrap(), design.api.haproxy.unwrap());
    let with_vrrp = |change: &dyn Fn(&mut plimsoll_model::design::Vrrp)| {
        let mut vrrp = vrrp.clone();
        change(&mut vrrp);
        vrrp
    };
    let missed = |vrrp: &plimsoll_model::design::Vrrp| vrrp::missed(vrrp, &Succession::of(vrrp, &[&one]).unwrap()).new;
    grows("advert_interval", |n| missed(&with_vrrp(&|vrrp| vrrp.advert_interval = Millis(n * 10))));
    grows("down_timer_adverts", |n| missed(&with_vrrp(&|vrrp| vrrp.down_timer_adverts = n.min(100) as u8)));
    let check = vrrp.check.clone().unwrap();
    for fails in [Fails::AtOnce, Fails::Slowly, Fails::BySilence] {
        let with = |change: &dyn Fn(&mut plimsoll_model::design::VrrpCheck)| {
            let mut check = check.clone();
            change(&mut check);
            keepalived::fall_time(&check, fails)
        };
        grows("check interval", |n| with(&|check| check.interval = Millis(n * 100)));
        grows("check fall", |n| with(&|check| check.fall = n as u32));
        grows("check max_time", |n| with(&|check| check.max_time = Millis(n * 100)));
        let with = |change: &dyn Fn(&mut plimsoll_model::design::Haproxy)| {
            let mut haproxy = haproxy.clone();
            change(&mut haproxy);
            haproxy::eject_time(&haproxy, fails)
        };
        grows("inter", |n| with(&|haproxy| haproxy.check.interval = Millis(n * 100)));
        grows("fastinter", |n| with(&|haproxy| haproxy.check.fast_interval = Some(Millis(n * 100))));
        grows("fall", |n| with(&|haproxy| haproxy.check.fall = n as u32));
        grows("timeout connect", |n| with(&|haproxy| haproxy.timeout.connect = Millis(n * 100)));
    }
    let etcd = design.etcd;
    grows("election", |n| {
        let mut etcd = etcd.clone();
        etcd.election = Millis(n * 1_000);
        etcd::election(&etcd, None).new
    });
    grows("fsync", |n| etcd::election(&etcd, Some(Millis(n))).new);
    let kubernetes = design.kubernetes;
    grows("node grace", |n| {
        let mut kubernetes = kubernetes.clone();
        kubernetes.controller_manager.node_monitor_grace_period = Millis(n * 1_000);
        node::evicted(&kubernetes).new
    });
    let peer = design.metallb.unwrap().peer.into_values().next().unwrap();
    grows("hold time", |n| {
        let mut peer = peer.clone();
        peer.hold_time = Millis(n * 1_000);
        routing::session_lost(&peer, None).existing
    });
    grows("heartbeat grace", |n| ceph::osds_silent(Millis(n * 1_000)).new);
    grows("miimon", |n| bond::carrier(Millis(n)).outage(plimsoll_outage::Who::New));
}

#[test]
fn slower_timers_of_the_whole_file_never_shorten_a_prediction() {
    let slow = {
        let mut design = campus();
        let vrrp = design.api.vrrp.as_mut().unwrap();
        vrrp.advert_interval = Millis(2_000);
        vrrp.check.as_mut().unwrap().interval = Millis(6_000);
        let haproxy = design.api.haproxy.as_mut().unwrap();
        haproxy.check.interval = Millis(6_000);
        haproxy.timeout.connect = Millis(10_000);
        (design.etcd.heartbeat, design.etcd.election) = (Millis(200), Millis(2_000));
        design.kubernetes.controller_manager.node_monitor_grace_period = Millis(80_000);
        design.ceph.as_mut().unwrap().osd_heartbeat_grace = Millis(40_000);
        for host in design.host.values_mut() {
            host.bond.values_mut().for_each(|bond| bond.miimon = Millis(200));
        }
        predict(&design)
    };
    // The longer another waits, the shorter two hold the address.
    let slower = |(quick, _): &(&Prediction, &Prediction)| quick.promise != "one-holder/api";
    for (quick, slow) in predict(&campus()).all.iter().zip(&slow.all).filter(slower) {
        assert_eq!((&quick.failure, &quick.promise), (&slow.failure, &slow.promise));
        assert!(quick.new.max() <= slow.new.max(), "{} {}", quick.failure, quick.promise);
        assert!(quick.existing.max() <= slow.existing.max(), "{} {}", quick.failure, quick.promise);
    }
}
