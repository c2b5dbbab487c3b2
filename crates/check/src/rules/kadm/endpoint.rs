//! KADM-001, 002 and 003: the endpoint that every client and every joining machine uses.

use std::net::IpAddr;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::control_plane::{ControlPlane, host_of, port_of};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const KADM_001: Rule = Rule {
    id: "KADM-001",
    severity: Severity::Error,
    summary: "several control-plane machines share an endpoint that is none of them",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "With more than one control-plane machine, or a claim of high availability: an error when \
                 controlPlaneEndpoint is missing, or stands for exactly one control-plane machine. A warning when that is \
                 the only machine that files tell of. Advice when it is an \
                 address and not a name, since it is frozen into every kubeconfig and certificate.",
        breaks: "A second machine cannot join, or every kubelet and every kubeconfig hangs on the first.",
        remedy: "A name and port that lead to the VIP: `api.k8s.example.edu:8443`.",
        before: "controlPlaneEndpoint: 10.30.12.10:6443    # cp-1",
        after: "controlPlaneEndpoint: api.k8s.example.edu:8443",
        source: "kubernetes.io, creating highly available clusters with kubeadm; kubeadm v1beta4 types",
        evidence: Evidence::Seen,
    },
    check: shared,
};

pub(super) const KADM_002: Rule = Rule {
    id: "KADM-002",
    severity: Severity::Error,
    summary: "the port of the endpoint is the one that somebody listens on",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "The port of controlPlaneEndpoint (or the API server's bind port, which it takes when it has none) differs \
                 from the port of the balancer.",
        breaks: "kubelets and joining machines are refused.",
        remedy: "One port in both.",
        before: "controlPlaneEndpoint: api.k8s.example.edu        # the balancer listens on 8443",
        after: "controlPlaneEndpoint: api.k8s.example.edu:8443",
        source: "kubeadm v1beta4 types, controlPlaneEndpoint",
        evidence: Evidence::Seen,
    },
    check: port,
};

pub(super) const KADM_003: Rule = Rule {
    id: "KADM-003",
    severity: Severity::Error,
    summary: "the API server's certificate names every address that clients use",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A VIP that is neither the host of controlPlaneEndpoint nor an advertised address (kubeadm adds these) and \
                 is not in certSANs: an error for the address of a second family or when the design has clients use it, \
                 advice otherwise.",
        breaks: "Clients that use the address get x509 errors, as after a failover to IPv6 or while DNS is away.",
        remedy: "List it in certSANs before `kubeadm init`; later `kubeadm init phase certs apiserver` and a restart of \
                 each API server.",
        before: "certSANs: []",
        after: "certSANs: [10.30.12.100]",
        source: "kubeadm pki_helpers.go (GetAPIServerAltNames)",
        evidence: Evidence::Seen,
    },
    check: names,
};

fn several(plane: &ControlPlane) -> Option<bool> {
    if plane.machines.len() > 1 || plane.claims_ha.is(&true) {
        return Some(true);
    }
    plane.machines_known.then_some(false)
}

fn shared(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        if several(plane) == Some(false) || plane.node_local_balancer.is(&true) {
            verdicts.holds();
            continue;
        }
        let Some(endpoint) = plane.endpoint.get() else {
            verdicts.cannot_judge(&plane.place, "its endpoint");
            continue;
        };
        let Some(endpoint) = endpoint else {
            // One machine without an endpoint may be meant; files do not tell how many there will be.
            if several(plane) == Some(true) {
                verdicts.broken(
                    Finding::new(Severity::Error, &plane.place, "the control plane has no endpoint of its own")
                        .at(&plane.endpoint, "controlPlaneEndpoint is missing")
                        .breaks("no second control-plane machine can join, and every client hangs on the first")
                        .help("set controlPlaneEndpoint to a name and port that lead to the VIP"),
                );
            } else {
                verdicts.cannot_judge(&plane.place, "how many control-plane machines there are");
            }
            continue;
        };
        let host = host_of(endpoint);
        let addresses = plane.endpoint_addresses.get();
        let of_machine = |address: &IpAddr| plane.machines.iter().find(|machine| machine.address.is(address));
        let single = addresses.and_then(|list| match list[..] {
            [only] => of_machine(&only),
            _ => None,
        });
        let literal = host.parse::<IpAddr>().is_ok();
        verdicts.verdict(if let Some(machine) = single {
            // Files may tell of the first machine only, and one machine may be meant.
            let known = plane.machines.len() > 1 || plane.machines_known;
            Some(
                Finding::new(
                    if known { Severity::Error } else { Severity::Warning },
                    plane.endpoint.place(),
                    format!("the endpoint of the API is {} alone", machine.name),
                )
                .at(&plane.endpoint, "")
                .context(&machine.address, format!("the address of {}", machine.name))
                .breaks(format!("every kubelet and every kubeconfig hangs on {}", machine.name))
                .help("use a name that leads to the VIP"),
            )
        } else if literal {
            Some(
                Finding::new(
                    Severity::Advice,
                    plane.endpoint.place(),
                    "the endpoint of the API is an address, not a name",
                )
                .at(&plane.endpoint, "frozen into every kubeconfig and certificate")
                .breaks("renumbering means new certificates and new kubeconfigs everywhere")
                .help("use a name that leads to the VIP"),
            )
        } else {
            None
        });
    }
}

fn port(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        let Some(Some(endpoint)) = plane.endpoint.get() else { continue };
        let (Some(balancer), Some(bind)) = (plane.balancer_port.copied(), plane.bind_port.copied()) else {
            verdicts.cannot_judge(&plane.place, "the port of its balancer");
            continue;
        };
        let stated = port_of(endpoint);
        let used = stated.unwrap_or(bind);
        let wanted = balancer.unwrap_or(bind);
        verdicts.verdict((used != wanted).then(|| {
            let how = if stated.is_some() { "" } else { ", the API server's own since it names none" };
            Finding::new(
                Severity::Error,
                plane.endpoint.place(),
                format!("the endpoint leads to port {used}, and the balancer listens on {wanted}"),
            )
            .at(&plane.endpoint, format!("port {used}{how}"))
            .context(&plane.balancer_port, format!("port {wanted}"))
            .breaks("kubelets and joining machines are refused")
            .help(format!("write `{}:{wanted}`", host_of(endpoint)))
        }));
    }
}

fn names(world: &World<'_>, verdicts: &mut Verdicts) {
    for plane in &world.control_planes {
        let (Some(vips), Some(sans)) = (plane.vips.get(), plane.sans.get()) else {
            verdicts.cannot_judge(&plane.place, "the addresses of its endpoint");
            continue;
        };
        let host = plane.endpoint.get().and_then(Option::as_ref);
        let host = host.and_then(|endpoint| host_of(endpoint).parse::<IpAddr>().ok());
        for vip in vips {
            let by_kubeadm = host == Some(*vip) || plane.machines.iter().any(|it| it.address.is(vip));
            let missing = !by_kubeadm && !sans.iter().any(|san| san.parse::<IpAddr>().is_ok_and(|san| san == *vip));
            verdicts.verdict(missing.then(|| {
                // The second family is used by clients that resolve the name to it.
                let second_family = vips[0].is_ipv4() != vip.is_ipv4();
                let severity = if second_family { Severity::Error } else { Severity::Advice };
                Finding::new(severity, plane.sans.place(), format!("the API server's certificate lacks the VIP {vip}"))
                    .at(&plane.sans, "")
                    .context(&plane.vips, "the VIP")
                    .breaks("clients that use the address, as when DNS is away, get x509 errors")
                    .help(format!("add {vip} to certSANs"))
            }));
        }
    }
}
