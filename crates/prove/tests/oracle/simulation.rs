//! A cluster with broken parts, looked at directly: who has power, who reaches whom by walking the graph, who has a
//! majority by counting. It shares no code with the circuits, and says which promises are broken.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use plimsoll_model::design::{Announce, BondMode, FailureDomain, Osd, PduRef, Raid, Role, SwitchRole};
use plimsoll_model::{Design, Map, Name};

pub(crate) struct Simulation<'a> {
    pub(crate) design: &'a Design,
    pub(crate) failed: BTreeSet<String>,
}

impl Simulation<'_> {
    fn ok(&self, path: &str) -> bool {
        !self.failed.contains(path)
    }

    fn feed(&self, name: &Name) -> bool {
        self.ok(&format!("feed/{name}"))
            && self.design.feed.get(name).is_none_or(|feed| feed.from.as_ref().is_none_or(|from| self.feed(from)))
    }

    fn powered(&self, device: &str, psus: &Map<plimsoll_model::design::Psu>) -> bool {
        psus.is_empty()
            || psus.iter().any(|(psu, of)| {
                let strip = &self.design.rack[&of.pdu.rack].pdu[&of.pdu.pdu];
                self.ok(&format!("{device}/psu/{psu}"))
                    && self.ok(&format!("rack/{}/pdu/{}", of.pdu.rack, of.pdu.pdu))
                    && self.feed(&strip.feed)
            })
    }

    fn switch(&self, name: &Name) -> bool {
        let path = format!("switch/{name}");
        let of = &self.design.switch[name];
        self.ok(&path)
            && self.ok(&format!("{path}/silent"))
            && self.ok(&format!("rack/{}", of.rack))
            && self.powered(&path, &of.psu)
    }

    /// A bond without LACP that happens to use the one of its ports that has a carrier and passes nothing, or one way.
    fn misled(&self, host: &Name, nic: &Name) -> bool {
        let of = &self.design.host[host];
        let mut bonds = of.bond.values().filter(|bond| bond.mode != BondMode::Lacp && bond.members.contains(nic));
        bonds.any(|bond| {
            let switches: BTreeSet<&Name> = bond.members.iter().map(|member| &of.nic[member].switch).collect();
            bond.members.len() > 1
                && bond.members.iter().map(|member| &of.nic[member]).any(|port| {
                    let copies = bond.mode == BondMode::Broadcast || switches.len() < 2;
                    !self.ok(&format!("cable/{}:{}/silent", port.switch, port.port))
                        || (!copies && !self.ok(&format!("switch/{}/silent", port.switch)))
                })
        })
    }

    /// Of several routers, one that speaks and hears nothing keeps the address of the gateway.
    fn deaf(&self, routers: &[Name]) -> bool {
        let to = |end: &str| routers.iter().any(|router| end == format!("external/{router}"));
        let mut cables = self.design.cable.iter().filter(|(_, of)| to(&of.a.device) || to(&of.b.device));
        routers.len() > 1 && cables.any(|(cable, _)| !self.ok(&format!("cable/{cable}/silent")))
    }

    /// Something of others. It may stand in a rack of ours, and hang on strips of ours.
    fn external(&self, name: &Name) -> bool {
        let Some(of) = self.design.external.get(name) else { return self.ok(&format!("external/{name}")) };
        let live = |pdu: &PduRef| {
            self.ok(&format!("rack/{}", pdu.rack))
                && self.ok(&format!("rack/{}/pdu/{}", pdu.rack, pdu.pdu))
                && self.feed(&self.design.rack[&pdu.rack].pdu[&pdu.pdu].feed)
        };
        self.ok(&format!("external/{name}"))
            && of.rack.as_ref().is_none_or(|rack| self.ok(&format!("rack/{rack}")))
            && (of.power.is_empty() || of.power.iter().any(live))
    }

    fn store(&self, host: &Name, group: &Name) -> bool {
        let disk = &self.design.host[host].disk[group];
        let up: Vec<bool> =
            (1..=disk.count).map(|number| self.ok(&format!("host/{host}/disk/{group}/{number}"))).collect();
        let down = up.iter().filter(|up| !**up).count();
        match disk.raid {
            Raid::Mirror => down < up.len(),
            Raid::Raid10 => up.chunks(2).all(|pair| pair.contains(&true)),
            Raid::Raid5 => down < 2,
            Raid::Raid6 => down < 3,
            Raid::None | Raid::Raid0 => down == 0,
        }
    }

    fn host(&self, name: &Name) -> bool {
        let path = format!("host/{name}");
        let of = &self.design.host[name];
        self.ok(&path)
            && self.ok(&format!("rack/{}", of.rack))
            && self.powered(&path, &of.psu)
            && self.store(name, &"boot".into())
    }

    fn machine(&self, name: &Name) -> bool {
        let of = &self.design.machine[name];
        self.ok(&format!("machine/{name}"))
            && self.host(&of.host)
            && of.disk.values().all(|disk| self.store(&of.host, &disk.on))
    }

    pub(crate) fn daemon(&self, path: &str, machine: &Name) -> bool {
        self.ok(path) && self.machine(machine)
    }

    /// Which island of the layer-2 domain each host and router is on: hosts by name, routers as `external/NAME`.
    pub(crate) fn islands(&self, network: &Name) -> BTreeMap<String, BTreeSet<usize>> {
        let vlan = self.design.network[network].vlan;
        let carries =
            |port: &plimsoll_model::design::SwitchPort| port.tagged.contains(&vlan) || port.untagged == Some(vlan);
        let switches: Vec<&Name> = self
            .design
            .switch
            .iter()
            .filter(|(name, of)| of.port.values().any(carries) && self.switch(name))
            .map(|(name, _)| name)
            .collect();
        let cabled = self
            .design
            .cable
            .values()
            .any(|of| of.a.device.starts_with("switch/") && of.b.device.starts_with("switch/"));
        // Flood from each switch.
        let mut island: BTreeMap<&Name, usize> = BTreeMap::new();
        for (number, start) in switches.iter().enumerate() {
            if island.contains_key(*start) {
                continue;
            }
            let mut open = vec![*start];
            while let Some(at) = open.pop() {
                if island.insert(at, number).is_some() {
                    continue;
                }
                for (cable, of) in &self.design.cable {
                    if !self.ok(&format!("cable/{cable}")) {
                        continue;
                    }
                    for (here, there) in [(&of.a, &of.b), (&of.b, &of.a)] {
                        if here.device == format!("switch/{at}")
                            && let Some(next) = there.device.strip_prefix("switch/")
                            && let Some(next) = switches.iter().find(|switch| switch.as_str() == next)
                            && !self.shut_between(at, next)
                        {
                            open.push(next);
                        }
                        // A router joins the switches below it where both ports carry the network, when these have no
                        // cable of their own.
                        let port =
                            |switch: &Name, port: &Name| self.design.switch[switch].port.get(port).is_some_and(carries);
                        if !cabled
                            && here.device == format!("switch/{at}")
                            && port(at, &here.port)
                            && let Some(router) = there.device.strip_prefix("external/")
                            && self.external(&router.into())
                        {
                            let below = self.design.cable.iter().filter(|(name, _)| self.ok(&format!("cable/{name}")));
                            let below = below.flat_map(|(_, of)| [(&of.a, &of.b), (&of.b, &of.a)]);
                            for (end, _) in below.filter(|(_, end)| end.device == there.device) {
                                let next = end.device.strip_prefix("switch/").map(Name::from);
                                let next = next.filter(|next| port(next, &end.port));
                                open.extend(switches.iter().find(|switch| Some(**switch) == next.as_ref()));
                            }
                        }
                    }
                }
            }
        }
        let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (host, of) in &self.design.host {
            for nic in self.nics(host, network) {
                let port = &of.nic[&nic];
                let link = self.ok(&format!("host/{host}/nic/{nic}"))
                    && self.ok(&format!("cable/{}:{}", port.switch, port.port))
                    && self.ok(&format!("cable/{}:{}/silent", port.switch, port.port))
                    && !self.misled(host, &nic)
                    && !self.shut(&port.switch);
                if let (true, Some(number)) = (link, island.get(&port.switch)) {
                    found.entry(host.to_string()).or_default().insert(*number);
                }
            }
        }
        for (cable, of) in &self.design.cable {
            for (here, there) in [(&of.a, &of.b), (&of.b, &of.a)] {
                let (Some(switch), Some(router)) =
                    (here.device.strip_prefix("switch/"), there.device.strip_prefix("external/"))
                else {
                    continue;
                };
                let name = Name::from(switch);
                let usable = self.ok(&format!("cable/{cable}"))
                    && self.ok(&format!("cable/{cable}/silent"))
                    && self.external(&router.into())
                    && carries(&self.design.switch[&name].port[&here.port]);
                if let (true, Some(number)) = (usable, island.get(&name)) {
                    found.entry(format!("external/{router}")).or_default().insert(*number);
                }
            }
        }
        found
    }

    /// A spine that has shut its ports forwards nothing to leaves.
    fn shut_between(&self, one: &Name, other: &Name) -> bool {
        let spine = |switch: &Name| self.design.switch[switch].role == SwitchRole::Spine;
        spine(one) != spine(other) && [one, other].into_iter().any(|switch| spine(switch) && self.shut(switch))
    }

    /// The second of a pair shuts its ports when the links between the two are gone.
    fn shut(&self, switch: &Name) -> bool {
        let Some(group) = &self.design.switch[switch].mlag else { return false };
        let members = &self.design.mlag[group].members;
        let first = members.iter().min().expect("members");
        let peers: Vec<&Name> = self
            .design
            .cable
            .iter()
            .filter(|(_, of)| {
                let ends = [of.a.device.as_str(), of.b.device.as_str()];
                ends.contains(&format!("switch/{first}").as_str())
                    && ends.contains(&format!("switch/{switch}").as_str())
            })
            .map(|(cable, _)| cable)
            .collect();
        switch != first && !peers.is_empty() && peers.iter().all(|cable| !self.ok(&format!("cable/{cable}")))
    }

    fn nics(&self, host: &Name, network: &Name) -> Vec<Name> {
        let of = &self.design.host[host];
        let mut open: Vec<Name> = of
            .bridge
            .iter()
            .filter(|(_, bridge)| bridge.networks.contains(network))
            .map(|(name, _)| name.clone())
            .chain(of.address.get(network).map(|address| address.interface.clone()))
            .collect();
        let mut nics = Vec::new();
        while let Some(at) = open.pop() {
            if of.nic.contains_key(&at) {
                nics.push(at.clone());
            }
            open.extend(of.bridge.get(&at).map(|bridge| bridge.ports.clone()).unwrap_or_default());
            open.extend(of.vlan.get(&at).map(|vlan| vlan.parent.clone()));
            open.extend(of.bond.get(&at).map(|bond| bond.members.clone()).unwrap_or_default());
        }
        nics.sort();
        nics.dedup();
        nics
    }

    /// The promises that are broken.
    pub(crate) fn broken(&self) -> BTreeSet<String> {
        let design = self.design;
        let islands: BTreeMap<&Name, BTreeMap<String, BTreeSet<usize>>> =
            design.network.keys().map(|network| (network, self.islands(network))).collect();
        let on = |network: &str, who: &str| islands[&Name::from(network)].get(who).cloned().unwrap_or_default();
        let meet = |network: &str, one: &str, other: &str| {
            one == other || on(network, one).intersection(&on(network, other)).next().is_some()
        };
        let out = |network: &str, host: &str| {
            let gateway = design.network[&Name::from(network)].gateway.as_ref().expect("a gateway");
            let reached = gateway.by.iter().any(|router| meet(network, host, &format!("external/{router}")));
            reached && !self.deaf(&gateway.by)
        };
        let host_of = |machine: &Name| design.machine[machine].host.to_string();
        let mut broken = BTreeSet::new();
        let mut say = |id: &str, kept: bool| {
            if !kept {
                broken.insert(id.to_owned());
            }
        };

        let members: Vec<&Name> = design.etcd.member.keys().collect();
        let alive: Vec<&Name> =
            members.iter().copied().filter(|name| self.daemon(&format!("etcd/member/{name}"), name)).collect();
        let in_majority = |member: &Name| {
            let with = alive.iter().filter(|other| meet("kube", &host_of(member), &host_of(other))).count();
            alive.contains(&member) && with > members.len() / 2
        };
        let serves = |member: &Name| self.daemon(&format!("machine/{member}/apiserver"), member) && in_majority(member);
        let vrrp = design.api.vrrp.as_ref().expect("VRRP");
        say(
            "api",
            vrrp.member.keys().any(|holder| {
                self.daemon(&format!("machine/{holder}/keepalived"), holder)
                    && self.daemon(&format!("machine/{holder}/haproxy"), holder)
                    && out("kube", &host_of(holder))
                    && members.iter().any(|server| meet("kube", &host_of(holder), &host_of(server)) && serves(server))
            }),
        );

        say("one-holder/api", self.holders() < 2);

        let usable = |machine: &Name| self.machine(machine) && out("kube", &host_of(machine));
        let nodes: Vec<&Name> =
            design.machine.iter().filter(|(_, of)| of.role.is_node()).map(|(name, _)| name).collect();
        let bad_hosts: BTreeSet<String> = nodes.iter().filter(|node| !usable(node)).map(|node| host_of(node)).collect();
        let all_hosts = nodes.iter().map(|node| host_of(node)).collect::<BTreeSet<_>>().len();
        let copies = (design.coredns.replicas as usize).min(all_hosts);
        say("dns", bad_hosts.len() < copies);

        // Names outside: who of the nodes gets an answer from anybody?
        let answers = |node: &Name, address: &IpAddr, outside: bool| {
            let (of, host) = (&design.machine[node], host_of(node));
            let gateway = |network: &Name| design.network[network].gateway.as_ref();
            let inside = design.network.iter().find(|(_, of)| match address {
                IpAddr::V4(four) => of.ipv4.contains(four),
                IpAddr::V6(_) => false,
            });
            let other = design
                .external
                .iter()
                .find(|(_, of)| of.address.values().chain(&of.addresses).any(|own| own == address))
                .map(|(name, _)| name);
            let own = design.machine.iter().find(|(_, of)| of.nic.values().any(|nic| nic.address.addr() == *address));
            let router = inside.and_then(|(name, _)| gateway(name)).is_some_and(|of| of.address == *address);
            let lives = match (other, own) {
                (Some(name), _) => self.external(name),
                (_, Some((name, _))) => match design.dns_server.get(name) {
                    Some(server) => (!outside || server.recursion) && self.daemon(&format!("dns_server/{name}"), name),
                    None => self.machine(name),
                },
                _ => router || self.ok(&format!("external/{address}")),
            };
            let reached = match inside.map(|(name, _)| name) {
                None => out("kube", &host),
                Some(network) if of.nic.contains_key(network) => match own {
                    _ if router => out(network.as_str(), &host),
                    Some((_, of)) => meet(network.as_str(), &host, of.host.as_str()),
                    None => !on(network.as_str(), &host).is_empty(),
                },
                Some(network) => {
                    out("kube", &host)
                        && gateway(network).is_some_and(|gateway| {
                            let there = |router: &Name| !on(network.as_str(), &format!("external/{router}")).is_empty();
                            gateway.by.iter().any(|router| self.external(router) && there(router))
                        })
                        && own.is_none_or(|(_, of)| out(network.as_str(), of.host.as_str()))
                }
            };
            usable(node) && lives && reached
        };
        let families = std::iter::once(("outside", &design.coredns.upstreams))
            .chain(design.coredns.stub.iter().map(|(domain, servers)| (domain.as_str(), servers)));
        for (family, servers) in families.filter(|(_, servers)| !servers.is_empty()) {
            let answered = |node: &&&Name| servers.iter().any(|address| answers(node, address, family == "outside"));
            let deaf: BTreeSet<String> =
                nodes.iter().filter(|node| !answered(node)).map(|node| host_of(node)).collect();
            let taken = |node: &&&Name| design.machine[**node].taints.iter().all(|of| of.effect == "PreferNoSchedule");
            let asked = match design.nodelocal {
                Some(_) => nodes.iter().filter(taken).any(|node| answered(&node)),
                None => deaf.len() < copies,
            };
            say(&format!("dns/{family}"), bad_hosts.len() < copies && asked);
        }
        say(
            "zone",
            design.zone.values().all(|zone| {
                std::iter::once(&zone.primary)
                    .chain(&zone.secondaries)
                    .any(|server| self.daemon(&format!("dns_server/{server}"), server) && out("mgmt", &host_of(server)))
            }),
        );
        let metallb = design.metallb.as_ref().expect("MetalLB");
        let layer_2 = metallb.pool.values().all(|pool| pool.announce == [Announce::L2]);
        say(
            "ingress/public",
            metallb.nodes.iter().any(|node| {
                if layer_2 {
                    return usable(node);
                }
                self.machine(node)
                    && metallb
                        .peer
                        .values()
                        .any(|peer| meet("kube", &host_of(node), &format!("external/{}", peer.router)))
            }),
        );
        let workers: Vec<&Name> = design.machines(Role::Worker).map(|(name, _)| name).collect();
        say("egress", workers.iter().any(|worker| usable(worker)));

        if let Some(nfs) = &design.nfs {
            let of = &design.external[&nfs.server];
            let reached = |worker: &&Name| {
                self.machine(worker)
                    && of.address.keys().any(|network| !on(network.as_str(), &host_of(worker)).is_empty())
                    || self.machine(worker) && !of.addresses.is_empty() && out("kube", &host_of(worker))
            };
            say("storage/nfs", self.external(&nfs.server) && workers.iter().any(reached));
        }

        let ceph = design.ceph.as_ref().expect("Ceph");
        let pool = ceph.pool.values().next().expect("a pool");
        let size = pool.erasure.map_or(pool.replicas, |(data, coding)| data + coding) as usize;
        let (min, least) = (pool.min as usize, pool.erasure.map_or(1, |(data, _)| data) as usize);
        let domain = |name: &Name, osd: &Osd| match pool.domain {
            FailureDomain::Osd => name.to_string(),
            FailureDomain::Host => osd.machine.to_string(),
            FailureDomain::Chassis => osd.host.to_string(),
            FailureDomain::Rack => design.host[&osd.host].rack.to_string(),
        };
        let domains = ceph.osd.iter().map(|(name, osd)| domain(name, osd)).collect::<BTreeSet<_>>().len();
        // Each island is a cluster of its own: what it has of monitors and of disks.
        let every: BTreeSet<usize> = islands[&Name::from("storage")].values().flatten().copied().collect();
        let (mut serves, mut recovers) = (false, false);
        for island in every {
            let there = |host: &Name| on("storage", host.as_str()).contains(&island);
            let monitors = ceph
                .mon
                .iter()
                .filter(|(name, mon)| self.daemon(&format!("ceph/mon/{name}"), name) && there(&mon.host));
            let majority = monitors.count() > ceph.mon.len() / 2;
            let mut away: BTreeSet<String> = BTreeSet::new();
            let mut number: BTreeMap<&Name, u32> = BTreeMap::new();
            for (name, osd) in &ceph.osd {
                let number = number.entry(&osd.host).or_default();
                *number += 1;
                let up = self.daemon(&format!("ceph/osd/{name}"), &osd.machine)
                    && self.ok(&format!("host/{}/disk/osd/{number}", osd.host))
                    && there(&osd.host);
                if !up {
                    away.insert(domain(name, osd));
                }
            }
            let copies = size.min(domains);
            serves |= majority && copies >= min + away.len();
            recovers |= majority && copies >= least + away.len() && domains >= min + away.len();
        }
        say("storage/ssd", serves);
        say("storage/ssd/recovered", recovers);

        let hosts = design.host.len();
        let mut quorate = false;
        for network in design.host.values().flat_map(|of| of.corosync.values()).map(|link| &link.network) {
            let every: BTreeSet<usize> = islands[network].values().flatten().copied().collect();
            for island in every {
                let voting = design
                    .host
                    .keys()
                    .filter(|name| self.host(name) && on(network.as_str(), name.as_str()).contains(&island))
                    .count();
                quorate |= voting > hosts / 2;
            }
        }
        let reached = design.host.keys().filter(|name| self.host(name) && out("mgmt", name.as_str())).count();
        say("management", quorate && reached > hosts / 2);
        broken
    }
}
