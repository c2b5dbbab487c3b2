//! MLB-003, 004 and 015: which pools are announced, and who gives out addresses.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::AddressRange;
use plimsoll_views::World;
use plimsoll_views::services::Pool;

use super::metallb;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const MLB_003: Rule = Rule {
    id: "MLB-003",
    severity: Severity::Error,
    summary: "a pool that gives out addresses is announced",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool that no L2Advertisement and no BGPAdvertisement selects (one that names and chooses none selects \
                 all), whose addresses lie in no serviceLoadBalancerIPs of Calico: an error when services get an address \
                 from it unasked (autoAssign, which is on when left out); advice when it is reserved. A warning when the \
                 files hold no advertisement at all, which may lie elsewhere.",
        breaks: "Services get an address that nobody reaches.",
        remedy: "An advertisement that names the pool.",
        before: "kind: IPAddressPool        # and nothing else",
        after: "kind: BGPAdvertisement\nspec: { ipAddressPools: [public] }",
        source: "MetalLB, configuration; its API types",
        evidence: Evidence::Seen,
    },
    check: announced,
};

pub(super) const MLB_004: Rule = Rule {
    id: "MLB-004",
    severity: Severity::Error,
    summary: "one controller gives addresses to services",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Pools of MetalLB beside an enabled pool of Calico for `LoadBalancer` with automatic assignment, while \
                 Calico gives addresses to all services (assignIPs AllServices, its default): an error when a service of \
                 type LoadBalancer has no loadBalancerClass, advice otherwise. Not when MetalLB keeps to a class of its own \
                 (`--lb-class`). Calico does this from 3.30.",
        breaks: "Both write the address of the service, each over the other.",
        remedy: "Leave out Calico's pool, set RequestedServicesOnly, or give services and both controllers a class.",
        before: "kind: IPPool\nspec: { cidr: 10.30.14.0/26, allowedUses: [LoadBalancer] }",
        after: "kind: KubeControllersConfiguration\nspec: { controllers: { loadBalancer: { assignIPs: RequestedServicesOnly } } }",
        source: "Calico, service LoadBalancer IP address management, and its loadbalancer_controller.go",
        evidence: Evidence::Seen,
    },
    check: two_allocators,
};

pub(super) const MLB_015: Rule = Rule {
    id: "MLB-015",
    severity: Severity::Advice,
    summary: "an advertisement names its pools where there are several",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "An L2Advertisement or BGPAdvertisement that names and chooses no pool, and more than one pool.",
        breaks: "Every pool is announced to everybody, also one that is meant for inside.",
        remedy: "`ipAddressPools`.",
        before: "kind: L2Advertisement\nspec: {}",
        after: "kind: L2Advertisement\nspec: { ipAddressPools: [public] }",
        source: "MetalLB, configuration",
        evidence: Evidence::Seen,
    },
    check: every_pool,
};

fn announced(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(metallb) = metallb(world) else { return };
    for pool in &metallb.pools {
        let Some(by) = metallb.announcing(pool) else {
            verdicts.cannot_judge(&pool.place, "which pools each advertisement chooses");
            continue;
        };
        if !by.is_empty() {
            verdicts.holds();
            continue;
        }
        match by_calico(world, pool) {
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(silent_pool(world, pool)),
            None => verdicts.cannot_judge(&pool.place, "which service addresses Calico announces"),
        }
    }
}

/// Whether Calico announces all of a pool; `None` when its prefixes are not known and it may.
fn by_calico(world: &World<'_>, pool: &Pool) -> Option<bool> {
    let Some(calico) = &world.pod_network.calico else { return Some(false) };
    let prefixes = calico.announced.get()?;
    let covered = |range: &AddressRange| prefixes.iter().any(|prefix| AddressRange::from(*prefix).covers(range));
    Some(!prefixes.is_empty() && pool.ranges.get()?.iter().all(covered))
}

fn silent_pool(world: &World<'_>, pool: &Pool) -> Finding {
    let used = pool.auto_assign.copied().unwrap_or(true);
    // With no advertisement at all among somebody's files, they may lie in another folder.
    let elsewhere = world.is_files() && metallb(world).is_none_or(|metallb| metallb.advertisements.is_empty());
    let severity = match (used, elsewhere) {
        (true, false) => Severity::Error,
        (true, true) => Severity::Warning,
        (false, _) => Severity::Advice,
    };
    let finding = Finding::new(severity, &pool.place, format!("nobody announces pool {}", pool.name))
        .at(&pool.ranges, "")
        .breaks(if used {
            "services get an address from it that nobody reaches"
        } else {
            "a service that asks for it gets an address that nobody reaches"
        });
    if world.is_files() {
        finding.help("add an L2Advertisement or a BGPAdvertisement that names it")
    } else {
        finding.help("say how it is announced: `announce: bgp` or `announce: l2`")
    }
}

fn two_allocators(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    let (Some(metallb), Some(calico)) = (metallb(world), &world.pod_network.calico) else { return };
    // With a class of its own MetalLB leaves services without one to Calico.
    if metallb.pools.is_empty() || metallb.class.get().is_some_and(Option::is_some) {
        return;
    }
    for pool in calico.pools.iter().filter(|pool| pool.for_services() == Some(true)) {
        let automatic = pool.assignment.is(&"Automatic".to_owned()) && pool.disabled.is(&false);
        let Some(assigns) = calico.assigns.get() else {
            verdicts.cannot_judge(&pool.place, "assignIPs of Calico's controller");
            continue;
        };
        let all = assigns == "AllServices";
        let classless = world.services.services.iter().find(|service| service.class.is(&None));
        verdicts.verdict((automatic && all).then(|| {
            let severity = if classless.is_some() { Severity::Error } else { Severity::Advice };
            let finding = Finding::new(severity, &pool.place, "Calico and MetalLB both give addresses to services")
                .at(&pool.uses, "Calico's")
                .context_place(&metallb.pools[0].place, "MetalLB's")
                .breaks("each writes the address of a service over the other's")
                .help("leave Calico's pool out, or set `assignIPs: RequestedServicesOnly`");
            match classless {
                Some(service) => {
                    finding.context_place(&service.place, format!("{} asks neither by class", service.name))
                }
                None => finding,
            }
        }));
    }
}

fn every_pool(world: &World<'_>, verdicts: &mut Verdicts) {
    if !world.is_files() {
        return;
    }
    let Some(metallb) = metallb(world) else { return };
    for it in &metallb.advertisements {
        verdicts.verdict((it.every_pool && metallb.pools.len() > 1).then(|| {
            let names: Vec<&str> = metallb.pools.iter().map(|pool| pool.name.as_str()).collect();
            Finding::new(Severity::Advice, &it.place, format!("advertisement {} announces every pool", it.name))
                .at_place(&it.place, names.join(", "))
                .breaks("a pool that is meant for inside is announced to everybody")
                .help("name the pools in `ipAddressPools`")
        }));
    }
}
