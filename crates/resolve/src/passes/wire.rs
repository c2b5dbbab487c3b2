//! Switches, their ports, and every cable.

use std::collections::BTreeMap;

use plimsoll_model::design::{
    BondMode, Cable, CableEnd, Host, Lag, LagMode, Mlag, MlagKind, Network, Rack, Switch, SwitchPort, SwitchRole,
};
use plimsoll_model::units::BitRate;
use plimsoll_model::{Map, Name};
use plimsoll_spec::site::{RouterSoftware, SwitchRole as Role};

use crate::cx::{Cx, error, map};
use crate::expand::{Things, name};
use crate::lock::{Fate, Kind, Want};

use super::fabric;
use super::site::{rack_of, supplies};

/// The switch that everything hangs on when nothing was said about cabling.
pub(crate) const ASSUMED_SWITCH: &str = "switch";

/// A link of a host, or of a switch below, that needs a port of a switch.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) switch: Name,
    /// Path of the host, or of the switch below.
    pub(crate) device: String,
    /// Its port there (`eno1`, `bmc`).
    pub(crate) port: Name,
    pub(crate) speed: BitRate,
    /// The bond it belongs to.
    pub(crate) bond: Option<Name>,
    /// Between switches: the aggregate at this end.
    pub(crate) lag: Option<Aggregate>,
    pub(crate) tagged: Vec<u16>,
    pub(crate) untagged: Option<u16>,
    pub(crate) span: Option<plimsoll_diagnostics::Span>,
}

/// An aggregate of links between switches, as one of its ends sees it.
#[derive(Clone, Debug)]
pub(crate) struct Aggregate {
    pub(crate) name: Name,
    /// Path of what is at the other end: a switch, or the pair of several.
    pub(crate) to: String,
}

/// Everything about wires.
pub(crate) struct Wires {
    pub(crate) switch: Map<Switch>,
    pub(crate) mlag: Map<Mlag>,
    pub(crate) cable: Map<Cable>,
    /// Port of the switch, by link: device path and port there.
    pub(crate) ports: BTreeMap<(String, Name), Name>,
}

pub(crate) fn wire(
    cx: &Cx<'_>,
    things: &Things<'_>,
    racks: &Map<Rack>,
    networks: &Map<Network>,
    links: &[Link],
    bond_modes: &BTreeMap<(String, Name), BondMode>,
) -> Wires {
    let mut wires = Wires { switch: Map::new(), mlag: Map::new(), cable: Map::new(), ports: BTreeMap::new() };
    // Switches that hang on a switch take ports of it beside its hosts.
    let up = fabric::uplinks(things, links);
    let down: Vec<Link> = links.iter().chain(up.iter().map(|up| &up.link)).cloned().collect();
    switches(cx, things, racks, &down, &mut wires);
    ports(cx, &down, bond_modes, &mut wires);
    fabric::lower_ends(cx, &up, &mut wires);
    fabric::routers(cx, things, networks, &mut wires);
    fabric::peer_links(cx, &mut wires);
    wires
}

fn switches(cx: &Cx<'_>, things: &Things<'_>, racks: &Map<Rack>, links: &[Link], wires: &mut Wires) {
    let mut groups: BTreeMap<Name, Vec<Name>> = BTreeMap::new();
    for (switch, item) in &things.switches {
        let at = cx.at(format!("switch/{switch}"));
        at.here(item.span, item.ranged);
        let spec = item.spec;
        let rack = rack_of(cx, &at, item, &spec.rack, racks);
        let role = match at.stated("role", &spec.role) {
            Some(Role::Leaf) => SwitchRole::Leaf,
            Some(Role::Spine) => SwitchRole::Spine,
            Some(Role::Oob) => SwitchRole::OutOfBand,
            None => at.chosen("role", SwitchRole::Leaf, "hosts hang on it"),
        };
        let mtu = if role == SwitchRole::OutOfBand { &cx.edition.oob_mtu } else { &cx.edition.leaf_mtu };
        let ports = spec.ports.as_ref();
        let fastest = links.iter().filter(|link| link.switch == *switch).map(|link| link.speed).max();
        let speed = fastest.unwrap_or(cx.edition.assumed_speed.value);
        if let Some(mlag) = &spec.mlag {
            groups.entry(fabric::group(item, mlag)).or_default().push(switch.clone());
        }
        let mlag = spec.mlag.as_ref().map(|mlag| at.expanded("mlag", fabric::group(item, mlag), mlag.group.span));
        let design = Switch {
            role,
            psu: supplies(&at, item, &spec.power, &rack),
            rack,
            ports: match ports {
                Some(ports) => at.expanded("ports", u32::from(ports.count), ports.span),
                None => at.chosen("ports", 48, "not stated"),
            },
            port_speed: match ports {
                Some(ports) => at.expanded("port_speed", ports.speed, ports.span),
                None => at.chosen("port_speed", speed, "that of the fastest link on it"),
            },
            port: Map::new(),
            lag: Map::new(),
            mlag,
            spanning_tree: at.stated("spanning_tree", &spec.stp),
            mtu: at.or("mtu", map(&spec.mtu, |mtu| u32::from(mtu.0)).as_ref(), mtu),
            frr: at
                .stated("frr", &spec.software)
                .map_or_else(|| at.chosen("frr", false, "not stated"), |word| word == RouterSoftware::Frr),
        };
        wires.switch.insert(switch.clone(), design);
    }
    if links.iter().any(|link| link.switch == ASSUMED_SWITCH) && !wires.switch.contains_key(&ASSUMED_SWITCH.into()) {
        let why = "no switch was described: everything hangs on one";
        cx.at(format!("switch/{ASSUMED_SWITCH}")).chosen("", (), why);
        let design = Switch {
            role: SwitchRole::Leaf,
            rack: racks.keys().next().cloned().unwrap_or_else(|| super::site::ASSUMED_RACK.into()),
            psu: Map::new(),
            ports: 48,
            port_speed: cx.edition.assumed_speed.value,
            port: Map::new(),
            lag: Map::new(),
            mlag: None,
            spanning_tree: None,
            mtu: cx.edition.leaf_mtu.value,
            frr: false,
        };
        wires.switch.insert(ASSUMED_SWITCH.into(), design);
    }
    for (group, members) in groups {
        let at = cx.at(format!("mlag/{group}"));
        let specs = || members.iter().filter_map(|member| things.switches.get(member)?.spec.mlag.as_ref());
        at.here(specs().next().and_then(|mlag| mlag.group.span), true);
        let links = specs().find_map(|mlag| mlag.peer_links.as_ref());
        let keepalive = specs().find_map(|mlag| mlag.keepalive.as_ref());
        let mlag = Mlag {
            kind: at.chosen("kind", MlagKind::Mlag, "a pair with a peer link"),
            peer_links: links.map(|links| u32::from(at.written("peer_links", links))),
            keepalive: keepalive.map(|keepalive| at.written("keepalive", keepalive)),
            members,
        };
        wires.mlag.insert(group, mlag);
    }
}

/// Gives each link a port of its switch.
fn ports(cx: &Cx<'_>, links: &[Link], bond_modes: &BTreeMap<(String, Name), BondMode>, wires: &mut Wires) {
    let mut by_switch: BTreeMap<&Name, Vec<&Link>> = BTreeMap::new();
    for link in links {
        by_switch.entry(&link.switch).or_default().push(link);
    }
    for (switch_name, links) in by_switch {
        let Some(switch) = wires.switch.get_mut(switch_name) else { continue };
        let wants: Vec<Want<u32>> =
            links.iter().map(|link| Want { owner: format!("{}/{}", link.device, link.port), written: None }).collect();
        let scope = format!("switch/{switch_name}");
        let count = switch.ports;
        let free = |port| (1..=count).contains(&port);
        let fates = cx
            .keeper
            .borrow_mut()
            .allocate(Kind::Port, &scope, &wants, 1..=count, free, &mut |problem| cx.say(problem));
        let missing = fates.iter().filter(|fate| **fate == Fate::Exhausted).count();
        if missing > 0 {
            let message = format!("switch `{switch_name}` has {count} ports, and {} links end on it", links.len());
            let span =
                links.iter().zip(&fates).find(|(_, fate)| **fate == Fate::Exhausted).and_then(|(link, _)| link.span);
            let problem = error("ports-exhausted", message, span, format!("{missing} of them find none"));
            cx.say(problem.help("add a switch, or take fewer ports"));
        }
        let item =
            cx.spec.switches.iter().find(|(names, _)| names.list().iter().any(|word| name(word) == *switch_name));
        let spec = item.map(|(_, spec)| spec);
        let edge = spec.and_then(|spec| spec.edge_ports.as_ref());
        let native = spec.and_then(|spec| spec.native_vlan.as_ref());
        let fallback = spec.and_then(|spec| spec.lacp_fallback.as_ref());
        for (link, fate) in links.into_iter().zip(fates) {
            let Fate::Allocated(port) = fate else { continue };
            let port = Name::from(port.to_string());
            let at = cx.at(format!("switch/{switch_name}/port/{port}"));
            let between = link.device.starts_with("switch/");
            let port_there = match (between, link.port.as_str()) {
                (true, port) => format!("port/{port}"),
                (false, "bmc") => "bmc".to_owned(),
                (false, port) => format!("nic/{port}"),
            };
            let peer = format!("{}/{port_there}", link.device);
            at.derived("", (), &[&peer]);
            let lag = match &link.lag {
                Some(aggregate) => {
                    let place = cx.at(format!("switch/{switch_name}/lag/{}", aggregate.name));
                    place.derived("", (), &[&aggregate.to]);
                    Some(fabric::aggregate(switch, aggregate))
                }
                None => bond_lag(cx, switch_name, switch, link, bond_modes, fallback),
            };
            let design = SwitchPort {
                speed: at.derived("speed", link.speed, &[&peer]),
                mtu: at.derived("mtu", switch.mtu, &[&format!("{scope}/mtu")]),
                tagged: at.derived("tagged", link.tagged.clone(), &[&peer]),
                untagged: match (link.untagged, native) {
                    (None, Some(native)) => Some(at.written("untagged", native).0),
                    (untagged, _) => at.derived("untagged", untagged, &[&peer]),
                },
                lag,
                edge: match edge {
                    _ if between => at.chosen("edge", false, "a switch is at the other end"),
                    Some(edge) => at.written("edge", edge),
                    None => at.chosen("edge", true, "hosts never close a loop, and must not wait for spanning tree"),
                },
            };
            switch.port.insert(port.clone(), design);
            let cable = Cable {
                a: CableEnd { device: scope.clone(), port: port.clone() },
                b: CableEnd { device: link.device.clone(), port: link.port.clone() },
                speed: link.speed,
            };
            cx.at(format!("cable/{switch_name}:{port}")).derived("", (), &[&peer, at.path()]);
            wires.cable.insert(format!("{switch_name}:{port}").into(), cable);
            wires.ports.insert((link.device.clone(), link.port.clone()), port);
        }
    }
}

/// The aggregate that a bond of a host asks of its switch; none when the bond asks nothing.
fn bond_lag(
    cx: &Cx<'_>,
    switch_name: &Name,
    switch: &mut Switch,
    link: &Link,
    bond_modes: &BTreeMap<(String, Name), BondMode>,
    fallback: Option<&plimsoll_diagnostics::Spanned<bool>>,
) -> Option<Name> {
    let bond = link.bond.as_ref()?;
    let mode = bond_modes.get(&(link.device.clone(), bond.clone()))?;
    if !matches!(mode, BondMode::Lacp | BondMode::BalanceXor | BondMode::BalanceRr | BondMode::Broadcast) {
        return None;
    }
    let short = link.device.rsplit('/').next().unwrap_or_default();
    let lag = Name::from(format!("{short}-{bond}"));
    let place = cx.at(format!("switch/{switch_name}/lag/{lag}"));
    place.derived("", (), &[&format!("{}/bond/{bond}", link.device)]);
    let lacp = *mode == BondMode::Lacp;
    let fallback = fallback.is_some_and(|fallback| place.written("mode", fallback));
    let aggregate = Lag {
        mode: match (lacp, fallback) {
            (true, true) => LagMode::LacpFallback,
            (true, false) => LagMode::Lacp,
            (false, _) => LagMode::Static,
        },
        fast: lacp,
        to: link.device.clone(),
    };
    switch.lag.insert(lag.clone(), aggregate);
    Some(lag)
}

/// Tells each port of a host which port of its switch it got.
pub(crate) fn plug(cx: &Cx<'_>, hosts: &mut super::hosts::HostPlans, wires: &Wires) {
    for (host_name, plan) in &mut hosts.plans {
        for (nic_name, nic) in &mut plan.host.nic {
            let device = format!("host/{host_name}");
            let Some(port) = wires.ports.get(&(device.clone(), nic_name.clone())) else { continue };
            let at = cx.at(format!("{device}/nic/{nic_name}"));
            nic.port = at.allocated("port", port.clone(), &format!("ports of switch {}", nic.switch));
        }
    }
}

/// Racks over which each network is stretched: those of the switches that carry it.
pub(crate) fn stretch(cx: &Cx<'_>, networks: &mut Map<Network>, wires: &Wires, hosts: &Map<Host>) {
    for (network_name, network) in networks {
        let carries = |port: &SwitchPort| port.tagged.contains(&network.vlan) || port.untagged == Some(network.vlan);
        let mut racks: Vec<Name> = wires
            .switch
            .values()
            .filter(|switch| switch.port.values().any(carries))
            .map(|switch| switch.rack.clone())
            .chain(hosts.values().filter(|host| host.address.contains_key(network_name)).map(|host| host.rack.clone()))
            .collect();
        racks.sort();
        racks.dedup();
        network.racks = cx.at(format!("network/{network_name}")).derived("racks", racks, &["switch"]);
    }
}
