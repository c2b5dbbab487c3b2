//! Links between switches, and from switches to routers: the VLANs they carry, and the aggregates they form.
//!
//! A VLAN is stretched: it is let through on every uplink of the switches that have ports in it, up to the highest.
//! Where spines are a pair (MLAG), all links between them and a switch or pair below are one aggregate, so that no link
//! waits and no circle is closed; where they are none, each carries the VLANs alone and spanning tree has to choose.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Spanned;
use plimsoll_model::design::{Cable, CableEnd, Lag, LagMode, Network, Switch, SwitchPort};
use plimsoll_model::units::BitRate;
use plimsoll_model::{Map, Name};
use plimsoll_spec::scalars::VlanId;
use plimsoll_spec::site::Mlag as SpecMlag;

use crate::cx::Cx;
use crate::expand::{Item, Things, name};

use super::wire::{Aggregate, Link, Wires};

/// A link from a switch to the one it hangs on: as that one's port sees it, and what the lower end needs to know.
pub(super) struct Up {
    pub(super) link: Link,
    lower: Name,
    speed: Spanned<BitRate>,
    lag: Option<Aggregate>,
    native: Option<Spanned<VlanId>>,
}

/// The pair of a switch.
pub(super) fn group(item: &Item<'_, plimsoll_spec::site::Switch>, mlag: &SpecMlag) -> Name {
    item.paired(&mlag.group).unwrap_or_else(|| mlag.group.value.to_string().into())
}

fn group_of(things: &Things<'_>, switch: &Name) -> Option<Name> {
    let item = things.switches.get(switch)?;
    item.spec.mlag.as_ref().map(|mlag| group(item, mlag))
}

/// Links from switches to switches, one from each to each.
pub(super) fn uplinks(things: &Things<'_>, links: &[Link]) -> Vec<Up> {
    let mut all = Vec::new();
    for (lower, item) in &things.switches {
        let Some(uplinks) = &item.spec.uplinks else { continue };
        let mut vlans = BTreeSet::new();
        below(things, links, lower, &mut BTreeSet::new(), &mut vlans);
        let tagged: Vec<u16> = vlans.into_iter().collect();
        let own = group_of(things, lower);
        for (index, target) in uplinks.to.list().iter().map(name).enumerate() {
            if !things.switches.contains_key(&target) {
                continue;
            }
            let theirs = group_of(things, &target);
            // What the other end is, as a name of the aggregate and as a path.
            let end = |pair: &Option<Name>, switch: &Name| match pair {
                Some(pair) => Aggregate { name: pair.clone(), to: format!("mlag/{pair}") },
                None => Aggregate { name: switch.clone(), to: format!("switch/{switch}") },
            };
            let aggregated = own.is_some() || theirs.is_some();
            all.push(Up {
                link: Link {
                    device: format!("switch/{lower}"),
                    port: port_name(index),
                    speed: uplinks.speed.value,
                    bond: None,
                    lag: aggregated.then(|| end(&own, lower)),
                    tagged: tagged.clone(),
                    untagged: None,
                    span: uplinks.to.span,
                    switch: target.clone(),
                },
                lower: lower.clone(),
                speed: uplinks.speed,
                lag: aggregated.then(|| end(&theirs, &target)),
                native: item.spec.native_vlan,
            });
        }
    }
    all
}

fn port_name(index: usize) -> Name {
    format!("uplink-{}", index + 1).into()
}

/// The VLANs that a switch has ports in, its pair, and whatever hangs on them.
fn below(things: &Things<'_>, links: &[Link], switch: &Name, seen: &mut BTreeSet<Name>, vlans: &mut BTreeSet<u16>) {
    if !seen.insert(switch.clone()) {
        return;
    }
    for link in links.iter().filter(|link| link.switch == *switch) {
        vlans.extend(link.tagged.iter().copied().chain(link.untagged));
    }
    let pair = group_of(things, switch);
    for (other, item) in &things.switches {
        let hangs = item.spec.uplinks.iter().any(|uplinks| uplinks.to.list().iter().any(|word| name(word) == *switch));
        if hangs || (pair.is_some() && group_of(things, other) == pair) {
            below(things, links, other, seen, vlans);
        }
    }
}

/// Adds an aggregate to a switch, and gives back its name.
pub(super) fn aggregate(switch: &mut Switch, wanted: &Aggregate) -> Name {
    let lag = Lag { mode: LagMode::Lacp, fast: true, to: wanted.to.clone() };
    switch.lag.insert(wanted.name.clone(), lag);
    wanted.name.clone()
}

/// The ports of switches that hang on other switches; the upper ones are those of `ports`.
pub(super) fn lower_ends(cx: &Cx<'_>, all: &[Up], wires: &mut Wires) {
    for up in all {
        let (switch_name, port) = (&up.lower, &up.link.port);
        let Some(switch) = wires.switch.get_mut(switch_name) else { continue };
        let at = cx.at(format!("switch/{switch_name}/port/{port}"));
        at.here(up.link.span, true);
        if let Some(lag) = &up.lag {
            cx.at(format!("switch/{switch_name}/lag/{}", lag.name)).here(up.link.span, true);
        }
        let from = format!("switch/{switch_name}/mtu");
        let design = SwitchPort {
            speed: at.written("speed", &up.speed),
            mtu: at.derived("mtu", switch.mtu, &[&from]),
            tagged: at.derived("tagged", up.link.tagged.clone(), &[&format!("switch/{switch_name}/port")]),
            untagged: up.native.as_ref().map(|native| at.written("untagged", native).0),
            lag: up.lag.as_ref().map(|lag| aggregate(switch, lag)),
            edge: at.chosen("edge", false, "a switch is at the other end"),
        };
        switch.port.insert(port.clone(), design);
    }
}

/// Links from switches to routers: one from each to each.
pub(super) fn routers(cx: &Cx<'_>, things: &Things<'_>, networks: &Map<Network>, wires: &mut Wires) {
    for (switch_name, item) in &things.switches {
        let Some(uplinks) = &item.spec.uplinks else { continue };
        let Some(switch) = wires.switch.get_mut(switch_name) else { continue };
        for (index, target) in uplinks.to.list().iter().map(name).enumerate() {
            if things.switches.contains_key(&target) {
                continue;
            }
            let port = port_name(index);
            let at = cx.at(format!("switch/{switch_name}/port/{port}"));
            at.here(uplinks.to.span, true);
            let mut tagged: Vec<u16> = networks
                .values()
                .filter(|network| network.gateway.as_ref().is_some_and(|gateway| gateway.by.contains(&target)))
                .map(|network| network.vlan)
                .collect();
            tagged.sort_unstable();
            let device = format!("external/{target}");
            let lag = switch.mlag.as_ref().map(|_| Aggregate { name: target.clone(), to: device.clone() });
            if let Some(lag) = &lag {
                cx.at(format!("switch/{switch_name}/lag/{}", lag.name)).here(uplinks.to.span, true);
            }
            let speed = at.written("speed", &uplinks.speed);
            let from = format!("switch/{switch_name}/mtu");
            let design = SwitchPort {
                speed,
                mtu: at.derived("mtu", switch.mtu, &[&from]),
                tagged: at.derived("tagged", tagged, &["network"]),
                untagged: None,
                lag: lag.as_ref().map(|lag| aggregate(switch, lag)),
                edge: at.chosen("edge", false, "a switch or router is at the other end"),
            };
            switch.port.insert(port.clone(), design);
            let cable = format!("{switch_name}:{port}");
            cx.at(format!("cable/{cable}")).here(uplinks.to.span, true);
            let ends = Cable {
                a: CableEnd { device, port: switch_name.clone() },
                b: CableEnd { device: format!("switch/{switch_name}"), port },
                speed,
            };
            wires.cable.insert(cable.into(), ends);
        }
    }
}

/// Cables between the members of a pair, as many as were stated.
pub(super) fn peer_links(cx: &Cx<'_>, wires: &mut Wires) {
    for (group, mlag) in &wires.mlag {
        let (Some(count), [first, rest @ ..]) = (mlag.peer_links, mlag.members.as_slice()) else { continue };
        for other in rest {
            for index in 1..=count.min(8) {
                let suffix = if rest.len() > 1 { format!("{other}-{index}") } else { index.to_string() };
                let port = Name::from(format!("peer-{suffix}"));
                let speed = wires.switch.get(first).map_or(cx.edition.assumed_speed.value, |switch| switch.port_speed);
                let cable = format!("{first}:{port}");
                cx.at(format!("cable/{cable}")).derived("", (), &[&format!("mlag/{group}/peer_links")]);
                let end = |switch: &Name| CableEnd { device: format!("switch/{switch}"), port: port.clone() };
                wires.cable.insert(cable.into(), Cable { a: end(first), b: end(other), speed });
            }
        }
    }
}
