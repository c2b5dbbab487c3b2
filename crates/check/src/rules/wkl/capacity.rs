//! WKL-001 and 002: what tenants are promised is there after hosts are lost.

use plimsoll_diagnostics::Severity;
use plimsoll_views::arithmetic::worst_room;
use plimsoll_views::workloads::Capacity;
use plimsoll_views::{Scope, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const WKL_001: Rule = Rule {
    id: "WKL-001",
    severity: Severity::Error,
    summary: "the quotas of all tenants fit when a host is lost",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "need > have, for processor time and for memory. need: the sum over tenants. have: the sum over the nodes \
                 without a taint against pods, without those of the host that gives most: their size less kubeReserved, \
                 systemReserved, the eviction threshold, the cache for names and the daemons of Ceph. Error when the loss \
                 of a host is a declared goal of `capacity`, else warning. That a sum fits does not prove that each pod \
                 finds a place.",
        breaks: "After the loss of one host pods of tenants who stay within their quota are Pending until it is back.",
        remedy: "Smaller quotas, or another host.",
        before: "tenants: { analytics: { cpu: 24, memory: 512GiB } }   # 5 hosts give 344 GiB",
        after: "tenants: { analytics: { cpu: 24, memory: 128GiB } }",
        source: "the alert KubeCPUOvercommit of kubernetes-mixin, by the same sum",
        evidence: Evidence::SeenPrinciple,
    },
    check: one_host,
};

pub(super) const WKL_002: Rule = Rule {
    id: "WKL-002",
    severity: Severity::Error,
    summary: "the quotas of all tenants fit when a host is lost while another is in maintenance",
    reads: Reads::Design,
    silent_behind: &["WKL-001"],
    manual: Manual {
        checks: "The sum of WKL-001 with the two hosts that give most away. Error when two hosts together, or one while \
                 another is drained, is a declared goal of `capacity`, else warning.",
        breaks: "Maintenance is possible only while nothing else fails: a loss in between leaves tenants without room.",
        remedy: "Smaller quotas, or another host.",
        before: "survive: { capacity/*: [host + host] }\ntenants: { analytics: { cpu: 24, memory: 320GiB } }",
        after: "survive: { capacity/*: [host + host] }\ntenants: { analytics: { cpu: 24, memory: 128GiB } }",
        source: "general expertise",
        evidence: Evidence::Expertise,
    },
    check: two_hosts,
};

fn one_host(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(capacity) = &world.workloads.capacity else { return };
    let goal = world.goals.one("host", Scope::Promise("capacity"));
    judge(capacity, 1, goal, "when a host is lost", verdicts);
}

fn two_hosts(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(capacity) = &world.workloads.capacity else { return };
    let scope = Scope::Promise("capacity");
    let goal = world.goals.second("host", scope) || world.goals.while_drained("host", scope);
    judge(capacity, 2, goal, "when a host is lost while another is in maintenance", verdicts);
}

fn judge(capacity: &Capacity, losses: usize, goal: bool, when: &str, verdicts: &mut Verdicts) {
    if capacity.tenants.is_empty() || capacity.hosts.is_empty() {
        return;
    }
    let severity = if goal { Severity::Error } else { Severity::Warning };
    let sum = |pick: &dyn Fn(usize) -> u64, count: usize| {
        (0..count).fold(0_u64, |sum, index| sum.saturating_add(pick(index)))
    };
    let (tenants, hosts) = (&capacity.tenants, &capacity.hosts);
    let need_memory = sum(&|index| tenants[index].memory.copied().unwrap_or_default().0, tenants.len());
    let need_cpu = sum(&|index| tenants[index].cpu.copied().unwrap_or_default().0, tenants.len());
    let have_memory = worst_room(&hosts.iter().map(|host| host.memory.0).collect::<Vec<_>>(), losses);
    let have_cpu = worst_room(&hosts.iter().map(|host| host.cpu.0).collect::<Vec<_>>(), losses);
    let largest = tenants.iter().max_by_key(|tenant| tenant.memory.copied().unwrap_or_default());
    let greediest = tenants.iter().max_by_key(|tenant| tenant.cpu.copied().unwrap_or_default());
    let finish = |finding: Finding| {
        finding
            .breaks("pods of tenants who stay within their quota are Pending until it is back")
            .help("smaller quotas, or another host")
            .cause("capacity/tenants")
    };
    let memory = (need_memory > have_memory).then_some(largest).flatten().map(|tenant| {
        let message = format!(
            "tenants are promised {} of memory, and {when} there is room for {}",
            gib(need_memory),
            gib(have_memory)
        );
        finish(Finding::new(severity, tenant.memory.place(), message).at(&tenant.memory, "the largest of them"))
    });
    let cpu = (need_cpu > have_cpu).then_some(greediest).flatten().map(|tenant| {
        let message = format!(
            "tenants are promised {} processors, and {when} there is room for {}",
            processors(need_cpu),
            processors(have_cpu)
        );
        finish(Finding::new(severity, tenant.cpu.place(), message).at(&tenant.cpu, "the largest of them"))
    });
    verdicts.verdict(memory);
    verdicts.verdict(cpu);
}

/// Processors with a tenth, rounded down.
fn processors(milli: u64) -> String {
    match (milli / 1000, milli % 1000 / 100) {
        (whole, 0) => whole.to_string(),
        (whole, tenths) => format!("{whole}.{tenths}"),
    }
}

/// Whole GiB, rounded down.
fn gib(bytes: u64) -> String {
    format!("{} GiB", bytes >> 30)
}
