//! Exact versions of everything that is rendered or judged by version.

use plimsoll_diagnostics::Spanned;
use plimsoll_model::{Map, Name};
use plimsoll_spec::scalars::Version;

use crate::cx::{Cx, error};

/// Exact versions of all components.
pub(crate) fn versions(cx: &Cx<'_>) -> Option<Map<String>> {
    let at = cx.at("version");
    let mut versions = Map::new();
    for (component, version) in cx.edition.versions {
        versions.insert(Name::from(*component), at.chosen(component, (*version).to_owned(), "current then"));
    }
    let spec = cx.spec.kubernetes.as_ref();
    let written = spec.and_then(|kubernetes| kubernetes.version.as_ref());
    let releases = cx.edition.kubernetes;
    let latest = releases.last()?;
    let release = match written {
        Some(version) => releases.iter().find(|release| release.minor == (version.major, version.minor)),
        None => Some(latest),
    };
    let mut put = |component: &str, version: String| versions.insert(Name::from(component), version);
    match (written, release) {
        (Some(version), _) if version.patch.is_some() => {
            put("kubernetes", at.written("kubernetes", &Spanned { value: version.to_string(), span: version.span }));
        }
        (Some(version), Some(release)) => {
            put("kubernetes", at.expanded("kubernetes", release.version.to_owned(), version.span));
        }
        (Some(version), None) => {
            let known: Vec<String> =
                releases.iter().map(|release| format!("{}.{}", release.minor.0, release.minor.1)).collect();
            let message =
                format!("edition {} does not know the latest release of Kubernetes {version}", cx.edition.name);
            let problem = error("unknown-version", message, version.span, "");
            let help =
                format!("write all three numbers, as in `\"{version}.1\"`; it knows those of {}", known.join(", "));
            cx.say(problem.help(help));
            return None;
        }
        (None, _) => {
            put(
                "kubernetes",
                at.chosen("kubernetes", latest.version.to_owned(), "the latest that all components are tested with"),
            );
        }
    }
    let brought = release.unwrap_or(latest);
    for (component, version) in [("etcd", brought.etcd), ("coredns", brought.coredns), ("pause", brought.pause)] {
        put(component, at.chosen(component, version.to_owned(), "what kubeadm brings"));
    }
    let ingress = cx.spec.ingress.as_ref();
    let ceph = cx.spec.storage.as_ref().and_then(|storage| storage.ceph.as_ref());
    let external_dns = cx.spec.dns.as_ref().and_then(|dns| dns.external_dns.as_ref());
    let stated: [(&str, Option<&Spanned<Version>>); 5] = [
        ("containerd", spec.and_then(|kubernetes| kubernetes.containerd.as_ref())),
        ("calico", cx.spec.calico.as_ref().and_then(|calico| calico.version.as_ref())),
        ("metallb", ingress.and_then(|ingress| ingress.version.as_ref())),
        ("rook", ceph.and_then(|ceph| ceph.version.as_ref())),
        ("external-dns", external_dns.and_then(|dns| dns.version.as_ref())),
    ];
    for (component, version) in stated {
        if let Some(version) = version {
            put(component, at.written(component, &Spanned { value: version.to_string(), span: version.span }));
        }
    }
    let platform = cx.spec.hosts.values().find_map(|host| host.platform.as_ref()?.version.as_ref());
    let default = &cx.edition.platform_version;
    let version = match platform {
        Some(version) => at.written("proxmox", &Spanned { value: version.to_string(), span: version.span }),
        None => at.chosen("proxmox", default.value.to_owned(), default.why),
    };
    put("proxmox", version);
    Some(versions)
}
