//! The small lab of these tests: three control-plane hosts, two leaves and a client.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

pub mod control_plane;

use std::net::Ipv4Addr;
use std::path::PathBuf;

use plimsoll_lab::{ClientPlan, HostFile, HostPlan, LabPlan, ReadyzStandIn, Segment};
use plimsoll_rootfs::{Cache, host_root};

pub const VIP: Ipv4Addr = Ipv4Addr::new(10, 30, 12, 100);
pub const API_PORT: u16 = 8443;
pub const API_NAME: &str = "api.k8s.example.edu";
pub const CLIENT: &str = "client";
pub const LEAVES: [&str; 2] = ["leaf-1", "leaf-2"];

/// One host with all files that it is given before it boots.
pub struct HostFiles {
    pub name: String,
    pub address: Ipv4Addr,
    pub nic: String,
    pub files: Vec<HostFile>,
    pub units: Vec<String>,
}

/// The root image of the hosts, made by `cargo xtask test`.
pub fn root() -> PathBuf {
    let root = Cache::locate().and_then(|cache| host_root::find(&cache));
    root.unwrap_or_else(|error| panic!("{error}")).path().to_owned()
}

/// Where results are kept: `target/lab`.
pub fn results() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("lab")
}

pub fn empty_plan() -> LabPlan {
    let segment = Segment { name: "kube".to_owned(), vlan: 2001, mtu: 1500 };
    let mut plan = LabPlan::new(root(), env!("CARGO_BIN_EXE_plimsoll-lab-helper"), segment);
    plan.leaves = LEAVES.map(str::to_owned).to_vec();
    plan.clients = vec![ClientPlan { name: CLIENT.to_owned(), address: "10.30.12.200/24".parse().unwrap() }];
    plan
}

/// The lab with the control plane's files as they are, and the stand-in for kube-apiserver.
pub fn control_plane_plan(hosts: Vec<HostFiles>) -> LabPlan {
    let mut plan = empty_plan();
    plan.logs = Some(results().join("journals"));
    for host in hosts {
        let address = format!("{}/24", host.address).parse().unwrap();
        let mut planned = HostPlan::new(&host.name, &host.nic, Some(address));
        planned.files = host.files;
        planned.units = host.units;
        planned.stand_ins = vec![ReadyzStandIn::at_kubeadm_paths(&host.name, (host.address, 6443).into())];
        plan.hosts.push(planned);
    }
    plan
}
