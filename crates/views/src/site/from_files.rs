//! The site as files state it: clocks and kernels of nodes.

use plimsoll_formats::Setting;
use plimsoll_formats::chrony::SourceKind;
use plimsoll_formats::kubeadm::{InitConfiguration, JoinConfiguration, KubeletConfiguration};
use plimsoll_formats::kubernetes::workload::Pod;

use super::{Clock, OF_A_POOL, Site};
use crate::files::{Content, File, Files};
use crate::{Fact, Place};

/// The site of files.
pub fn from_files(files: &Files) -> Site {
    Site {
        clocks: clocks(files),
        forwarding_off: forwarding_off(files),
        cgroup_v1: cgroup_v1(files),
        ..Site::default()
    }
}

/// One clock for each owner of chrony's files, which may be several.
fn clocks(files: &Files) -> Vec<Clock> {
    let mut clocks = Vec::new();
    for owner in files.owners() {
        let confs: Vec<_> = files
            .of(owner)
            .filter_map(|file| match &file.content {
                Content::Chrony(conf) => Some((file, conf)),
                _ => None,
            })
            .collect();
        let Some((first, _)) = confs.first() else { continue };
        let name = if owner.is_empty() { first.path.clone() } else { owner.to_owned() };
        let mut count = Some(0);
        let mut span = None;
        for (_, conf) in &confs {
            for source in &conf.sources {
                span = span.or(source.name.span());
                let sources = match source.kind {
                    SourceKind::Server | SourceKind::Peer => Some(1),
                    SourceKind::Pool => match source.option("maxsources") {
                        Some(most) => most.trim().parse().ok(),
                        None => Some(OF_A_POOL),
                    },
                };
                count = count.zip(sources).map(|(sum, one)| sum + one);
            }
            // What an include adds is not known unless it is among the files.
            let elsewhere = conf.includes.iter().any(|include| {
                let folder = include.pattern.value.trim_start_matches('/');
                let folder = folder.split('*').next().unwrap_or(folder);
                !files.of(owner).any(|file| file.path.contains(folder))
            });
            if elsewhere && count == Some(0) {
                count = None;
            }
        }
        let place = Place::File {
            span: span.or(Some(plimsoll_diagnostics::Span::new(first.source, 0, 0))),
            component: format!("{name} chrony"),
        };
        clocks.push(Clock {
            hardware: confs.iter().any(|(_, conf)| !conf.refclocks.is_empty()),
            sources: Fact::maybe(count, place.clone()),
            own: Vec::new(),
            name,
            place,
        });
    }
    clocks
}

/// Whether a file shows that a kubelet runs on its owner.
fn shows_node(file: &File) -> bool {
    match &file.content {
        Content::KubeletFlags(_) => true,
        Content::Kubernetes(manifest) => {
            manifest.of::<KubeletConfiguration>().next().is_some()
                || manifest.of::<InitConfiguration>().next().is_some()
                || manifest.of::<JoinConfiguration>().next().is_some()
                || (file.path.contains("etc/kubernetes/manifests") && manifest.of::<Pod>().next().is_some())
        }
        _ => false,
    }
}

/// Nodes whose last word on forwarding is 0.
fn forwarding_off(files: &Files) -> Vec<Fact<String>> {
    let mut found = Vec::new();
    for owner in files.owners().into_iter().filter(|owner| !owner.is_empty()) {
        if !files.of(owner).any(shows_node) {
            continue;
        }
        let mut confs: Vec<(&File, &plimsoll_formats::sysctl::Conf)> = files
            .of(owner)
            .filter_map(|file| match &file.content {
                Content::Sysctl(conf) => Some((file, &**conf)),
                _ => None,
            })
            .collect();
        // systemd reads them by the names of the files, sysctl.conf last.
        confs.sort_by_key(|(file, _)| {
            let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
            (name == "sysctl.conf", name)
        });
        let key = "net.ipv4.ip_forward";
        let last = confs.iter().flat_map(|(_, conf)| &conf.entries).rfind(|entry| entry.name() == key);
        if let Some(entry) = last
            && let Setting::Known(value) = &entry.value
            && value.value.trim() == "0"
        {
            let place = Place::File { span: value.span, component: format!("{owner} {key}") };
            found.push(Fact::known(owner.to_owned(), place));
        }
    }
    found
}

fn cgroup_v1(files: &Files) -> Vec<Fact<bool>> {
    files
        .objects::<KubeletConfiguration>()
        .filter(|(_, _, kubelet)| kubelet.fail_cgroup_v1.get() == Some(&false))
        .map(|(file, object, kubelet)| {
            let component =
                if file.owner.is_empty() { object.title() } else { format!("the kubelet of {}", file.owner) };
            Fact::known(true, Place::File { span: kubelet.fail_cgroup_v1.span(), component })
        })
        .collect()
}
