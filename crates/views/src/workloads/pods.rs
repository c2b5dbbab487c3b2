//! What a workload's pods ask for and where they may run.

use std::collections::BTreeSet;

use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::Object;
use plimsoll_formats::kubernetes::core::Node;
use plimsoll_formats::kubernetes::workload::{Container, PodTemplate, Toleration};

use super::{Asked, OwnDomain};
use crate::files::Files;
use crate::{Fact, Place};

/// The label that every node has with its own name.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Programs that need a majority of their members, by the name of their image.
const QUORUM: [&str; 6] = ["etcd", "zookeeper", "consul", "rabbitmq", "nats", "mongo"];

/// The quorum program that an image is.
pub(super) fn quorum_program(template: &PodTemplate) -> Option<&'static str> {
    template.spec.containers.iter().find_map(|container| {
        let image = container.image.get()?;
        let name = image.rsplit('/').next()?.split([':', '@']).next()?;
        QUORUM.into_iter().find(|program| name == *program)
    })
}

/// Domains of which each takes one pod.
pub(super) fn own_domain(files: &Files, object: &Object, template: &PodTemplate) -> Option<OwnDomain> {
    let spec = &template.spec;
    let labels = &template.metadata.labels;
    let own = |term: &&plimsoll_formats::kubernetes::workload::PodAffinityTerm| {
        term.label_selector.as_ref().is_some_and(|selector| selector.matches(labels) == Some(true))
            && term.namespaces.is_empty()
    };
    let term = spec.required_anti_affinity().iter().find(own)?;
    let key = term.topology_key.get()?.clone();
    let place = Place::File { span: term.topology_key.span().or(object.span), component: object.title() };
    let hashed = term.match_label_keys.iter().any(|key| key.value == "pod-template-hash");
    let chosen = spec.affinity.get().and_then(|affinity| affinity.node_affinity.as_ref());
    let eligible =
        if chosen.is_some_and(|affinity| affinity.required.is_some()) { None } else { domains(files, &key, template) };
    Some(OwnDomain { eligible: Fact::maybe(eligible, place.clone()), key, against_old: !hashed, place })
}

/// Distinct values of a label among the nodes on which the pods may run; unknown without the nodes.
fn domains(files: &Files, key: &str, template: &PodTemplate) -> Option<u32> {
    let tolerations: &[Toleration] = template.spec.tolerations.get().map_or(&[], Vec::as_slice);
    let mut any = false;
    let mut values: BTreeSet<&str> = BTreeSet::new();
    for (_, object, node) in files.objects::<Node>() {
        any = true;
        let labels = &object.metadata.labels;
        let named = |label: &str| match labels.get(label).and_then(Setting::get) {
            Some(value) => Some(value.as_str()),
            None if label == HOSTNAME => object.name(),
            None => None,
        };
        let selected = template
            .spec
            .node_selector
            .iter()
            .all(|(label, wanted)| wanted.get().is_some_and(|wanted| named(&label.value) == Some(wanted)));
        let borne = node.spec.taints.iter().all(|taint| {
            taint.effect.get().is_some_and(|effect| effect == "PreferNoSchedule")
                || tolerations.iter().any(|toleration| bears(toleration, taint))
        });
        if selected && borne {
            values.extend(named(key));
        }
    }
    any.then(|| u32::try_from(values.len()).unwrap_or(u32::MAX))
}

fn bears(toleration: &Toleration, taint: &plimsoll_formats::kubeadm::Taint) -> bool {
    let exists = toleration.operator.get().is_some_and(|operator| operator == "Exists");
    let key = match (toleration.key.get(), taint.key.get()) {
        (None, _) => exists,
        (Some(own), Some(key)) => own == key,
        (Some(_), None) => false,
    };
    let value = exists || toleration.value.or(String::new()) == taint.value.or(String::new());
    let effect = toleration.effect.is_absent() || toleration.effect.get() == taint.effect.get();
    key && value && effect
}

/// What a container asks for, by resource.
pub(super) fn asked(container: &Container, object: &Object) -> Asked {
    let names = |limits: bool| -> Vec<String> {
        let Setting::Known(resources) = &container.resources else { return Vec::new() };
        let own = if limits { &resources.value.limits } else { &resources.value.requests };
        let mut names: BTreeSet<String> = own.keys().map(|key| key.value.clone()).collect();
        if !limits {
            names.extend(resources.value.limits.keys().map(|key| key.value.clone()));
        }
        names.into_iter().collect()
    };
    let name = container.name.get().cloned().unwrap_or_else(|| "(without name)".to_owned());
    Asked {
        place: Place::File { span: container.name.span().or(object.span), component: object.title() },
        requests: names(false),
        limits: names(true),
        name,
    }
}
