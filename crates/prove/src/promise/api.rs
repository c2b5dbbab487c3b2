//! `api`: somebody behind the gateway can write through the API.

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Vrrp, VrrpCheckKind};

use crate::build::Build;

use super::{Promise, Voter, without_majority};

pub(super) fn api(build: &mut Build<'_>) -> Promise {
    let design = build.design;
    let network = design.api.network.clone();
    let network = design.network.contains_key(&network).then_some(network);

    // An API server of kubeadm asks the member of etcd on its own machine, which answers as part of a majority.
    let members: Vec<Name> = design.etcd.member.keys().cloned().collect();
    let mut voters = Vec::new();
    for member in &members {
        let path = format!("etcd/member/{member}");
        let down = build.daemon(&path, &path, member);
        voters.push(Voter { name: member.to_string(), host: host_of(build, member), down });
    }
    let alone = without_majority(build, &voters, network.as_ref(), "etcd");
    let mut servers: Vec<(Name, Name, Node)> = Vec::new();
    for (member, alone) in members.iter().zip(&alone) {
        let own = build.daemon(&format!("machine/{member}/apiserver"), &format!("machine/{member}"), member);
        let down = build.or([own, *alone]);
        build.label(down, format!("the API server on {member} does not answer"));
        servers.push((member.clone(), host_of(build, member), down));
    }

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
    }
}

fn host_of(build: &Build<'_>, machine: &Name) -> Name {
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

fn by_vrrp(build: &mut Build<'_>, vrrp: &Vrrp, servers: &[(Name, Name, Node)], network: Option<&Name>) -> Node {
    let local_only = build.design.api.haproxy.as_ref().is_some_and(|haproxy| haproxy.local_only);
    let noticed = noticed(vrrp);
    let mut members: Vec<(&Name, u8)> = vrrp.member.iter().map(|(name, member)| (name, member.priority)).collect();
    members.sort_by_key(|(name, priority)| (std::cmp::Reverse(*priority), (*name).clone()));
    let mut each = Vec::new();
    let mut stuck = Vec::new();
    let mut higher: Vec<Node> = Vec::new();
    for (member, _) in members {
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
        let unfit = build.or([holder, balancer, behind, cut]);
        each.push(build.label(unfit, format!("{member} cannot serve the address of the API")));
        let unnoticed = match noticed {
            Noticed::Path => Node::FALSE,
            Noticed::Balancer => behind,
            Noticed::Nothing => build.or([balancer, behind]),
        };
        // It keeps the address as long as it lives; with preemption that takes the loss of those before it.
        let holds = if vrrp.preempt { build.and(higher.iter().copied()) } else { Node::TRUE };
        let keeps = build.and([unnoticed, holds]);
        stuck.push(build.label(keeps, format!("{member} keeps the address although it cannot serve it")));
        higher.push(holder);
    }
    let none = build.and(each);
    let none = build.label(none, "nobody can serve the address of the API");
    stuck.push(none);
    build.or(stuck)
}
