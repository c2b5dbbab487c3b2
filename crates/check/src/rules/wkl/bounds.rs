//! WKL-004 and 005: quotas and bounds that pods can live with.

use plimsoll_diagnostics::Severity;
use plimsoll_views::workloads::{Amount, Asked, Bound, Quota, Workload};
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const WKL_004: Rule = Rule {
    id: "WKL-004",
    severity: Severity::Error,
    summary: "what a quota counts is stated by every container, or by a LimitRange",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "For each quota without scopes and each of `cpu`, `memory`, `requests.*` (needs a request, or a limit, \
                 which counts as one) and `limits.*` (needs a limit): a container of a workload in that namespace states \
                 none, and no LimitRange there gives it a default (`default` gives both, `defaultRequest` only the \
                 request).",
        breaks: "The API server refuses its pods (403, must specify); the Deployment stays without them.",
        remedy: "A LimitRange with defaults in the namespace.",
        before: "kind: ResourceQuota\nspec: { hard: { requests.memory: 8Gi } }",
        after: "kind: ResourceQuota\nspec: { hard: { requests.memory: 8Gi } }\n---\nkind: LimitRange\nspec: { limits: [{ type: Container, defaultRequest: { memory: 512Mi } }] }",
        source: "Kubernetes documentation, Resource Quotas",
        evidence: Evidence::SeenPrinciple,
    },
    check: refused,
};

pub(super) const WKL_005: Rule = Rule {
    id: "WKL-005",
    severity: Severity::Error,
    summary: "bounds of containers do not contradict each other",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "For each resource of a LimitRange: min ≤ defaultRequest ≤ default ≤ max, as far as each is stated.",
        breaks: "The API server refuses the LimitRange, or each container that states nothing.",
        remedy: "Values in that order.",
        before: "limits: [{ type: Container, default: { memory: 2Gi }, max: { memory: 1Gi } }]",
        after: "limits: [{ type: Container, default: { memory: 512Mi }, max: { memory: 1Gi } }]",
        source: "kubernetes pkg/apis/core/validation, ValidateLimitRange",
        evidence: Evidence::Seen,
    },
    check: contradicts,
};

fn together(a: Option<&String>, b: Option<&String>) -> bool {
    a.is_none() || b.is_none() || a == b
}

fn refused(world: &World<'_>, verdicts: &mut Verdicts) {
    for quota in world.workloads.quotas.iter().filter(|quota| !quota.scoped) {
        for counted in &quota.hard {
            let Some(key) = counted.get() else { continue };
            let (limit, resource) = match key.as_str() {
                "cpu" | "memory" => (false, key.as_str()),
                "requests.cpu" | "requests.memory" => (false, &key["requests.".len()..]),
                "limits.cpu" | "limits.memory" => (true, &key["limits.".len()..]),
                _ => continue,
            };
            if supplied(world, quota, resource, limit) {
                verdicts.holds();
                continue;
            }
            let lacking = lacking(world, quota, resource, limit);
            verdicts.verdict(lacking.map(|(workload, container)| {
                let what = if limit { "limit" } else { "request" };
                Finding::new(
                    Severity::Error,
                    &container.place,
                    format!("{} states no {what} of {resource}, which a quota counts", workload.title),
                )
                .at_place(&container.place, format!("the container {} has none", container.name))
                .context(counted, "counted here")
                .breaks("the API server refuses its pods, and the workload stays without them")
                .help(format!("a LimitRange with a default {what} of {resource}"))
            }));
        }
    }
}

fn supplied(world: &World<'_>, quota: &Quota, resource: &str, limit: bool) -> bool {
    let here =
        world.workloads.bounds.iter().filter(|bounds| {
            bounds.kind == "Container" && together(bounds.namespace.as_ref(), quota.namespace.as_ref())
        });
    here.flat_map(|bounds| &bounds.resources).filter(|bound| bound.resource == resource).any(|bound| {
        // Without a default, the most that is allowed becomes the limit of what states none.
        let default = bound.default.is_some() || bound.max.is_some();
        default || (!limit && bound.default_request.is_some())
    })
}

fn lacking<'a>(world: &'a World<'_>, quota: &Quota, resource: &str, limit: bool) -> Option<(&'a Workload, &'a Asked)> {
    let here = world.workloads.list.iter().filter(|workload| {
        workload.namespace.is_some() && together(workload.namespace.as_ref(), quota.namespace.as_ref())
    });
    here.flat_map(|workload| workload.containers.iter().map(move |container| (workload, container))).find(
        |(_, container)| {
            let stated = if limit { &container.limits } else { &container.requests };
            !stated.iter().any(|name| name == resource)
        },
    )
}

fn contradicts(world: &World<'_>, verdicts: &mut Verdicts) {
    for bounds in &world.workloads.bounds {
        for bound in &bounds.resources {
            verdicts.verdict(wrong(bound).map(|(low, low_name, high, high_name)| {
                let text = |fact: &Fact<Amount>| fact.get().map(|amount| amount.text.clone()).unwrap_or_default();
                let owner = bounds.namespace.as_deref().unwrap_or("the namespace");
                Finding::new(
                    Severity::Error,
                    low.place(),
                    format!(
                        "{low_name} of {} in {owner} is {}, above its {high_name} of {}",
                        bound.resource,
                        text(low),
                        text(high)
                    ),
                )
                .at(low, "")
                .context(high, "")
                .breaks("the API server refuses these bounds, and with them the namespace has none")
                .help(format!("a {low_name} of at most {}", text(high)))
            }));
        }
    }
}

type Wrong<'a> = (&'a Fact<Amount>, &'static str, &'a Fact<Amount>, &'static str);

/// The first two that are in the wrong order.
fn wrong(bound: &Bound) -> Option<Wrong<'_>> {
    let order = [
        (bound.min.as_ref(), "least amount"),
        (bound.default_request.as_ref(), "default request"),
        (bound.default.as_ref(), "default limit"),
        (bound.max.as_ref(), "largest amount"),
    ];
    for (index, (low, low_name)) in order.iter().enumerate() {
        for (high, high_name) in &order[index + 1..] {
            let (Some(low), Some(high)) = (low, high) else { continue };
            let (Some(a), Some(b)) = (low.get(), high.get()) else { continue };
            if a.milli > b.milli {
                return Some((low, low_name, high, high_name));
            }
        }
    }
    None
}
