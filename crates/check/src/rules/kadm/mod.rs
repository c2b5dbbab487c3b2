//! KADM: the control plane as kubeadm sets it up.

mod certificates;
mod endpoint;
mod external_etcd;
mod kubelet;
mod machines;
mod versions;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &endpoint::KADM_001,
    &endpoint::KADM_002,
    &endpoint::KADM_003,
    &machines::KADM_004,
    &external_etcd::KADM_009,
    &external_etcd::KADM_010,
    &certificates::KADM_011,
    &versions::KADM_014,
    &versions::KADM_015,
    &machines::KADM_016,
    &machines::KADM_017,
    &kubelet::KADM_018,
    &certificates::KADM_019,
    &kubelet::KADM_020,
];
