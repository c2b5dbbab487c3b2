//! The bridges of one host that its guests hang on.

use plimsoll_model::Name;
use plimsoll_model::design::{Bridge, Host};

use crate::cx::map;
use crate::expand::name;

use super::wiring::{Carried, Wiring};

/// Their networks by name.
fn names_of(carried: &[&Carried]) -> Vec<Name> {
    let mut names: Vec<Name> = carried.iter().map(|carried| carried.network.clone()).collect();
    names.sort();
    names
}

impl Wiring<'_, '_> {
    pub(super) fn bridges(&mut self, host: &mut Host) {
        let mut bridges: Vec<_> = self.item.spec.bridges.iter().collect();
        bridges.sort_by(|a, b| Name::from(a.0.value.0.as_str()).cmp(&Name::from(b.0.value.0.as_str())));
        for (key, spec) in &bridges {
            let bridge_name = Name::from(key.value.0.as_str());
            let at = self.at.child(format!("bridge/{bridge_name}"));
            at.here(key.span, self.item.ranged);
            let over = at.expanded("ports", spec.over.value.0.as_str(), spec.over.span);
            let (parent, vlan) = match over.rsplit_once('.') {
                Some((parent, id)) => (Name::from(parent), id.parse::<u16>().ok()),
                None => (Name::from(over), None),
            };
            let below = self.mtu_of(host, &parent);
            let aware = vlan.is_none() && spec.vlan_aware.as_ref().is_none_or(|aware| aware.value);
            let on_it: Vec<&Carried> = self
                .carried
                .iter()
                .filter(|carried| carried.over == parent)
                .filter(|carried| match vlan {
                    Some(vlan) => carried.tagged && carried.vlan == vlan,
                    None => aware || !carried.tagged,
                })
                .collect();
            let carried_mtu = on_it.iter().map(|carried| carried.mtu).max().unwrap_or(below).min(below);
            let mtu = map(&spec.mtu, |mtu| u32::from(mtu.0));
            let default_mtu = if aware { below } else { carried_mtu };
            let mtu = at.or_chosen("mtu", mtu.as_ref(), default_mtu, "that of what it stands on");
            let mut vids: Vec<u16> =
                on_it.iter().filter(|carried| aware && carried.tagged).map(|carried| carried.vlan).collect();
            vids.sort_unstable();
            let networks = names_of(&on_it);
            if let Some(id) = vlan {
                self.vlan_interface(host, &parent, id, carried_mtu);
            }
            let bridge = Bridge {
                ports: vec![Name::from(over)],
                vlan_aware: match &spec.vlan_aware {
                    Some(aware) if vlan.is_some() || aware.value => at.written("vlan_aware", aware) && vlan.is_none(),
                    Some(aware) => at.written("vlan_aware", aware),
                    None if vlan.is_some() => at.chosen("vlan_aware", false, "it stands in one VLAN"),
                    None => at.chosen("vlan_aware", true, "it stands on a trunk"),
                },
                vids,
                mtu,
                networks,
                spanning_tree: at.or_chosen("spanning_tree", spec.stp.as_ref(), false, "one way out closes no loop"),
            };
            host.bridge.insert(bridge_name, bridge);
        }
        if bridges.is_empty() {
            self.default_bridges(host);
        }
    }

    /// One VLAN-aware bridge on everything that carries a network of guests.
    fn default_bridges(&mut self, host: &mut Host) {
        let guests: Vec<Name> = self
            .things
            .machines
            .values()
            .filter(|machine| machine.paired(&machine.spec.host).as_ref() == Some(self.host_name))
            .flat_map(|machine| machine.spec.networks.iter().map(|network| name(network)))
            .collect();
        let mut overs: Vec<Name> = self
            .carried
            .iter()
            .filter(|carried| guests.contains(&carried.network))
            .map(|carried| carried.over.clone())
            .collect();
        overs.sort();
        overs.dedup();
        for (index, over) in overs.into_iter().enumerate() {
            let bridge_name = Name::from(format!("vmbr{index}"));
            let at = self.at.child(format!("bridge/{bridge_name}"));
            at.chosen("", (), "no bridge was written: one that keeps VLANs apart itself");
            let on_it: Vec<&Carried> = self.carried.iter().filter(|carried| carried.over == over).collect();
            let mut vids: Vec<u16> =
                on_it.iter().filter(|carried| carried.tagged).map(|carried| carried.vlan).collect();
            vids.sort_unstable();
            let bridge = Bridge {
                vlan_aware: true,
                vids,
                mtu: self.mtu_of(host, &over),
                networks: names_of(&on_it),
                ports: vec![over],
                spanning_tree: false,
            };
            host.bridge.insert(bridge_name, bridge);
        }
    }
}
