//! What the three control-plane hosts are given: the files of the campus example as they are rendered, their secret holes
//! filled from a throw-away store.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_diagnostics::Sources;
use plimsoll_keys::{SystemEntropy, files_for, fill, throwaway};
use plimsoll_lab::HostFile;
use plimsoll_model::Design;
use plimsoll_render::{Tree, etcd_flags_for, render};
use plimsoll_resolve::{Lock, resolve};

use super::{API_NAME, API_PORT, HostFiles, VIP};

/// The etcd of Debian trixie, which stands in for the static pod that kubeadm would run.
const ETCD_OF_DEBIAN: (u32, u32) = (3, 5);

/// Services that run from rendered files.
const UNITS: [&str; 5] =
    ["lab-users.service", "nftables.service", "etcd.service", "haproxy.service", "keepalived.service"];

/// Rendered files that a host of the lab has a use for. Left out is what belongs to a virtual machine (netplan,
/// cloud-init: the lab makes the interface itself), to time (nobody may set this machine's clock), to kubeadm and the
/// kubelet, and to the disk of etcd.
const PLACES: [&str; 6] = [
    "/etc/haproxy/",
    "/etc/hosts",
    "/etc/keepalived/",
    "/etc/nftables.conf",
    "/etc/systemd/system/",
    "/etc/sysusers.d/",
];
const NOT_HERE: [&str; 3] = ["plimsoll-certificates", "plimsoll-etcd-backup", "var-lib-etcd.mount"];

/// The files of all hosts, and the authority that signed the API's certificate (PEM).
pub struct ControlPlane {
    pub hosts: Vec<HostFiles>,
    pub authority: String,
}

pub fn control_plane_files() -> ControlPlane {
    control_plane_of(&design_with(&[]))
}

/// The same for a Design of one's own.
pub fn control_plane_of(design: &Design) -> ControlPlane {
    let tree = render(design);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let store = throwaway(design, &tree.secrets(), now, &mut SystemEntropy).unwrap();
    let vrrp = design.api.vrrp.as_ref().expect("the example has a VIP by VRRP");
    let mut authority = String::new();
    let mut hosts = Vec::new();
    for (name, member) in &vrrp.member {
        let IpAddr::V4(address) = member.source else { panic!("the lab is IPv4 only") };
        let mut files = rendered(&tree, &store, name.as_str());
        files.push(HostFile::new("/etc/systemd/system/etcd.service", etcd(design, name.as_str())));
        files.push(HostFile::new("/etc/systemd/system/lab-users.service", USERS));
        for file in files_for(design, &store, name.as_str()) {
            if file.path.ends_with("/pki/ca.crt") {
                file.content.expose().clone_into(&mut authority);
            }
            files.push(HostFile::new(&file.path, file.content.expose()).mode(file.mode));
        }
        hosts.push(HostFiles {
            name: name.to_string(),
            address,
            nic: member.interface.to_string(),
            files,
            units: UNITS.map(str::to_owned).to_vec(),
        });
    }
    assert_eq!((design.api.vip.as_slice(), design.api.port), (&[IpAddr::V4(VIP)][..], API_PORT), "the example moved");
    assert_eq!(design.api.name, API_NAME, "the example moved");
    ControlPlane { hosts, authority }
}

/// The campus example, resolved, in whose file each first text stands for the second.
pub fn design_with(changes: &[(&str, &str)]) -> Design {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/campus/cluster.yaml");
    let mut sources = Sources::new();
    let mut text = std::fs::read_to_string(path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "the example has no `{from}`");
        text = text.replacen(from, to, 1);
    }
    let id = sources.add("cluster.yaml", text);
    let (spec, problems) = plimsoll_spec::read(id, &sources);
    assert!(!problems.has_errors(), "{problems:?}");
    let resolved = resolve(&spec.expect("a spec without errors"), &Lock::new());
    resolved.design.unwrap_or_else(|| panic!("{:?}", resolved.diagnostics))
}

/// The rendered files of one machine, byte for byte, with the secrets that belong into them.
fn rendered(tree: &Tree, store: &plimsoll_keys::Store, machine: &str) -> Vec<HostFile> {
    let public = |path: &str| Err(format!("{path}: no file of the person is needed here"));
    tree.of_machine(machine)
        .filter(|(place, _)| PLACES.iter().any(|wanted| place.starts_with(wanted)))
        .filter(|(place, _)| !NOT_HERE.iter().any(|unwanted| place.contains(unwanted)))
        .map(|(place, file)| {
            let mut one = Tree::new();
            one.on_machine(&machine, place, file.clone());
            let filled = fill(&one, store, public).unwrap();
            let text = filled.values().next().map_or_else(|| file.text(), |file| file.content.expose().to_owned());
            HostFile::new(place, text).mode(file.mode).owner(&file.owner)
        })
        .collect()
}

/// Makes the users that the rendered files ask for, as the first boot of a virtual machine does.
const USERS: &str = "[Unit]\nBefore=keepalived.service haproxy.service\n\n[Service]\nType=oneshot\n\
                     ExecStart=/usr/bin/systemd-sysusers\n\n[Install]\nWantedBy=multi-user.target\n";

/// Debian's etcd with the flags of the Design's member.
fn etcd(design: &Design, machine: &str) -> String {
    let flags = etcd_flags_for(design, machine, ETCD_OF_DEBIAN).join(" \\\n  ");
    format!(
        "[Unit]\nDescription=etcd\n\n[Service]\nType=notify\nStateDirectory=etcd\nStateDirectoryMode=0700\n\
         ExecStart=/usr/bin/etcd {flags}\nRestart=always\nRestartSec=1\nLimitNOFILE=40000\n\n\
         [Install]\nWantedBy=multi-user.target\n"
    )
}
