//! ADDR-003, 005 to 009 and 018: whether prefixes and pools are large enough, and small enough.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use super::{range, width};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const ADDR_003: Rule = Rule {
    id: "ADDR-003",
    severity: Severity::Warning,
    summary: "every planned node gets a prefix of pods",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The prefix of pods holds fewer prefixes of the controller manager's length (24 for IPv4, 64 \
                 for IPv6 unless stated) than nodes are planned. With Calico's own address management, which \
                 this tool renders, the prefix of the node is not used for addresses, so it is a warning; advice \
                 when nobody planned a number (`assume: { nodes: … }`), so that a default counts, and the nodes \
                 there are have theirs.",
        breaks: "Late nodes get the event CIDRNotAvailable for ever; with a pod network that uses these \
                 prefixes they never become Ready.",
        remedy: "A larger prefix of pods, or a longer one for nodes.",
        before: "podSubnet: 10.244.0.0/20   # 16 nodes of /24",
        after: "podSubnet: 10.244.0.0/16",
        source: "Kubernetes issues 76761 and 85866; Kubernetes documentation, dual-stack",
        evidence: Evidence::Seen,
    },
    check: node_prefixes,
};

pub(super) const ADDR_005: Rule = Rule {
    id: "ADDR-005",
    severity: Severity::Error,
    summary: "blocks of addresses suffice for all pods on all nodes",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "With Calico's address management: fewer blocks in the prefix of pods than planned nodes \
                 times the blocks that one node needs for its most pods and two tunnel addresses. A warning \
                 while nodes may borrow from others, an error with strict affinity; advice when nobody planned \
                 a number of nodes and there are enough blocks for those there are.",
        breaks: "Nodes borrow addresses, which costs a route each; with strict affinity pods get none.",
        remedy: "A larger prefix of pods.",
        before: "pods: 10.244.0.0/20   # 64 blocks for 50 nodes of 110 pods",
        after: "pods: 10.244.0.0/16",
        source: "Calico reference, IP pool",
        evidence: Evidence::SeenPrinciple,
    },
    check: blocks,
};

pub(super) const ADDR_006: Rule = Rule {
    id: "ADDR-006",
    severity: Severity::Error,
    summary: "a pool of pods holds at least one block",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The prefix of an address pool of pods is longer than that of its blocks (26 for IPv4, 122 \
                 for IPv6 unless stated).",
        breaks: "Calico refuses the pool, and pods get no address.",
        remedy: "A shorter prefix, or a longer one for blocks.",
        before: "cidr: 10.244.0.0/27\nblockSize: 26",
        after: "cidr: 10.244.0.0/16\nblockSize: 26",
        source: "Calico reference, IP pool",
        evidence: Evidence::Seen,
    },
    check: one_block,
};

pub(super) const ADDR_007: Rule = Rule {
    id: "ADDR-007",
    severity: Severity::Error,
    summary: "pools of pods lie in the prefix of pods",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "An address pool of Calico for pods is not inside the prefix of pods that kubeadm was told. \
                 Pools for services and tunnels only are not meant.",
        breaks: "The operator refuses the installation; elsewhere kube-proxy takes pods for strangers and \
                 hides their addresses.",
        remedy: "One prefix in both places.",
        before: "podSubnet: 10.244.0.0/16\n---\ncidr: 192.168.0.0/16",
        after: "podSubnet: 10.244.0.0/16\n---\ncidr: 10.244.0.0/16",
        source: "tigera/operator core_controller.go, validation.go",
        evidence: Evidence::SeenPrinciple,
    },
    check: pool_in_pods,
};

pub(super) const ADDR_008: Rule = Rule {
    id: "ADDR-008",
    severity: Severity::Error,
    summary: "the prefix of services has at most 20 bits for hosts",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The prefix of services is shorter than /12 for IPv4 or /108 for IPv6: kubeadm of every \
                 version refuses it. Clusters made otherwise may have more from the versions on that allocate \
                 services by objects, which is not judged.",
        breaks: "`kubeadm init` ends with an error.",
        remedy: "/16 to /20 for IPv4, /112 for IPv6.",
        before: "serviceSubnet: 10.0.0.0/8",
        after: "serviceSubnet: 10.96.0.0/20",
        source: "kube-apiserver options/validation.go; kubeadm validation; Kubernetes issues 12624 and \
                 12841",
        evidence: Evidence::Seen,
    },
    check: service_bits,
};

pub(super) const ADDR_009: Rule = Rule {
    id: "ADDR-009",
    severity: Severity::Error,
    summary: "the prefixes of nodes are at most 16 bits longer than that of pods",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The prefix that the controller manager gives a node is more than 16 bits longer than the \
                 prefix of pods, or shorter than it.",
        breaks: "kubeadm refuses it; the controller manager says that the node CIDR is too big and gives no \
                 node a prefix.",
        remedy: "For IPv6 a /56 with /64 for nodes, or a /48 with up to /64.",
        before: "podSubnet: fd00::/40   # nodes get /64",
        after: "podSubnet: fd00::/56",
        source: "kubeadm validation and constants; Kubernetes enhancement issue 1534",
        evidence: Evidence::Seen,
    },
    check: node_mask,
};

pub(super) const ADDR_018: Rule = Rule {
    id: "ADDR-018",
    severity: Severity::Error,
    summary: "a pool has an address for each planned service",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A pool has fewer addresses, per family, than services of type LoadBalancer are planned: an \
                 error. Fewer than 1.2 times as many (threshold `pool_slack`): advice.",
        breaks: "Services stay Pending.",
        remedy: "A larger pool.",
        before: "public: 10.30.14.0/30   # 12 services planned",
        after: "public: 10.30.14.0/26",
        source: "general practice",
        evidence: Evidence::Expertise,
    },
    check: pool_size,
};

fn node_prefixes(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        for pods in &all.pods {
            let Some(net) = pods.get() else {
                verdicts.cannot_judge(pods.place(), "the prefix of pods");
                continue;
            };
            let mask = &all.node_mask[usize::from(net.addr().is_ipv6())];
            let (Some(mask), Some(nodes)) = (mask.copied(), all.nodes_max.copied()) else {
                verdicts.cannot_judge(pods.place(), "how many nodes are planned");
                continue;
            };
            let Some(bits) = mask.checked_sub(net.prefix_len()) else {
                // ADDR-009 says that it fits nobody.
                continue;
            };
            let room = 1_u128.checked_shl(u32::from(bits)).unwrap_or(u128::MAX);
            verdicts.verdict((room < u128::from(nodes)).then(|| {
                let word = if room == 1 { "node" } else { "nodes" };
                Finding::new(
                    least(world, Severity::Warning, room < u128::from(actual(world))),
                    pods.place(),
                    format!("{net} has prefixes for {room} {word}, and {nodes} are counted on"),
                )
                .at(pods, format!("each node takes a /{mask}"))
                .breaks("late nodes get the event CIDRNotAvailable; whoever uses that prefix has no network there")
                .help("use a larger prefix of pods, or a longer one for nodes: `node_mask`")
                .help("or say how many nodes there will be: `assume: { nodes: … }`")
            }));
        }
    }
}

/// Nodes that the design has.
fn actual(world: &World<'_>) -> u32 {
    world.design.map_or(0, |source| source.design.nodes().count() as u32)
}

/// Advice where the number of nodes is nobody's plan but a default, and those there are fit.
fn least(world: &World<'_>, severity: Severity, short: bool) -> Severity {
    let stated = world.design.is_none_or(|source| !source.assumed("kubernetes/nodes_max"));
    if stated || short { severity } else { Severity::Advice }
}

fn blocks(world: &World<'_>, verdicts: &mut Verdicts) {
    const TUNNELS: u128 = 2;
    for all in &world.addresses {
        for pool in all.pod_pools.iter().filter(|pool| !pool.for_pods.is(&false)) {
            let known = (pool.cidr.get(), pool.block_size.copied(), all.max_pods.copied(), all.nodes_max.copied());
            let (Some(net), Some(size), Some(pods), Some(nodes)) = known else {
                verdicts.cannot_judge(&pool.place, "the number of nodes and of pods on each");
                continue;
            };
            let Some(bits) = size.checked_sub(net.prefix_len()) else { continue };
            let room = 1_u128.checked_shl(u32::from(bits)).unwrap_or(u128::MAX);
            let of_block =
                1_u128.checked_shl(width(net.addr()) - u32::from(size).min(width(net.addr()))).unwrap_or(u128::MAX);
            let each = (u128::from(pods) + TUNNELS).div_ceil(of_block);
            let needed = u128::from(nodes) * each;
            let short = room < u128::from(actual(world)) * each;
            let strict = all.strict_affinity.is(&true);
            verdicts.verdict((room < needed).then(|| {
                Finding::new(
                    least(world, if strict { Severity::Error } else { Severity::Warning }, short),
                    pool.cidr.place(),
                    format!("{net} has {room} blocks of addresses, and {nodes} nodes with {pods} pods need {needed}"),
                )
                .at(&pool.cidr, format!("blocks of /{size}, {of_block} addresses each"))
                .breaks(if strict {
                    "pods get no address once the blocks are used up"
                } else {
                    "nodes borrow addresses from each other's blocks, each with a route of its own"
                })
                .help("use a larger prefix of pods, or say how many nodes there will be: `assume: { nodes: … }`")
            }));
        }
    }
}

fn one_block(world: &World<'_>, verdicts: &mut Verdicts) {
    for pool in world.addresses.iter().flat_map(|all| &all.pod_pools) {
        let (Some(net), Some(size)) = (pool.cidr.get(), pool.block_size.copied()) else {
            verdicts.cannot_judge(&pool.place, "its prefix and the size of its blocks");
            continue;
        };
        verdicts.verdict((net.prefix_len() > size).then(|| {
            Finding::new(
                Severity::Error,
                pool.cidr.place(),
                format!("{net} is smaller than one block of pool {}", pool.name),
            )
            .at(&pool.cidr, format!("blocks are /{size}"))
            .breaks("Calico refuses the pool, and pods get no address")
            .help(format!("use a prefix of /{size} or shorter, or a longer blockSize"))
        }));
    }
}

fn pool_in_pods(world: &World<'_>, verdicts: &mut Verdicts) {
    for all in &world.addresses {
        for pool in all.pod_pools.iter().filter(|pool| pool.for_pods.is(&true)) {
            let pods: Option<Vec<_>> = all.pods.iter().map(|fact| fact.get().copied()).collect();
            let (Some(net), Some(pods)) = (pool.cidr.get(), pods.filter(|pods| !pods.is_empty())) else {
                verdicts.cannot_judge(&pool.place, "the prefix of pods");
                continue;
            };
            let inside = pods.iter().any(|pods| range(pods).covers(&range(net)));
            let first = &all.pods[0];
            verdicts.verdict((!inside).then(|| {
                Finding::new(
                    Severity::Error,
                    pool.cidr.place(),
                    format!("pool {} lies outside the prefix of pods", pool.name),
                )
                .at(&pool.cidr, net.to_string())
                .context(first, pods.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
                .breaks("Calico's operator refuses it, or kube-proxy takes pods for strangers")
                .help("use one prefix in both places")
            }));
        }
    }
}

fn service_bits(world: &World<'_>, verdicts: &mut Verdicts) {
    const MOST: u32 = 20;
    for services in world.addresses.iter().flat_map(|all| &all.services) {
        let Some(net) = services.get() else {
            verdicts.cannot_judge(services.place(), "the prefix of services");
            continue;
        };
        let bits = width(net.addr()) - u32::from(net.prefix_len());
        let shortest = width(net.addr()) - MOST;
        verdicts.verdict((bits > MOST).then(|| {
            Finding::new(Severity::Error, services.place(), format!("{net} is too large for services"))
                .at(services, format!("/{shortest} is the largest that is taken"))
                .breaks("`kubeadm init` refuses it")
                .help(if net.addr().is_ipv4() { "use /16 to /20" } else { "use /112" })
        }));
    }
}

fn node_mask(world: &World<'_>, verdicts: &mut Verdicts) {
    const MOST: u8 = 16;
    for all in &world.addresses {
        for pods in &all.pods {
            let mask =
                pods.get().and_then(|net| Some((net, all.node_mask[usize::from(net.addr().is_ipv6())].copied()?)));
            let Some((net, mask)) = mask else {
                verdicts.cannot_judge(pods.place(), "the prefix of pods and that of a node");
                continue;
            };
            let bad = mask < net.prefix_len() || mask - net.prefix_len() > MOST;
            verdicts.verdict(bad.then(|| {
                let message = if mask < net.prefix_len() {
                    format!("{net} is smaller than the /{mask} of one node")
                } else {
                    format!("{net} has more than 65536 prefixes of /{mask} for nodes")
                };
                Finding::new(Severity::Error, pods.place(), message)
                    .at(pods, format!("a node takes a /{mask}"))
                    .breaks("kubeadm refuses it, or the controller manager gives no node a prefix")
                    .help(format!(
                        "use a prefix of pods from /{} to /{mask}, or another length for nodes",
                        mask.saturating_sub(MOST)
                    ))
            }));
        }
    }
}

fn pool_size(world: &World<'_>, verdicts: &mut Verdicts) {
    for pool in world.addresses.iter().flat_map(|all| &all.lb_pools) {
        let (Some(Some(planned)), ranges) = (pool.planned.copied(), &pool.ranges) else {
            verdicts.cannot_judge(&pool.place, "how many services are planned");
            continue;
        };
        let buggy = pool.avoid_buggy.is(&true);
        let mut smallest: Option<u128> = None;
        for v4 in [true, false] {
            let own: Vec<_> = ranges.iter().filter_map(|it| it.get()).filter(|it| it.first().is_ipv4() == v4).collect();
            if own.is_empty() {
                continue;
            }
            let size: u128 =
                own.iter().map(|it| it.size().saturating_sub(if buggy && v4 { left_out(it) } else { 0 })).sum();
            smallest = Some(smallest.map_or(size, |it: u128| it.min(size)));
        }
        let Some(size) = smallest else { continue };
        let wanted = f64::from(planned) * world.thresholds.pool_slack;
        let severity = if size < u128::from(planned) {
            Severity::Error
        } else if (size as f64) < wanted {
            Severity::Advice
        } else {
            verdicts.holds();
            continue;
        };
        let place = pool.ranges.first().map_or(&pool.place, plimsoll_views::Fact::place);
        verdicts.broken(
            Finding::new(
                severity,
                place,
                format!("pool {} has {size} addresses for {planned} planned services", pool.name),
            )
            .at_place(place, "")
            .breaks(if severity == Severity::Error {
                "services stay Pending"
            } else {
                "the next services stay Pending"
            })
            .help("use a larger range"),
        );
    }
}

/// Addresses that end in .0 or .255.
fn left_out(range: &plimsoll_model::design::AddressRange) -> u128 {
    let (std::net::IpAddr::V4(first), std::net::IpAddr::V4(last)) = (range.first(), range.last()) else { return 0 };
    let (first, last) = (u64::from(u32::from(first)), u64::from(u32::from(last)));
    let ends = |end: u64| (last + 256 - end) / 256 - (first + 255 - end) / 256;
    u128::from(ends(0) + ends(255))
}

#[cfg(test)]
mod tests {
    use super::left_out;

    #[test]
    fn addresses_that_end_in_0_and_255_are_counted() {
        for (range, count) in [
            ("10.0.0.0/24", 2),
            ("10.0.0.1-10.0.0.254", 0),
            ("10.0.0.255-10.0.1.0", 2),
            ("10.0.0.0/22", 8),
            ("10.0.0.0", 1),
        ] {
            assert_eq!(left_out(&range.parse().expect(range)), count, "{range}");
        }
    }

    #[test]
    fn counting_agrees_with_looking_at_each_address() {
        let mut seed = 7_u64;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as u32 % below
        };
        for _ in 0..2000 {
            let first = 0x0a1e_0000 + next(3000);
            let last = first + next(1500);
            let each = (first..=last).filter(|it| matches!(it % 256, 0 | 255)).count() as u128;
            let [first, last] = [first, last].map(std::net::Ipv4Addr::from);
            let range = format!("{first}-{last}").parse().expect("a range");
            assert_eq!(left_out(&range), each, "{first}-{last}");
        }
    }
}
