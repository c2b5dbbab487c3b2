//! All views of one cluster.

use plimsoll_model::design::{Date, Design, Thresholds};
use plimsoll_model::{Name, Origin, Origins};

use crate::addresses::Addresses;
use crate::balancer::Balancer;
use crate::control_plane::ControlPlane;
use crate::dns::Dns;
use crate::etcd::EtcdCluster;
use crate::files::{Cut, Files};
use crate::host_network::HostNetwork;
use crate::hypervisor::Hypervisors;
use crate::pod_network::PodNetwork;
use crate::services::Services;
use crate::site::Site;
use crate::storage::Storage;
use crate::vrrp::VrrpGroup;
use crate::workloads::Workloads;
use crate::{Fact, Goals, Place};

/// All views of one cluster, projected from a Design or from files.
pub struct World<'a> {
    /// The Design and its origins; `None` when the views were projected from files.
    pub design: Option<DesignSource<'a>>,
    /// Which failures must be survived.
    pub goals: Goals,
    /// Numbers that rules compare with.
    pub thresholds: Thresholds,
    /// The day on which it is judged, for rules that know ends of life; `None` leaves these out.
    pub today: Option<Date>,
    /// Files of which a part is not known: whoever misses something may find it there.
    pub cuts: Vec<Cut>,
    /// VRRP groups: of the API and of others that are known.
    pub vrrp: Vec<VrrpGroup>,
    /// Balancers in front of the API.
    pub balancers: Vec<Balancer>,
    /// The control plane.
    pub control_planes: Vec<ControlPlane>,
    /// etcd.
    pub etcd: Vec<EtcdCluster>,
    /// Every declared prefix, range and address.
    pub addresses: Vec<Addresses>,
    /// Networks of hosts: bonds, VLANs, bridges.
    pub host_networks: Vec<HostNetwork>,
    /// Proxmox VE.
    pub hypervisors: Vec<Hypervisors>,
    /// Names.
    pub dns: Dns,
    /// Addresses of services.
    pub services: Services,
    /// The pod network.
    pub pod_network: PodNetwork,
    /// Ceph and the classes of volumes.
    pub storage: Storage,
    /// Time, packet filters, jurisdictions, backups.
    pub site: Site,
    /// Workloads and the room for them.
    pub workloads: Workloads,
}

impl<'a> World<'a> {
    /// The views of a Design.
    pub fn of_design(design: &'a Design, origins: &'a Origins, today: Option<Date>) -> Self {
        let source = DesignSource { design, origins };
        World {
            goals: Goals::of(design),
            thresholds: design.threshold.clone(),
            today,
            cuts: Vec::new(),
            vrrp: crate::vrrp::from_design(source),
            balancers: crate::balancer::from_design(source),
            control_planes: crate::control_plane::from_design(source),
            etcd: crate::etcd::from_design(source),
            addresses: crate::addresses::from_design(source),
            host_networks: crate::host_network::from_design(source),
            hypervisors: crate::hypervisor::from_design(source),
            dns: crate::dns::from_design(source),
            services: crate::services::from_design(source),
            pod_network: crate::pod_network::from_design(source),
            storage: crate::storage::from_design(source),
            site: crate::site::from_design(source),
            workloads: crate::workloads::from_design(source),
            design: Some(source),
        }
    }

    /// The views of somebody's files.
    pub fn of_files(files: &Files, today: Option<Date>) -> Self {
        World {
            goals: Goals::none(),
            thresholds: Thresholds::default(),
            today,
            cuts: files.cuts.clone(),
            vrrp: crate::vrrp::from_files(files),
            balancers: crate::balancer::from_files(files),
            control_planes: crate::control_plane::from_files(files),
            etcd: crate::etcd::from_files(files),
            addresses: crate::addresses::from_files(files),
            host_networks: crate::host_network::from_files(files),
            hypervisors: crate::hypervisor::from_files(files),
            dns: crate::dns::from_files(files),
            services: crate::services::from_files(files),
            pod_network: crate::pod_network::from_files(files),
            storage: crate::storage::from_files(files),
            site: crate::site::from_files(files),
            workloads: crate::workloads::from_files(files),
            design: None,
        }
    }

    /// Whether the views come from somebody's files.
    pub fn is_files(&self) -> bool {
        self.design.is_none()
    }
}

/// A Design with its origins: what projections read.
#[derive(Clone, Copy)]
pub struct DesignSource<'a> {
    /// The Design.
    pub design: &'a Design,
    /// Where its facts came from.
    pub origins: &'a Origins,
}

impl<'a> DesignSource<'a> {
    /// The place of a path of the Design.
    pub fn place(&self, path: impl Into<String>) -> Place {
        Place::Design(path.into())
    }

    /// A fact of the Design, which always knows.
    pub fn fact<T>(&self, path: impl Into<String>, value: T) -> Fact<T> {
        Fact::known(value, self.place(path))
    }

    /// A fact that the Design may leave open.
    pub fn maybe<T>(&self, path: impl Into<String>, value: Option<T>) -> Fact<T> {
        Fact::maybe(value, self.place(path))
    }

    /// Whether nobody described what is at `path`: it stands for whatever is there (the one switch of a file without
    /// switches), and nothing about it may be called bad.
    pub fn assumed(&self, path: &str) -> bool {
        matches!(self.origins.of(path), Some(Origin::Default { .. }))
    }

    /// The physical host of a machine.
    pub fn host_of(&self, machine: &Name) -> Option<&'a Name> {
        self.design.machine.get(machine).map(|machine| &machine.host)
    }
}
