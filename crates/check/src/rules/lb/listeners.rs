//! LB-001, 002 and 022: what the balancer listens on.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::balancer::{Balancer, Bind};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const LB_001: Rule = Rule {
    id: "LB-001",
    severity: Severity::Error,
    summary: "a balancer beside an API server listens on another port",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A balancer on a control-plane machine listens on the port of its API server, and one of the two \
                 listens on all addresses.",
        breaks: "Whichever starts second finds the port in use: the static pod of the API server restarts for ever.",
        remedy: "Port 8443 for the balancer; or the API server on the machine's own address and the balancer on the VIP.",
        before: "bind *:6443",
        after: "bind *:8443",
        source: "kubespray docs/operations/ha-mode.md; kubernetes/kubeadm issues 2472 and 1348",
        evidence: Evidence::Seen,
    },
    check: port_in_use,
};

pub(super) const LB_002: Rule = Rule {
    id: "LB-002",
    severity: Severity::Error,
    summary: "a balancer that binds the VIP may do so while it is elsewhere",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The balancer binds the VIP itself, without `transparent`, on a machine where ip_nonlocal_bind \
                 of its family is not 1: that of IPv4 does nothing for IPv6. Advice when keepalived starts it by \
                 `notify_master`.",
        breaks: "It does not start on a machine that does not hold the VIP; the failover then finds no listener.",
        remedy: "Bind all addresses (`bind *:8443`), or set net.ipv4.ip_nonlocal_bind = 1 (net.ipv6 for an IPv6 VIP).",
        before: "bind 10.30.12.100:8443",
        after: "bind *:8443",
        source: "haproxy configuration.txt, bind (transparent)",
        evidence: Evidence::Tested("haproxy 2.6.12 and 3.0.11, both families"),
    },
    check: foreign_address,
};

pub(super) const LB_022: Rule = Rule {
    id: "LB-022",
    severity: Severity::Error,
    summary: "an endpoint with IPv6 has a listener with IPv6",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The endpoint has an IPv6 address, and the balancer binds neither that address nor `::`; `*` and 0.0.0.0 are \
                 IPv4 alone.",
        breaks: "Nothing listens on the IPv6 address.",
        remedy: "`bind :::8443 v4v6`.",
        before: "bind *:8443",
        after: "bind :::8443 v4v6",
        source: "haproxy configuration.txt, bind",
        evidence: Evidence::Tested("haproxy 2.6.12 and 3.0.11"),
    },
    check: no_v6,
};

fn is_wildcard(bind: &Bind) -> bool {
    bind.address.is_none_or(|address| address.is_unspecified())
}

fn port_in_use(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        match balancer.stacked.copied() {
            Some(true) => {}
            Some(false) => continue,
            None => {
                verdicts.cannot_judge(&balancer.place, "whether an API server runs on the same machine");
                continue;
            }
        }
        let Some(port) = balancer.apiserver_port.copied() else {
            verdicts.cannot_judge(&balancer.place, "the port of the API server beside it");
            continue;
        };
        let wildcard = balancer.apiserver_wildcard.copied();
        let same_port = || balancer.binds.iter().filter(|bind| bind.port == port);
        let clash = same_port().find(|bind| is_wildcard(bind) || wildcard == Some(true));
        if clash.is_none() && wildcard.is_none() && same_port().next().is_some() {
            verdicts.cannot_judge(&balancer.place, "the address that its API server binds");
            continue;
        }
        verdicts.verdict(clash.map(|bind| {
            Finding::new(
                Severity::Error,
                &bind.place,
                format!("the balancer of {} listens on port {port}, which its API server needs", balancer.name),
            )
            .at_place(&bind.place, "")
            .context(&balancer.apiserver_port, format!("the API server binds {port}"))
            .breaks("whichever starts second finds the port in use, and the API server restarts for ever")
            .help("let the balancer listen on 8443")
        }));
    }
}

fn foreign_address(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let Some(endpoint) = balancer.endpoint.get() else {
            if balancer.binds.iter().all(is_wildcard) {
                verdicts.holds();
            } else {
                verdicts.cannot_judge(&balancer.place, "the address of the endpoint");
            }
            continue;
        };
        let foreign =
            |bind: &&Bind| !bind.transparent && bind.address.is_some_and(|address| endpoint.contains(&address));
        let Some(bind) = balancer.binds.iter().find(foreign) else {
            verdicts.holds();
            continue;
        };
        let (nonlocal, family) = match bind.address {
            Some(IpAddr::V6(_)) => (&balancer.nonlocal_bind[1], "ipv6"),
            _ => (&balancer.nonlocal_bind[0], "ipv4"),
        };
        match nonlocal.copied() {
            Some(true) => verdicts.holds(),
            Some(false) if balancer.started_with_vip => verdicts.broken(
                Finding::new(
                    Severity::Advice,
                    &bind.place,
                    format!("the balancer of {} starts only once the VIP has arrived", balancer.name),
                )
                .at_place(&bind.place, format!("{} is on one machine at a time", address(bind)))
                .breaks("each failover takes as long as the balancer needs to start")
                .help(format!("listen on all addresses, or set net.{family}.ip_nonlocal_bind = 1")),
            ),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    &bind.place,
                    format!("the balancer of {} binds the VIP and cannot start without it", balancer.name),
                )
                .at_place(&bind.place, format!("{} is on one machine at a time", address(bind)))
                .context(nonlocal, "ip_nonlocal_bind is off")
                .breaks("the VIP moves to a machine whose balancer is not running, and nothing answers")
                .help(format!("listen on all addresses, or set net.{family}.ip_nonlocal_bind = 1")),
            ),
            None => verdicts.cannot_judge(&bind.place, format!("net.{family}.ip_nonlocal_bind on its machine")),
        }
    }
}

fn address(bind: &Bind) -> String {
    bind.address.map_or_else(|| "*".to_owned(), |address| address.to_string())
}

fn no_v6(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let Some(endpoint) = balancer.endpoint.get() else {
            verdicts.cannot_judge(&balancer.place, "the addresses of the endpoint");
            continue;
        };
        let Some(vip) = endpoint.iter().find(|address| address.is_ipv6()) else {
            verdicts.holds();
            continue;
        };
        let listens = balancer.binds.iter().any(|bind| {
            bind.address.is_some_and(|address| address == *vip || (address.is_ipv6() && address.is_unspecified()))
        });
        if !listens && !balancer.binds_known {
            verdicts.cannot_judge(&balancer.place, "every address it listens on");
            continue;
        }
        verdicts.verdict((!listens).then(|| missing_v6(balancer, *vip)));
    }
}

fn missing_v6(balancer: &Balancer, vip: IpAddr) -> Finding {
    let place = balancer.binds.first().map_or(&balancer.place, |bind| &bind.place);
    Finding::new(Severity::Error, place, format!("nothing listens on {vip} on {}", balancer.name))
        .at_place(place, "neither it nor `::`")
        .context(&balancer.endpoint, "")
        .breaks("clients that prefer IPv6 find the API refused")
        .help("`bind :::PORT v4v6`")
}
