//! Networks of the hosts of a Design.

use std::collections::BTreeMap;

use ipnet::IpNet;
use plimsoll_model::Name;
use plimsoll_model::design::{Host, LacpRate, State};

use super::{Bond, Bridge, HostNetwork, Interface, Kind};
use crate::DesignSource;

/// The networks of all hosts in service.
pub fn from_design(source: DesignSource<'_>) -> Vec<HostNetwork> {
    let in_service = source.design.host.iter().filter(|(_, host)| host.state != State::Planned);
    in_service.map(|(name, host)| network(source, name, host)).collect()
}

fn network(source: DesignSource<'_>, name: &Name, host: &Host) -> HostNetwork {
    let mut all = BTreeMap::new();
    let routed = |networks: Vec<&Name>| {
        networks
            .into_iter()
            .any(|network| source.design.network.get(network).is_some_and(|network| network.gateway.is_some()))
    };
    let mut add = |interface: &Name, path: &str, below: Vec<String>, mtu: u32, guests: &[Name], kind: Kind| {
        let own = format!("host/{name}/{path}/{interface}");
        let on_it = || host.address.iter().filter(|(_, address)| address.interface == *interface);
        let nets: Vec<IpNet> = on_it().map(|(_, address)| address.address).collect();
        let it = Interface {
            place: source.place(own.clone()),
            below: source.fact(own.clone(), below),
            mtu: source.fact(format!("{own}/mtu"), mtu),
            addresses: source.fact(own.clone(), nets),
            routed: source.fact(own, routed(on_it().map(|(network, _)| network).chain(guests).collect())),
            kind,
        };
        all.insert(interface.to_string(), it);
    };
    let words = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (interface, it) in &host.nic {
        add(interface, "nic", Vec::new(), it.mtu, &[], Kind::Port);
    }
    for (interface, it) in &host.vlan {
        add(interface, "vlan", vec![it.parent.to_string()], it.mtu, &[], Kind::Vlan);
    }
    for (interface, it) in &host.bond {
        let at = |field: &str| format!("host/{name}/bond/{interface}/{field}");
        let bond = Bond {
            mode: source.fact(at("mode"), it.mode),
            miimon: source.fact(at("miimon"), it.miimon),
            by_arp: source.fact(at("miimon"), false),
            hash: source
                .fact(at("xmit_hash_policy"), it.xmit_hash_policy.clone().unwrap_or_else(|| "layer2".to_owned())),
            // Slow is the driver's default.
            fast: source.fact(at("lacp_rate"), it.lacp_rate == Some(LacpRate::Fast)),
        };
        add(interface, "bond", words(&it.members), it.mtu, &[], Kind::Bond(bond));
    }
    for (interface, it) in &host.bridge {
        let at = |field: &str| format!("host/{name}/bridge/{interface}/{field}");
        let bridge = Bridge {
            vlan_aware: source.fact(at("vlan_aware"), it.vlan_aware),
            vids: source.fact(at("vids"), it.vids.iter().map(|vlan| (*vlan, *vlan)).collect()),
        };
        add(interface, "bridge", words(&it.ports), it.mtu, &it.networks, Kind::Bridge(bridge));
    }
    HostNetwork { host: name.to_string(), place: source.place(format!("host/{name}")), interfaces: all, complete: true }
}
