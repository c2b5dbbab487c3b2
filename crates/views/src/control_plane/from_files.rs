//! The control plane of kubeadm's files and static pods.

use std::net::IpAddr;

use plimsoll_diagnostics::Span;
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::{
    Args, ArgsForm, ClusterConfiguration, InitConfiguration, JoinConfiguration, KubeletConfiguration,
};
use plimsoll_formats::kubernetes::Object;
use plimsoll_formats::kubernetes::workload::Pod;
use plimsoll_model::Map;
use plimsoll_model::units::{Bytes, MilliCpu, Millis};

use super::{ControlPlane, ControlPlaneMachine, ExtraArgs};
use crate::files::Files;
use crate::{Fact, Place};

/// kubeadm's default life of a leaf certificate (kubeadm constants, CertificateValidityPeriod).
const CERTIFICATE_LIFE: Millis = Millis::days(365);
/// Port of the API server where nobody states one (kubeadm v1beta4 types, BindPort).
const BIND_PORT: u16 = 6443;

/// The control plane of the first ClusterConfiguration; nothing when there is none.
pub fn from_files(files: &Files) -> Vec<ControlPlane> {
    let Some((_, object, cluster)) = files.objects::<ClusterConfiguration>().next() else { return Vec::new() };
    let component = "kubeadm ClusterConfiguration";
    let place = Place::File { span: object.span, component: component.to_owned() };
    let at = |span: Option<Span>| Place::File { span: span.or(object.span), component: component.to_owned() };
    let api_server = cluster.api_server.as_ref();
    let etcd = cluster.etcd.as_ref();
    let external = etcd.and_then(|etcd| etcd.external.as_ref());
    let api_args = api_server.map(|server| &server.extra_args);
    let arg = |name: &str| api_args.map_or(Setting::Absent, |args| args.get(name).clone());
    let endpoint = match &cluster.control_plane_endpoint {
        Setting::Absent => Fact::known(None, place.clone()),
        stated => Fact::setting(&stated.clone().map(|text| (!text.is_empty()).then_some(text)), &place),
    };
    let endpoint_host = endpoint.get().and_then(Option::as_ref).map(|text| host_of(text).to_owned());
    let literal = endpoint_host.and_then(|host| host.parse::<IpAddr>().ok()).map(|address| vec![address]);
    let vips = virtual_addresses(files, literal.as_deref());
    let machines = machines(files);
    // An endpoint apart from the machines is set up for one reason only.
    let own_endpoint = literal.iter().flatten().any(|address| machines.iter().any(|it| it.address.is(address)));
    let lacks = external.map(|external| {
        [("caFile", &external.ca_file), ("certFile", &external.cert_file), ("keyFile", &external.key_file)]
            .into_iter()
            .filter(|(_, file)| file.is_absent())
            .map(|(name, _)| Fact::known(name.to_owned(), place.clone()))
            .collect()
    });
    let kubelet = files.objects::<KubeletConfiguration>().next().map(|(_, object, kubelet)| (object, kubelet));
    vec![ControlPlane {
        version: Fact::setting(
            &cluster.kubernetes_version.clone().map(|version| version.trim_start_matches('v').to_owned()),
            &place,
        ),
        kubeadm_api: Fact::known(object.api_version.value.clone(), at(object.api_version.span)),
        args_as_list: arg_forms(files),
        endpoint_addresses: match (literal, &vips) {
            (Some(literal), _) => Fact::known(literal, endpoint.place().clone()),
            (None, _) => Fact::unknown(place.clone()),
        },
        balancer_port: balancer_port(
            files,
            endpoint.get().and_then(Option::as_deref),
            bind_port(files, &place).copied(),
            &place,
        ),
        bind_port: bind_port(files, &place),
        vips: vips.unwrap_or_else(|| Fact::unknown(place.clone())),
        sans: Fact::known(
            api_server.map(|server| server.cert_sans.iter().map(|san| san.value.clone()).collect()).unwrap_or_default(),
            at(api_server.and_then(|server| server.cert_sans.first()).and_then(|san| san.span)),
        ),
        claims_ha: Fact::maybe(
            (machines.len() > 1 || (!cluster.control_plane_endpoint.is_absent() && !own_endpoint)).then_some(true),
            endpoint.place().clone(),
        ),
        node_local_balancer: Fact::unknown(place.clone()),
        etcd_stacked: Fact::known(external.is_none(), place.clone()),
        machines_known: false,
        machines,
        certificate_life: Fact::setting_or(
            &cluster.certificate_validity_period.clone().map(|life| life.0),
            CERTIFICATE_LIFE,
            &place,
        ),
        renewal: Fact::unknown(place.clone()),
        shutdown_delay: Fact::setting_or(
            &arg("shutdown-delay-duration").map(|text| duration(&text)),
            Millis(0),
            &place,
        ),
        balancer_notices: Fact::unknown(place.clone()),
        encrypted: Fact::known(
            !arg("encryption-provider-config").is_absent(),
            at(arg("encryption-provider-config").span()),
        ),
        server_tls_bootstrap: match kubelet {
            Some((object, kubelet)) => Fact::setting_or(
                &kubelet.server_tls_bootstrap,
                false,
                &Place::File { span: object.span, component: "KubeletConfiguration".to_owned() },
            ),
            None => Fact::unknown(place.clone()),
        },
        csr_approver: Fact::maybe(approves(files).then_some(true), place.clone()),
        external_etcd: external
            .map(|external| external.endpoints.iter().map(|url| Fact::known(url.value.clone(), at(url.span))).collect())
            .unwrap_or_default(),
        external_etcd_lacks: lacks.unwrap_or_default(),
        programs: Map::new(),
        endpoint,
        place,
    }]
}

/// The host of `host:port`, without the brackets of IPv6.
pub fn host_of(endpoint: &str) -> &str {
    if let Some(rest) = endpoint.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match endpoint.rsplit_once(':') {
        // Two colons and no brackets: an IPv6 address without a port.
        Some((host, _)) if !host.contains(':') => host,
        _ => endpoint,
    }
}

/// The port of `host:port`; `None` when it has none.
pub fn port_of(endpoint: &str) -> Option<u16> {
    let rest = endpoint.strip_prefix('[').map_or(endpoint, |rest| rest.split_once(']').map_or("", |(_, rest)| rest));
    let (before, port) = rest.rsplit_once(':')?;
    // `fd00::1` has colons and no port.
    (!before.contains(':')).then(|| port.parse().ok()).flatten()
}

fn duration(text: &str) -> Millis {
    plimsoll_formats::kubernetes::quantity::Duration::from_go(text).map_or(Millis(0), |duration| duration.0)
}

/// How each list of extra arguments is written.
fn arg_forms(files: &Files) -> Vec<ExtraArgs> {
    let mut forms = Vec::new();
    let mut take = |what: &str, args: &Args, object: &Object| {
        if !args.is_empty() {
            let component = format!("kubeadm {what}");
            let at = |span| Place::File { span, component: component.clone() };
            forms.push(ExtraArgs {
                as_list: Fact::known(args.form == ArgsForm::List, at(args.span)),
                api: Fact::known(object.api_version.value.clone(), at(object.api_version.span)),
            });
        }
    };
    for (_, object, cluster) in files.objects::<ClusterConfiguration>() {
        if let Some(server) = &cluster.api_server {
            take("apiServer.extraArgs", &server.extra_args, object);
        }
        for (what, part) in
            [("controllerManager.extraArgs", &cluster.controller_manager), ("scheduler.extraArgs", &cluster.scheduler)]
        {
            if let Some(part) = part {
                take(what, &part.extra_args, object);
            }
        }
        if let Some(local) = cluster.etcd.as_ref().and_then(|etcd| etcd.local.as_ref()) {
            take("etcd.local.extraArgs", &local.extra_args, object);
        }
    }
    let init = files.objects::<InitConfiguration>().map(|(_, object, init)| (object, init.node_registration.as_ref()));
    let join = files.objects::<JoinConfiguration>().map(|(_, object, join)| (object, join.node_registration.as_ref()));
    for (object, registration) in init.chain(join) {
        if let Some(registration) = registration {
            take("nodeRegistration.kubeletExtraArgs", &registration.kubelet_extra_args, object);
        }
    }
    forms
}

/// The addresses of the VRRP group that has the endpoint's, or of the only group: others may be for something else.
fn virtual_addresses(files: &Files, endpoint: Option<&[IpAddr]>) -> Option<Fact<Vec<IpAddr>>> {
    let groups = crate::vrrp::from_files(files);
    let lists: Vec<Fact<Vec<IpAddr>>> = groups
        .iter()
        .filter_map(|group| group.members.first())
        .map(|member| member.addresses.map(|list| list.iter().map(|vip| vip.address).collect()))
        .collect();
    let of_endpoint = lists.iter().find(|list| {
        let known = list.get().into_iter().flatten();
        endpoint.is_some_and(|wanted| known.into_iter().any(|address| wanted.contains(address)))
    });
    match (of_endpoint, &lists[..]) {
        (Some(list), _) => Some(list.clone()),
        (None, [only]) => Some(only.clone()),
        _ => None,
    }
}

/// The port of a balancer among the files; the endpoint's own when one of them listens on it.
fn balancer_port(files: &Files, endpoint: Option<&str>, bind: Option<u16>, place: &Place) -> Fact<Option<u16>> {
    let port = endpoint.and_then(port_of).or(bind);
    let balancers = crate::balancer::from_files(files);
    if balancers.iter().any(|balancer| !balancer.binds_known) {
        return Fact::unknown(place.clone());
    }
    // What listens on loopback alone serves its own machine, not the endpoint.
    let local = endpoint.is_some_and(|text| {
        let host = host_of(text);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    });
    let shared = |bind: &&crate::balancer::Bind| local || bind.address.is_none_or(|address| !address.is_loopback());
    let mut binds = balancers.iter().flat_map(|balancer| &balancer.binds).filter(shared);
    let wanted = binds.clone().find(|bind| port == Some(bind.port));
    match wanted.or_else(|| binds.next()) {
        Some(bind) => Fact::known(Some(bind.port), bind.place.clone()),
        // No balancer among the files does not mean that there is none.
        None => Fact::unknown(place.clone()),
    }
}

fn bind_port(files: &Files, place: &Place) -> Fact<u16> {
    let init = files.objects::<InitConfiguration>().find_map(|(_, _, init)| init.local_api_endpoint.as_ref());
    match init {
        Some(endpoint) => Fact::setting_or(&endpoint.bind_port, BIND_PORT, place),
        None => Fact::default(BIND_PORT, place.clone()),
    }
}

fn machines(files: &Files) -> Vec<ControlPlaneMachine> {
    let init = files
        .objects::<InitConfiguration>()
        .filter_map(|(file, object, init)| Some((file, object, init.local_api_endpoint.as_ref()?)));
    let join = files.objects::<JoinConfiguration>().filter_map(|(file, object, join)| {
        Some((file, object, join.control_plane.as_ref()?.local_api_endpoint.as_ref()?))
    });
    init.chain(join)
        .map(|(file, object, endpoint)| {
            let place = Place::File { span: object.span, component: object.title() };
            ControlPlaneMachine {
                name: if file.owner.is_empty() { file.path.clone() } else { file.owner.clone() },
                address: Fact::setting(&endpoint.advertise_address, &place)
                    .map(|text| text.parse::<IpAddr>().ok())
                    .flatten(),
                cpu: Fact::unknown(place.clone()),
                memory: Fact::<Bytes>::unknown(place.clone()),
                schedulable: Fact::unknown(place.clone()),
                reserved: Fact::<(MilliCpu, Bytes)>::unknown(place.clone()),
                place,
            }
        })
        .collect()
}

/// Whether something among the objects approves the kubelets' serving certificates.
fn approves(files: &Files) -> bool {
    let named = |name: &str| name.contains("csr-approver") || name.contains("kubelet-serving-cert-approver");
    files.list.iter().any(|file| match &file.content {
        crate::files::Content::Kubernetes(manifest) => {
            manifest.objects.iter().any(|object| object.name().is_some_and(named) && object.of::<Pod>().is_none())
        }
        _ => false,
    })
}
