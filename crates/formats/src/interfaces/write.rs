//! From stanzas to text, in the manner of Proxmox VE: `auto` before each stanza that starts at boot, a tab before each
//! option.

use std::fmt::{self, Display, Formatter};

use super::{Conf, Names, Stanza};
use crate::Setting;

impl Display for Conf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Later they would be taken for options of a stanza.
        for line in &self.stray {
            writeln!(f, "{line}")?;
        }
        for (keyword, names) in [("auto", &self.auto), ("allow-hotplug", &self.hotplug)] {
            for name in names {
                writeln!(f, "{keyword} {name}")?;
            }
        }
        for stanza in &self.stanzas {
            writeln!(f)?;
            stanza.fmt(f)?;
        }
        if !self.includes.is_empty() {
            writeln!(f)?;
        }
        for include in &self.includes {
            writeln!(f, "{} {}", include.keyword, include.pattern)?;
        }
        self.unknown.iter().try_for_each(|kept| writeln!(f, "\n{kept}"))
    }
}

impl Display for Stanza {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "iface {}", self.name)?;
        for word in [self.family.to_string(), self.method.to_string()] {
            if !word.is_empty() {
                write!(f, " {word}")?;
            }
        }
        for word in &self.modifiers {
            write!(f, " {word}")?;
        }
        writeln!(f)?;
        for address in &self.addresses {
            writeln!(f, "\taddress {address}")?;
        }
        option(f, "netmask", &self.netmask)?;
        option(f, "gateway", &self.gateway)?;
        option(f, "hwaddress", &self.hwaddress)?;
        option(f, "vlan-id", &self.vlan_id)?;
        option(f, "vlan-raw-device", &self.vlan_raw_device)?;
        let bond = &self.bond;
        names(f, "bond-slaves", &bond.slaves)?;
        option(f, "bond-master", &bond.master)?;
        option(f, "bond-mode", &bond.mode)?;
        option(f, "bond-miimon", &bond.miimon)?;
        option(f, "bond-updelay", &bond.updelay)?;
        option(f, "bond-downdelay", &bond.downdelay)?;
        option(f, "bond-arp-interval", &bond.arp_interval)?;
        option(f, "bond-lacp-rate", &bond.lacp_fast.clone().map(|fast| if fast { "fast" } else { "slow" }))?;
        option(f, "bond-xmit-hash-policy", &bond.xmit_hash_policy)?;
        option(f, "bond-primary", &bond.primary)?;
        option(f, "bond-min-links", &bond.min_links)?;
        let bridge = &self.bridge;
        names(f, "bridge-ports", &bridge.ports)?;
        option(f, "bridge-stp", &bridge.stp.clone().map(|on| if on { "on" } else { "off" }))?;
        option(f, "bridge-fd", &bridge.fd)?;
        option(f, "bridge-vlan-aware", &bridge.vlan_aware.clone().map(|on| if on { "yes" } else { "no" }))?;
        option(f, "bridge-vids", &bridge.vids)?;
        option(f, "bridge-pvid", &bridge.pvid)?;
        option(f, "bridge-access", &bridge.access)?;
        option(f, "mtu", &self.mtu)?;
        for command in &self.commands {
            writeln!(f, "\t{} {}", command.hook, command.command)?;
        }
        self.unknown.iter().try_for_each(|kept| writeln!(f, "\t{kept}"))
    }
}

fn option<T: Display>(f: &mut Formatter<'_>, key: &str, setting: &Setting<T>) -> fmt::Result {
    if setting.is_absent() { Ok(()) } else { writeln!(f, "\t{key} {setting}") }
}

fn names(f: &mut Formatter<'_>, key: &str, setting: &Setting<Names>) -> fmt::Result {
    let text = setting.clone().map(|names| {
        let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(" ") }
    });
    option(f, key, &text)
}
