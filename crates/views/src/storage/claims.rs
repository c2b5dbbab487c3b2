//! Claims of volumes and what makes them.

use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::core::PersistentVolumeClaim;
use plimsoll_formats::kubernetes::workload::StatefulSet;

use super::from_files::{at, place};
use crate::files::Files;
use crate::{Fact, Place};

/// A StatefulSet that asks for volumes.
#[derive(Clone, Debug)]
pub struct Claimant {
    /// `StatefulSet/shop/db`
    pub title: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Its copies.
    pub replicas: Fact<u32>,
    /// Classes that its claims name.
    pub classes: Vec<Fact<String>>,
}

/// Claims that name no class.
pub(super) fn without_class(files: &Files) -> Vec<Fact<String>> {
    let unnamed = |class: &Setting<String>| class.is_absent();
    let mut claims = Vec::new();
    for (_, object, claim) in files.objects::<PersistentVolumeClaim>() {
        if unnamed(&claim.spec.storage_class_name) && claim.spec.volume_name.is_absent() {
            claims.push(Fact::known(object.title(), at(object)));
        }
    }
    for (_, object, set) in files.objects::<StatefulSet>() {
        for template in &set.spec.volume_claim_templates {
            if unnamed(&template.spec.storage_class_name) {
                let name = template.metadata.name.get().map_or("(without name)", String::as_str);
                let title = format!("the claim `{name}` of {}", object.title());
                claims.push(Fact::known(title, place(object, template.metadata.name.span())));
            }
        }
    }
    claims
}

/// StatefulSets with the classes that their claims name.
pub(super) fn claimants(files: &Files) -> Vec<Claimant> {
    files
        .objects::<StatefulSet>()
        .map(|(_, object, set)| {
            let here = at(object);
            let named = set.spec.volume_claim_templates.iter().map(|it| &it.spec.storage_class_name);
            Claimant {
                title: object.title(),
                replicas: Fact::setting_or(&set.spec.replicas, 1, &here),
                classes: named.filter(|name| !name.is_absent()).map(|name| Fact::setting(name, &here)).collect(),
                place: here,
            }
        })
        .collect()
}
