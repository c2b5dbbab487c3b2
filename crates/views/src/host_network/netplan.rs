//! What netplan files say.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::netplan::{Conf, Device, Word};
use plimsoll_model::design::BondMode;
use plimsoll_model::units::Millis;

use super::{Bond, Bridge, HostNetwork, Interface, Kind};
use crate::{Fact, Place};

/// The configuration that netplan makes of a machine's files: by the file's name whatever its folder, and of the same
/// name only the one in `/run`, else in `/etc`, else in `/lib`. Nothing when there are none.
pub(super) fn merged(files: &[(&str, &Conf)]) -> Option<Conf> {
    let rank = |path: &str| {
        let folder = path.rsplit('/').nth(2).unwrap_or_default();
        ["lib", "etc", "run"].iter().position(|known| *known == folder)
    };
    let mut by_name: BTreeMap<&str, (Option<usize>, &Conf)> = BTreeMap::new();
    for (path, conf) in files {
        let name = path.rsplit('/').next().unwrap_or_default();
        let this = (rank(path), *conf);
        let before = by_name.entry(name).or_insert(this);
        if before.0 < this.0 {
            *before = this;
        }
    }
    (!by_name.is_empty()).then(|| Conf::merged(by_name.into_values().map(|(_, conf)| conf)))
}

/// Adds the devices of a machine's configuration. A name that two of them bear is none that netplan takes.
pub(super) fn add(conf: &Conf, network: &mut HostNetwork) {
    let Some(it) = &conf.network else { return };
    let mut insert = |key: &Spanned<String>, device: &Device, kind: &dyn Fn(&Device, &Place) -> Kind| {
        let Some(name) = device.interface(&key.value) else { return };
        let place = Place::File { span: key.span, component: format!("{} {name}", network.host) };
        let built = interface(device, kind(device, &place), &place);
        if network.interfaces.contains_key(name) {
            network.complete = false;
        } else {
            network.interfaces.insert(name.to_owned(), built);
        }
    };
    for (key, device) in &it.ethernets {
        insert(key, device, &|_, _| Kind::Port);
    }
    for (key, device) in &it.bonds {
        insert(key, device, &bond);
    }
    for (key, device) in &it.bridges {
        insert(key, device, &|_, place| {
            // netplan makes bridges that keep no VLANs apart.
            Kind::Bridge(Bridge {
                vlan_aware: Fact::known(false, place.clone()),
                vids: Fact::known(Vec::new(), place.clone()),
            })
        });
    }
    for (key, device) in &it.vlans {
        insert(key, device, &|_, _| Kind::Vlan);
    }
}

fn interface(device: &Device, kind: Kind, place: &Place) -> Interface {
    let below = match &kind {
        Kind::Vlan => Fact::setting(&device.link, place).map(|link| vec![link.clone()]),
        Kind::Port => Fact::known(Vec::new(), place.clone()),
        Kind::Bond(_) | Kind::Bridge(_) => {
            let names: Option<Vec<String>> = device.interfaces.iter().map(|name| name.get().cloned()).collect();
            Fact::maybe(names, place.clone())
        }
    };
    let leased = device.dhcp4.or(false) != Some(false) || device.dhcp6.or(false) != Some(false);
    let nets: Option<Vec<_>> = device.addresses.iter().map(|address| address.net.get().copied()).collect();
    let gateway = device.default_gateways().next();
    Interface {
        below,
        mtu: Fact::setting(&device.mtu, place),
        addresses: Fact::maybe(nets.filter(|_| !leased), place.clone()),
        routed: match gateway {
            Some(gateway) => {
                Fact::known(true, Place::File { span: gateway.span(), component: place.component().to_owned() })
            }
            None if leased => Fact::unknown(place.clone()),
            None => Fact::known(false, place.clone()),
        },
        kind,
        place: place.clone(),
    }
}

fn bond(device: &Device, place: &Place) -> Kind {
    let parameters = device.parameters.clone().unwrap_or_default();
    // Defaults of systemd-networkd, which netplan leaves alone: balance-rr, no monitoring, layer2, slow.
    let mode = Fact::setting_or(&parameters.mode, "balance-rr".to_owned(), place).map(|word| mode(word)).flatten();
    Kind::Bond(Bond {
        mode,
        miimon: Fact::setting_or(&parameters.mii_monitor_interval, Word("0".to_owned()), place)
            .map(|word| millis(&word.0))
            .flatten(),
        by_arp: Fact::known(parameters.rest.0.iter().any(|entry| entry.0.text == "arp-interval"), place.clone()),
        hash: Fact::setting_or(&parameters.transmit_hash_policy, "layer2".to_owned(), place),
        fast: match &parameters.lacp_rate {
            Setting::Absent => Fact::default(false, place.clone()),
            setting => Fact::setting(setting, place).map(|rate| rate == "fast"),
        },
    })
}

fn mode(word: &str) -> Option<BondMode> {
    [
        BondMode::ActiveBackup,
        BondMode::Lacp,
        BondMode::BalanceRr,
        BondMode::BalanceXor,
        BondMode::Broadcast,
        BondMode::BalanceTlb,
        BondMode::BalanceAlb,
    ]
    .into_iter()
    .find(|mode| mode.as_str() == word)
}

/// A time as netplan takes it: milliseconds, or with a unit.
fn millis(word: &str) -> Option<Millis> {
    let (number, unit) = word.split_at(word.find(|it: char| !it.is_ascii_digit()).unwrap_or(word.len()));
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "" | "ms" => Some(Millis(number)),
        "s" => number.checked_mul(1000).map(Millis),
        _ => None,
    }
}
