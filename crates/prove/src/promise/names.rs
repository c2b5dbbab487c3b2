//! `dns`: names of the cluster asked in pods; `dns/outside` and `dns/DOMAIN`: other names asked there; `zone`: our names
//! asked from outside.

use std::collections::BTreeMap;
use std::net::IpAddr;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Answers, ExternalKind, Machine, OutsideNames, State, Taint};

use crate::build::Build;
use crate::component::Kind;
use crate::fabric::Asked;

use super::{Promise, node_network, takes_pods, unusable};

/// The nodes on which copies of CoreDNS may be.
struct Copies {
    /// Copies that are on different hosts at least.
    apart: u64,
    /// By host, its nodes, each with the node that it is down or cut off.
    hosts: BTreeMap<Name, Vec<(Name, Node)>>,
    /// None is left on which a copy could be started.
    nowhere: Node,
}

impl Copies {
    /// `None` where there are no nodes.
    fn of(build: &mut Build<'_>) -> Option<Self> {
        let design = build.design;
        let dns = &design.coredns;
        let network = node_network(build);
        let mut hosts: BTreeMap<Name, Vec<(Name, Node)>> = BTreeMap::new();
        let mut may_start: Vec<Node> = Vec::new();
        // A copy may still be on a node that is on its way out.
        let there: Vec<(Name, Name)> = design
            .machine
            .iter()
            .filter(|(name, machine)| machine.role.is_node() && build.exists(name))
            .map(|(name, machine)| (name.clone(), machine.host.clone()))
            .collect();
        for (node, host) in there {
            let down = unusable(build, &node, &host, network.as_ref());
            if design.machine.get(&node).is_some_and(|of| starts_coredns(of) && of.state == State::Active) {
                may_start.push(down);
            }
            hosts.entry(host).or_default().push((node, down));
        }
        if hosts.is_empty() {
            return None;
        }
        let apart = if dns.spread_hosts { u64::from(dns.replicas.max(1)).min(hosts.len() as u64) } else { 1 };
        Some(Copies { apart, hosts, nowhere: build.and(may_start) })
    }

    /// As many hosts have a bad node as there are copies, wherever these were put.
    fn may_be_gone(&self, build: &mut Build<'_>, words: &str, bad: &dyn Fn(&Name, Node) -> Node) -> Node {
        let mut each = Vec::new();
        for (host, nodes) in &self.hosts {
            let any = build.or(nodes.iter().map(|(node, down)| bad(node, *down)));
            each.push(build.label(any, format!("a node on {host} {words}")));
        }
        build.circuit.at_least(self.apart, each)
    }
}

/// Copies of CoreDNS are where the scheduler put them. Where they must be on different hosts, as many hosts must be lost as
/// there are copies; else one may carry them all.
pub(super) fn dns(build: &mut Build<'_>) -> Option<Promise> {
    let copies = Copies::of(build)?;
    let broken = copies.may_be_gone(build, "is down or cut off", &|_, down| down);
    // Copies are started elsewhere as soon as their nodes are given up, for as long as there is an elsewhere.
    let stays = build.and([broken, copies.nowhere]);
    Some(Promise {
        id: "dns".into(),
        observer: "a pod on a node that is left, before anything is started elsewhere",
        words: format!(
            "one of {} copies of CoreDNS answers for names of the cluster, wherever they were put",
            build.design.coredns.replicas
        ),
        broken: build.label(broken, "the hosts of all copies of CoreDNS may be gone"),
        origin: "coredns".into(),
        meant_by_all: true,
        from_start: None,
        stays: Some(stays),
        mended: Vec::new(),
    })
}

/// Names that servers outside are asked for, each family of them: lost with the names of the cluster, since a pod asks for a
/// name with each of its search domains first, or when whoever asks reaches no server that is left. With a cache on every
/// node that is the node of the pod, else a node with a copy of CoreDNS.
pub(super) fn outside(build: &mut Build<'_>, dns: Option<&Promise>, ingress: &[Promise]) -> Vec<Promise> {
    let Some((dns, copies)) = dns.zip(Copies::of(build)) else { return Vec::new() };
    let (design, network) = (build.design, node_network(build));
    let mut promises = Vec::new();
    for names in design.outside_names() {
        let what = names.domain.map_or("outside names", Name::as_str);
        let servers: Vec<(Asked<'_>, Node)> =
            names.servers.iter().map(|address| server(build, names, *address, ingress)).collect();
        let mut deaf: BTreeMap<Name, Node> = BTreeMap::new();
        for (node, _) in copies.hosts.values().flatten() {
            let mut ways = Vec::new();
            for (asked, away) in &servers {
                let cut = build.unreached(node, *asked, network.as_ref());
                ways.push(build.or([*away, cut]));
            }
            deaf.insert(node.clone(), build.and(ways));
        }
        let (unanswered, lasting) = unanswered(build, &copies, &deaf, what);
        let unanswered = build.label(unanswered, format!("nobody who asks for {what} reaches a server that is left"));
        let broken = build.or([dns.broken, unanswered]);
        let (nowhere, kept) = (build.and([broken, copies.nowhere]), build.and([unanswered, lasting]));
        let who = match (names.servers.len(), names.domain) {
            (1, None) => "the one resolver".to_owned(),
            (1, Some(_)) => "the one server".to_owned(),
            (count, None) => format!("one of {count} resolvers"),
            (count, Some(_)) => format!("one of {count} servers"),
        };
        let whose = names.domain.map_or_else(|| "outside names".to_owned(), |domain| format!("names of {domain}"));
        promises.push(Promise {
            id: names.promise(),
            observer: "a pod on a node that is left, for a name that is in no cache",
            words: format!("{who} answers pods that ask for {whose}"),
            broken: build.label(broken, format!("{whose} are not answered for")),
            origin: names
                .domain
                .map_or_else(|| "coredns/upstreams".to_owned(), |domain| format!("coredns/stub/{domain}")),
            meant_by_all: true,
            from_start: (unanswered == Node::TRUE).then_some("no node reaches a server that would answer"),
            stays: Some(build.or([nowhere, kept])),
            mended: Vec::new(),
        });
    }
    promises
}

/// Nobody who asks reaches a server; and that some node which is there does not, so that it keeps its copy of CoreDNS to no
/// use. `deaf` is, for each node, that it reaches none.
fn unanswered(build: &mut Build<'_>, copies: &Copies, deaf: &BTreeMap<Name, Node>, what: &str) -> (Node, Node) {
    let mut different: Vec<Node> = deaf.values().copied().collect();
    different.sort_unstable();
    different.dedup();
    if let [one] = different[..] {
        // One for all nodes: they are counted once, for the copies.
        return (one, one);
    }
    let mut bad: BTreeMap<Name, Node> = BTreeMap::new();
    for (node, down) in copies.hosts.values().flatten() {
        let lacks = deaf.get(node).copied().unwrap_or(Node::FALSE);
        build.label(lacks, format!("{node} reaches no server for {what}"));
        bad.insert(node.clone(), build.or([*down, lacks]));
    }
    let unanswered = if build.design.nodelocal.is_some() {
        // Whoever asks is on a node that takes pods.
        let design = build.design;
        let asks = |node: &Name| design.machine.get(node).is_some_and(takes_pods);
        let some = bad.keys().any(asks);
        build.and(bad.iter().filter(|(node, _)| !some || asks(node)).map(|(_, bad)| *bad))
    } else {
        let words = format!("is down, cut off, or reaches no server for {what}");
        copies.may_be_gone(build, &words, &|node, down| bad.get(node).copied().unwrap_or(down))
    };
    (unanswered, build.or(different))
}

/// A server for outside names, and that it is away.
fn server<'d>(
    build: &mut Build<'d>,
    names: OutsideNames<'d>,
    address: IpAddr,
    ingress: &[Promise],
) -> (Asked<'d>, Node) {
    let design = build.design;
    let asked = build.asked(address);
    let away = match asked.who {
        Answers::Machine(machine) => match design.dns_server.get(machine) {
            // A server of zones alone refuses all other names.
            Some(server)
                if !server.recursion && names.domain.is_none_or(|domain| !design.zone.contains_key(domain)) =>
            {
                build.assume(&format!("{machine} answers for our zones alone, and for no {}", names.promise()));
                Node::TRUE
            }
            Some(_) => {
                let path = format!("dns_server/{machine}");
                build.daemon(&path, &path, machine)
            }
            None => build.machine(machine),
        },
        // It would ask itself.
        Answers::CoreDns => Node::TRUE,
        Answers::Pool(pool) => {
            let id = format!("ingress/{pool}");
            ingress.iter().find(|promise| promise.id == id).map_or(Node::FALSE, |promise| promise.broken)
        }
        // That its gateway is reached says that a router of it lives.
        Answers::Gateway(_) => Node::FALSE,
        Answers::External(name) if design.external.get(name).is_some_and(|of| of.kind == ExternalKind::Router) => {
            build.router(name)
        }
        Answers::External(name) => {
            build.assume(&format!("{name}, which others own, in sums of time"));
            build.of_others(name, Kind::Resolver)
        }
        Answers::Unknown => {
            build.assume("resolvers of others, of which only the address is known, in sums of time");
            let place = |list: &[IpAddr]| list.iter().position(|other| *other == address);
            let origin = match (place(&design.site.resolvers), names.domain) {
                (Some(at), _) => format!("site/resolvers/{at}"),
                (None, None) => format!("coredns/upstreams/{}", place(names.servers).unwrap_or_default()),
                (None, Some(domain)) => {
                    format!("coredns/stub/{domain}/{}", place(names.servers).unwrap_or_default())
                }
            };
            build.part(&format!("external/{address}"), Kind::Resolver, &origin)
        }
    };
    (asked, away)
}

/// Whether CoreDNS is put on a node: kubeadm's Deployment bears the taint of control planes and no other.
fn starts_coredns(node: &Machine) -> bool {
    let borne =
        |taint: &Taint| taint.effect == "PreferNoSchedule" || taint.key == "node-role.kubernetes.io/control-plane";
    node.taints.iter().all(borne)
}

/// Any server of a zone answers for it.
pub(super) fn zone(build: &mut Build<'_>) -> Option<Promise> {
    let design = build.design;
    if design.zone.is_empty() {
        return None;
    }
    let mut zones = Vec::new();
    for (name, zone) in &design.zone {
        let mut servers = Vec::new();
        for server in std::iter::once(&zone.primary).chain(&zone.secondaries) {
            let Some(machine) = design.machine.get(server).filter(|_| build.exists(server)) else { continue };
            let path = format!("dns_server/{server}");
            let down = build.daemon(&path, &path, server);
            let address = design.dns_server.get(server).map(|server| server.address);
            let network = machine.nic.iter().find(|(_, nic)| Some(nic.address.addr()) == address).map(|(name, _)| name);
            let cut = network.map_or(Node::FALSE, |network| build.cut_off(&machine.host, network));
            let silent = build.or([down, cut]);
            servers.push(build.label(silent, format!("{server} does not answer")));
        }
        let silent = build.and(servers);
        zones.push(build.label(silent, format!("nobody answers for {name}")));
    }
    let broken = build.or(zones);
    Some(Promise {
        id: "zone".into(),
        observer: "a resolver behind the gateway that asks another server when one is silent",
        words: "a server answers for each of our zones".into(),
        broken: build.label(broken, "a zone is not answered for"),
        origin: "zone".into(),
        meant_by_all: true,
        from_start: None,
        stays: None,
        mended: Vec::new(),
    })
}
