//! LB-012 to 014: how load is spread, and how much of it is taken.

use plimsoll_diagnostics::Severity;
use plimsoll_model::units::Millis;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const LB_012: Rule = Rule {
    id: "LB-012",
    severity: Severity::Advice,
    summary: "new connections go to the server with the fewest",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "`balance roundrobin` (HAProxy's default), or no slowstart.",
        breaks: "Watches live for hours: after a reboot of one control-plane machine the load never evens out.",
        remedy: "`balance leastconn` with `slowstart 60s`; `--goaway-chance 0.001` of the API server spreads existing \
                 HTTP/2 connections again.",
        before: "balance roundrobin",
        after: "balance leastconn",
        source: "kubespray loadbalancer/haproxy.cfg.j2; haproxy configuration.txt, balance",
        evidence: Evidence::SeenPrinciple,
    },
    check: round_robin,
};

pub(super) const LB_013: Rule = Rule {
    id: "LB-013",
    severity: Severity::Advice,
    summary: "connections to a server that went down are closed",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "No `on-marked-down shutdown-sessions`.",
        breaks: "Clients hang on a dead server until their own time limits end it.",
        remedy: "on-marked-down shutdown-sessions on the default-server line.",
        before: "default-server inter 3s fall 3",
        after: "default-server inter 3s fall 3 on-marked-down shutdown-sessions",
        source: "haproxy configuration.txt, on-marked-down",
        evidence: Evidence::SeenPrinciple,
    },
    check: sessions_kept,
};

pub(super) const LB_014: Rule = Rule {
    id: "LB-014",
    severity: Severity::Advice,
    summary: "the balancer takes a thundering herd of all nodes",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "maxconn is set below 10 × nodes + 500, or the servers that remain after one failure take fewer than \
                 10 × nodes connections (threshold `lb_connections_per_node`). Unset is computed from the limit of open \
                 files. Files do not tell the number of nodes: 50 are assumed.",
        breaks: "After a failover every client comes at once: some are refused, watches wait in a queue.",
        remedy: "Leave maxconn out, or set 4000.",
        before: "maxconn 200",
        after: "maxconn 4000",
        source: "kubespray loadbalancer/haproxy.cfg.j2; haproxy configuration.txt, maxconn",
        evidence: Evidence::SeenPrinciple,
    },
    check: herd,
};

fn round_robin(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        let (Some(balance), Some(slowstart)) = (balancer.balance.get(), balancer.slowstart.copied()) else {
            verdicts.cannot_judge(&balancer.place, "how it spreads connections");
            continue;
        };
        verdicts.verdict(if balance == "roundrobin" {
            Some(
                Finding::new(
                    Severity::Advice,
                    balancer.balance.place(),
                    format!("the balancer of {} spreads watches in turn", balancer.name),
                )
                .at(&balancer.balance, "roundrobin")
                .breaks("after a reboot of one control-plane machine the load never evens out")
                .help("`balance leastconn` with `slowstart 60s`"),
            )
        } else if slowstart == Millis(0) && balance == "leastconn" {
            Some(
                Finding::new(
                    Severity::Advice,
                    balancer.slowstart.place(),
                    format!("the balancer of {} gives a returning server everything at once", balancer.name),
                )
                .at(&balancer.slowstart, "no slowstart")
                .breaks("an API server that has just started gets every new connection while it fills its caches")
                .help("`slowstart 60s` on the default-server line"),
            )
        } else {
            None
        });
    }
}

fn sessions_kept(world: &World<'_>, verdicts: &mut Verdicts) {
    for balancer in &world.balancers {
        match balancer.shutdown_sessions.copied() {
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Advice,
                    balancer.shutdown_sessions.place(),
                    format!("the balancer of {} keeps connections to servers that went down", balancer.name),
                )
                .at(&balancer.shutdown_sessions, "")
                .breaks("clients hang on a dead API server until their own time limits end it")
                .help("add `on-marked-down shutdown-sessions` to the default-server line"),
            ),
            None => verdicts.cannot_judge(&balancer.place, "what it does with connections to a dead server"),
        }
    }
}

fn herd(world: &World<'_>, verdicts: &mut Verdicts) {
    /// The size that Plimsoll is for.
    const NODES_OF_FILES: u32 = 50;
    let nodes = world.design.map_or(NODES_OF_FILES, |source| source.design.kubernetes.nodes_max);
    let each = world.thresholds.lb_connections_per_node;
    for balancer in &world.balancers {
        let Some(maxconn) = balancer.maxconn.copied() else {
            verdicts.cannot_judge(&balancer.place, "its maxconn");
            continue;
        };
        let wanted = each.saturating_mul(nodes).saturating_add(500);
        let survivors = u32::try_from(balancer.servers.len()).unwrap_or(0).saturating_sub(1);
        let server =
            balancer.servers.iter().find_map(|server| server.maxconn.copied().flatten().map(|max| (server, max)));
        verdicts.verdict(match (maxconn, server) {
            (Some(maxconn), _) if maxconn < wanted => Some(
                Finding::new(
                    Severity::Advice,
                    balancer.maxconn.place(),
                    format!("the balancer of {} takes {maxconn} connections for {nodes} nodes", balancer.name),
                )
                .at(&balancer.maxconn, format!("{wanted} are needed"))
                .breaks("after a failover every client comes at once, and some are refused")
                .help("leave maxconn out, or set 4000"),
            ),
            (_, Some((server, max))) if survivors > 0 && max.saturating_mul(survivors) < each.saturating_mul(nodes) => {
                Some(
                    Finding::new(
                        Severity::Advice,
                        server.maxconn.place(),
                        format!(
                            "after a failure {survivors} servers take {} connections",
                            max.saturating_mul(survivors)
                        ),
                    )
                    .at(&server.maxconn, format!("{} are needed for {nodes} nodes", each.saturating_mul(nodes)))
                    .breaks("watches wait in the queue of the balancer")
                    .help("give each server at least 1000"),
                )
            }
            _ => None,
        });
    }
}
