//! CAL-014, 015 and 016: kernels, kube-proxy and what programs packets.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use super::{calico, release};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const CAL_014: Rule = Rule {
    id: "CAL-014",
    severity: Severity::Warning,
    summary: "nodes run a system that Calico supports",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The operating system of a node is older than what Calico names for kernels before 5.10: RHEL and its like 8, \
                 Ubuntu 20.04, Debian 10. Systems that are not known here cannot be judged; the floor of nftables is \
                 CAL-016's.",
        breaks: "Below the stated minimum: nobody tests it.",
        remedy: "A newer release.",
        before: "image: { os: ubuntu-18.04 }",
        after: "image: { os: ubuntu-24.04 }",
        source: "Calico, system requirements",
        evidence: Evidence::Seen,
    },
    check: system,
};

pub(super) const CAL_015: Rule = Rule {
    id: "CAL-015",
    severity: Severity::Error,
    summary: "kube-proxy's mode is chosen, and not one that goes away",
    reads: Reads::Both,
    silent_behind: &["CAL-016"],
    manual: Manual {
        checks: "Mode `ipvs` with Kubernetes 1.40 or later and without the gate KubeProxyIPVS: an error. With 1.35 or later: a \
                 warning. No mode in KubeProxyConfiguration: advice.",
        breaks: "ipvs is deprecated since 1.35 and kube-proxy refuses to start with it once the gate is off (planned for \
                 1.40). Left out the mode is iptables today and is planned to become nftables.",
        remedy: "`mode: nftables` with Calico's data plane Nftables and kernels from 5.13; or `mode: iptables`.",
        before: "mode: ipvs",
        after: "mode: nftables",
        source: "Kubernetes enhancements 5495 and 5343; kubernetes/kubernetes issue 139397",
        evidence: Evidence::Seen,
    },
    check: proxy_mode,
};

pub(super) const CAL_016: Rule = Rule {
    id: "CAL-016",
    severity: Severity::Error,
    summary: "kube-proxy with nftables has a data plane and kernels for it",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "kube-proxy in mode nftables: an error with Calico before 3.29, which has no nftables data plane, and with an \
                 operating system whose kernel is older than 5.13 (Debian 11, Ubuntu 20.04, RHEL and its like 8 and older). A \
                 warning while Calico programs iptables (linuxDataplane Iptables or left out, nftablesMode Disabled). Not for \
                 eBPF.",
        breaks: "kube-proxy does not start, or two sets of rules stand side by side in a mix that is documented as \
                 incompatible.",
        remedy: "`linuxDataplane: Nftables` together with mode nftables, or iptables for both.",
        before: "mode: nftables\n# Installation: linuxDataplane left out",
        after: "mode: nftables\n# Installation: calicoNetwork: { linuxDataplane: Nftables }",
        source: "Calico, nftables data plane; release notes of Calico 3.29 (first, as a technical preview; by kubespray pull \
                 request 12255) and calico pull request 8780; its operator's core_controller.go; calico issue 8025; \
                 kubernetes.io, virtual IPs (kernel 5.13)",
        evidence: Evidence::Seen,
    },
    check: nftables,
};

/// Family and release of `debian-13`, `ubuntu-24.04`, `rocky-9`.
fn family(os: &str) -> Option<(&'static str, u32)> {
    let (name, version) = os.split_once('-')?;
    let major = version.split('.').next()?.parse().ok()?;
    match name {
        "debian" => Some(("debian", major)),
        "ubuntu" => Some(("ubuntu", major)),
        "rhel" | "rocky" | "almalinux" | "alma" | "centos" | "oracle" => Some(("rhel", major)),
        _ => None,
    }
}

fn system(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(calico) = calico(world) else { return };
    for os in &calico.systems {
        let Some((family, major)) = os.get().and_then(|os| family(os)) else {
            verdicts.cannot_judge(os.place(), "the kernel of its system");
            continue;
        };
        let least = match family {
            "debian" => 10,
            "ubuntu" => 20,
            _ => 8,
        };
        verdicts.verdict((major < least).then(|| {
            let name = os.get().map_or("", String::as_str);
            Finding::new(Severity::Warning, os.place(), format!("{name} is below what Calico supports"))
                .at(os, "")
                .breaks("nobody tests Calico on it")
                .help("use a newer release")
        }));
    }
}

fn proxy_mode(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(proxy) = &world.pod_network.proxy else { return };
    let Some(mode) = proxy.mode.get() else {
        verdicts.cannot_judge(&proxy.place, "its mode");
        return;
    };
    if mode.is_empty() {
        verdicts.broken(
            Finding::new(Severity::Advice, &proxy.place, "nobody chose the mode of kube-proxy")
                .at(&proxy.mode, "left out, it is iptables today")
                .breaks("nftables is planned to become the default: an upgrade would change it")
                .help("write `mode: nftables` or `mode: iptables`"),
        );
        return;
    }
    if mode != "ipvs" {
        verdicts.holds();
        return;
    }
    let Some((_, minor, _)) = proxy.kubernetes.get().and_then(|version| super::super::mlb::version(version)) else {
        verdicts.cannot_judge(&proxy.place, "the version of Kubernetes");
        return;
    };
    let version = proxy.kubernetes.get().map_or("", String::as_str);
    let finding = |severity, message: &str| {
        Finding::new(severity, &proxy.place, message)
            .at(&proxy.mode, "")
            .context(&proxy.kubernetes, "")
            .help("use nftables, with Calico's data plane Nftables")
    };
    verdicts.verdict(if minor >= 40 && proxy.ipvs_gate.is(&false) {
        Some(
            finding(Severity::Error, "kube-proxy refuses to start with ipvs")
                .breaks("no service address works on any node")
                .note(format!("Kubernetes {version} has the gate KubeProxyIPVS off")),
        )
    } else if minor >= 35 {
        Some(
            finding(Severity::Warning, "ipvs is deprecated")
                .breaks("kube-proxy stops knowing it, by plan in Kubernetes 1.43, and needs a gate from 1.40"),
        )
    } else {
        None
    });
}

fn nftables(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(proxy) = world.pod_network.proxy.as_ref().filter(|proxy| proxy.mode.is(&"nftables".to_owned())) else {
        return;
    };
    let Some(calico) = calico(world) else { return };
    if calico.dataplane.is(&"BPF".to_owned()) {
        return;
    }
    let old = calico.systems.iter().find(|os| {
        os.get().and_then(|os| family(os)).is_some_and(|(family, major)| match family {
            "debian" => major <= 11,
            "ubuntu" => major <= 20,
            _ => major <= 8,
        })
    });
    if let Some(os) = old {
        let name = os.get().map_or("", String::as_str);
        verdicts.broken(
            Finding::new(
                Severity::Error,
                os.place(),
                format!("the kernel of {name} is too old for kube-proxy with nftables"),
            )
            .at(os, "older than 5.13")
            .context(&proxy.mode, "")
            .breaks("kube-proxy does not start: no service address works on these nodes")
            .help("use a newer release, or `mode: iptables`")
            .cause("kube-proxy"),
        );
        return;
    }
    if let Some(release) = release(calico).filter(|release| *release < (3, 29)) {
        verdicts.broken(
            Finding::new(
                Severity::Error,
                calico.version.place(),
                format!("Calico {}.{} has no nftables data plane", release.0, release.1),
            )
            .at(&calico.version, "from 3.29")
            .context(&proxy.mode, "")
            .breaks("its iptables rules stand beside kube-proxy's nftables rules, a mix documented as incompatible")
            .help("upgrade Calico, or use `mode: iptables`")
            .cause("kube-proxy"),
        );
        return;
    }
    match calico.dataplane.get().map(String::as_str) {
        Some("Iptables") => verdicts.broken(
            Finding::new(
                Severity::Warning,
                calico.dataplane.place(),
                "kube-proxy programs nftables and Calico iptables",
            )
            .at(
                &calico.dataplane,
                if calico.dataplane.is_default() { "linuxDataplane is left out, which means Iptables" } else { "" },
            )
            .context(&proxy.mode, "")
            .breaks("two sets of rules stand side by side, a mix documented as incompatible")
            .help("set `linuxDataplane: Nftables`, or use iptables for both")
            .cause("kube-proxy"),
        ),
        Some(_) => verdicts.holds(),
        None => verdicts.cannot_judge(&calico.place, "what programs its packets"),
    }
}
