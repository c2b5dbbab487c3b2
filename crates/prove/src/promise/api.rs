//! `api`: somebody behind the gateway can write through the API.

use plimsoll_circuit::{Node, Var};
use plimsoll_model::design::{EtcdTopology, Role, Vrrp, VrrpCheckKind};
use plimsoll_model::{Design, Name};

use crate::build::Build;
use crate::rename::rename;

use super::{Promise, Voter, without_majority};

pub(super) fn api(build: &mut Build<'_>) -> Promise {
    let design = build.design;
    let network = design.api.network.clone();
    let network = design.network.contains_key(&network).then_some(network);

    let between = etcd_network(design).or_else(|| network.clone());
    let servers = servers(build, between.as_ref());

    let broken = if let Some(vrrp) = &design.api.vrrp {
        by_vrrp(build, vrrp, &servers, network.as_ref())
    } else {
        build.assume("the balancer of others in front of the API");
        let each: Vec<Node> = servers
            .iter()
            .map(|(_, host, down)| {
                let cut = network.as_ref().map_or(Node::FALSE, |network| build.cut_off(host, network));
                build.or([*down, cut])
            })
            .collect();
        build.and(each)
    };
    Promise {
        id: "api".into(),
        observer: "a client behind the gateway, with a new connection",
        words: format!(
            "https://{}:{} answers, and writes are kept by a majority of etcd",
            design.api.name, design.api.port
        ),
        broken: build.label(broken, "the API does not answer"),
        origin: "api".into(),
        meant_by_all: true,
        from_start: None,
        stays: None,
        mended: Vec::new(),
    }
}

/// An API server: its machine, its host, and what is true when it does not answer.
type Server = (Name, Name, Node);

/// The API servers, with members of etcd that have their addresses in the network `between`.
pub(super) fn servers(build: &mut Build<'_>, between: Option<&Name>) -> Vec<Server> {
    let design = build.design;
    let members: Vec<Name> = design.etcd.member.keys().filter(|member| build.exists(member)).cloned().collect();
    let mut voters = Vec::new();
    for member in &members {
        let path = format!("etcd/member/{member}");
        let down = build.daemon(&path, &path, member);
        voters.push(Voter { name: member.to_string(), host: host_of(build, member), down });
    }
    let alone = without_majority(build, &voters, between, "etcd");
    let mut servers = Vec::new();
    for server in control_planes(build) {
        let own = build.daemon(&format!("machine/{server}/apiserver"), &format!("machine/{server}"), &server);
        let host = host_of(build, &server);
        // With members of its own, an API server of kubeadm asks the one on its machine, which answers as part of a
        // majority. With others it asks any that it reaches.
        let mut each = Vec::new();
        for ((member, voter), alone) in members.iter().zip(&voters).zip(&alone) {
            if design.etcd.topology == EtcdTopology::Stacked && *member != server {
                continue;
            }
            let apart = match between {
                Some(network) if *member != server => build.apart(&host, &voter.host, network),
                _ => Node::FALSE,
            };
            each.push(build.or([*alone, apart]));
        }
        let silent = build.and(each);
        let down = build.or([own, silent]);
        build.label(down, format!("the API server on {server} does not answer"));
        servers.push((server, host, down));
    }
    servers
}

/// Machines with an API server: control planes that are there. Retiring ones serve until they are gone.
fn control_planes(build: &Build<'_>) -> Vec<Name> {
    let there = build.design.machines(Role::ControlPlane).filter(|(name, _)| build.exists(name));
    there.map(|(name, _)| name.clone()).collect()
}

/// The network in which members of etcd have their addresses.
pub(super) fn etcd_network(design: &Design) -> Option<Name> {
    let (member, of) = design.etcd.member.iter().next()?;
    let nics = &design.machine.get(member)?.nic;
    let found = nics.iter().find(|(_, nic)| {
        nic.address.addr() == of.address || nic.address6.is_some_and(|address| address.addr() == of.address)
    });
    found.map(|(network, _)| network.clone())
}

pub(super) fn host_of(build: &Build<'_>, machine: &Name) -> Name {
    build.design.machine.get(machine).map_or_else(|| machine.clone(), |machine| machine.host.clone())
}

/// Which unhealthy member keeps the address, because its check does not move it.
enum Noticed {
    /// Whatever lies between the balancer and an API server.
    Path,
    /// That the balancer is gone, and nothing behind it.
    Balancer,
    /// Nothing.
    Nothing,
}

fn noticed(vrrp: &Vrrp) -> Noticed {
    let Some(check) = &vrrp.check else { return Noticed::Nothing };
    let moves = match check.weight {
        // Without a weight a failed check takes the member out of the election.
        None | Some(0) => true,
        // A weight moves the address only where the lower priority is below that of every other member, and a member
        // that does not preempt never takes it from one that lives.
        Some(weight) => {
            vrrp.preempt
                && vrrp.member.iter().all(|(name, member)| {
                    vrrp.member.iter().filter(|(other, _)| *other != name).all(|(_, other)| {
                        let (own, others) = (i32::from(member.priority), i32::from(other.priority));
                        if weight < 0 { own + weight < others } else { own < others + weight }
                    })
                })
        }
    };
    match (moves, check.kind) {
        (false, _) => Noticed::Nothing,
        (true, VrrpCheckKind::Path) => Noticed::Path,
        (true, VrrpCheckKind::Process | VrrpCheckKind::Port) => Noticed::Balancer,
    }
}

fn by_vrrp(build: &mut Build<'_>, vrrp: &Vrrp, servers: &[Server], network: Option<&Name>) -> Node {
    let local_only = build.design.api.haproxy.as_ref().is_some_and(|haproxy| haproxy.local_only);
    let noticed = noticed(vrrp);
    let there = vrrp.member.iter().filter(|(name, _)| build.exists(name));
    let mut members: Vec<(&Name, u8)> = there.map(|(name, member)| (name, member.priority)).collect();
    members.sort_by_key(|(name, priority)| (std::cmp::Reverse(*priority), (*name).clone()));
    // Where all reach each other by the core alone, a member that is not cut off reaches an API server if anybody does.
    let hosts: Vec<Name> = servers.iter().map(|(_, host, _)| host.clone()).collect();
    let by_core = network.filter(|_| !local_only).and_then(|network| build.meet_at_core(&hosts, network));
    let nobody =
        by_core.filter(|_| members.iter().all(|(member, _)| hosts.contains(&host_of(build, member)))).map(|cut| {
            let each: Vec<Node> = servers.iter().zip(cut).map(|((_, _, down), cut)| build.or([*down, cut])).collect();
            let nobody = build.and(each);
            build.label(nobody, "no API server is reached")
        });
    let mut each = Vec::new();
    let mut stuck = Vec::new();
    // Who takes the address before a member does, and when it does not.
    let mut higher: Vec<(u8, Node)> = Vec::new();
    for (member, priority) in members {
        let host = host_of(build, member);
        let origin = format!("machine/{member}");
        let balancer = build.daemon(&format!("machine/{member}/haproxy"), &origin, member);
        let mut behind = Vec::new();
        for (server, server_host, down) in servers.iter().filter(|(server, _, _)| !local_only || server == member) {
            let apart = match network {
                Some(network) if server != member => build.apart(&host, server_host, network),
                _ => Node::FALSE,
            };
            behind.push(build.or([*down, apart]));
        }
        let behind = build.and(behind);
        let behind = build.label(behind, format!("{member} reaches no API server"));
        let holder = build.daemon(&format!("machine/{member}/keepalived"), &origin, member);
        let cut = network.map_or(Node::FALSE, |network| build.cut_off(&host, network));
        // With `nobody` said once for all, below.
        let for_itself = if nobody.is_some() { Node::FALSE } else { behind };
        let unfit = build.or([holder, balancer, for_itself, cut]);
        each.push(build.label(unfit, format!("{member} cannot serve the address of the API")));
        let unnoticed = match noticed {
            Noticed::Path => Node::FALSE,
            Noticed::Balancer => behind,
            Noticed::Nothing => build.or([balancer, behind]),
        };
        let gone = build.or([holder, cut]);
        let unnoticed = while_it_lives(build, unnoticed, gone);
        // It keeps the address as long as it lives; with preemption that takes those before it to be out.
        let before: Vec<Node> = higher.iter().filter(|(of, _)| *of > priority).map(|(_, node)| *node).collect();
        let holds = if vrrp.preempt { build.and(before) } else { Node::TRUE };
        let keeps = build.and([unnoticed, holds]);
        stuck.push(build.label(keeps, format!("{member} keeps the address although it cannot serve it")));
        // Whoever hears nobody takes the address, and those who hear it leave it to it.
        let deaf = build.deaf(&host);
        let takes = while_it_lives(build, deaf, holder);
        stuck.push(build.label(takes, format!("{member} may be heard and hear nobody, and takes the address")));
        // One that is cut off, or that its check takes out of the election, leaves it to the next as well.
        let out = match noticed {
            Noticed::Nothing => build.or([holder, cut]),
            Noticed::Balancer => build.or([holder, cut, balancer]),
            Noticed::Path => build.or([holder, cut, balancer, nobody.unwrap_or(behind)]),
        };
        higher.push((priority, out));
    }
    let none = build.and(each);
    let none = build.or([none, nobody.unwrap_or(Node::FALSE)]);
    let none = build.label(none, "nobody can serve the address of the API");
    stuck.push(none);
    build.or(stuck)
}

/// `unnoticed` for as long as the member is there: one that is dead or cut off keeps no address. "And it lives" cannot be
/// said in failures alone, so that what ends the member by itself is taken out instead: never less than the truth.
fn while_it_lives(build: &mut Build<'_>, unnoticed: Node, gone: Node) -> Node {
    let ends: Vec<Var> = build.circuit.support(gone);
    let ends: Vec<Var> = ends
        .into_iter()
        .filter(|end| {
            let with = rename(&mut build.circuit, gone, &mut |circuit, var| {
                if var == *end { Node::TRUE } else { circuit.variable(var) }
            });
            with == Node::TRUE
        })
        .collect();
    rename(&mut build.circuit, unnoticed, &mut |circuit, var| {
        if ends.contains(&var) { Node::FALSE } else { circuit.variable(var) }
    })
}
