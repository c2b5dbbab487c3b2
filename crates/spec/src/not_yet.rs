//! What the grammar has room for and nothing is built for yet: refused by name, at its place.

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Span};

use crate::Spec;
use crate::cluster::{BalancerLayout, EtcdLayout, IngressBy};
use crate::hardware::{PlatformKind, Role};
use crate::services::CephBy;
use crate::site::ExternalKind;

/// Refuses, in the order of the file's sections, whatever is understood but not built yet.
pub(crate) fn refuse(spec: &Spec, diagnostics: &mut Diagnostics) {
    let mut no = |span: Option<Span>, what: &str, instead: &str| {
        let message = format!("`{what}` is understood but not built yet");
        diagnostics.push(Diagnostic::error(message).code("not-yet").at(span, "").help(instead));
    };
    for (_, external) in &spec.external {
        match external.kind.value {
            ExternalKind::Balancer => {
                no(
                    external.kind.span,
                    "kind: balancer",
                    "leave it out, and write `api: { balancer: stacked }`, or `dedicated`",
                );
            }
            ExternalKind::Etcd => {
                no(external.kind.span, "kind: etcd", "leave it out, and write `kubernetes: { etcd: stacked }`");
            }
            _ => {}
        }
    }
    for (_, switch) in &spec.switches {
        if let Some(asn) = &switch.asn {
            no(asn.span, "asn", "leave it out; routers with `kind: router` under `external` may have one");
        }
    }
    for (_, network) in &spec.networks {
        if let Some(ipv6) = &network.ipv6 {
            no(ipv6.span, "ipv6", "leave it out: the cluster has IPv4 alone");
        }
    }
    for (_, host) in &spec.hosts {
        let metal = host.platform.as_ref().filter(|platform| platform.kind.value == PlatformKind::Metal);
        if let Some(platform) = metal {
            no(platform.kind.span, "platform: metal", "write `kind: proxmox`, and put machines on these hosts");
        }
    }
    for (_, machine) in spec.machines.iter().filter(|(_, machine)| machine.role.value == Role::Etcd) {
        let instead = "leave it out: with `kubernetes: { etcd: stacked }` etcd runs on the control plane";
        no(machine.role.span, "role: etcd", instead);
    }
    if let Some(kubernetes) = &spec.kubernetes {
        let layout = kubernetes.etcd.as_ref().and_then(|etcd| etcd.layout.as_ref());
        if let Some(layout) = layout.filter(|layout| layout.value == EtcdLayout::External) {
            no(layout.span, "etcd: external", "write `etcd: stacked`");
        }
        for ranges in [&kubernetes.pods, &kubernetes.services] {
            if let Some(range) = ranges.iter().find(|range| range.value.0.addr().is_ipv6()) {
                no(range.span, "IPv6", "name an IPv4 range alone");
            }
        }
    }
    let balancer = spec.api.balancer.as_ref();
    if let Some(balancer) = balancer.filter(|balancer| balancer.value == BalancerLayout::External) {
        no(balancer.span, "balancer: external", "write `balancer: stacked`, or `dedicated` for machines of their own");
    }
    if let Some(vip) = &spec.api.vip6 {
        no(vip.span, "vip6", "leave it out: clients use `vip`");
    }
    let by = spec.ingress.as_ref().and_then(|ingress| ingress.by.as_ref());
    if let Some(by) = by.filter(|by| by.value == IngressBy::Calico) {
        no(by.span, "by: calico", "write `by: metallb`");
    }
    if let Some(storage) = &spec.storage {
        let by = storage.ceph.as_ref().and_then(|ceph| ceph.by.as_ref());
        if let Some(by) = by.filter(|by| by.value == CephBy::Proxmox) {
            no(by.span, "by: proxmox", "write `by: rook`");
        }
    }
    for (_, tenant) in &spec.tenants {
        if let Some(gpus) = &tenant.gpus {
            no(gpus.span, "gpus", "leave it out: the cluster is built without them");
        }
    }
}
