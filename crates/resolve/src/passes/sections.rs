//! Where each section of the file stands, so that a finding about a default points at the section that could set it.

use plimsoll_diagnostics::Span;

use crate::cx::Cx;

/// Notes for the parts of the Design that a whole section of the file is about where that section begins. A part whose
/// section is missing has no place: nobody wrote it.
pub(crate) fn sections(cx: &Cx<'_>) {
    let spec = cx.spec;
    let kubernetes = spec.kubernetes.as_ref();
    let ceph = spec.storage.as_ref().and_then(|storage| storage.ceph.as_ref());
    let ingress = spec.ingress.as_ref().and_then(|ingress| ingress.pools.iter().next());
    let dns = spec.dns.as_ref();
    let zone = dns.and_then(|dns| dns.zone.as_ref()?.span);
    let etcd_backup = spec.backups.as_ref().and_then(|backups| backups.etcd.as_ref());
    let version = kubernetes.and_then(|kubernetes| kubernetes.version.as_ref()?.span);
    let places: [(&str, Option<Span>); 15] = [
        ("api", spec.api.vip.span),
        ("kubernetes", version),
        ("etcd", kubernetes.and_then(|kubernetes| kubernetes.etcd.as_ref()?.layout.as_ref()?.span).or(version)),
        ("calico", spec.calico.as_ref().and_then(|calico| calico.encapsulation.as_ref()?.span)),
        ("metallb", ingress.and_then(|(name, _)| name.span)),
        ("ceph", ceph.and_then(|ceph| ceph.osds.first()?.span)),
        ("nfs", spec.storage.as_ref().and_then(|storage| storage.nfs.as_ref()?.server.span)),
        ("coredns", zone),
        ("nodelocal", zone),
        ("zone", zone),
        ("external_dns", zone),
        ("backup", etcd_backup.and_then(|backup| backup.every.span)),
        ("monitoring", spec.monitoring.as_ref().and_then(|monitoring| monitoring.storage.as_ref()?.span)),
        ("access", spec.access.as_ref().and_then(|access| access.ssh.as_ref()?.span)),
        ("site", spec.site.as_ref().and_then(|site| site.jurisdiction.as_ref()?.span)),
    ];
    for (part, span) in places {
        cx.at(part).here(span, false);
    }
}
