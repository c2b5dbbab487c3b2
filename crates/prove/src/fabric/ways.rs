//! Ways between switches.
//!
//! Where the spines of a network are one switch, or a group that acts as one, a way goes up once and down once: what comes
//! from a spine is not sent up to another by the leaves below it (the ports to both are one channel, and what arrives on a
//! channel does not leave by it). So all ways between two leaves are "up to a spine that both reach", and what a leaf needs
//! to reach a spine lies in its own pair and among the spines. In other networks any row of up to [`LONGEST`] switches is a
//! way.

use std::collections::BTreeMap;
use std::rc::Rc;

use plimsoll_circuit::Node;
use plimsoll_model::Name;

use super::wiring::Wiring;
use crate::build::Build;
use crate::component::Kind;

/// Switches in a row, of a way between two hosts: leaf, its peer, spine, the other peer, leaf.
pub(super) const LONGEST: usize = 5;

impl Build<'_> {
    /// The spines of a network that act as one; empty in a network of another shape.
    pub(super) fn tier(&self, network: &Name) -> Vec<Name> {
        self.wiring.carriers(network).map(|carriers| carriers.tier.clone()).unwrap_or_default()
    }

    /// The spines of a network that forward for each other: one, or a pair with a link between them. Whoever reaches any of
    /// them reaches whatever hangs on the others: while the link is there by it, and without it the second is shut.
    pub(super) fn core(&self, network: &Name) -> Vec<Name> {
        self.wiring.carriers(network).map(|carriers| carriers.core.clone()).unwrap_or_default()
    }

    /// A leaf reaches no spine of the core.
    pub(super) fn below_no_core(&mut self, leaf: &Name, core: &[Name], network: &Name) -> Node {
        self.once(format!("no core {network} {leaf}"), |build| {
            let mut ways = Vec::new();
            for spine in core {
                let Some(gone) = build.straight_up(leaf, spine, network) else { continue };
                let down = build.switch(spine);
                ways.push(build.or([gone, down]));
            }
            build.and(ways)
        })
    }

    /// No way between two switches for `network`; the two themselves are taken to work.
    pub(super) fn between(&mut self, one: &Name, other: &Name, network: &Name) -> Node {
        if one == other {
            return Node::FALSE;
        }
        let (a, b) = if one <= other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) };
        self.once(format!("between {network} {a} {b}"), |build| {
            let spines = build.tier(network);
            let ways = match (spines.contains(&a), spines.contains(&b)) {
                (true, false) => build.up(&b, &a, &spines, network),
                (false, true) => build.up(&a, &b, &spines, network),
                (false, false) if !spines.is_empty() => {
                    let mut ways = build.beside(&a, &b, network);
                    for spine in &spines {
                        let down = build.switch(spine);
                        let (left, right) = (build.between(&a, spine, network), build.between(&b, spine, network));
                        ways.push(build.or([down, left, right]));
                    }
                    ways
                }
                _ => {
                    let wiring = Rc::clone(&build.wiring);
                    match wiring.carriers(network) {
                        Some(carriers) if spines.is_empty() => {
                            build.rows(&a, &b, &|switch| carriers.all.contains(switch))
                        }
                        _ => build.rows(&a, &b, &|switch| spines.contains(switch)),
                    }
                }
            };
            if ways.is_empty() {
                build.over_routers(&a, &b, network)
            } else {
                let cut = build.and(ways);
                build.label(cut, format!("{a} and {b} are apart in {network}"))
            }
        })
    }

    /// Ways from a leaf up to a spine: straight, over the leaf's own neighbours, or over another spine.
    fn up(&mut self, leaf: &Name, spine: &Name, spines: &[Name], network: &Name) -> Vec<Node> {
        let mut ways: Vec<Node> = self.straight_up(leaf, spine, network).into_iter().collect();
        for other in spines.iter().filter(|other| *other != spine) {
            let Some(first) = self.straight_up(leaf, other, network) else { continue };
            let (down, across) = (self.switch(other), self.between(other, spine, network));
            ways.push(self.or([first, down, across]));
        }
        ways
    }

    /// The ways from a leaf up to a spine that touch no other spine are gone; `None` where there are none.
    fn straight_up(&mut self, leaf: &Name, spine: &Name, network: &Name) -> Option<Node> {
        let wiring = Rc::clone(&self.wiring);
        let carriers = wiring.carriers(network)?;
        let ways = self.rows(leaf, spine, &|switch| switch == spine || carriers.below.contains(switch));
        if ways.is_empty() {
            return None;
        }
        // The second spine of a pair shuts its ports when the link between the two is gone.
        let shut = self.second_of_pair(spine);
        let gone = self.and(ways);
        Some(self.or([gone, shut]))
    }

    /// Ways between two leaves that touch no spine.
    pub(super) fn beside(&mut self, one: &Name, other: &Name, network: &Name) -> Vec<Node> {
        if one == other {
            return vec![Node::FALSE];
        }
        let wiring = Rc::clone(&self.wiring);
        let Some(carriers) = wiring.carriers(network) else { return Vec::new() };
        self.rows(one, other, &|switch| carriers.below.contains(switch))
    }

    /// Each row of switches, all `among` some, that leads from one to the other, with what breaks it.
    fn rows(&mut self, one: &Name, other: &Name, among: &dyn Fn(&Name) -> bool) -> Vec<Node> {
        let (mut rows, mut row) = (Vec::new(), vec![one.clone()]);
        if among(one) {
            walk(&self.wiring, among, other, &mut row, &mut rows);
        }
        // Where a short row exists, a longer one over the same switches adds nothing; the circuit drops it.
        let broken = rows.into_iter().map(|row| {
            let mut parts = Vec::new();
            for hop in row.windows(2) {
                parts.push(self.hop(&hop[0], &hop[1]));
            }
            for middle in &row[1..row.len() - 1] {
                parts.push(self.switch(middle));
            }
            self.or(parts)
        });
        broken.collect()
    }

    fn hop(&mut self, one: &Name, other: &Name) -> Node {
        let cables = self.cables_between(one, other);
        // Neighbours without a cable are members of a pair whose link was not described.
        if cables.is_empty() {
            return Node::FALSE;
        }
        self.assume("links between switches carry every network that both of them carry");
        self.and(cables)
    }

    /// Two switches that no cable of ours joins meet at the routers above them, if they do.
    fn over_routers(&mut self, one: &Name, other: &Name, network: &Name) -> Node {
        let wiring = Rc::clone(&self.wiring);
        let routers = |switch: &Name| -> BTreeMap<Name, Vec<Name>> {
            let mut found: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
            for (router, uplink) in wiring.all_uplinks() {
                if uplink.switch == *switch && self.carries(switch, &uplink.port, network) {
                    found.entry(router.clone()).or_default().push(uplink.cable.clone());
                }
            }
            found
        };
        let (above, also) = (routers(one), routers(other));
        let mut ways = Vec::new();
        for (router, cables) in &above {
            let Some(others) = also.get(router) else { continue };
            let mut side = |cables: &[Name]| {
                let parts: Vec<Node> = cables
                    .iter()
                    .map(|name| {
                        let path = format!("cable/{name}");
                        self.part(&path, Kind::Cable, &path)
                    })
                    .collect();
                self.and(parts)
            };
            let (up, down) = (side(cables), side(others));
            let own = self.router(router);
            ways.push(self.or([up, down, own]));
        }
        if ways.is_empty() {
            return Node::TRUE;
        }
        self.assume("the routers join the switches below them in one layer-2 domain");
        self.and(ways)
    }
}

/// All ways without a circle, up to [`LONGEST`] switches.
fn walk(wiring: &Wiring, among: &dyn Fn(&Name) -> bool, goal: &Name, way: &mut Vec<Name>, ways: &mut Vec<Vec<Name>>) {
    let Some(next) = way.last().and_then(|last| wiring.neighbours.get(last)) else { return };
    for switch in next.iter().filter(|switch| among(switch)) {
        if way.contains(switch) {
            continue;
        }
        way.push(switch.clone());
        if switch == goal {
            ways.push(way.clone());
        } else if way.len() < LONGEST {
            walk(wiring, among, goal, way, ways);
        }
        way.pop();
    }
}
