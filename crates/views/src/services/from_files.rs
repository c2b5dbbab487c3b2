//! Service addresses of the objects of MetalLB, and of services.

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::Object;
use plimsoll_formats::kubernetes::core::{HorizontalPodAutoscaler, Node, Service as ServiceObject};
use plimsoll_formats::kubernetes::meta::{LabelSelector, Labels};
use plimsoll_formats::kubernetes::metallb::{
    BfdProfile, BgpAdvertisement, BgpPeer, Community, IpAddressPool, L2Advertisement,
};
use plimsoll_formats::kubernetes::workload::{Container, DaemonSet, Deployment, StatefulSet, WorkloadSpec};
use plimsoll_model::design::{AddressRange, Announce, MetalLbMode};

use super::{Advertisement, EXCLUDE_LABEL, MetalLb, Peer, Pool, Service, Services, Speaker};
use crate::files::Files;
use crate::{Fact, NodeSet, Place};

/// BGP's port.
const BGP_PORT: u16 = 179;
/// Beginnings of annotations that MetalLB reads, the older first.
const ANNOTATIONS: [&str; 2] = ["metallb.universe.tf/", "metallb.io/"];

/// Service addresses of the objects of MetalLB, and of services.
pub fn from_files(files: &Files) -> Services {
    Services { metallb: metallb(files), services: services(files) }
}

fn at(object: &Object) -> Place {
    Place::File { span: object.span, component: object.title() }
}

fn metallb(files: &Files) -> Option<MetalLb> {
    let pools: Vec<(Pool, &Labels)> = files
        .objects::<IpAddressPool>()
        .map(|(_, object, pool)| {
            let here = at(object);
            let ranges: Option<Vec<AddressRange>> =
                pool.spec.addresses.iter().map(|text| text.get()?.parse().ok()).collect();
            let span = pool.spec.addresses.first().and_then(Setting::span).or(object.span);
            let view = Pool {
                name: object.shown_name().to_owned(),
                ranges: Fact::maybe(ranges, Place::File { span, component: object.title() }),
                auto_assign: Fact::setting_or(&pool.spec.auto_assign, true, &here),
                place: here,
            };
            (view, &object.metadata.labels)
        })
        .collect();
    let mut advertisements = Vec::new();
    let mut beyond = Vec::new();
    for (_, object, it) in files.objects::<L2Advertisement>() {
        let chosen = (&it.spec.ip_address_pools[..], &it.spec.ip_address_pool_selectors[..]);
        advertisements.push(advertisement(object, Announce::L2, chosen, &it.spec.node_selectors, &pools));
    }
    for (_, object, it) in files.objects::<BgpAdvertisement>() {
        let chosen = (&it.spec.ip_address_pools[..], &it.spec.ip_address_pool_selectors[..]);
        advertisements.push(advertisement(object, Announce::Bgp, chosen, &it.spec.node_selectors, &pools));
        for community in it.spec.communities.iter().filter(|it| it.value.starts_with("large:")) {
            let place = Place::File { span: community.span, component: object.title() };
            beyond.push(Fact::known("a large community".to_owned(), place));
        }
    }
    // A name for one is enough, also when no advertisement uses it.
    for (_, object, it) in files.objects::<Community>() {
        for alias in &it.spec.communities {
            if alias.value.get().is_some_and(|value| value.starts_with("large:")) {
                let place = Place::File { span: alias.value.span(), component: object.title() };
                beyond.push(Fact::known("a large community".to_owned(), place));
            }
        }
    }
    let peers: Vec<Peer> = files.objects::<BgpPeer>().map(|(_, object, it)| peer(object, it)).collect();
    let bfd: Vec<Fact<String>> = files
        .objects::<BfdProfile>()
        .map(|(_, object, _)| Fact::known(object.shown_name().to_owned(), at(object)))
        .collect();
    let daemon = speaker_container(files);
    let first = pools.first().map(|(pool, _)| pool.place.clone());
    let place = first
        .or_else(|| advertisements.first().map(|it| it.place.clone()))
        .or_else(|| peers.first().map(|it| it.place.clone()))
        .or_else(|| daemon.map(|(object, _)| at(object)))?;
    for (pool, _) in &pools {
        let six = pool.ranges.get().is_some_and(|ranges| ranges.iter().any(|range| range.first().is_ipv6()));
        let by_bgp = |it: &Advertisement| {
            it.kind == Announce::Bgp
                && (it.every_pool || it.pools.get().is_some_and(|pools| pools.contains(&pool.name)))
        };
        if six && advertisements.iter().any(by_bgp) {
            beyond.push(Fact::known("IPv6 by BGP".to_owned(), pool.ranges.place().clone()));
        }
    }
    let speakers = files
        .objects::<Node>()
        .map(|(_, object, _)| {
            let here = at(object);
            Speaker {
                node: object.shown_name().to_owned(),
                host: Fact::unknown(here.clone()),
                excluded: Fact::known(object.metadata.labels.get(EXCLUDE_LABEL).is_some(), here.clone()),
                filtered: Fact::unknown(here.clone()),
                place: here,
            }
        })
        .collect();
    let env = |name: &str| {
        let (_, container) = daemon?;
        container.env.iter().find(|it| it.name.get().map(String::as_str) == Some(name))
    };
    let flag = |name: &str| {
        daemon.is_some_and(|(_, container)| {
            container.args.iter().any(|arg| {
                arg.value.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest == "=true" || rest == "=1")
            })
        })
    };
    let daemon_place = daemon.map_or(place.clone(), |(object, _)| at(object));
    Some(MetalLb {
        mode: match (daemon, env("METALLB_BGP_TYPE")) {
            (None, _) => Fact::unknown(place.clone()),
            // What the manifests of `native` leave out.
            (Some(_), None) => Fact::default(MetalLbMode::Native, daemon_place.clone()),
            (Some(_), Some(variable)) => Fact::setting(&variable.value, &daemon_place)
                .map(|text| match text.as_str() {
                    "native" | "" => Some(MetalLbMode::Native),
                    "frr" => Some(MetalLbMode::Frr),
                    "frr-k8s" | "frr-k8s-external" => Some(MetalLbMode::FrrK8s),
                    _ => None,
                })
                .flatten(),
        },
        version: Fact::maybe(daemon.and_then(|(_, container)| image_version(container)), daemon_place.clone()),
        obeys_exclude: match daemon {
            Some(_) => Fact::known(!flag("--ignore-exclude-lb"), daemon_place.clone()),
            None => Fact::default(true, place.clone()),
        },
        class: class(files, &place),
        speakers,
        // Whoever keeps Node objects in files keeps all of them or labels a few: nobody can tell.
        speakers_whole: false,
        memberlist: match (daemon, env("METALLB_ML_BIND_ADDR")) {
            (None, _) => Fact::unknown(place.clone()),
            (Some(_), found) => Fact::known(found.is_some(), daemon_place),
        },
        pools: pools.into_iter().map(|(pool, _)| pool).collect(),
        advertisements,
        peers,
        bfd,
        beyond_native: beyond,
        place,
    })
}

/// The container that announces, with the object that holds it.
fn speaker_container(files: &Files) -> Option<(&Object, &Container)> {
    files.objects::<DaemonSet>().find_map(|(_, object, set)| {
        let is_speaker =
            |container: &&Container| container.image.get().is_some_and(|image| image.contains("metallb/speaker"));
        set.spec.template.spec.containers.iter().find(is_speaker).map(|container| (object, container))
    })
}

/// The class of services that MetalLB keeps to, by `--lb-class` of its controller or speaker.
fn class(files: &Files, place: &Place) -> Fact<Option<String>> {
    let ours = |container: &&Container| container.image.get().is_some_and(|image| image.contains("metallb/"));
    let deployments = files.objects::<Deployment>().map(|(_, object, it)| (object, &it.spec.template.spec.containers));
    let daemons = files.objects::<DaemonSet>().map(|(_, object, it)| (object, &it.spec.template.spec.containers));
    for (object, containers) in deployments.chain(daemons) {
        for arg in containers.iter().filter(ours).flat_map(|container| &container.args) {
            if let Some(class) = arg.value.strip_prefix("--lb-class=").filter(|class| !class.is_empty()) {
                let place = Place::File { span: arg.span, component: object.title() };
                return Fact::known(Some(class.to_owned()), place);
            }
        }
    }
    Fact::default(None, place.clone())
}

/// The version in the tag of an image, without `v`.
fn image_version(container: &Container) -> Option<String> {
    let image = container.image.get()?;
    let (_, tag) = image.rsplit('/').next()?.split_once(':')?;
    let version = tag.split('@').next()?.trim_start_matches('v');
    version.starts_with(|digit: char| digit.is_ascii_digit()).then(|| version.to_owned())
}

fn advertisement(
    object: &Object,
    kind: Announce,
    (names, selectors): (&[Spanned<String>], &[LabelSelector]),
    nodes: &[LabelSelector],
    pools: &[(Pool, &Labels)],
) -> Advertisement {
    let here = at(object);
    let mut chosen: Option<Vec<String>> = Some(names.iter().map(|name| name.value.clone()).collect());
    for selector in selectors {
        for (pool, labels) in pools {
            match (selector.matches(labels), &mut chosen) {
                (Some(true), Some(chosen)) => chosen.push(pool.name.clone()),
                (None, _) => chosen = None,
                _ => {}
            }
        }
    }
    let span = names.first().and_then(|name| name.span).or(object.span);
    Advertisement {
        name: object.shown_name().to_owned(),
        kind,
        pools: Fact::maybe(chosen, Place::File { span, component: object.title() }),
        every_pool: names.is_empty() && selectors.is_empty(),
        nodes: NodeSet::of_labels(nodes),
        place: here,
    }
}

fn peer(object: &Object, it: &BgpPeer) -> Peer {
    let here = at(object);
    let spec = &it.spec;
    let optional = |setting: &Setting<String>| match setting {
        Setting::Absent => Fact::default(None, here.clone()),
        stated => Fact::setting(&stated.clone().map(Some), &here),
    };
    let mut beyond = Vec::new();
    let mut take = |name: &str, stated: bool, span| {
        if stated {
            beyond.push(Fact::known(name.to_owned(), Place::File { span, component: object.title() }));
        }
    };
    take("bfdProfile", !spec.bfd_profile.is_absent(), spec.bfd_profile.span());
    take("keepaliveTime", !spec.keepalive_time.is_absent(), spec.keepalive_time.span());
    take("connectTime", !spec.connect_time.is_absent(), spec.connect_time.span());
    take("vrf", !spec.vrf.is_absent(), spec.vrf.span());
    take(
        "enableGracefulRestart",
        spec.enable_graceful_restart.get() == Some(&true),
        spec.enable_graceful_restart.span(),
    );
    take("disableMP", spec.disable_mp.get() == Some(&true), spec.disable_mp.span());
    take(
        "dualStackAddressFamily",
        spec.dual_stack_address_family.get() == Some(&true),
        spec.dual_stack_address_family.span(),
    );
    take("dynamicASN", !spec.dynamic_asn.is_absent(), spec.dynamic_asn.span());
    take("interface", !spec.interface.is_absent(), spec.interface.span());
    take("localASN", !spec.local_asn.is_absent(), spec.local_asn.span());
    let numbered = if spec.peer_address.is_absent() { &spec.interface } else { &spec.peer_address };
    Peer {
        name: object.shown_name().to_owned(),
        address: Fact::setting(numbered, &here),
        port: Fact::setting_or(&spec.peer_port, BGP_PORT, &here),
        my_asn: Fact::setting(&spec.my_asn, &here),
        peer_asn: Fact::setting(&spec.peer_asn, &here),
        router_id: optional(&spec.router_id),
        vrf: optional(&spec.vrf),
        source: optional(&spec.source_address),
        hold_time: match &spec.hold_time {
            Setting::Absent => Fact::default(None, here.clone()),
            stated => Fact::setting(&stated.clone().map(|time| Some(time.0)), &here),
        },
        bfd: optional(&spec.bfd_profile),
        multihop: Fact::setting_or(&spec.ebgp_multi_hop, false, &here),
        on_link: Fact::unknown(here.clone()),
        nodes: NodeSet::of_labels(&spec.node_selectors),
        beyond_native: beyond,
        multipath: Fact::unknown(here.clone()),
        resilient: Fact::unknown(here.clone()),
        router_bfd: Fact::unknown(here.clone()),
        place: here,
    }
}

fn services(files: &Files) -> Vec<Service> {
    files
        .objects::<ServiceObject>()
        .filter(|(_, _, service)| service.spec.r#type.get().map(String::as_str) == Some("LoadBalancer"))
        .map(|(_, object, service)| {
            let here = at(object);
            let annotations = object.metadata.annotations.0.iter().map(|(key, _)| key);
            let ours = annotations.filter(|key| ANNOTATIONS.iter().any(|start| key.value.starts_with(start)));
            Service {
                name: object.title(),
                class: match &service.spec.load_balancer_class {
                    Setting::Absent => Fact::default(None, here.clone()),
                    stated => Fact::setting(&stated.clone().map(Some), &here),
                },
                local: Fact::setting_or(&service.spec.external_traffic_policy, "Cluster".to_owned(), &here)
                    .map(|policy| policy == "Local"),
                copies: copies(files, object, service, &here),
                annotations: ours
                    .map(|key| {
                        Fact::known(key.value.clone(), Place::File { span: key.span, component: object.title() })
                    })
                    .collect(),
                place: here,
            }
        })
        .collect()
}

/// Copies of the pods behind a service; unknown when their workload is not among the files, or something else sets them.
fn copies(files: &Files, object: &Object, service: &ServiceObject, here: &Place) -> Fact<u32> {
    if service.spec.selector.is_empty() {
        return Fact::unknown(here.clone());
    }
    let selector = LabelSelector { match_labels: service.spec.selector.clone(), ..LabelSelector::default() };
    let deployments = files.objects::<Deployment>().map(|(_, object, it)| (object, &*it.spec));
    let sets = files.objects::<StatefulSet>().map(|(_, object, it)| (object, &*it.spec));
    let behind: Vec<(&Object, &WorkloadSpec)> = deployments
        .chain(sets)
        .filter(|(workload, spec)| {
            workload.namespace() == object.namespace()
                && selector.matches(&spec.template.metadata.labels) != Some(false)
        })
        .collect();
    let scaled = |workload: &Object| {
        files
            .objects::<HorizontalPodAutoscaler>()
            .any(|(_, _, it)| it.spec.scale_target_ref.name.get().map(String::as_str) == workload.name())
    };
    match behind[..] {
        [(workload, spec)] if !scaled(workload) => {
            Fact::setting_or(&spec.replicas, 1, &Place::File { span: workload.span, component: workload.title() })
        }
        _ => Fact::unknown(here.clone()),
    }
}
