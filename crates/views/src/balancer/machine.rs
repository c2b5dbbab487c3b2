//! What a machine has beside its HAProxy: keepalived, settings of the kernel, an API server.

use std::net::IpAddr;

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::ClusterConfiguration;
use plimsoll_formats::kubernetes::workload::Pod;

use crate::files::{Content, Files};

/// What other files of the same machine say.
pub(super) struct Machine {
    pub(super) own_addresses: Vec<IpAddr>,
    pub(super) vips: Option<(Vec<IpAddr>, Option<Span>)>,
    pub(super) has_api_server: bool,
    /// `ip_nonlocal_bind` of IPv4 and of IPv6.
    pub(super) nonlocal_bind: [Setting<bool>; 2],
    pub(super) anonymous: Option<Spanned<bool>>,
    /// What the checks of its VRRP groups run, scripts by their text; `None` without keepalived.
    pub(super) checks: Option<Vec<String>>,
}

impl Machine {
    pub(super) fn of(files: &Files, owner: &str) -> Self {
        let mut machine = Machine {
            own_addresses: Vec::new(),
            vips: None,
            has_api_server: false,
            nonlocal_bind: [Setting::Absent, Setting::Absent],
            anonymous: anonymous(files, owner),
            checks: None,
        };
        for file in files.of(owner) {
            match &file.content {
                Content::Keepalived(conf) => {
                    for instance in &conf.instances {
                        machine.own_addresses.extend(instance.unicast_src_ip.get());
                        let vips: Vec<IpAddr> =
                            instance.virtual_addresses.iter().filter_map(|vip| vip.address.get().copied()).collect();
                        let span = instance.virtual_addresses.first().and_then(|vip| vip.address.span());
                        machine.vips.get_or_insert((Vec::new(), span)).0.extend(vips);
                        let checks = instance.tracks.scripts.iter().filter_map(|track| {
                            let command = conf.script(track.name.get()?)?.script.get()?;
                            Some(script_text(files, owner, command))
                        });
                        machine.checks.get_or_insert_default().extend(checks);
                    }
                }
                Content::Sysctl(conf) => {
                    for (own, family) in machine.nonlocal_bind.iter_mut().zip(["ipv4", "ipv6"]) {
                        if let Some(entry) = conf.get(&format!("net.{family}.ip_nonlocal_bind")) {
                            *own = entry.value.clone().map(|value| value.trim() == "1");
                        }
                    }
                }
                Content::Kubernetes(manifest) => {
                    let api = manifest
                        .of::<Pod>()
                        .any(|(object, _)| object.name().is_some_and(|name| name.starts_with("kube-apiserver")));
                    machine.has_api_server |= api;
                }
                _ => {}
            }
        }
        machine
    }
}

/// What a check runs: the text of its script when it is among the files, else the command.
fn script_text(files: &Files, owner: &str, command: &str) -> String {
    let path = command.split_whitespace().next().unwrap_or_default();
    files.script(owner, path).map_or(command, |script| script.text.value.as_str()).to_owned()
}

/// Whether API servers answer health checks without credentials: by the flags of the static pod, else by kubeadm's.
fn anonymous(files: &Files, owner: &str) -> Option<Spanned<bool>> {
    for (file, object, pod) in files.objects::<Pod>() {
        let api = object.name().is_some_and(|name| name.starts_with("kube-apiserver"));
        if !api || (file.owner != owner && !file.owner.is_empty()) {
            continue;
        }
        let container = pod.spec.containers.first()?;
        let off = container.flag("anonymous-auth").filter(|value| value.value == "false");
        let configured = container.flag("authentication-config").is_some();
        return match off {
            Some(value) if !configured => Some(Spanned { value: false, span: value.span }),
            // What the configuration lets through is in a file of its own.
            Some(_) => None,
            None => Some(Spanned { value: true, span: object.span }),
        };
    }
    let (_, object, cluster) = files.objects::<ClusterConfiguration>().next()?;
    let args = cluster.api_server.as_ref().map(|server| &server.extra_args);
    let stated = args.and_then(|args| args.get("anonymous-auth").known());
    let configured = args.is_some_and(|args| !args.get("authentication-config").is_absent());
    match stated {
        Some(value) if value.value == "false" && !configured => Some(Spanned { value: false, span: value.span }),
        Some(_) if configured => None,
        _ => Some(Spanned { value: true, span: object.span }),
    }
}
