//! What `interfaces` files say.

use ipnet::IpNet;
use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::interfaces::{self as format, Conf, Stanza};
use plimsoll_model::design::BondMode;
use plimsoll_model::units::Millis;

use super::{Bond, Bridge, HostNetwork, Interface, Kind};
use crate::{Fact, Place};

/// Adds the interfaces of one file.
pub(super) fn add(conf: &Conf, network: &mut HostNetwork) {
    let names: Vec<&str> = conf.stanzas.iter().filter_map(|stanza| stanza.name.get().map(String::as_str)).collect();
    for name in names {
        if name == "lo" || network.interfaces.contains_key(name) {
            continue;
        }
        let stanzas: Vec<&Stanza> = conf.of(name).collect();
        let component = format!("{} {name}", network.host);
        let place =
            Place::File { span: stanzas.iter().find_map(|stanza| stanza.name.span().or(stanza.place.0)), component };
        network.interfaces.insert(name.to_owned(), interface(conf, name, &stanzas, place));
    }
}

/// The first stanza of an interface that states a setting: one may have several, one for each family.
fn stated<'a, T>(stanzas: &[&'a Stanza], field: impl Fn(&'a Stanza) -> &'a Setting<T>) -> &'a Setting<T> {
    let absent = &Setting::Absent;
    stanzas.iter().map(|stanza| field(stanza)).find(|setting| !setting.is_absent()).unwrap_or(absent)
}

fn interface(conf: &Conf, name: &str, stanzas: &[&Stanza], place: Place) -> Interface {
    let kind = kind(stanzas, &place);
    // Ports of a bond may name it themselves (`bond-master`).
    let claimed = || {
        let of_it = |stanza: &&Stanza| stanza.bond.master.get().is_some_and(|master| master == name);
        conf.stanzas.iter().filter(of_it).filter_map(|stanza| stanza.name.get().cloned())
    };
    let words = |list: &Vec<Spanned<String>>| list.iter().map(|word| word.value.clone()).collect::<Vec<_>>();
    let below = match &kind {
        Kind::Bond(_) => match stated(stanzas, |stanza| &stanza.bond.slaves) {
            Setting::Absent => {
                Fact::maybe(Some(claimed().collect::<Vec<_>>()).filter(|it| !it.is_empty()), place.clone())
            }
            setting => Fact::setting(setting, &place).map(|list| words(list).into_iter().chain(claimed()).collect()),
        },
        // `regex` and `all` name ports that are known on the machine only.
        Kind::Bridge(_) => Fact::setting_or(stated(stanzas, |stanza| &stanza.bridge.ports), Vec::new(), &place)
            .map(|list| {
                let told = list.iter().all(|port| !matches!(port.value.as_str(), "regex" | "glob" | "all"));
                told.then(|| words(list))
            })
            .flatten(),
        Kind::Vlan => Fact::maybe(
            stanzas.iter().find_map(|stanza| stanza.raw_device()).map(|device| vec![device.to_owned()]),
            place.clone(),
        ),
        Kind::Port => Fact::known(Vec::new(), place.clone()),
    };
    let given = stanzas.iter().any(|stanza| {
        stanza.method.get().is_some_and(|method| matches!(method.as_str(), "dhcp" | "auto" | "ppp" | "tunnel"))
    });
    let addresses = if given { None } else { addresses(stanzas) };
    let gateway = stated(stanzas, |stanza| &stanza.gateway);
    Interface {
        below,
        mtu: Fact::setting(stated(stanzas, |stanza| &stanza.mtu), &place),
        addresses: Fact::maybe(addresses, place.clone()),
        routed: match gateway {
            // A lease may bring a gateway along, and commands may add routes.
            Setting::Absent if given => Fact::unknown(place.clone()),
            Setting::Absent => Fact::known(false, place.clone()),
            setting => Fact::known(true, Place::File { span: setting.span(), component: place.component().to_owned() }),
        },
        kind,
        place,
    }
}

/// All addresses of an interface; nothing when one cannot be read.
fn addresses(stanzas: &[&Stanza]) -> Option<Vec<IpNet>> {
    let mut nets = Vec::new();
    for stanza in stanzas {
        for address in &stanza.addresses {
            let address = address.get()?;
            let whole = if address.ip.is_ipv4() { 32 } else { 128 };
            let prefix = match address.prefix {
                Some(prefix) => prefix,
                None => stanza.netmask.or(whole)?,
            };
            nets.push(IpNet::new(address.ip, prefix).ok()?);
        }
    }
    Some(nets)
}

fn kind(stanzas: &[&Stanza], place: &Place) -> Kind {
    if stanzas.iter().any(|stanza| stanza.is_bond()) {
        let at = |setting: &Setting<format::BondMode>| {
            // The driver's and ifupdown2's default.
            Fact::setting_or(setting, format::BondMode::BalanceRr, place).map(|mode| model(*mode))
        };
        return Kind::Bond(Bond {
            mode: at(stated(stanzas, |stanza| &stanza.bond.mode)),
            miimon: Fact::setting_or(stated(stanzas, |stanza| &stanza.bond.miimon), 0, place)
                .map(|millis| Millis(u64::from(*millis))),
            by_arp: Fact::setting_or(stated(stanzas, |stanza| &stanza.bond.arp_interval), 0, place)
                .map(|millis| *millis > 0),
            hash: Fact::setting_or(stated(stanzas, |stanza| &stanza.bond.xmit_hash_policy), "layer2".to_owned(), place),
            // Slow is the driver's default, and ifupdown2's.
            fast: Fact::setting_or(stated(stanzas, |stanza| &stanza.bond.lacp_fast), false, place),
        });
    }
    if stanzas.iter().any(|stanza| stanza.is_bridge()) {
        return Kind::Bridge(Bridge {
            vlan_aware: Fact::setting_or(stated(stanzas, |stanza| &stanza.bridge.vlan_aware), false, place),
            vids: Fact::setting_or(stated(stanzas, |stanza| &stanza.bridge.vids), format::Vids::default(), place)
                .map(|vids| vids.0.clone()),
        });
    }
    if stanzas.iter().any(|stanza| stanza.vlan().is_some()) { Kind::Vlan } else { Kind::Port }
}

fn model(mode: format::BondMode) -> BondMode {
    match mode {
        format::BondMode::BalanceRr => BondMode::BalanceRr,
        format::BondMode::ActiveBackup => BondMode::ActiveBackup,
        format::BondMode::BalanceXor => BondMode::BalanceXor,
        format::BondMode::Broadcast => BondMode::Broadcast,
        format::BondMode::Lacp => BondMode::Lacp,
        format::BondMode::BalanceTlb => BondMode::BalanceTlb,
        format::BondMode::BalanceAlb => BondMode::BalanceAlb,
    }
}
