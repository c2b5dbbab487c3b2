//! `api`: somebody reaches a ready API server through its address.

use std::net::IpAddr;

use plimsoll_model::design::{Balancer, EtcdTopology, Haproxy, Network, Role, Vrrp, VrrpCheckKind};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::failure::{Daemon, Way};
use crate::how::{Case, How, Mechanism, Who};
use crate::interval::{End, Interval};
use crate::lost::Lost;
use crate::mechanism::keepalived::Fails;
use crate::mechanism::vrrp::{Succession, may_hold};
use crate::mechanism::{client, etcd, haproxy, keepalived, restart, vrrp};
use crate::network::{After, World};

use super::{Answer, Partly};

pub(super) fn api(world: &World<'_>) -> Answer {
    let network = &world.design.api.network;
    let endpoint = Endpoint { design: world.design };
    let mut partly = Vec::new();
    let outside = match How::both(vec![world.through_gateway(network), world.uplinks.clone()]) {
        quiet @ How::Masked(_) => quiet,
        cut => How::either([
            ("the client is on the API's network".to_owned(), How::masked("it needs no router")),
            ("the client comes through a router".to_owned(), cut),
        ]),
    };
    let after = world.after(network);
    let parts = vec![
        endpoint.address(&world.lost, after),
        endpoint.datastore(world),
        endpoint.servers(world, after, &mut partly),
        endpoint.links(after),
        outside,
    ];
    Answer { how: How::both(parts), partly }
}

/// The endpoint of the API of a Design: what happens when parts of it fail. Used by the prediction, and by whoever knows
/// more than a Design does (a lab, which knows who holds the address).
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// The Design.
    pub design: &'a Design,
}

impl<'a> Endpoint<'a> {
    fn vrrp(self) -> Option<&'a Vrrp> {
        self.design.api.vrrp.as_ref()
    }

    /// The machine of the holder falls silent.
    pub fn holder_silent(self, gone: &[&Name]) -> How {
        let Some(vrrp) = self.vrrp() else { return How::masked("others own the balancer") };
        let Some(heir) = Succession::of(vrrp, gone) else {
            return How::until_repair("no other machine may hold the address of the API");
        };
        let moved = vrrp::missed(vrrp, &heir);
        let clients = client::after_move(moved.new);
        How::Both(vec![moved.into(), clients.into()])
    }

    /// HAProxy is gone on the holder and stays away: its check must notice.
    pub fn holder_without_haproxy(self, holder: &Name) -> How {
        self.check_fails(holder, Fails::AtOnce)
    }

    fn check_fails(self, holder: &Name, fails: Fails) -> How {
        let Some(vrrp) = self.vrrp() else { return How::masked("others own the balancer") };
        let Some(check) = &vrrp.check else {
            return How::until_repair("keepalived has no check that would move the address");
        };
        let falls = keepalived::falls(check, fails).into();
        let moves = match check.weight {
            None | Some(0) => match Succession::of(vrrp, &[holder]) {
                Some(heir) => vrrp::handed_over(vrrp, &heir).into(),
                None => How::until_repair("no other machine may hold the address of the API"),
            },
            Some(weight) => vrrp::outranked(vrrp, holder, weight),
        };
        How::Then(vec![falls, moves])
    }

    /// HAProxy is killed on the holder, and systemd starts it again.
    pub fn holder_restarts_haproxy(self, holder: &Name) -> How {
        let back = restart::systemd(restart::RESTART_SEC);
        let check = self.vrrp().and_then(|vrrp| vrrp.check.as_ref());
        let falls_first = check.is_some_and(|check| keepalived::fall_time(check, Fails::AtOnce).min() < back.new.max());
        let (Some(vrrp), Some(check), true) = (self.vrrp(), check, falls_first) else { return back.into() };
        let weighted = check.weight.is_some_and(|weight| weight != 0);
        let (Some(heir), false) = (Succession::of(vrrp, &[holder]), weighted) else { return back.into() };
        How::Then(vec![
            How::Race(vec![back.into(), keepalived::falls(check, Fails::AtOnce).into()]),
            How::either([
                ("it is back before its check has failed".to_owned(), How::masked("the address stays")),
                ("its check has failed before".to_owned(), vrrp::handed_over(vrrp, &heir).into()),
            ]),
        ])
    }

    /// keepalived is killed on the holder, and systemd starts it again.
    pub fn holder_restarts_keepalived(self, holder: &Name) -> How {
        let Some(vrrp) = self.vrrp() else { return How::masked("others own the balancer") };
        let back = restart::systemd_time(restart::RESTART_SEC);
        match Succession::of(vrrp, &[holder]) {
            Some(heir) => {
                let crash = vrrp::crashed(vrrp, &heir, back);
                let clients = client::after_move(crash.outage(Who::Existing));
                How::Both(vec![crash, clients.into()])
            }
            // Nobody else: the one member takes its address again after its own wait, which begins with the restart.
            None => match Succession::of(vrrp, &[]) {
                Some(own) => vrrp::missed(vrrp, &own).into(),
                None => How::until_repair("nobody may hold the address of the API"),
            },
        }
    }

    /// keepalived is stopped on the holder.
    pub fn holder_steps_back(self, holder: &Name) -> How {
        let Some(vrrp) = self.vrrp() else { return How::masked("others own the balancer") };
        match Succession::of(vrrp, &[holder]) {
            Some(heir) => {
                let moved = vrrp::handed_over(vrrp, &heir);
                let clients = client::after_move(moved.new);
                How::Both(vec![moved.into(), clients.into()])
            }
            None => How::until_repair("no other machine may hold the address of the API"),
        }
    }

    fn address(self, lost: &Lost<'_>, after: &After<'_>) -> How {
        let Some(vrrp) = self.vrrp() else {
            return How::masked(match self.design.api.balancer {
                Balancer::External => "others own the balancer, which is taken to survive",
                _ => "no address moves",
            });
        };
        let holders = may_hold(vrrp);
        let gone: Vec<&Name> = vrrp.member.keys().filter(|name| after.away.contains(name)).collect();
        let by_daemon = |kind, back: fn(Self, &Name) -> How, away: fn(Self, &Name) -> How| {
            let (machine, way) = lost.ended(kind)?;
            let how = if way == Way::Killed { back(self, machine) } else { away(self, machine) };
            Some((vec![machine], how))
        };
        let alone = by_daemon(Daemon::Haproxy, Self::holder_restarts_haproxy, Self::holder_without_haproxy)
            .or_else(|| by_daemon(Daemon::Keepalived, Self::holder_restarts_keepalived, Self::holder_steps_back));
        let (hit, how) = match alone {
            Some(alone) => alone,
            None if gone.is_empty() => return How::masked("every machine that may hold the address is there"),
            None if gone.len() == vrrp.member.len() => {
                return How::until_repair("no machine that may hold the address is left");
            }
            None => (gone.clone(), self.holder_silent(&gone)),
        };
        let others = holders.iter().any(|holder| !hit.contains(holder));
        let among = holders.iter().any(|holder| hit.contains(holder));
        match (among, others) {
            (false, _) => How::masked("another machine holds the address"),
            (true, false) => how,
            (true, true) => How::Either(vec![
                Case { when: "it held the address of the API".to_owned(), how },
                Case {
                    when: "another machine held the address of the API".to_owned(),
                    how: How::masked("the address stays where it is"),
                },
            ]),
        }
    }

    /// Members of etcd that are gone, by machine.
    fn members_gone(self, world: &World<'_>) -> Vec<&'a Name> {
        let away = |name: &Name, address: IpAddr| {
            let holds = |network: &Network| match address {
                IpAddr::V4(four) => network.ipv4.contains(&four),
                IpAddr::V6(six) => network.ipv6.is_some_and(|net| net.contains(&six)),
            };
            let network = self.design.network.iter().find(|(_, network)| holds(network));
            network.is_some_and(|(network, _)| world.after(network).away.contains(name))
        };
        let members = self.design.etcd.member.iter();
        let gone = members.filter(|(name, member)| !world.lost.runs(Daemon::Etcd, name) || away(name, member.address));
        gone.map(|(name, _)| name).collect()
    }

    fn datastore(self, world: &World<'_>) -> How {
        let (all, gone) = (self.design.etcd.member.len(), self.members_gone(world).len());
        if gone == 0 {
            return How::masked("every member of etcd is there");
        }
        if all - gone < all / 2 + 1 {
            return match world.lost.ended(Daemon::Etcd) {
                Some((_, Way::Killed)) => restart::kubelet().into(),
                _ => How::until_repair("etcd has lost its quorum"),
            };
        }
        How::either([
            ("it led etcd".to_owned(), self.leader_lost()),
            ("another member led etcd".to_owned(), How::masked("the leader stays")),
        ])
    }

    /// The leader of etcd is gone: every request waits for the election, and whoever checks the API servers meanwhile may
    /// take all of them out.
    pub fn leader_lost(self) -> How {
        let etcd = &self.design.etcd;
        let syncs = etcd.member.iter().filter_map(|(name, member)| {
            let machine = self.design.machine.get(name)?;
            let disk = machine.disk.get(&member.disk)?;
            self.design.host.get(&machine.host)?.disk.get(&disk.on)?.fsync_p99
        });
        let election = etcd::election(etcd, syncs.max());
        let mut unready = election.new;
        let mut steps: Vec<How> = vec![election.into()];
        if let Some(haproxy) = self.design.api.haproxy.as_ref().filter(|haproxy| haproxy.check.http)
            && haproxy::eject_time(haproxy, Fails::AtOnce).min() < unready.max()
        {
            let returns = haproxy::returns(haproxy);
            unready = unready.then(returns.new);
            steps.push(How::either([
                ("HAProxy kept its servers".to_owned(), How::masked("no server failed as often as it must")),
                ("HAProxy took every server out".to_owned(), returns.into()),
            ]));
        }
        if let Some(vrrp) = self.vrrp()
            && let Some(check) = vrrp.check.as_ref().filter(|check| check.kind == VrrpCheckKind::Path)
            && matches!(check.weight, None | Some(0))
            && keepalived::fall_time(check, Fails::AtOnce).min() < unready.max()
            && let Some(heir) = Succession::of(vrrp, &[])
        {
            steps.push(How::either([
                ("no check of keepalived had failed".to_owned(), How::masked("the address stays")),
                ("every check of keepalived had failed".to_owned(), vrrp::elected_anew(vrrp, check, &heir).into()),
            ]));
        }
        if steps.len() == 1 { steps.remove(0) } else { How::Then(steps) }
    }

    /// API servers that are gone, or not ready because their own member of etcd is gone.
    fn servers(self, world: &World<'_>, after: &After<'_>, partly: &mut Vec<Partly>) -> How {
        let lost = &world.lost;
        let stacked = self.design.etcd.topology == EtcdTopology::Stacked;
        let members = if stacked { self.members_gone(world) } else { Vec::new() };
        let servers: Vec<&Name> = self.design.machines(Role::ControlPlane).map(|(name, _)| name).collect();
        let dead = |name: &Name| after.away.contains(name) || !lost.runs(Daemon::Apiserver, name);
        let gone: Vec<&Name> = servers.iter().copied().filter(|name| dead(name) || members.contains(name)).collect();
        if gone.is_empty() {
            return How::masked("every API server is ready");
        }
        let killed = [Daemon::Apiserver, Daemon::Etcd]
            .into_iter()
            .any(|kind| lost.ended(kind).is_some_and(|(_, way)| way == Way::Killed));
        if gone.len() == servers.len() {
            let back = How::from(restart::kubelet());
            return if killed { back } else { How::until_repair("no API server is ready") };
        }
        let Some(haproxy) = &self.design.api.haproxy else { return How::masked("others balance over the API servers") };
        let silent = gone.iter().any(|name| after.away.contains(name));
        let refused = gone.iter().all(|name| !after.away.contains(name) && !lost.runs(Daemon::Apiserver, name));
        let fails = match (silent, refused) {
            (true, _) => Fails::BySilence,
            (_, true) => Fails::AtOnce,
            // It lives without its member of etcd, and says so once its own question to it is over.
            _ => Fails::Slowly,
        };
        if haproxy.local_only {
            return self.local_server(&gone, after, fails);
        }
        if refused {
            // Tried with HAProxy 3.0: no connection out of 139 took longer than 20 ms.
            return How::masked(
                "a refused connection goes on to another server at once; those that were open are reset",
            );
        }
        let out = haproxy::ejects(haproxy, fails, Interval::ZERO);
        let what = if silent {
            format!("each waits {} (timeout connect) and goes on to another server", haproxy.timeout.connect)
        } else {
            "with errors of this server".to_owned()
        };
        let share = format!("up to {} of {} new connections, {what}", gone.len(), servers.len());
        let mut until = vec![out.clone().into()];
        if killed {
            until.push(restart::kubelet().into());
        }
        partly.push(Partly { share, how: How::Race(until) });
        open_to_it(haproxy, out)
    }

    /// Each balancer knows only its own server: the address must move.
    fn local_server(self, gone: &[&Name], after: &After<'_>, fails: Fails) -> How {
        let here: Vec<&Name> = gone.iter().copied().filter(|name| !after.away.contains(name)).collect();
        let Some(machine) = here.first() else {
            return How::masked("the balancer is gone with its server, and the address moves");
        };
        How::either([
            ("it held the address of the API".to_owned(), self.check_fails(machine, fails)),
            ("another machine held the address of the API".to_owned(), How::masked("its balancer has its own server")),
        ])
    }

    /// Links fail over; what that takes longer than others wait, begins meanwhile.
    fn links(self, after: &After<'_>) -> How {
        let took = after.links.outage(Who::New).max();
        if took == End::After(Millis(0)) || took == End::Repair {
            return after.links.clone();
        }
        let mut begun = Vec::new();
        let leader = etcd::election(&self.design.etcd, None);
        if leader.new.min() < took {
            begun.push(Case { when: "etcd elected meanwhile".to_owned(), how: self.leader_lost() });
        }
        if let Some(vrrp) = self.vrrp()
            && let Some(heir) = Succession::of(vrrp, &[])
            && vrrp::missed(vrrp, &heir).new.min() < took
        {
            begun.push(Case {
                when: "two members held the address meanwhile".to_owned(),
                how: vrrp::settled(vrrp).into(),
            });
        }
        if begun.is_empty() {
            return after.links.clone();
        }
        begun.insert(0, Case { when: "nothing else began meanwhile".to_owned(), how: How::masked("all goes on") });
        How::Then(vec![after.links.clone(), How::Either(begun)])
    }
}

/// Connections that were open to a server that is dead, or cannot reach its datastore.
fn open_to_it(haproxy: &Haproxy, out: Mechanism) -> How {
    let closed = if haproxy.shutdown_sessions { out.new } else { Interval::UNTIL_REPAIR };
    let noticed = Mechanism { new: Interval::ZERO, existing: closed, ..out };
    let to_it = How::Race(vec![noticed.into(), client::pings().into()]);
    How::either([
        ("the connection went to another API server".to_owned(), How::masked("it stays open")),
        ("the connection went to this API server".to_owned(), to_it),
    ])
}
