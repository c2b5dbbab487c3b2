//! LB-008 to 011: idle limits, and how soon a dead server is left out.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::balancer::Balancer;
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const LB_008: Rule = Rule {
    id: "LB-008",
    severity: Severity::Warning,
    summary: "idle connections live longer than the 30 s after which clients ping",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The idle limit is at most 30 s: `timeout tunnel` if set (it supersedes the two others), else the \
                 smaller of `timeout client` and `timeout server`.",
        breaks: "Watches, logs and exec sessions are cut and built up again: client-go pings an idle HTTP/2 connection \
                 after 30 s.",
        remedy: "`timeout tunnel 4h`, at least 35 s.",
        before: "timeout client 20s\ntimeout server 20s",
        after: "timeout client 4h\ntimeout server 4h\ntimeout tunnel 4h",
        source: "apimachinery HTTP/2 read idle timeout; kubernetes/kubeadm issue 2227; kubernetes/kubernetes issue 94301",
        evidence: Evidence::Tested("haproxy 2.6.12"),
    },
    check: cut_watches,
};

pub(super) const LB_009: Rule = Rule {
    id: "LB-009",
    severity: Severity::Advice,
    summary: "clients that do not ping are not cut within minutes",
    reads: Reads::Both,
    silent_behind: &["LB-008"],
    manual: Manual {
        checks: "No `timeout tunnel`, and the smaller of `timeout client` and `timeout server` is below 10 minutes.",
        breaks: "Clients that are not written in Go, and old ones, do not ping: their idle watches are cut.",
        remedy: "`timeout tunnel 4h`, with client-fin.",
        before: "timeout client 1m\ntimeout server 1m",
        after: "timeout client 1m\ntimeout server 1m\ntimeout tunnel 4h",
        source: "kubernetes/kubeadm issue 1685; haproxy configuration.txt, timeout tunnel",
        evidence: Evidence::SeenPrinciple,
    },
    check: cut_quiet_clients,
};

pub(super) const LB_010: Rule = Rule {
    id: "LB-010",
    severity: Severity::Advice,
    summary: "client and server timeouts are equal where no tunnel timeout rules",
    reads: Reads::Both,
    silent_behind: &["LB-008", "LB-009"],
    manual: Manual {
        checks: "`timeout tunnel` is unset and `timeout client` differs from `timeout server` in mode tcp.",
        breaks: "The two halves of a connection end at different times, which is hard to understand from logs.",
        remedy: "Equal values, or a tunnel timeout.",
        before: "timeout client 15m\ntimeout server 10m",
        after: "timeout client 15m\ntimeout server 15m",
        source: "haproxy configuration.txt, timeout client",
        evidence: Evidence::Tested("haproxy 2.6.12"),
    },
    check: unequal,
};

pub(super) const LB_011: Rule = Rule {
    id: "LB-011",
    severity: Severity::Warning,
    summary: "a hung API server is left out soon",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "inter + T + (fall − 1) × (fastinter + T) exceeds 20 s (threshold `lb_eject_seconds`), T being \
                 `timeout check`, or inter when that is unset; fastinter, which rules once a check has failed, is inter \
                 when unset. A server that refuses connections is left out without the T.",
        breaks: "A server that takes connections and does not answer gets its share of the requests for that long.",
        remedy: "inter 3s fall 3, timeout check 3s: 18 s.",
        before: "default-server inter 10s fall 3",
        after: "default-server inter 3s fall 3\ntimeout check 3s",
        source: "haproxy configuration.txt, inter, fall and timeout check",
        evidence: Evidence::Tested(
            "haproxy 2.6.12; 3.0.11: inter 3 s, check 0.5 s, fall 4: a hung server is out after 12.5 s, with fastinter \
             0.5 s after 3.5 s",
        ),
    },
    check: slow_ejection,
};

/// The limit that cuts an idle connection, with the fact that sets it. Zero is no limit in HAProxy.
fn idle(balancer: &Balancer) -> Option<(Millis, bool, &Fact<Millis>)> {
    let endless = |time: Millis| if time == Millis(0) { Millis(u64::MAX) } else { time };
    let client = endless(balancer.timeout_client.copied()?);
    let server = endless(balancer.timeout_server.copied()?);
    let shorter = if client <= server { &balancer.timeout_client } else { &balancer.timeout_server };
    match balancer.timeout_tunnel.get()? {
        Some(tunnel) => Some((endless(*tunnel), true, shorter)),
        None => Some((client.min(server), false, shorter)),
    }
}

fn cut_watches(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let Some((limit, tunnel, fact)) = idle(balancer) else {
            verdicts.cannot_judge(&balancer.place, "its timeouts");
            continue;
        };
        verdicts.verdict((limit <= Millis::secs(30)).then(|| {
            let place = if tunnel { balancer.timeout_tunnel.place() } else { fact.place() };
            Finding::new(
                Severity::Warning,
                place,
                format!("the balancer of {} cuts connections that are idle for {limit}", balancer.name),
            )
            .at_place(place, "clients ping after 30 s")
            .breaks("watches, logs and exec sessions are cut and built up again all the time")
            .help("`timeout tunnel 4h`")
            .cause(format!("{}/idle", balancer.name))
        }));
    }
}

fn cut_quiet_clients(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let Some((limit, tunnel, fact)) = idle(balancer) else {
            verdicts.cannot_judge(&balancer.place, "its timeouts");
            continue;
        };
        verdicts.verdict((!tunnel && limit < Millis::minutes(10)).then(|| {
            Finding::new(
                Severity::Advice,
                fact.place(),
                format!("the balancer of {} cuts quiet clients after {limit}", balancer.name),
            )
            .at(fact, "")
            .breaks("clients that do not ping (not written in Go, or old) lose their watches")
            .help("add `timeout tunnel 4h`")
            .cause(format!("{}/idle", balancer.name))
        }));
    }
}

fn unequal(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let (Some(client), Some(server), Some(tunnel)) =
            (balancer.timeout_client.copied(), balancer.timeout_server.copied(), balancer.timeout_tunnel.copied())
        else {
            verdicts.cannot_judge(&balancer.place, "its timeouts");
            continue;
        };
        verdicts.verdict((tunnel.is_none() && client != server).then(|| {
            Finding::new(
                Severity::Advice,
                balancer.timeout_client.place(),
                format!("the balancer of {} ends the two halves of a connection at different times", balancer.name),
            )
            .at(&balancer.timeout_client, format!("{client}"))
            .context(&balancer.timeout_server, format!("{server}"))
            .breaks("half-closed connections that are hard to understand")
            .help("use equal values, or set `timeout tunnel`")
            .cause(format!("{}/idle", balancer.name))
        }));
    }
}

fn slow_ejection(world: &World<'_>, verdicts: &mut Verdicts) {
    let limit = Millis((world.thresholds.lb_eject_seconds * 1000.0) as u64);
    for balancer in world.balancers.iter().filter(|balancer| balancer.check.enabled.is(&true)) {
        let times = balancer.servers.iter().map(|server| {
            let inter = server.inter.copied()?;
            let check = balancer.timeout_check.copied()?.unwrap_or(inter);
            let fall = u64::from(server.fall.copied()?);
            let fast = server.fastinter.copied()?;
            let again = fall.saturating_sub(1);
            Some((inter + fast * again, inter + check + (fast + check) * again, server))
        });
        let Some(times) = times.collect::<Option<Vec<_>>>() else {
            verdicts.cannot_judge(&balancer.place, "the timers of its checks");
            continue;
        };
        let slowest = times.into_iter().max_by_key(|(_, hung, _)| *hung);
        verdicts.verdict(slowest.filter(|(_, hung, _)| *hung > limit).map(|(refused, hung, server)| {
            Finding::new(
                Severity::Warning,
                server.inter.place(),
                format!("the balancer of {} needs {hung} to leave out a hung API server", balancer.name),
            )
            .at(&server.inter, format!("{refused} for one that refuses connections"))
            .context(&server.fall, "")
            .context(&balancer.timeout_check, "")
            .breaks(format!("requests go to a server that does not answer for that long; {limit} is the limit"))
            .help("inter 3s fall 3 with timeout check 3s: 18 s")
        }));
    }
}
