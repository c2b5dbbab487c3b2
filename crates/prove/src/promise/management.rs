//! `management`: operators reach the hypervisors, and these can act.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Host, PlatformKind, Purpose, State};

use crate::build::Build;

use super::Promise;

pub(super) fn management(build: &mut Build<'_>) -> Option<Promise> {
    let design = build.design;
    let hosts: BTreeMap<&Name, &Host> = design
        .host
        .iter()
        .filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox && host.state == State::Active)
        .collect();
    let first = hosts.values().next()?;
    let count = hosts.len() as u64;
    // An external vote helps whoever reaches it; it is assumed to be there, as others own it.
    let outside = u64::from(first.platform.qdevice.is_some());
    if outside > 0 {
        build.assume("the external vote of Proxmox VE");
    }
    let votes = count + outside;
    let quorum = votes / 2 + 1;
    let needed = quorum - outside;
    let office = design.network_for(Purpose::Proxmox).map(|(name, _)| name.clone());
    let (mut silent, mut unreached) = (Vec::new(), Vec::new());
    for (name, host) in hosts {
        let down = build.host(name);
        let mut links = Vec::new();
        for link in host.corosync.values() {
            links.push(build.cut_off(name, &link.network));
        }
        let cut = if links.is_empty() { Node::FALSE } else { build.and(links) };
        let away = build.or([down, cut]);
        silent.push(build.label(away, format!("{name} has no vote in Proxmox VE's cluster")));
        let cut = office.as_ref().map_or(Node::FALSE, |network| build.cut_off(name, network));
        let away = build.or([down, cut]);
        unreached.push(build.label(away, format!("operators do not reach {name}")));
    }
    let few = count - needed + 1;
    let no_quorum = build.circuit.at_least(few, silent);
    let no_quorum = build.label(no_quorum, "Proxmox VE has no quorum");
    let few_reached = build.circuit.at_least(few, unreached);
    let few_reached = build.label(few_reached, "operators reach fewer than half of the hosts");
    let broken = build.or([no_quorum, few_reached]);
    Some(Promise {
        id: "management".into(),
        observer: "an operator behind the gateway",
        words: "a majority of the hypervisors is reached and has a quorum, so that guests can be started".into(),
        broken: build.label(broken, "the hypervisors cannot be managed"),
        origin: office.map_or_else(|| "host".to_owned(), |network| format!("network/{network}")),
        meant_by_all: true,
    })
}
