//! The simulation of failure domains: the campus example by name, then thousands of random plants against brute force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use plimsoll_model::design::{Cable, CableEnd, Feed, PduRef};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};
use plimsoll_views::domains::{Domain, Group, Losses, lost_with};

fn campus() -> Design {
    static CAMPUS: LazyLock<Design> = LazyLock::new(|| {
        serde_json::from_str(include_str!("../../resolve/tests/golden/campus.json")).expect("a Design")
    });
    CAMPUS.clone()
}

fn names(lost: &BTreeSet<&Name>) -> Vec<String> {
    lost.iter().map(ToString::to_string).collect()
}

fn pdu(rack: &str, pdu: &str) -> PduRef {
    PduRef { rack: rack.into(), pdu: pdu.into() }
}

#[test]
fn a_host_takes_its_machines_and_nothing_else() {
    assert_eq!(names(&lost_with(&campus(), &[Domain::Host("pve-1".into())])), ["cp-1", "worker-1"]);
    assert!(lost_with(&campus(), &[]).is_empty());
}

#[test]
fn two_supplies_a_bond_and_a_pair_of_switches_do_their_part() {
    let design = campus();
    let one = [
        Domain::Feed("utility".into()),
        Domain::Feed("ups-1".into()),
        Domain::Pdu(pdu("r1", "a")),
        Domain::Pdu(pdu("r1", "b")),
        Domain::Switch("leaf-1".into()),
        Domain::Switch("leaf-2".into()),
        Domain::Switch("oob-1".into()),
    ];
    for domain in one {
        assert!(lost_with(&design, std::slice::from_ref(&domain)).is_empty(), "{domain}");
        let losses = Losses::of(&design, std::slice::from_ref(&domain));
        assert!(Group::all(&design).iter().all(|group| group.survives(&losses)), "{domain}");
    }
    let all = design.machine.len();
    let pairs = [
        [Domain::Switch("leaf-1".into()), Domain::Switch("leaf-2".into())],
        [Domain::Feed("utility".into()), Domain::Feed("ups-1".into())],
        [Domain::Pdu(pdu("r1", "a")), Domain::Feed("ups-1".into())],
        [Domain::Rack("r1".into()), Domain::Host("pve-1".into())],
    ];
    for pair in pairs {
        assert_eq!(lost_with(&design, &pair).len(), all, "{} and {}", pair[0], pair[1]);
    }
}

#[test]
fn a_battery_bridges_the_utility_only_while_it_has_a_runtime() {
    let mut design = campus();
    design.feed.insert("ups-1".into(), Feed { from: Some("utility".into()), runtime: None });
    let utility = [Domain::Feed("utility".into())];
    assert_eq!(lost_with(&design, &utility).len(), design.machine.len());
    design.feed.insert("ups-1".into(), Feed { from: Some("utility".into()), runtime: Some(Millis::minutes(20)) });
    assert!(lost_with(&design, &utility).is_empty());
}

#[test]
fn two_hosts_of_three_take_the_quorum_of_etcd_and_not_that_of_six_hypervisors() {
    let design = campus();
    let losses = Losses::of(&design, &[Domain::Host("pve-1".into()), Domain::Host("pve-2".into())]);
    let broken: Vec<&str> =
        Group::all(&design).iter().filter(|group| !group.survives(&losses)).map(|group| group.name).collect();
    assert_eq!(broken, ["etcd"]);
}

#[test]
fn leaves_that_only_a_spine_joins_are_islands_without_it() {
    let mut design = campus();
    design.mlag.clear();
    design.cable.retain(|_, cable| !(cable.a.device.starts_with("switch/") && cable.b.device.starts_with("switch/")));
    design.cable.retain(|_, cable| !cable.a.device.starts_with("external/"));
    let spine = design.switch[&Name::from("oob-1")].clone();
    design.switch.insert("spine-1".into(), spine);
    for leaf in ["leaf-1", "leaf-2"] {
        let end = |device: &str, port: &str| CableEnd { device: format!("switch/{device}"), port: port.into() };
        let speed = plimsoll_model::units::BitRate::gbit(100);
        let cable = Cable { a: end("spine-1", leaf), b: end(leaf, "up"), speed };
        design.cable.insert(format!("spine-1:{leaf}").into(), cable);
    }
    // cp-1 and its host on one leaf, everybody else on the other.
    for (name, host) in &mut design.host {
        for nic in host.nic.values_mut().filter(|nic| nic.switch != "oob-1") {
            nic.switch = if *name == "pve-1" { "leaf-1" } else { "leaf-2" }.into();
        }
    }
    let losses = Losses::of(&design, &[Domain::Switch("spine-1".into())]);
    let groups = Group::all(&design);
    let etcd = groups.iter().find(|group| group.name == "etcd").expect("one");
    assert_eq!((etcd.votes_left(&losses), etcd.survives(&losses)), (2, true));
    assert!(lost_with(&design, &[Domain::Switch("spine-1".into())]).is_empty(), "every leaf lives");
}

/// Numbers that look random and are the same every time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below
    }
}

/// The campus with power, racks and cabling thrown together anew.
fn shuffled(dice: &mut Dice) -> Design {
    let mut design = campus();
    let rack = design.rack[&Name::from("r1")].clone();
    design.rack.insert("r2".into(), rack.clone());
    design.rack.insert("r3".into(), rack);
    design.feed.insert("ups-2".into(), Feed { from: Some("ups-1".into()), runtime: None });
    let feeds: Vec<Name> = design.feed.keys().cloned().collect();
    let racks: Vec<Name> = design.rack.keys().cloned().collect();
    for (index, feed) in feeds.iter().enumerate() {
        let it = design.feed.get_mut(feed).expect("known");
        // Mostly chains, sometimes a circle.
        it.from = (index > 0 || dice.roll(9) == 0).then(|| feeds[dice.roll(feeds.len())].clone());
        it.runtime = (dice.roll(3) == 0).then_some(Millis::minutes(10));
    }
    for strip in design.rack.values_mut().flat_map(|rack| rack.pdu.values_mut()) {
        strip.feed = feeds[dice.roll(feeds.len())].clone();
    }
    let switches: Vec<Name> = design.switch.keys().cloned().collect();
    let supply = |dice: &mut Dice| PduRef { rack: racks[dice.roll(3)].clone(), pdu: ["a", "b"][dice.roll(2)].into() };
    for switch in design.switch.values_mut() {
        switch.rack = racks[dice.roll(3)].clone();
        switch.psu.values_mut().for_each(|psu| psu.pdu = supply(dice));
    }
    for host in design.host.values_mut() {
        host.rack = racks[dice.roll(3)].clone();
        host.psu.values_mut().for_each(|psu| psu.pdu = supply(dice));
        if dice.roll(8) == 0 {
            host.psu.clear();
        }
        host.nic.values_mut().for_each(|nic| nic.switch = switches[dice.roll(switches.len())].clone());
    }
    if dice.roll(2) == 0 {
        design.mlag.clear();
    }
    // Every switch hangs on the first one or on the one before, so that all were joined before the failure.
    design.cable.clear();
    for index in 1..switches.len() {
        for _ in 0..=dice.roll(2) {
            let other = dice.roll(index);
            let end = |at: usize| CableEnd { device: format!("switch/{}", switches[at]), port: "x".into() };
            let cable = Cable { a: end(other), b: end(index), speed: plimsoll_model::units::BitRate::gbit(100) };
            design.cable.insert(format!("{index}:{other}").into(), cable);
        }
    }
    design
}

/// Whether power reaches a feed from outside along some chain without a failed part: every chain is tried.
fn powered(design: &Design, feed: &Name, failed: &[Domain], above: &mut Vec<Name>) -> bool {
    if failed.contains(&Domain::Feed(feed.clone())) || above.contains(feed) {
        return false;
    }
    above.push(feed.clone());
    let it = &design.feed[feed];
    let battery = it.runtime.is_some_and(|runtime| runtime.0 > 0);
    let lives = battery || it.from.as_ref().is_none_or(|from| powered(design, from, failed, above));
    above.pop();
    lives
}

fn stands(design: &Design, rack: &Name, supplies: Vec<&PduRef>, failed: &[Domain]) -> bool {
    let strip = |pdu: &&PduRef| {
        !failed.contains(&Domain::Pdu((*pdu).clone()))
            && !failed.contains(&Domain::Rack(pdu.rack.clone()))
            && powered(design, &design.rack[&pdu.rack].pdu[&pdu.pdu].feed, failed, &mut Vec::new())
    };
    !failed.contains(&Domain::Rack(rack.clone())) && (supplies.is_empty() || supplies.iter().any(strip))
}

#[test]
fn random_plants_agree_with_brute_force() {
    let mut dice = Dice(7);
    let (mut lost_some, mut parted) = (0, 0);
    for round in 0..400 {
        let design = shuffled(&mut dice);
        let all = Domain::all(&design);
        let failed: Vec<Domain> = (0..=dice.roll(4)).map(|_| all[dice.roll(all.len())].clone()).collect();
        let said: Vec<String> = failed.iter().map(ToString::to_string).collect();

        let switch_lives = |name: &Name| {
            let it = &design.switch[name];
            !failed.contains(&Domain::Switch(name.clone()))
                && stands(&design, &it.rack, it.psu.values().map(|psu| &psu.pdu).collect(), &failed)
        };
        let host_lives = |name: &Name| {
            let it = &design.host[name];
            !failed.contains(&Domain::Host(name.clone()))
                && stands(&design, &it.rack, it.psu.values().map(|psu| &psu.pdu).collect(), &failed)
        };
        // In the campus every bridge of a guest stands on a VLAN of the one bond.
        let ports = |host: &Name| -> Vec<Name> {
            let host = &design.host[host];
            host.bond.values().flat_map(|bond| &bond.members).map(|nic| host.nic[nic].switch.clone()).collect()
        };
        let expected: BTreeSet<&Name> = design
            .machine
            .iter()
            .filter(|(_, it)| !host_lives(&it.host) || !ports(&it.host).iter().any(switch_lives))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(lost_with(&design, &failed), expected, "round {round}: {said:?}");
        lost_some += usize::from(!expected.is_empty());

        // Who reaches whom, by closing the relation (Warshall) instead of by walking.
        let switches: Vec<&Name> = design.switch.keys().collect();
        let paired = |a: &Name, b: &Name| {
            design.mlag.values().any(|mlag| mlag.members.contains(a) && mlag.members.contains(b))
                || design.cable.values().any(|cable| {
                    let ends = [cable.a.device.as_str(), cable.b.device.as_str()];
                    ends.contains(&format!("switch/{a}").as_str()) && ends.contains(&format!("switch/{b}").as_str())
                })
        };
        let mut reaches: BTreeMap<(&Name, &Name), bool> = BTreeMap::new();
        for a in &switches {
            for b in &switches {
                reaches.insert((a, b), switch_lives(a) && switch_lives(b) && (a == b || paired(a, b)));
            }
        }
        for via in &switches {
            for a in &switches {
                for b in &switches {
                    if reaches[&(*a, *via)] && reaches[&(*via, *b)] {
                        reaches.insert((a, b), true);
                    }
                }
            }
        }
        let losses = Losses::of(&design, &failed);
        let groups = Group::all(&design);
        let etcd = groups.iter().find(|group| group.name == "etcd").expect("one");
        let votes = |from: &&&Name| {
            let member = |name: &&Name| {
                let host = &design.machine[*name].host;
                host_lives(host) && ports(host).iter().any(|port| reaches[&(**from, port)])
            };
            design.etcd.member.keys().filter(member).count() as u32
        };
        let best = switches.iter().map(|from| votes(&from)).max().unwrap_or(0);
        assert_eq!(etcd.votes_left(&losses), best, "round {round}: {said:?}");
        let alive: Vec<&&Name> = switches.iter().filter(|name| switch_lives(name)).collect();
        parted += usize::from(alive.iter().any(|a| alive.iter().any(|b| !reaches[&(**a, **b)])));
    }
    assert!(lost_some > 100 && parted > 10, "the dice must reach both: {lost_some} lost, {parted} parted");
}
