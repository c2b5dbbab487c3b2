//! Addresses of hosts, controllers and machines, and hardware addresses.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use plimsoll_diagnostics::Span;
use plimsoll_model::design::{AddressRange, Bmc, External, HostAddress, Machine, MachineNic, Network, Purpose, Site};
use plimsoll_model::{Map, Name};
use sha2::{Digest, Sha256};

use crate::cx::{Cx, error};
use crate::expand::{Things, name};
use crate::lock::{Fate, Kind, Want, taken_away};

use super::hosts::HostPlans;
use super::wire::Wires;

/// Addresses that must not be given out, with what they are.
pub(crate) struct Taken {
    ranges: Vec<(AddressRange, String, Option<Span>)>,
}

impl Taken {
    pub(crate) fn of(cx: &Cx<'_>, site: &Site, networks: &Map<Network>, externals: &Map<External>) -> Self {
        let mut ranges: Vec<(AddressRange, String, Option<Span>)> = Vec::new();
        let mut add_at = |range: AddressRange, what: &str, span| ranges.push((range, what.to_owned(), span));
        add_at(cx.spec.api.vip.value.into(), "the address of the API", cx.spec.api.vip.span);
        for (_, network) in &cx.spec.networks {
            for block in &network.reserved {
                add_at(super::site::range(block), "reserved in the network", block.span);
            }
        }
        for (_, pool) in cx.spec.ingress.iter().flat_map(|ingress| &ingress.pools) {
            for block in pool.addresses.iter() {
                add_at(super::site::range(block), "for services", block.span);
            }
        }
        let mut add = |range: AddressRange, what: &str| add_at(range, what, None);
        for range in &site.reserved.ranges {
            add(*range, "reserved by the site");
        }
        for range in &site.reserved.dhcp {
            add(*range, "handed out by DHCP");
        }
        for address in site.ntp.iter().chain(&site.resolvers) {
            add((*address).into(), "a server of the site");
        }
        for network in networks.values() {
            if let Some(gateway) = &network.gateway {
                add(gateway.address.into(), "a gateway");
            }
            for range in &network.dhcp {
                add(*range, "handed out by DHCP");
            }
        }
        for (external_name, external) in externals {
            for address in external.address.values().chain(&external.addresses) {
                add((*address).into(), &format!("an address of `{external_name}`"));
            }
        }
        Taken { ranges }
    }

    /// Whether a range shares an address with anything that is taken.
    pub(crate) fn crosses(&self, range: &AddressRange) -> bool {
        self.ranges.iter().any(|(other, ..)| other.overlaps(range))
    }

    /// What an address is taken by.
    pub(crate) fn by(&self, address: IpAddr) -> Option<&str> {
        self.ranges.iter().find(|(range, ..)| range.contains(address)).map(|(_, what, _)| what.as_str())
    }
}

/// What an address is for.
enum Place {
    Host(Name),
    Bmc(Name),
    Machine(Name, u32),
}

pub(crate) fn addresses(
    cx: &Cx<'_>,
    things: &Things<'_>,
    networks: &Map<Network>,
    taken: &Taken,
    hosts: &mut HostPlans,
    wires: &Wires,
    machines: &mut Map<Machine>,
) {
    for (network_name, network) in networks {
        let mut places: Vec<(Place, Want<Ipv4Addr>)> = Vec::new();
        let fixed = |address: Option<IpAddr>, span: Option<Span>| match address {
            Some(IpAddr::V4(address)) => Some((address, span)),
            _ => None,
        };
        for (host_name, plan) in &hosts.plans {
            let Some(item) = things.hosts.get(host_name) else { continue };
            if plan.interface.contains_key(network_name) {
                let range = item.spec.addresses.get(network_name.as_str());
                let written = range.and_then(|range| fixed(item.address(range), range.span));
                places.push((Place::Host(host_name.clone()), Want { owner: format!("host/{host_name}"), written }));
            }
        }
        if network.purposes.contains(&Purpose::Bmc) {
            for (host_name, item) in &things.hosts {
                let Some(bmc) = &item.spec.bmc else { continue };
                let range = bmc.address.as_ref();
                let written = range.and_then(|range| fixed(item.address(range), range.span));
                places.push((Place::Bmc(host_name.clone()), Want { owner: format!("host/{host_name}/bmc"), written }));
            }
        }
        for (machine_name, item) in &things.machines {
            let index = item.spec.networks.iter().position(|word| name(word) == *network_name);
            if let Some(index) = index {
                let range = item.spec.addresses.get(network_name.as_str());
                let written = range.and_then(|range| fixed(item.address(range), range.span));
                let want = Want { owner: format!("machine/{machine_name}"), written };
                places.push((Place::Machine(machine_name.clone(), index as u32), want));
            }
        }
        let (places, wants): (Vec<Place>, Vec<Want<Ipv4Addr>>) = places.into_iter().unzip();
        written_are_possible(cx, network_name, network, taken, &wants);
        let fates = allocate(cx, network_name, network, taken, &wants);
        for (place, fate) in places.into_iter().zip(fates) {
            let (address, written) = match fate {
                Fate::Written(address, span) => (address, span),
                Fate::Allocated(address) => (address, None),
                Fate::Exhausted => continue,
            };
            let given = Given { address, written, network_name, network };
            match place {
                Place::Host(host) => given.to_host(cx, hosts, &host),
                Place::Bmc(host) => given.to_bmc(cx, things, hosts, wires, &host),
                Place::Machine(machine, index) => given.to_machine(cx, things, hosts, machines, &machine, index),
            }
        }
    }
    default_routes(cx, networks, hosts, machines, things);
}

fn written_are_possible(cx: &Cx<'_>, network_name: &Name, network: &Network, taken: &Taken, wants: &[Want<Ipv4Addr>]) {
    for want in wants {
        let Some((address, span)) = want.written else { continue };
        if !network.ipv4.contains(&address) {
            let message = format!("`{address}` of `{}` lies outside of network `{network_name}`", want.owner);
            cx.say(error("outside-network", message, span, format!("not in {}", network.ipv4)));
        } else if let Some(what) = taken.by(address.into()).filter(|what| *what != "reserved in the network") {
            let message = format!("`{address}` of `{}` is taken", want.owner);
            cx.say(error("address-taken", message, span, what));
        }
    }
}

/// Addresses `at..=last` that nothing has; steps over what is taken at once, however large it is.
#[derive(Clone)]
struct Untaken<'t> {
    at: Option<u32>,
    last: u32,
    taken: &'t Taken,
}

impl Iterator for Untaken<'_> {
    type Item = Ipv4Addr;
    fn next(&mut self) -> Option<Ipv4Addr> {
        loop {
            let at = self.at.filter(|at| *at <= self.last)?;
            let address = Ipv4Addr::from(at);
            let around = self.taken.ranges.iter().find(|(range, ..)| range.contains(address.into()));
            let end = around.and_then(|(range, ..)| match range.last() {
                IpAddr::V4(last) => Some(u32::from(last)),
                IpAddr::V6(_) => None,
            });
            self.at = end.unwrap_or(at).checked_add(1);
            if end.is_none() {
                return Some(address);
            }
        }
    }
}

fn allocate(
    cx: &Cx<'_>,
    network_name: &Name,
    network: &Network,
    taken: &Taken,
    wants: &[Want<Ipv4Addr>],
) -> Vec<Fate<Ipv4Addr>> {
    let (first, last) = (u32::from(network.allocate_from), u32::from(network.allocate_to));
    let inside = |address: Ipv4Addr| {
        network.ipv4.contains(&address) && address != network.ipv4.network() && address != network.ipv4.broadcast()
    };
    let free = |address: Ipv4Addr| inside(address) && taken.by(address.into()).is_none();
    let scope = format!("network/{network_name}");
    let mut given_away = false;
    for want in wants.iter().filter(|want| want.written.is_none()) {
        let held = cx.keeper.borrow().held::<Ipv4Addr>(Kind::Address, &scope, &want.owner);
        let Some((address, kept)) = held.filter(|(address, _)| inside(*address)) else { continue };
        let taker = taken.ranges.iter().find(|(range, ..)| range.contains(address.into()));
        let Some((_, what, given)) = taker else { continue };
        let message = format!("`{}` cannot keep address `{address}`", want.owner);
        cx.say(taken_away(message, kept, *given, what, &want.owner));
        given_away = true;
    }
    if given_away {
        return wants.iter().map(|_| Fate::Exhausted).collect();
    }
    let candidates = Untaken { at: Some(first), last, taken };
    let fates =
        cx.keeper.borrow_mut().allocate(Kind::Address, &scope, wants, candidates, free, &mut |problem| cx.say(problem));
    let missing = fates.iter().filter(|fate| **fate == Fate::Exhausted).count();
    let collided = wants.iter().zip(&fates).any(|(want, fate)| want.written.is_some() && *fate == Fate::Exhausted);
    if missing > 0 && !collided {
        let span = cx
            .spec
            .networks
            .get(network_name.as_str())
            .and_then(|spec| spec.ipv4.as_ref())
            .and_then(|prefix| prefix.span);
        let message = format!("network `{network_name}` has no address left for {missing} of {} owners", wants.len());
        let label = format!("given out are {} to {}", network.allocate_from, network.allocate_to);
        let problem = error("network-exhausted", message, span, label);
        cx.say(problem.help("take a larger prefix, or let `allocate` begin lower"));
    }
    fates
}

/// An address that was given.
struct Given<'a> {
    address: Ipv4Addr,
    /// Where the file asks for it, when it does.
    written: Option<Span>,
    network_name: &'a Name,
    network: &'a Network,
}

impl Given<'_> {
    fn note(&self, cx: &Cx<'_>, path: &str) {
        let at = cx.at(path);
        if self.written.is_some() {
            at.expanded("address", (), self.written);
        } else {
            let from = format!("network {} from {}", self.network_name, self.network.allocate_from);
            at.allocated("address", (), &from);
        }
    }

    fn with_prefix(&self) -> IpNet {
        // A prefix length of the network itself is never too long.
        Ipv4Net::new(self.address, self.network.ipv4.prefix_len()).unwrap_or(self.network.ipv4).into()
    }

    fn to_host(&self, cx: &Cx<'_>, hosts: &mut HostPlans, host: &Name) {
        let Some(plan) = hosts.plans.get_mut(host) else { return };
        let Some(interface) = plan.interface.get(self.network_name).cloned() else { return };
        let path = format!("host/{host}/address/{}", self.network_name);
        cx.at(&path).derived("", (), &[&format!("host/{host}"), &format!("network/{}", self.network_name)]);
        self.note(cx, &path);
        let address = HostAddress { interface, address: self.with_prefix(), gateway: None };
        plan.host.address.insert(self.network_name.clone(), address);
    }

    fn to_bmc(&self, cx: &Cx<'_>, things: &Things<'_>, hosts: &mut HostPlans, wires: &Wires, host: &Name) {
        let (Some(plan), Some(item)) = (hosts.plans.get_mut(host), things.hosts.get(host)) else { return };
        let Some(bmc) = &item.spec.bmc else { return };
        let Some(switch) = item.paired(&bmc.switch) else { return };
        let Some(port) = wires.ports.get(&(format!("host/{host}"), Name::from("bmc"))) else { return };
        let at = cx.at(format!("host/{host}/bmc"));
        at.here(bmc.switch.span, item.ranged);
        self.note(cx, at.path());
        at.allocated("port", (), &format!("ports of switch {switch}"));
        let network = self.network_name.clone();
        plan.host.bmc = Some(Bmc { switch, port: port.clone(), network, address: self.address.into() });
    }

    fn to_machine(
        &self,
        cx: &Cx<'_>,
        things: &Things<'_>,
        hosts: &HostPlans,
        machines: &mut Map<Machine>,
        machine_name: &Name,
        index: u32,
    ) {
        let (Some(machine), Some(item)) = (machines.get_mut(machine_name), things.machines.get(machine_name)) else {
            return;
        };
        let Some(plan) = hosts.plans.get(&machine.host) else { return };
        let at = cx.at(format!("machine/{machine_name}/nic/{}", self.network_name));
        let word = item.spec.networks.get(index as usize);
        at.here(word.and_then(|word| word.span), item.ranged);
        let bridge = plan.host.bridge.iter().find(|(_, bridge)| bridge.networks.contains(self.network_name));
        let Some((bridge_name, bridge)) = bridge else {
            let message = format!("host `{}` has no bridge for network `{}`", machine.host, self.network_name);
            let problem =
                error("no-bridge", message, word.and_then(|word| word.span), format!("`{machine_name}` hangs on it"));
            let help = format!("carry `{}` on one of its `nics`, with a bridge over it", self.network_name);
            cx.say(problem.context(plan.span, "the host").help(help));
            return;
        };
        self.note(cx, at.path());
        let bridge_path = format!("host/{}/bridge/{bridge_name}", machine.host);
        let untagged_here = bridge.vlan_aware && !bridge.vids.contains(&self.network.vlan);
        let tag = (bridge.vlan_aware && !untagged_here).then_some(self.network.vlan);
        let nic = MachineNic {
            index: at.derived("index", index, &[at.path()]),
            interface: at.chosen("interface", Name::from(format!("eth{index}")), "in the order of its networks"),
            bridge: at.derived("bridge", bridge_name.clone(), &[&bridge_path]),
            tag: at.derived("tag", tag, &[&bridge_path]),
            mac: at.derived(
                "mac",
                mac(&cx.spec.cluster.value.0, machine_name, self.network_name),
                &["cluster", at.path()],
            ),
            address: self.with_prefix(),
            address6: None,
            gateway: None,
            mtu: at.derived(
                "mtu",
                self.network.mtu.min(bridge.mtu),
                &[&format!("network/{}/mtu", self.network_name), &bridge_path],
            ),
            ipfilter: at.or_chosen(
                "ipfilter",
                item.spec.ipfilter.as_ref(),
                false,
                "it would drop the addresses that move",
            ),
        };
        machine.nic.insert(self.network_name.clone(), nic);
    }
}

/// A locally administered unicast address (IEEE 802, bits 0 and 1 of the first byte) made from the names, so that a
/// machine that is made again has it again.
pub(crate) fn mac(cluster: &str, machine: &Name, network: &Name) -> String {
    let digest = Sha256::digest(format!("{cluster}\0{machine}\0{network}"));
    let bytes: Vec<String> = digest
        .iter()
        .take(6)
        .enumerate()
        .map(|(index, byte)| if index == 0 { (byte & 0xfc) | 0x02 } else { *byte })
        .map(|byte| format!("{byte:02x}"))
        .collect();
    bytes.join(":")
}

/// The default route of each machine and host: by the first of its networks that leads out.
fn default_routes(
    cx: &Cx<'_>,
    networks: &Map<Network>,
    hosts: &mut HostPlans,
    machines: &mut Map<Machine>,
    things: &Things<'_>,
) {
    let gateway = |network: &Name| {
        networks.get(network).and_then(|network| network.gateway.as_ref()).map(|gateway| gateway.address)
    };
    for (host_name, plan) in &mut hosts.plans {
        let of_purpose = |network: &&Name| {
            networks.get(*network).is_some_and(|network| network.purposes.contains(&Purpose::Proxmox))
        };
        let addresses = &plan.host.address;
        let best = addresses.keys().filter(|network| gateway(network).is_some());
        let best = best.clone().find(of_purpose).or_else(|| best.clone().next()).cloned();
        if let Some(network) = best
            && let Some(address) = plan.host.address.get_mut(&network)
        {
            let at = cx.at(format!("host/{host_name}/address/{network}"));
            address.gateway = at.derived("gateway", gateway(&network), &[&format!("network/{network}/gateway")]);
        }
    }
    for (machine_name, machine) in machines {
        let Some(item) = things.machines.get(machine_name) else { continue };
        let first = item.spec.networks.iter().map(|word| name(word)).find(|network| gateway(network).is_some());
        if let Some(network) = first
            && let Some(nic) = machine.nic.get_mut(&network)
        {
            let at = cx.at(format!("machine/{machine_name}/nic/{network}"));
            nic.gateway = at.derived("gateway", gateway(&network), &[&format!("network/{network}/gateway")]);
        }
    }
}
