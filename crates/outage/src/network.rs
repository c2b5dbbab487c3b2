//! What a failure does to a network: nothing, a fail-over of links, or hosts that are cut off.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::design::Purpose;
use plimsoll_model::{Design, Name};

use crate::ground::{Ground, Legs};
use crate::how::{Case, How};
use crate::lost::Lost;
use crate::mechanism::{bond, routing};

/// A network after a failure.
pub(crate) struct After<'a> {
    /// Machines that nobody on it hears any more: gone, or cut off.
    pub(crate) away: BTreeSet<&'a Name>,
    /// Links that fail over meanwhile.
    pub(crate) links: How,
}

/// A Design after a failure: each network is looked at once, since every promise asks for it.
pub(crate) struct World<'a> {
    pub(crate) design: &'a Design,
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) lost: Lost<'a>,
    after: BTreeMap<&'a Name, After<'a>>,
    /// Routers that are gone, or that no cable reaches.
    routers: BTreeSet<&'a Name>,
    /// Links to routers that fail over.
    pub(crate) uplinks: How,
    nothing: After<'a>,
}

impl<'a> World<'a> {
    pub(crate) fn new(ground: &'a Ground<'a>, lost: Lost<'a>) -> Self {
        let design = ground.design;
        let hit = ground.hit(&lost);
        let after = design.network.keys().map(|name| (name, after(ground, &lost, &hit, name))).collect();
        let routers = design.external.keys().filter(|name| ground.external_lost(&lost, name)).collect();
        let uplinks = uplinks(design, &lost);
        let nothing = After { away: lost.machines.clone(), links: How::masked("there is no such network") };
        World { design, ground, lost, after, routers, uplinks, nothing }
    }

    /// The network of that name after the failure.
    pub(crate) fn after(&self, network: &Name) -> &After<'a> {
        self.after.get(network).unwrap_or(&self.nothing)
    }

    /// The first network that serves a purpose, after the failure.
    pub(crate) fn network_for(&self, purpose: Purpose) -> Option<(&'a Name, &After<'a>)> {
        self.design.network_for(purpose).map(|(name, _)| (name, self.after(name)))
    }

    /// Whether a router is gone, or all cables to it are.
    pub(crate) fn router_lost(&self, router: &Name) -> bool {
        self.routers.contains(router)
    }

    /// The way between a network and what is outside: links, uplinks and gateway.
    pub(crate) fn way_out(&self, network: &Name) -> How {
        How::both(vec![self.after(network).links.clone(), self.uplinks.clone(), self.through_gateway(network)])
    }

    /// Clients that come through the routers of a network, when one of these is gone or cut off.
    pub(crate) fn through_gateway(&self, network: &Name) -> How {
        let Some(gateway) = self.design.network.get(network).and_then(|network| network.gateway.as_ref()) else {
            return How::masked("the network goes nowhere");
        };
        let gone = gateway.by.iter().filter(|router| self.router_lost(router)).count();
        match (gone, gateway.by.len()) {
            (0, _) => How::masked("its routers are there"),
            (gone, all) if gone >= all => How::until_repair("no router of the network is left"),
            _ if gateway.vrid.is_none() => How::Either(vec![
                Case { when: "the other router answers for the address".to_owned(), how: How::masked("it is shared") },
                Case {
                    when: "the address stays with the lost router".to_owned(),
                    how: How::until_repair("the Design does not say how the routers share the address"),
                },
            ]),
            _ => How::either([
                (
                    "the lost router did not hold the gateway's address".to_owned(),
                    How::masked("the other one holds it"),
                ),
                ("the lost router held the gateway's address".to_owned(), routing::gateway_moves().into()),
            ]),
        }
    }
}

/// The network of that name after a failure, which some hosts are hit by.
fn after<'a>(ground: &Ground<'a>, lost: &Lost<'a>, hit: &BTreeSet<&Name>, network: &Name) -> After<'a> {
    let design = ground.design;
    let mut away = lost.machines.clone();
    let mut links: Vec<How> = Vec::new();
    for host in hit {
        let how = match ground.legs(lost, host, network) {
            Legs::Bond(_, 0) | Legs::Port(false) => {
                let on_it = |machine: &plimsoll_model::design::Machine| {
                    machine.host == **host && machine.nic.contains_key(network)
                };
                away.extend(design.machine.iter().filter(|(_, machine)| on_it(machine)).map(|(name, _)| name));
                continue;
            }
            Legs::Bond(stated, left) if left < stated.members.len() => {
                if lost.silent {
                    bond::silent(stated, ground.switch_asks_fast(host))
                } else {
                    bond::carrier(stated.miimon)
                }
            }
            _ => continue,
        };
        // Hosts are alike more often than not: each way is kept once.
        if !links.contains(&how) {
            links.push(how);
        }
    }
    let mut links = How::both(links);
    if !matches!(links, How::Masked(_)) && lost.silent {
        links = How::either([
            ("the flow hashes onto a link that lives".to_owned(), How::masked("its link carries on")),
            ("the flow hashes onto the dead link".to_owned(), links),
        ]);
    }
    After { away, links }
}

/// The links between switches and routers that fail over.
fn uplinks(design: &Design, lost: &Lost<'_>) -> How {
    let of_router = |device: &str| device.starts_with("external/");
    let affected = lost.cables.iter().filter_map(|name| design.cable.get(*name));
    let hit = affected.filter(|cable| of_router(&cable.a.device) || of_router(&cable.b.device)).count();
    if hit == 0 {
        return How::masked("no link to a router is lost");
    }
    let lag = design.switch.values().flat_map(|switch| switch.lag.values()).find(|lag| lag.to.starts_with("external/"));
    if !lost.silent {
        return bond::uplink_carrier();
    }
    let dead = lag.map_or_else(
        || How::until_repair("nothing in the Design notices a link to a router that passes nothing"),
        |lag| bond::uplink_silent(lag.fast),
    );
    How::either([
        ("traffic takes a link that lives".to_owned(), How::masked("its link carries on")),
        ("traffic takes the dead link".to_owned(), dead),
    ])
}
