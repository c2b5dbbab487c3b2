//! After losing all power: does everything come back, and in what order?
//!
//! A least fixed point. At first only what others own is there; a part starts when each of its needs has enough providers
//! that have started. What never starts waits, in the end, for itself: the chain that says so is the finding.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use plimsoll_model::design::{ExternalKind, PlatformKind, Role, State};
use plimsoll_model::{Design, Name};

/// Whether nodes still have the images that they ran before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// On their disks, as after a power cut.
    OnNodes,
    /// Gone, as after a fire: every node pulls from the registry.
    Gone,
}

/// What comes back, and what does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColdStart {
    /// What starts, in the order in which it can: each step needs only what stands in steps before it.
    pub steps: Vec<Vec<String>>,
    /// For each part that never starts: what it waits for, and what that waits for, to the point where it repeats.
    pub blocked: Vec<Vec<String>>,
    /// Parts that do not start by themselves: somebody must start them by hand.
    pub by_hand: Vec<String>,
}

impl ColdStart {
    /// Whether everything comes back by itself.
    pub fn works(&self) -> bool {
        self.blocked.is_empty() && self.by_hand.is_empty()
    }
}

#[derive(Clone, Debug)]
struct Need {
    what: &'static str,
    of: Vec<usize>,
    enough: usize,
}

#[derive(Clone, Debug)]
struct Part {
    name: String,
    needs: Vec<Need>,
    outside: bool,
}

#[derive(Default)]
struct Parts {
    list: Vec<Part>,
    by_name: BTreeMap<String, usize>,
}

impl Parts {
    fn part(&mut self, name: impl Into<String>) -> usize {
        let name = name.into();
        if let Some(&at) = self.by_name.get(&name) {
            return at;
        }
        self.list.push(Part { name: name.clone(), needs: Vec::new(), outside: false });
        self.by_name.insert(name, self.list.len() - 1);
        self.list.len() - 1
    }

    fn outside(&mut self, name: impl Into<String>) -> usize {
        let at = self.part(name);
        self.list[at].outside = true;
        at
    }

    fn need(&mut self, part: usize, what: &'static str, of: Vec<usize>, enough: usize) {
        self.list[part].needs.push(Need { what, of, enough });
    }
}

/// Follows a start of everything from nothing.
pub fn cold_start(design: &Design, images: Images) -> ColdStart {
    let mut parts = Parts::default();
    let mut idle = BTreeSet::new();
    let by_hand = describe(design, images, &mut parts, &mut idle);
    let mut started: Vec<bool> = parts.list.iter().map(|part| part.outside).collect();
    let mut steps = Vec::new();
    loop {
        let ready: Vec<usize> = (0..parts.list.len())
            .filter(|&part| !started[part])
            .filter(|&part| {
                parts.list[part]
                    .needs
                    .iter()
                    .all(|need| need.of.iter().filter(|&&of| started[of]).count() >= need.enough)
            })
            .collect();
        if ready.is_empty() {
            break;
        }
        for &part in &ready {
            started[part] = true;
        }
        steps.push(ready.into_iter().map(|part| parts.list[part].name.clone()).collect());
    }
    let blocked = (0..parts.list.len())
        .filter(|part| !started[*part] && !idle.contains(part))
        .map(|part| chain(&parts, &started, part))
        .collect();
    ColdStart { steps, blocked: shortest(blocked), by_hand }
}

/// From a part to what it waits for, until a part repeats.
fn chain(parts: &Parts, started: &[bool], from: usize) -> Vec<String> {
    let (mut at, mut seen, mut lines) = (from, Vec::new(), Vec::new());
    loop {
        seen.push(at);
        let part = &parts.list[at];
        let waits = part.needs.iter().find(|need| need.of.iter().filter(|&&of| started[of]).count() < need.enough);
        let Some(need) = waits else { return lines };
        let Some(&next) = need.of.iter().find(|&&of| !started[of]) else {
            lines.push(format!("{} needs {}, which nothing gives", part.name, need.what));
            return lines;
        };
        lines.push(format!("{} needs {}: {}", part.name, need.what, parts.list[next].name));
        if let Some(again) = seen.iter().position(|&before| before == next) {
            lines.push(format!("{} waits for itself", parts.list[seen[again]].name));
            return lines;
        }
        at = next;
    }
}

/// One chain for each circle: those that end in the same place say nothing new.
fn shortest(mut chains: Vec<Vec<String>>) -> Vec<Vec<String>> {
    chains.sort_by_key(Vec::len);
    let mut kept: Vec<Vec<String>> = Vec::new();
    for chain in chains {
        // The chain without its way into the circle is the circle, whose lines another chain may have.
        if !kept.iter().any(|known| known.iter().rev().skip(1).any(|line| chain.contains(line))) {
            kept.push(chain);
        }
    }
    kept
}

/// Who needs what. Gives the machines that are not started with their host. Parts that are only planned go into `idle`.
fn describe(design: &Design, images: Images, parts: &mut Parts, idle: &mut BTreeSet<usize>) -> Vec<String> {
    // Power and switches.
    for (name, feed) in &design.feed {
        let at = parts.part(format!("feed/{name}"));
        match &feed.from {
            Some(from) => {
                let from = parts.part(format!("feed/{from}"));
                parts.need(at, "power", vec![from], 1);
            }
            None => parts.list[at].outside = true,
        }
    }
    let feeds = |psus: &plimsoll_model::Map<plimsoll_model::design::Psu>, parts: &mut Parts| -> Vec<usize> {
        psus.values()
            .filter_map(|psu| design.rack.get(&psu.pdu.rack)?.pdu.get(&psu.pdu.pdu))
            .map(|pdu| parts.part(format!("feed/{}", pdu.feed)))
            .collect()
    };
    for (name, switch) in &design.switch {
        let at = parts.part(format!("switch/{name}"));
        let power = feeds(&switch.psu, parts);
        if !power.is_empty() {
            parts.need(at, "power", power, 1);
        }
    }
    for (name, external) in &design.external {
        let at = parts.part(format!("external/{name}"));
        parts.list[at].outside = own_host_of(design, external).is_none();
    }

    // Hosts, and the quorum that Proxmox VE needs before it starts a guest.
    let hypervisors: Vec<&Name> = design
        .host
        .iter()
        .filter(|(_, host)| host.state != State::Planned && host.platform.kind == PlatformKind::Proxmox)
        .map(|(name, _)| name)
        .collect();
    for (name, host) in design.host.iter().filter(|(_, host)| host.state != State::Planned) {
        let at = parts.part(format!("host/{name}"));
        let power = feeds(&host.psu, parts);
        if !power.is_empty() {
            parts.need(at, "power", power, 1);
        }
        let switches: Vec<usize> = host.nic.values().map(|nic| parts.part(format!("switch/{}", nic.switch))).collect();
        if !switches.is_empty() {
            parts.need(at, "a switch", switches, 1);
        }
    }
    let quorum = (!hypervisors.is_empty()).then(|| {
        let at = parts.part("the quorum of Proxmox VE");
        let mut votes: Vec<usize> = hypervisors.iter().map(|name| parts.part(format!("host/{name}"))).collect();
        let outside = design.host.values().find_map(|host| host.platform.qdevice.clone());
        votes.extend(outside.map(|name| parts.part(format!("external/{name}"))));
        let enough = votes.len() / 2 + 1;
        parts.need(at, "a majority of votes", votes, enough);
        at
    });

    // Machines.
    let mut by_hand = Vec::new();
    for (name, machine) in &design.machine {
        let at = parts.part(format!("machine/{name}"));
        if !starts(design, name) {
            // What is only planned starts nothing that names it.
            parts.need(at, "to be in service", Vec::new(), 1);
            idle.insert(at);
            continue;
        }
        let host = parts.part(format!("host/{}", machine.host));
        parts.need(at, "its host", vec![host], 1);
        let proxmox = design.host.get(&machine.host).is_some_and(|host| host.platform.kind == PlatformKind::Proxmox);
        if let Some(quorum) = quorum.filter(|_| proxmox) {
            parts.need(at, "permission to start", vec![quorum], 1);
        }
        if proxmox && !machine.onboot && !machine.ha {
            by_hand.push(format!("machine/{name}"));
        }
        for disk in machine.disk.values() {
            let store = design.host.get(&machine.host).and_then(|host| host.disk.get(&disk.on));
            if let Some(server) = store.and_then(|store| store.shared.as_ref()) {
                let server = parts.part(format!("external/{server}"));
                parts.need(at, "its disk", vec![server], 1);
            }
        }
    }

    // The control plane. Registry first: who pulls images needs it.
    let names = resolvers(design, parts);
    let pull = |parts: &mut Parts, at: usize| {
        if images == Images::Gone {
            let registries: Vec<usize> = design
                .external
                .iter()
                .filter(|(_, external)| external.kind == ExternalKind::Registry)
                .map(|(name, _)| parts.part(format!("external/{name}")))
                .collect();
            if !registries.is_empty() {
                parts.need(at, "images", registries, 1);
                if !names.is_empty() {
                    parts.need(at, "the name of the registry", names.clone(), 1);
                }
            }
        }
    };
    let etcd = parts.part("etcd");
    let members: Vec<usize> = design
        .etcd
        .member
        .keys()
        .filter(|name| starts(design, name))
        .map(|name| parts.part(format!("machine/{name}")))
        .collect();
    let majority = members.len() / 2 + 1;
    parts.need(etcd, "a majority of members", members, majority);
    pull(parts, etcd);
    let clock = time_sources(design, parts);
    if !clock.is_empty() {
        parts.need(etcd, "the time, for certificates", clock, 1);
    }
    let api = parts.part("the API");
    parts.need(api, "etcd", vec![etcd], 1);
    let servers = machines_of(design, Role::ControlPlane, parts);
    parts.need(api, "a control-plane machine", servers, 1);
    pull(parts, api);
    let balancers: Vec<usize> = match &design.api.vrrp {
        Some(vrrp) => vrrp.member.keys().map(|name| parts.part(format!("machine/{name}"))).collect(),
        None => design.api.vip.iter().map(|address| provider(design, parts, *address)).collect(),
    };
    if !balancers.is_empty() {
        parts.need(api, "who holds its address", balancers, 1);
    }
    let nodes = parts.part("nodes");
    parts.need(nodes, "the API", vec![api], 1);
    let workers: Vec<usize> = machines_of(design, Role::Worker, parts);
    if !workers.is_empty() {
        parts.need(nodes, "a worker", workers, 1);
    }
    pull(parts, nodes);
    if !design.api.hosts_entry {
        parts.need(nodes, "the name of the API", names.clone(), 1);
        // Whoever is asked asks our own servers, when the name is in a zone of ours.
        let zone = |zone: &&Name| design.api.name == zone.as_str() || design.api.name.ends_with(&format!(".{zone}"));
        if let Some(zone) = design.zone.keys().filter(zone).max_by_key(|zone| zone.as_str().len()) {
            let zone = parts.part(format!("zone {zone}"));
            parts.need(nodes, "the name of the API", vec![zone], 1);
        }
    }

    // What runs on nodes.
    let coredns = parts.part("CoreDNS");
    parts.need(coredns, "nodes", vec![nodes], 1);
    if let Some(ceph) = &design.ceph {
        let monitors = parts.part("the monitors of Ceph");
        parts.need(monitors, "nodes", vec![nodes], 1);
        let on: Vec<usize> = ceph.mon.keys().map(|name| parts.part(format!("machine/{name}"))).collect();
        let majority = on.len() / 2 + 1;
        parts.need(monitors, "a majority of their machines", on, majority);
        let disks: BTreeSet<usize> = ceph
            .osd
            .values()
            .map(|osd| parts.part(format!("machine/{}", osd.machine)))
            .filter(|at| !idle.contains(at))
            .collect();
        for (name, pool) in &ceph.pool {
            let at = parts.part(format!("storage/{name}"));
            parts.need(at, "monitors", vec![monitors], 1);
            // The worst placement group has all its copies among those that are not there yet.
            let size = pool.erasure.map_or(pool.replicas, |(data, coding)| data + coding);
            let enough = disks.len().saturating_sub(size.saturating_sub(pool.min) as usize).max(1);
            parts.need(at, "disks", disks.iter().copied().collect(), enough);
        }
    }
    if let Some(nfs) = &design.nfs {
        let at = parts.part("storage/nfs");
        parts.need(at, "nodes", vec![nodes], 1);
        let server = parts.part(format!("external/{}", nfs.server));
        parts.need(at, "its server", vec![server], 1);
    }
    for pool in design.metallb.iter().flat_map(|metallb| metallb.pool.keys()) {
        let at = parts.part(format!("ingress/{pool}"));
        parts.need(at, "nodes", vec![nodes], 1);
    }
    for name in design.zone.keys() {
        let at = parts.part(format!("zone {name}"));
        let servers: Vec<usize> = design.zone[name]
            .secondaries
            .iter()
            .chain([&design.zone[name].primary])
            .map(|server| parts.part(format!("machine/{server}")))
            .collect();
        parts.need(at, "a server", servers, 1);
    }

    // What others own and yet stands on this cluster.
    for (name, external) in &design.external {
        let Some(inside) = own_host_of(design, external) else { continue };
        let at = parts.part(format!("external/{name}"));
        match inside {
            Inside::Zone(zone) => {
                let zone = parts.part(format!("zone {zone}"));
                parts.need(at, "its name", vec![zone], 1);
            }
            Inside::Pool(pool) => {
                let pool = parts.part(format!("ingress/{pool}"));
                parts.need(at, "its address", vec![pool], 1);
                let pools: Vec<usize> = design
                    .ceph
                    .iter()
                    .flat_map(|ceph| ceph.pool.keys())
                    .map(|pool| parts.part(format!("storage/{pool}")))
                    .collect();
                if !pools.is_empty() {
                    parts.need(at, "its volume", pools, 1);
                }
            }
        }
    }
    by_hand
}

/// What of this cluster something external stands on.
enum Inside {
    Zone(Name),
    Pool(Name),
}

/// An address in one of our pools, or a name in one of our zones.
fn own_host_of(design: &Design, external: &plimsoll_model::design::External) -> Option<Inside> {
    let host = external.url.as_deref().map(host_of_url);
    let mut addresses: Vec<IpAddr> = external.addresses.iter().chain(external.address.values()).copied().collect();
    addresses.extend(host.and_then(|host| host.parse::<IpAddr>().ok()));
    if let Some(metallb) = &design.metallb {
        for (name, pool) in &metallb.pool {
            if addresses.iter().any(|address| pool.ranges.iter().any(|range| range.contains(*address))) {
                return Some(Inside::Pool(name.clone()));
            }
        }
    }
    let host = host?;
    let zone = design.zone.keys().filter(|zone| host == zone.as_str() || host.ends_with(&format!(".{zone}")));
    let zone = zone.max_by_key(|zone| zone.as_str().len())?;
    // Names that ExternalDNS writes are those of services here.
    let by_services = design.external_dns.as_ref().is_some_and(|dns| dns.zones.contains(zone));
    let pool = design.metallb.iter().flat_map(|metallb| metallb.pool.keys()).next();
    match pool {
        Some(pool) if by_services => Some(Inside::Pool(pool.clone())),
        _ => Some(Inside::Zone(zone.clone())),
    }
}

/// `registry.example.edu` of `https://user@registry.example.edu:5000/path`.
fn host_of_url(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

/// The machine, or service, of this cluster that has the address; what has none of ours is outside.
fn provider(design: &Design, parts: &mut Parts, address: IpAddr) -> usize {
    let own = design
        .machine
        .iter()
        .find(|(_, machine)| machine.nic.values().any(|nic| nic.address.addr() == address))
        .map(|(name, _)| format!("machine/{name}"));
    if let Some(own) = own {
        return parts.part(own);
    }
    if design.coredns.service_ip == address {
        return parts.part("CoreDNS");
    }
    let pool = design
        .metallb
        .iter()
        .flat_map(|metallb| &metallb.pool)
        .find(|(_, pool)| pool.ranges.iter().any(|range| range.contains(address)));
    match pool {
        Some((name, _)) => parts.part(format!("ingress/{name}")),
        None => parts.outside(format!("{address}, outside")),
    }
}

fn time_sources(design: &Design, parts: &mut Parts) -> Vec<usize> {
    design.site.ntp.iter().map(|address| provider(design, parts, *address)).collect()
}

fn resolvers(design: &Design, parts: &mut Parts) -> Vec<usize> {
    design.site.resolvers.iter().map(|address| provider(design, parts, *address)).collect()
}

/// Whether a machine and its host are more than planned.
fn starts(design: &Design, machine: &Name) -> bool {
    design.machine.get(machine).is_some_and(|of| {
        of.state != State::Planned && design.host.get(&of.host).is_none_or(|host| host.state != State::Planned)
    })
}

fn machines_of(design: &Design, role: Role, parts: &mut Parts) -> Vec<usize> {
    let there = design.machines(role).filter(|(name, _)| starts(design, name));
    there.map(|(name, _)| parts.part(format!("machine/{name}"))).collect()
}
