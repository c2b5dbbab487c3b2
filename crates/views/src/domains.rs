//! Which machines are lost with a failure domain, after power supplies, bonds and switch pairs have done their part.
//!
//! A small simulation over the physical Design, without timers and without probabilities: everything of a domain fails
//! at once, and what is left is looked at once all redundancy has taken over. Its assumptions:
//!
//! - A source of power is dead when what feeds it is dead, unless it is a battery with a stated runtime: the loss of
//!   the utility alone is bridged, and the battery is a domain of its own.
//! - A device with several power supplies lives while one of them has power. A device without stated supplies has power
//!   as long as its rack stands.
//! - A bond carries traffic while one of its ports ends on a living switch, whatever its mode; whether the mode notices
//!   (PHY-006, PHY-007, PHY-011) is judged apart. A pair of switches (MLAG, ESI, stack) outlives each of its members.
//! - Living switches reach each other over cables between switches and routers, whatever VLANs their ports carry. What
//!   was not connected before the failure either, as when nobody stated the uplinks, counts as connected by unknown
//!   means. Routers of others do not fail with anything, except with the racks and power strips they are stated to
//!   hang on.
//!
//! - Islands of switches that have nothing in common before the failure (production and out-of-band) stand for one
//!   another: a hypervisor that reaches its peers on either is counted once.
//!
//! What is not modelled: hypervisors that restart guests elsewhere, guests that move, fencing after a loss of quorum.

mod groups;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use plimsoll_model::Name;
use plimsoll_model::design::{Design, Host, PduRef, Psu, State};

pub use groups::{Group, Member};

/// Something that fails as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// A source of power.
    Feed(Name),
    /// A power strip.
    Pdu(PduRef),
    /// A rack with all that stands in it.
    Rack(Name),
    /// A switch.
    Switch(Name),
    /// A physical machine.
    Host(Name),
}

impl Domain {
    /// Its kind, as goals name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Domain::Feed(_) => "feed",
            Domain::Pdu(_) => "pdu",
            Domain::Rack(_) => "rack",
            Domain::Switch(_) => "switch",
            Domain::Host(_) => "host",
        }
    }

    /// Every domain of a Design: feeds, strips, racks, switches, hosts, each in the order of their names. What is only
    /// planned is none.
    pub fn all(design: &Design) -> Vec<Domain> {
        let mut all: Vec<Domain> = design.feed.keys().cloned().map(Domain::Feed).collect();
        for (rack, it) in &design.rack {
            all.extend(it.pdu.keys().map(|pdu| Domain::Pdu(PduRef { rack: rack.clone(), pdu: pdu.clone() })));
        }
        all.extend(design.rack.keys().cloned().map(Domain::Rack));
        all.extend(design.switch.keys().cloned().map(Domain::Switch));
        let in_service = design.host.iter().filter(|(_, host)| host.state != State::Planned);
        all.extend(in_service.map(|(name, _)| Domain::Host(name.clone())));
        all
    }
}

/// Its path in the Design: `rack/r1/pdu/a`.
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Feed(name) => write!(f, "feed/{name}"),
            Domain::Pdu(PduRef { rack, pdu }) => write!(f, "rack/{rack}/pdu/{pdu}"),
            Domain::Rack(name) => write!(f, "rack/{name}"),
            Domain::Switch(name) => write!(f, "switch/{name}"),
            Domain::Host(name) => write!(f, "host/{name}"),
        }
    }
}

/// The machines that are lost when all of `failed` fail together: without power, or cut off from every network they
/// are in.
///
/// A machine on an unknown host, which a Design made by hand may have, is never lost.
pub fn lost_with<'d>(design: &'d Design, failed: &[Domain]) -> BTreeSet<&'d Name> {
    let losses = Losses::of(design, failed);
    design
        .machine
        .iter()
        .filter(|(_, machine)| {
            losses.hosts.contains(&machine.host)
                || (!machine.nic.is_empty()
                    && machine
                        .nic
                        .keys()
                        .all(|network| losses.attachments(machine_ports(design, machine, network)).is_empty()))
        })
        .map(|(name, _)| name)
        .collect()
}

/// What is dead after a failure, and who reaches whom.
#[derive(Clone, Debug)]
pub struct Losses {
    /// Sources without power.
    pub feeds: BTreeSet<Name>,
    /// Strips without power.
    pub pdus: BTreeSet<PduRef>,
    /// Switches that are dead.
    pub switches: BTreeSet<Name>,
    /// Hosts that are dead.
    pub hosts: BTreeSet<Name>,
    /// What others own that is dead, as far as it hangs on our racks and strips.
    pub externals: BTreeSet<Name>,
    /// Living switches with the island each is on.
    islands: BTreeMap<Name, usize>,
}

impl Losses {
    /// What is dead when all of `failed` fail together.
    pub fn of(design: &Design, failed: &[Domain]) -> Self {
        let hit = |domain: Domain| failed.contains(&domain);
        let feeds: BTreeSet<Name> =
            design.feed.keys().filter(|feed| !feed_lives(design, feed, &hit)).cloned().collect();
        let mut pdus = BTreeSet::new();
        for (rack, it) in &design.rack {
            for (pdu, strip) in &it.pdu {
                let own = PduRef { rack: rack.clone(), pdu: pdu.clone() };
                if hit(Domain::Rack(rack.clone())) || hit(Domain::Pdu(own.clone())) || feeds.contains(&strip.feed) {
                    pdus.insert(own);
                }
            }
        }
        let unpowered = |supplies: &mut dyn Iterator<Item = &PduRef>| {
            let mut any = false;
            for pdu in supplies {
                any = true;
                if !pdus.contains(pdu) {
                    return false;
                }
            }
            any
        };
        let dead = |rack: &Name, psu: &plimsoll_model::Map<Psu>| {
            hit(Domain::Rack(rack.clone())) || unpowered(&mut psu.values().map(|psu| &psu.pdu))
        };
        let switches: BTreeSet<Name> = design
            .switch
            .iter()
            .filter(|(name, switch)| hit(Domain::Switch((*name).clone())) || dead(&switch.rack, &switch.psu))
            .map(|(name, _)| name.clone())
            .collect();
        let hosts = design
            .host
            .iter()
            .filter(|(name, host)| hit(Domain::Host((*name).clone())) || dead(&host.rack, &host.psu))
            .map(|(name, _)| name.clone())
            .collect();
        let externals: BTreeSet<Name> = design
            .external
            .iter()
            .filter(|(_, external)| {
                external.rack.as_ref().is_some_and(|rack| hit(Domain::Rack(rack.clone())))
                    || unpowered(&mut external.power.iter())
            })
            .map(|(name, _)| name.clone())
            .collect();
        let islands = islands(design, &switches, &externals);
        Losses { feeds, pdus, switches, hosts, externals, islands }
    }

    /// Islands of living switches on which ports of a host end; a port without a known switch is on none.
    fn attachments<'a>(&self, switches: impl IntoIterator<Item = &'a Name>) -> BTreeSet<usize> {
        switches.into_iter().filter_map(|switch| self.islands.get(switch).copied()).collect()
    }
}

/// A battery with a runtime lives on its own; anything else while what feeds it does.
fn feed_lives(design: &Design, feed: &Name, hit: &impl Fn(Domain) -> bool) -> bool {
    let mut at = feed;
    // A circle of feeds, which is a mistake of its own, has no source: the number of feeds bounds the way up.
    for _ in 0..=design.feed.len() {
        if hit(Domain::Feed(at.clone())) {
            return false;
        }
        let Some(it) = design.feed.get(at) else { return true };
        match &it.from {
            Some(from) if it.runtime.is_none_or(|runtime| runtime.0 == 0) => at = from,
            _ => return true,
        }
    }
    false
}

/// The network ports of a host below an interface: those of a bond, of what a VLAN interface or a bridge stands on.
pub fn ports_below<'h>(host: &'h Host, interface: &Name) -> BTreeSet<&'h Name> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![interface.clone()];
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if let Some((nic, _)) = host.nic.get_key_value(&name) {
            found.insert(nic);
        } else if let Some(bond) = host.bond.get(&name) {
            open.extend(bond.members.iter().cloned());
        } else if let Some(vlan) = host.vlan.get(&name) {
            open.push(vlan.parent.clone());
        } else if let Some(bridge) = host.bridge.get(&name) {
            open.extend(bridge.ports.iter().cloned());
        } else if let Some((parent, _)) = name.as_str().rsplit_once('.') {
            open.push(parent.into());
        }
    }
    found
}

/// The switches on which a machine's interface in `network` ends.
fn machine_ports<'d>(
    design: &'d Design,
    machine: &plimsoll_model::design::Machine,
    network: &Name,
) -> BTreeSet<&'d Name> {
    let (Some(host), Some(nic)) = (design.host.get(&machine.host), machine.nic.get(network)) else {
        return BTreeSet::new();
    };
    ports_below(host, &nic.bridge).into_iter().map(|nic| &host.nic[nic].switch).collect()
}

/// Living switches by the island they are on.
fn islands(design: &Design, dead: &BTreeSet<Name>, gone: &BTreeSet<Name>) -> BTreeMap<Name, usize> {
    let before = components(design, &BTreeSet::new(), &BTreeSet::new());
    let after = components(design, dead, gone);
    // Islands that were apart before the failure are joined again, by whatever joins them that nobody stated: those of
    // the lowest number of each stand for one another.
    let mut first_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut joined: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (switch, island) in &after {
        joined.entry(before[switch]).or_default().insert(*island);
    }
    let largest = |islands: &BTreeSet<usize>| {
        let size = |island: &usize| after.values().filter(|other| *other == island).count();
        islands.iter().copied().max_by_key(|island| (size(island), std::cmp::Reverse(*island)))
    };
    let main: Vec<usize> = joined.values().filter_map(largest).collect();
    for island in &main {
        first_of.insert(*island, main.first().copied().unwrap_or(*island));
    }
    after.into_iter().map(|(switch, island)| (switch, first_of.get(&island).copied().unwrap_or(island))).collect()
}

/// Connected components of living switches over cables and pairs; routers of others carry traffic through.
fn components(design: &Design, dead: &BTreeSet<Name>, gone: &BTreeSet<Name>) -> BTreeMap<Name, usize> {
    let lives = |device: &str| match device.split_once('/') {
        Some(("switch", name)) => design.switch.contains_key(&name.into()) && !dead.contains(&name.into()),
        Some(("external", name)) => !gone.contains(&name.into()),
        _ => false,
    };
    let mut links: Vec<(String, String)> =
        design.cable.values().map(|cable| (cable.a.device.clone(), cable.b.device.clone())).collect();
    // Hosts pass nothing on.
    links.retain(|(a, b)| !a.starts_with("host/") && !b.starts_with("host/"));
    for mlag in design.mlag.values() {
        let path = |switch: &Name| format!("switch/{switch}");
        let pairs = mlag.members.windows(2).map(|pair| (path(&pair[0]), path(&pair[1])));
        links.extend(pairs);
        // With three and more members the loss of one in the middle must not part the others.
        links.extend(mlag.members.iter().flat_map(|a| mlag.members.iter().map(move |b| (path(a), path(b)))));
    }
    let mut beside: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (a, b) in &links {
        beside.entry(a).or_default().push(b);
        beside.entry(b).or_default().push(a);
    }
    let mut island: BTreeMap<String, usize> = BTreeMap::new();
    let alive = design.switch.keys().map(|name| format!("switch/{name}")).filter(|path| lives(path));
    for (index, path) in alive.enumerate() {
        if island.contains_key(&path) {
            continue;
        }
        let mut open = vec![path];
        while let Some(at) = open.pop() {
            if island.insert(at.clone(), index).is_some() {
                continue;
            }
            for other in beside.get(at.as_str()).into_iter().flatten().copied() {
                if lives(other) && !island.contains_key(other) {
                    open.push(other.clone());
                }
            }
        }
    }
    design.switch.keys().filter_map(|name| Some((name.clone(), *island.get(&format!("switch/{name}"))?))).collect()
}
