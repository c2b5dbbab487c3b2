//! What a machine has beside its HAProxy: keepalived, settings of the kernel, an API server.

use std::collections::BTreeSet;
use std::net::IpAddr;

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_formats::Setting;
use plimsoll_formats::hosts::Entry;
use plimsoll_formats::keepalived::{Conf, NotifyEvent};
use plimsoll_formats::kubeadm::ClusterConfiguration;
use plimsoll_formats::kubernetes::workload::Pod;

use crate::files::{Content, Files};

/// What other files of the same machine say.
pub(super) struct Machine {
    pub(super) own_addresses: Vec<IpAddr>,
    pub(super) vips: Option<(Vec<IpAddr>, Option<Span>)>,
    pub(super) has_api_server: bool,
    /// `bind-address` of the API server; `None` when its flags are not among the files.
    pub(super) api_bind: Option<Setting<String>>,
    /// Whether keepalived starts HAProxy when an address arrives.
    pub(super) starts_haproxy: bool,
    /// Names that its hosts file has.
    pub(super) names: BTreeSet<String>,
    /// `ip_nonlocal_bind` of IPv4 and of IPv6.
    pub(super) nonlocal_bind: [Setting<bool>; 2],
    pub(super) anonymous: Option<Spanned<bool>>,
    /// What the checks of its VRRP groups run, scripts by their text (unknown when that is missing); `None` without
    /// keepalived.
    pub(super) checks: Option<Vec<Option<String>>>,
}

impl Machine {
    pub(super) fn of(files: &Files, owner: &str) -> Self {
        let mut machine = Machine {
            own_addresses: Vec::new(),
            vips: None,
            has_api_server: false,
            api_bind: api_bind(files, owner),
            starts_haproxy: false,
            names: BTreeSet::new(),
            nonlocal_bind: [Setting::Absent, Setting::Absent],
            anonymous: anonymous(files, owner),
            checks: None,
        };
        for daemon in crate::vrrp::daemons(files).iter().filter(|daemon| daemon.file.owner == owner) {
            machine.keepalived(files, owner, &daemon.conf);
        }
        for file in files.of(owner) {
            match &file.content {
                Content::Sysctl(conf) => {
                    for (own, family) in machine.nonlocal_bind.iter_mut().zip(["ipv4", "ipv6"]) {
                        if let Some(entry) = conf.get(&format!("net.{family}.ip_nonlocal_bind")) {
                            *own = entry.value.clone().map(|value| value.trim() == "1");
                        }
                    }
                }
                Content::Hosts(hosts) => {
                    for entry in &hosts.entries {
                        if let Entry::Host { names, .. } = entry {
                            machine.names.extend(names.iter().map(|name| name.value.clone()));
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

    fn keepalived(&mut self, files: &Files, owner: &str, conf: &Conf) {
        for instance in &conf.instances {
            self.own_addresses.extend(instance.unicast_src_ip.get());
            self.starts_haproxy |= instance.notify.iter().any(|notify| {
                let at_master = matches!(notify.event, NotifyEvent::Master | NotifyEvent::Any);
                at_master && notify.command.get().is_some_and(|command| command.contains("haproxy"))
            });
            let vips = instance.virtual_addresses.iter().filter_map(|vip| vip.address.get().copied());
            let span = instance.virtual_addresses.first().and_then(|vip| vip.address.span());
            self.vips.get_or_insert((Vec::new(), span)).0.extend(vips);
        }
        let groups = conf.sync_groups.iter().map(|group| &group.tracks);
        let tracks = conf.instances.iter().map(|instance| &instance.tracks).chain(groups);
        let checks = tracks.flat_map(|tracks| &tracks.scripts).map(|track| {
            let script = track.name.get().and_then(|name| conf.script(name)).and_then(|script| script.script.get());
            script.and_then(|command| script_text(files, owner, command))
        });
        if !conf.instances.is_empty() {
            self.checks.get_or_insert_default().extend(checks);
        }
    }
}

/// The address that an API server binds: by the flags of the static pod, else by kubeadm's.
fn api_bind(files: &Files, owner: &str) -> Option<Setting<String>> {
    for (file, object, pod) in files.objects::<Pod>() {
        let api = object.name().is_some_and(|name| name.starts_with("kube-apiserver"));
        if api && (file.owner == owner || file.owner.is_empty()) {
            let flag = pod.spec.containers.first().and_then(|container| container.flag("bind-address"));
            return Some(flag.map_or(Setting::Absent, Setting::Known));
        }
    }
    let (_, _, cluster) = files.objects::<ClusterConfiguration>().next()?;
    let args = cluster.api_server.as_ref().map(|server| &server.extra_args);
    Some(args.map_or(Setting::Absent, |args| args.get("bind-address").clone()))
}

/// What a check runs: the text of its script when it is among the files, else the command; nothing when that names a file
/// alone.
fn script_text(files: &Files, owner: &str, command: &str) -> Option<String> {
    let path = command.split_whitespace().next().unwrap_or_default();
    match files.script(owner, path) {
        Some(script) => Some(script.text.value.clone()),
        None => (command.trim() != path).then(|| command.to_owned()),
    }
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
