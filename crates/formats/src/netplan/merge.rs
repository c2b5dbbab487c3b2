//! Several files of one machine as the one configuration that netplan makes of them (netplan-generate(8), "Handling
//! multiple files"): a later single value replaces an earlier one, lists are appended, mappings are merged by key.

use std::collections::BTreeMap;

use plimsoll_yaml::{Map, OneOrMany, Rest};

use super::{Conf, Device, Matching, Nameservers, Network, Parameters};
use crate::Setting;

/// What takes on what a later file says.
trait Merge {
    fn merge(&mut self, later: &Self);
}

impl Conf {
    /// The files of one machine as one, in the order in which netplan reads them.
    pub fn merged<'a>(files: impl IntoIterator<Item = &'a Conf>) -> Conf {
        let mut whole = Conf::default();
        for file in files {
            whole.network.merge(&file.network);
            whole.rest.merge(&file.rest);
        }
        whole
    }
}

impl<T: Clone> Merge for Setting<T> {
    fn merge(&mut self, later: &Self) {
        if !later.is_absent() {
            self.clone_from(later);
        }
    }
}

impl<T: Clone + PartialEq> Merge for Vec<T> {
    fn merge(&mut self, later: &Self) {
        self.extend_from_slice(later);
    }
}

impl<T: Clone + Merge> Merge for Option<T> {
    fn merge(&mut self, later: &Self) {
        match (self.as_mut(), later) {
            (Some(before), Some(later)) => before.merge(later),
            (None, Some(later)) => *self = Some(later.clone()),
            (_, None) => {}
        }
    }
}

impl<V: Clone + Merge> Merge for Map<String, V> {
    fn merge(&mut self, later: &Self) {
        let mut places: BTreeMap<String, usize> =
            self.keys().enumerate().map(|(at, key)| (key.value.clone(), at)).collect();
        for (key, value) in later {
            if let Some((_, before)) = places.get(&key.value).and_then(|at| self.0.get_mut(*at)) {
                before.merge(value);
            } else {
                places.insert(key.value.clone(), self.len());
                self.0.push((key.clone(), value.clone()));
            }
        }
    }
}

/// What is not modelled is only asked for by name, so that a key in both is as good as one in either.
impl Merge for Rest {
    fn merge(&mut self, later: &Self) {
        self.0.retain(|(key, _)| later.0.iter().all(|(other, _)| other.text != key.text));
        self.0.extend_from_slice(&later.0);
    }
}

impl<T: Clone> Merge for OneOrMany<T> {
    fn merge(&mut self, later: &Self) {
        self.0.extend_from_slice(&later.0);
    }
}

/// A record is a mapping: merged field by field.
macro_rules! records {
    ($($type:ty { $($field:ident),+ })+) => {
        $(impl Merge for $type {
            fn merge(&mut self, later: &Self) {
                $(self.$field.merge(&later.$field);)+
            }
        })+
    };
}

records! {
    Network { version, renderer, ethernets, bonds, bridges, vlans, rest }
    Device {
        matching, set_name, macaddress, dhcp4, dhcp6, accept_ra, mtu, addresses, gateway4, gateway6, routes, nameservers,
        interfaces, id, link, parameters, rest
    }
    Matching { macaddress, name, driver, rest }
    Nameservers { addresses, search, rest }
    Parameters {
        mode, lacp_rate, mii_monitor_interval, transmit_hash_policy, primary, stp, forward_delay, rest
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_diagnostics::Sources;

    use super::*;
    use crate::netplan::read;

    fn conf(text: &str) -> Conf {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", text);
        let read = read(id, &sources);
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        read.value
    }

    #[test]
    fn single_values_are_replaced_lists_appended_and_mappings_merged() {
        let first = conf(
            "network:\n  version: 2\n  ethernets:\n    eth0: { mtu: 1500, addresses: [10.0.0.1/24], dhcp4: true }\n    \
             eth1: { nameservers: { search: [a.x], addresses: [10.0.0.2] } }\n  bonds:\n    bond0:\n      \
             interfaces: [eth2]\n      parameters: { mode: active-backup, mii-monitor-interval: 100 }\n",
        );
        let second = conf(
            "network:\n  ethernets:\n    eth0: { mtu: 9000, addresses: [10.0.1.1/24] }\n    eth1: { nameservers: { search: [b.x] } }\n    \
             eth2: {}\n  bonds:\n    bond0: { interfaces: [eth3], parameters: { mode: 802.3ad } }\n",
        );
        let whole = conf(
            "network:\n  version: 2\n  ethernets:\n    eth0: { mtu: 9000, addresses: [10.0.0.1/24, 10.0.1.1/24], dhcp4: true }\n    \
             eth1: { nameservers: { search: [a.x, b.x], addresses: [10.0.0.2] } }\n    eth2: {}\n  bonds:\n    bond0:\n      \
             interfaces: [eth2, eth3]\n      parameters: { mode: 802.3ad, mii-monitor-interval: 100 }\n",
        );
        assert_eq!(Conf::merged([&first, &second]).to_string(), whole.to_string());
        assert_ne!(Conf::merged([&second, &first]).to_string(), whole.to_string(), "the order counts");
    }
}
