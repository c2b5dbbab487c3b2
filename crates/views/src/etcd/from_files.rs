//! etcd of files: settings in units and variables, static pods, and what kubeadm is told.

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::etcd::{EtcdConf, Via, from_flags};
use plimsoll_formats::kubeadm::ClusterConfiguration;
use plimsoll_formats::kubernetes::workload::Pod;
use plimsoll_formats::{Setting, etcd};
use plimsoll_model::units::{Bytes, Millis};

use super::{EtcdCluster, EtcdDisk, EtcdMember, Stated, loses_default};
use crate::files::{Content, Files};
use crate::{Fact, Place};

/// The etcd cluster of files. All members that are found are taken for one cluster: nobody runs two on one set of
/// machines, and a mixture of several clusters' files is told apart by its folders, one call each.
pub fn from_files(files: &Files) -> Vec<EtcdCluster> {
    let mut members = Vec::new();
    // What each says of `initial-cluster`, and whether kubeadm wrote it.
    let mut initial: Vec<Initial> = Vec::new();
    let mut take = |conf: &EtcdConf, owner: &str, place: Place, kubeadm: Kubeadm| {
        // A file of variables for etcdctl has no member in it.
        if conf.settings.is_empty() || conf.settings.iter().all(|entry| entry.name.value.starts_with("endpoints")) {
            return;
        }
        initial.push((conf.initial_cluster(), kubeadm != Kubeadm::No));
        members.push(member(conf, owner, place, kubeadm));
    };
    for (owner, conf) in of_machines(files) {
        let span = conf.settings.first().and_then(|entry| entry.name.span);
        let place = Place::File { span, component: format!("{owner} etcd") };
        take(&conf, owner, place, Kubeadm::No);
    }
    for (file, object, pod) in files.objects::<Pod>() {
        let Some(container) = pod.spec.containers.iter().find(|container| runs_etcd(&container.command)) else {
            continue;
        };
        let words: Vec<Spanned<String>> = container.command.iter().chain(&container.args).cloned().collect();
        let read = from_flags(&words);
        let owner = if file.owner.is_empty() { object.title() } else { file.owner.clone() };
        let place = Place::File { span: object.span, component: format!("{owner} etcd") };
        take(&read.value, &owner, place, Kubeadm::Pod(container.image.get().and_then(|image| version_of(image))));
    }
    let kubeadm = files.objects::<ClusterConfiguration>().next();
    if members.is_empty() && kubeadm.is_none() {
        return Vec::new();
    }
    let place = members.first().map_or_else(
        || Place::File { span: kubeadm.and_then(|(_, object, _)| object.span), component: "etcd".into() },
        |member: &EtcdMember| member.place.clone(),
    );
    let local = kubeadm.and_then(|(_, _, cluster)| cluster.etcd.as_ref()?.local.as_ref());
    if members.is_empty()
        && let Some(local) = local
    {
        // kubeadm gives the same flags to every member; who they are is not said.
        let words: Vec<Spanned<String>> = local
            .extra_args
            .list
            .iter()
            .filter_map(|arg| {
                let value = arg.value.known()?;
                Some(Spanned {
                    value: format!("--{}={}", arg.name.value, value.value),
                    span: arg.name.span.or(value.span),
                })
            })
            .collect();
        let conf = from_flags(&words).value;
        let place = Place::File { span: local.extra_args.span, component: "kubeadm etcd.local".into() };
        members.push(EtcdMember { name: "every member".into(), ..member(&conf, "kubeadm", place, Kubeadm::Args) });
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let voters = voters(&initial, members.len(), &place);
    let external =
        kubeadm.and_then(|(_, _, cluster)| cluster.etcd.as_ref()).is_some_and(|etcd| etcd.external.is_some());
    let claims_ha = crate::control_plane::from_files(files).into_iter().next().map(|plane| plane.claims_ha);
    vec![EtcdCluster {
        stacked: if kubeadm.is_some() { Fact::known(!external, place.clone()) } else { Fact::unknown(place.clone()) },
        claims_ha: claims_ha.unwrap_or_else(|| Fact::unknown(place.clone())),
        voters,
        rtt_max: Fact::unknown(place.clone()),
        apiserver_compaction: Fact::unknown(place.clone()),
        defragmentation: Fact::unknown(place.clone()),
        members,
        place,
    }]
}

/// The settings of each etcd outside kubeadm: a unit and the variables it reads are one. Files of one folder that give
/// names of their own are members of their own.
fn of_machines(files: &Files) -> Vec<(&str, EtcdConf)> {
    let mut found: Vec<(&str, EtcdConf)> = Vec::new();
    for file in &files.list {
        let Content::Etcd(conf) = &file.content else { continue };
        let apart = |other: &EtcdConf| {
            let same = |name: &str| match (other.get(name), conf.get(name)) {
                (Some(a), Some(b)) => a.value.value == b.value.value,
                _ => true,
            };
            !same("name") || !same("initial-advertise-peer-urls") || !same("listen-peer-urls")
        };
        match found.iter_mut().find(|(owner, other)| !owner.is_empty() && *owner == file.owner && !apart(other)) {
            Some((_, other)) => other.settings.extend(conf.settings.iter().cloned()),
            None => found.push((&file.owner, (**conf).clone())),
        }
    }
    found
}

/// What one member says of `initial-cluster`, and whether kubeadm wrote it.
type Initial = (Setting<Vec<(String, etcd::Url)>>, bool);

/// How many vote, by the longest `initial-cluster`. kubeadm writes into it who was there when the machine joined, so the
/// first machine knows itself alone: its lists count when there is a manifest for each member of the longest.
fn voters(initial: &[Initial], members: usize, place: &Place) -> Fact<usize> {
    let lists = initial.iter().filter_map(|(list, kubeadm)| {
        let list = list.known()?;
        let names: std::collections::BTreeSet<&String> = list.value.iter().map(|(name, _)| name).collect();
        Some((names.len(), list.span, *kubeadm))
    });
    match lists.max_by_key(|(names, ..)| *names) {
        Some((names, span, kubeadm)) if !kubeadm || (names > 1 && names == members) => {
            Fact::known(names, Place::File { span, component: "etcd".into() })
        }
        _ => Fact::unknown(place.clone()),
    }
}

/// What kubeadm has to do with some settings.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kubeadm {
    /// Nothing.
    No,
    /// They are extra arguments, which kubeadm adds to its own.
    Args,
    /// They are a static pod, which has everything in it, with the version of its image.
    Pod(Option<String>),
}

/// The version in the tag of an image: `3.6.11` of `registry.k8s.io/etcd:3.6.11-0`.
fn version_of(image: &str) -> Option<String> {
    let tag = image.split('@').next()?.rsplit('/').next()?.split_once(':')?.1;
    let version = tag.trim_start_matches('v').split('-').next()?;
    version.split('.').all(|part| part.parse::<u32>().is_ok()).then(|| version.to_owned())
}

/// Flags that kubeadm up to 1.33 writes into its manifest and replaces when it upgrades (kubeadm phases/etcd/local.go).
const EXPERIMENTAL_OF_KUBEADM: [&str; 2] =
    ["experimental-initial-corrupt-check", "experimental-watch-progress-notify-interval"];

fn runs_etcd(command: &[Spanned<String>]) -> bool {
    command.first().is_some_and(|program| program.value == "etcd" || program.value.ends_with("/etcd"))
}

fn member(conf: &EtcdConf, owner: &str, place: Place, kubeadm: Kubeadm) -> EtcdMember {
    let stated = |name: &str| conf.value(name, |text| Some(text.to_owned()));
    let name = stated("name").get().cloned().unwrap_or_else(|| owner.to_owned());
    let hosts = |setting: Setting<Vec<etcd::Url>>| -> Vec<Fact<String>> {
        let span = setting.span();
        let urls = setting.get().cloned().unwrap_or_default();
        urls.into_iter()
            .map(|url| Fact::known(url.host, Place::File { span, component: place.component().to_owned() }))
            .collect()
    };
    let plain = {
        let listens = conf.urls("listen-client-urls");
        let open = listens.get().map(|urls| urls.iter().any(|url| url.scheme == "http" && !is_loopback(&url.host)));
        Fact::maybe(open, Place::File { span: listens.span(), component: place.component().to_owned() })
    };
    let at = |span| Place::File { span, component: place.component().to_owned() };
    let unknown_disk = EtcdDisk {
        store: Fact::unknown(place.clone()),
        kind: Fact::unknown(place.clone()),
        raid: Fact::unknown(place.clone()),
        shared: Fact::unknown(place.clone()),
        own_storage: Fact::unknown(place.clone()),
        fsync_p99: Fact::unknown(place.clone()),
        shared_with: Fact::unknown(place.clone()),
    };
    EtcdMember {
        name,
        host: Fact::unknown(place.clone()),
        disk: unknown_disk,
        memory: Fact::unknown(place.clone()),
        version: match &kubeadm {
            Kubeadm::Pod(version) => Fact::maybe(version.clone(), place.clone()),
            _ => Fact::unknown(place.clone()),
        },
        heartbeat: Fact::setting_or(
            &conf.heartbeat_interval().map(Millis),
            Millis(EtcdConf::DEFAULT_HEARTBEAT_INTERVAL),
            &place,
        ),
        election: Fact::setting_or(
            &conf.election_timeout().map(Millis),
            Millis(EtcdConf::DEFAULT_ELECTION_TIMEOUT),
            &place,
        ),
        quota: Fact::setting_or(
            &conf.quota().map(|bytes| Bytes(if bytes == 0 { EtcdConf::DEFAULT_QUOTA } else { bytes })),
            Bytes(EtcdConf::DEFAULT_QUOTA),
            &place,
        ),
        auto_compaction: Fact::setting(&conf.duration("auto-compaction-retention").map(Millis), &place),
        corrupt_check: corrupt_check(conf, &place, kubeadm == Kubeadm::Args),
        advertised: hosts(conf.urls("initial-advertise-peer-urls")),
        advertised_to_clients: hosts(conf.urls("advertise-client-urls")),
        listens_plain: plain,
        enable_v2: match conf.flag("enable-v2") {
            Setting::Absent => Fact::default(None, place.clone()),
            stated => Fact::setting(&stated.map(Some), &place),
        },
        enable_v2_by_flag: conf.get("enable-v2").is_some_and(|entry| entry.via == Via::Flag),
        experimental: conf
            .experimental()
            .filter(|entry| {
                let own = EXPERIMENTAL_OF_KUBEADM.contains(&entry.name.value.as_str());
                !(own && matches!(kubeadm, Kubeadm::Pod(_)))
            })
            .map(|entry| Stated {
                name: Fact::known(spelled(entry), at(entry.name.span.or(entry.value.span))),
                by_flag: entry.via == Via::Flag,
            })
            .collect(),
        lost_defaults: if kubeadm == Kubeadm::No {
            Vec::new()
        } else {
            let lost = conf.settings.iter().filter(|entry| loses_default(&entry.name.value, &entry.value.value));
            lost.map(|entry| Fact::known(entry.name.value.clone(), at(entry.name.span.or(entry.value.span)))).collect()
        },
        place,
    }
}

/// The name of a setting as its file has it.
fn spelled(entry: &etcd::Entry) -> String {
    match entry.via {
        Via::Environment => format!("ETCD_{}", entry.name.value.replace('-', "_").to_ascii_uppercase()),
        Via::Flag | Via::File => entry.name.value.clone(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// By flag or feature gate, else on where kubeadm adds its default and off elsewhere.
fn corrupt_check(conf: &EtcdConf, place: &Place, kubeadm: bool) -> Fact<bool> {
    let flag = conf.flag("experimental-initial-corrupt-check");
    if !flag.is_absent() {
        return Fact::setting(&flag, place);
    }
    let gates = conf.feature_gates();
    match &gates {
        Setting::Known(list) => {
            let on = list.value.iter().any(|(name, on)| name == "InitialCorruptCheck" && *on);
            Fact::known(on, Place::File { span: list.span, component: place.component().to_owned() })
        }
        Setting::Unknown(_) => Fact::unknown(place.clone()),
        Setting::Absent => Fact::default(kubeadm, place.clone()),
    }
}
