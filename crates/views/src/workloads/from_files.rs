//! Workloads of manifests.

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::KubeletConfiguration;
use plimsoll_formats::kubernetes::Object;
use plimsoll_formats::kubernetes::core::{
    HorizontalPodAutoscaler, IngressClass, LimitRange, LimitRangeItem, MutatingWebhookConfiguration,
    PodDisruptionBudget, ResourceQuota, Service, ValidatingWebhookConfiguration, Webhook as Configured,
};
use plimsoll_formats::kubernetes::meta::Labels;
use plimsoll_formats::kubernetes::quantity::{IntOrPercent, Quantity};
use plimsoll_formats::kubernetes::workload::{DaemonSet, Deployment, StatefulSet, WorkloadSpec};
use plimsoll_yaml::Map;

use super::from_design::THRESHOLDS;
use super::{Amount, Bound, Bounds, Budget, KubeletRoom, Quota, Webhook, Workload, Workloads, pods};
use crate::files::{File, Files};
use crate::{Fact, Place};

/// Workloads of manifests.
pub fn from_files(files: &Files) -> Workloads {
    let found = found(files);
    let list: Vec<Workload> = found.iter().map(|(object, spec)| workload(files, object, spec)).collect();
    Workloads {
        budgets: budgets(files, &found),
        bounds: files
            .objects::<LimitRange>()
            .flat_map(|(_, object, range)| range.spec.limits.iter().map(move |item| bounds(object, item)))
            .collect(),
        quotas: files
            .objects::<ResourceQuota>()
            .map(|(_, object, quota)| Quota {
                namespace: object.namespace().map(str::to_owned),
                hard: quota.spec.hard.keys().map(|key| Fact::known(key.value.clone(), at(key.span, object))).collect(),
                scoped: !quota.spec.scopes.is_empty() || quota.spec.scope_selector.is_some(),
            })
            .collect(),
        webhooks: webhooks(files, &found, &list),
        ingress_nginx: ingress_nginx(files),
        kubelets: files
            .objects::<KubeletConfiguration>()
            .map(|(file, object, kubelet)| room(file, object, kubelet))
            .collect(),
        list,
        capacity: None,
        reaction: None,
    }
}

type Found<'a> = (&'a Object, &'a WorkloadSpec);

/// Deployments and StatefulSets, without the patches of kubeadm, which state only what they change.
fn found(files: &Files) -> Vec<Found<'_>> {
    let whole = |path: &str| !path.rsplit('/').next().is_some_and(|name| name.starts_with("corednsdeployment"));
    let deployments = files
        .objects::<Deployment>()
        .filter(|(file, _, _)| whole(&file.path))
        .map(|(_, object, deployment)| (object, &*deployment.spec));
    let sets = files.objects::<StatefulSet>().map(|(_, object, set)| (object, &*set.spec));
    deployments.chain(sets).collect()
}

fn at(span: Option<Span>, object: &Object) -> Place {
    Place::File { span: span.or(object.span), component: object.title() }
}

fn same_namespace(a: Option<&str>, b: Option<&str>) -> bool {
    // Without one it is applied to whatever namespace the person names.
    a.is_none() || b.is_none() || a == b
}

fn workload(files: &Files, object: &Object, spec: &WorkloadSpec) -> Workload {
    let place = at(None, object);
    let scaler = files.objects::<HorizontalPodAutoscaler>().find(|(_, scaler, it)| {
        same_namespace(scaler.namespace(), object.namespace())
            && it.spec.scale_target_ref.name.get().map(String::as_str) == object.name()
            && it.spec.scale_target_ref.kind.get() == Some(&object.kind.value)
    });
    let replicas = match scaler {
        Some((_, scaler, it)) => Fact::setting_or(&it.spec.min_replicas, 1, &at(None, scaler)),
        None => Fact::setting_or(&spec.replicas, 1, &place),
    };
    Workload {
        title: object.title(),
        namespace: object.namespace().map(str::to_owned),
        rollout: if object.kind.value == "Deployment" {
            rollout(spec, &place)
        } else {
            Fact::known(None, place.clone())
        },
        own_domain: pods::own_domain(files, object, &spec.template),
        quorum_program: pods::quorum_program(&spec.template),
        containers: spec.template.spec.containers.iter().map(|container| pods::asked(container, object)).collect(),
        replicas,
        place,
    }
}

fn rollout(spec: &WorkloadSpec, place: &Place) -> Fact<Option<(IntOrPercent, IntOrPercent)>> {
    let quarter = IntOrPercent::Percent(25);
    let Some(strategy) = &spec.strategy else { return Fact::default(Some((quarter, quarter)), place.clone()) };
    if strategy.r#type.get().is_some_and(|kind| kind == "Recreate") {
        return Fact::known(None, place.clone());
    }
    let update = strategy.rolling_update.as_ref();
    let bound = |pick: fn(&plimsoll_formats::kubernetes::workload::RollingUpdate) -> &Setting<IntOrPercent>| {
        update.map_or(Some(quarter), |update| pick(update).or(quarter))
    };
    let both = bound(|update| &update.max_unavailable).zip(bound(|update| &update.max_surge));
    let span = update.and_then(|update| update.max_unavailable.span().or(update.max_surge.span()));
    match place {
        Place::File { span: own, component } => {
            Fact::maybe(both.map(Some), Place::File { span: span.or(*own), component: component.clone() })
        }
        Place::Design(_) => Fact::maybe(both.map(Some), place.clone()),
    }
}

fn budgets(files: &Files, found: &[Found<'_>]) -> Vec<Budget> {
    let daemons: Vec<(&Object, &Labels)> = files
        .objects::<DaemonSet>()
        .map(|(_, object, daemon)| (object, &daemon.spec.template.metadata.labels))
        .collect();
    files
        .objects::<PodDisruptionBudget>()
        .map(|(_, object, budget)| {
            let place = at(None, object);
            let bound = |setting: &Setting<IntOrPercent>| match setting {
                Setting::Absent => Fact::known(None, place.clone()),
                stated => Fact::setting(&stated.clone().map(Some), &place),
            };
            let mut selects = Some(Vec::new());
            let selector = budget.spec.selector.as_ref();
            let matched = |other: &Object, labels: &Labels| {
                if same_namespace(other.namespace(), object.namespace()) {
                    selector.map_or(Some(false), |selector| selector.matches(labels))
                } else {
                    Some(false)
                }
            };
            for (index, (other, spec)) in found.iter().enumerate() {
                match (matched(other, &spec.template.metadata.labels), &mut selects) {
                    (Some(true), Some(list)) => list.push(index),
                    (None, _) => selects = None,
                    _ => {}
                }
            }
            // Pods of other makers are no reason to say that nothing is selected.
            if selects.as_ref().is_some_and(Vec::is_empty)
                && daemons.iter().any(|(other, labels)| matched(other, labels) != Some(false))
            {
                selects = None;
            }
            Budget {
                title: object.title(),
                namespace: object.namespace().map(str::to_owned),
                min_available: bound(&budget.spec.min_available),
                max_unavailable: bound(&budget.spec.max_unavailable),
                everything: selector.is_some_and(plimsoll_formats::kubernetes::meta::LabelSelector::is_everything),
                selects: Fact::maybe(selects, place.clone()),
                kept_by_rook: object.name().is_some_and(|name| name.starts_with("rook-ceph-")),
                place,
            }
        })
        .collect()
}

fn bounds(object: &Object, item: &LimitRangeItem) -> Bounds {
    let mut names: Vec<&str> = [&item.min, &item.default_request, &item.default, &item.max]
        .into_iter()
        .flat_map(plimsoll_yaml::Map::keys)
        .map(|key| key.value.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let pick = |map: &Map<String, Setting<Quantity>>, name: &str| match map.get(name)? {
        Setting::Known(Spanned { value, span }) => {
            let amount = Amount { milli: u128::from(value.cpu().0), text: value.to_string() };
            Some(Fact::known(amount, at(*span, object)))
        }
        _ => None,
    };
    Bounds {
        namespace: object.namespace().map(str::to_owned),
        place: at(None, object),
        kind: item.r#type.get().cloned().unwrap_or_default(),
        resources: names
            .into_iter()
            .map(|name| Bound {
                resource: name.to_owned(),
                min: pick(&item.min, name),
                default_request: pick(&item.default_request, name),
                default: pick(&item.default, name),
                max: pick(&item.max, name),
            })
            .collect(),
    }
}

fn webhooks(files: &Files, found: &[Found<'_>], list: &[Workload]) -> Vec<Webhook> {
    let mut all: Vec<(&Object, &Configured)> = Vec::new();
    for (_, object, configuration) in files.objects::<ValidatingWebhookConfiguration>() {
        all.extend(configuration.webhooks.iter().map(|webhook| (object, webhook)));
    }
    for (_, object, configuration) in files.objects::<MutatingWebhookConfiguration>() {
        all.extend(configuration.webhooks.iter().map(|webhook| (object, webhook)));
    }
    let replicas = |webhook: &Configured| {
        let service = webhook.client_config.as_ref()?.service.as_ref()?;
        let (name, namespace) = (service.name.get()?, service.namespace.get().map(String::as_str));
        let (_, _, service) = files
            .objects::<Service>()
            .find(|(_, object, _)| object.name() == Some(name) && same_namespace(object.namespace(), namespace))?;
        let selector = &service.spec.selector;
        let index = found.iter().position(|(object, spec)| {
            let labels = &spec.template.metadata.labels;
            let carries = selector.iter().all(|(key, value)| labels.get(key.value.as_str()) == Some(value));
            same_namespace(object.namespace(), namespace) && !selector.is_empty() && carries
        })?;
        Some(list[index].replicas.clone())
    };
    all.into_iter()
        .map(|(object, webhook)| {
            let place = at(webhook.name.span(), object);
            Webhook {
                name: webhook.name.get().cloned().unwrap_or_else(|| object.title()),
                // `Fail` is the default of admissionregistration.k8s.io/v1.
                fails: Fact::setting_or(&webhook.failure_policy, "Fail".to_owned(), &place)
                    .map(|policy| policy == "Fail"),
                replicas: replicas(webhook).unwrap_or_else(|| Fact::unknown(place.clone())),
                place,
            }
        })
        .collect()
}

/// Controllers of the retired project, by image and by class; that of F5 has other names.
fn ingress_nginx(files: &Files) -> Vec<Fact<String>> {
    let mut uses = Vec::new();
    for file in &files.list {
        let crate::files::Content::Kubernetes(manifest) = &file.content else { continue };
        for object in &manifest.objects {
            for container in object.pods().into_iter().flat_map(|pods| &pods.containers) {
                if let Setting::Known(image) = &container.image
                    && image.value.contains("ingress-nginx/controller")
                {
                    uses.push(Fact::known(image.value.clone(), at(image.span, object)));
                }
            }
        }
    }
    for (_, object, class) in files.objects::<IngressClass>() {
        if let Setting::Known(controller) = &class.spec.controller
            && controller.value == "k8s.io/ingress-nginx"
        {
            uses.push(Fact::known(controller.value.clone(), at(controller.span, object)));
        }
    }
    uses
}

fn room(file: &File, object: &Object, kubelet: &KubeletConfiguration) -> KubeletRoom {
    let name = if file.owner.is_empty() { object.title() } else { format!("the kubelet of {}", file.owner) };
    let place = Place::File { span: object.span, component: name.clone() };
    let near = |span: Option<Span>| Place::File { span: span.or(object.span), component: name.clone() };
    let stated = |setting: &Setting<Map<String, Setting<String>>>| match setting {
        Setting::Absent => Some(false),
        Setting::Known(map) => Some(map.value.values().any(|value| value.get().is_none_or(|text| !is_zero(text)))),
        Setting::Unknown(_) => None,
    };
    let reserved = match (stated(&kubelet.kube_reserved), stated(&kubelet.system_reserved)) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    let merged = kubelet.merge_default_eviction_settings.get() == Some(&true);
    let gaps = match &kubelet.eviction_hard {
        Setting::Known(map) if !merged => {
            let missing = THRESHOLDS.into_iter().filter(|name| map.value.get(*name).is_none());
            Some(if map.value.is_empty() { Vec::new() } else { missing.collect() })
        }
        Setting::Known(_) | Setting::Absent => Some(Vec::new()),
        Setting::Unknown(_) => None,
    };
    KubeletRoom {
        reserved: Fact::maybe(reserved, near(kubelet.kube_reserved.span().or(kubelet.system_reserved.span()))),
        eviction_gaps: Fact::maybe(gaps, near(kubelet.eviction_hard.span())),
        name: if file.owner.is_empty() { place.component().to_owned() } else { name },
    }
}

fn is_zero(text: &str) -> bool {
    text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).parse::<f64>() == Ok(0.0)
}
