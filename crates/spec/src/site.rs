//! The place: power, racks, what others own, switches and networks.

use plimsoll_diagnostics::Spanned;
use plimsoll_model::units::{BitRate, Millis};
use plimsoll_yaml::{Map, choice, record};

use crate::Opt;
use crate::scalars::{
    AddressBlock, AddressRange, Asn, DomainName, Jurisdiction, Mtu, Name, Names, Ports, Prefix, VlanId, VmIds, Vrid,
};

record! {
    /// The place where the cluster stands: power, racks, what is taken already, time and names.
    pub struct Site: Default {
        /// The country whose law holds here; data may go to no other without a finding.
        pub jurisdiction: Opt<Jurisdiction>,
        /// Where power comes from, by name.
        pub feeds: Map<Name, Feed>,
        /// Racks by name.
        pub racks: Map<Names, Rack>,
        /// What is taken already, so that nothing is allocated twice.
        pub reserved: Option<Reserved>,
        /// Time servers, as addresses; three or more let a wrong one be outvoted.
        pub ntp: Vec<Spanned<AddressRange>>,
        /// Names that stand for several time servers each; Debian's own where neither these nor `ntp` are given.
        pub ntp_pools: Vec<Spanned<DomainName>>,
        /// Resolvers that answer for the world outside, as addresses.
        pub resolvers: Vec<Spanned<AddressRange>>,
    }

    /// A source of power: the utility, or a UPS behind one.
    pub struct Feed: Default {
        /// The feed it hangs on; none for the utility itself.
        pub from: Opt<Name>,
        /// How long its batteries carry the full load; this makes it a UPS.
        pub runtime: Opt<Millis>,
    }

    /// A rack.
    pub struct Rack: Default {
        /// Power distribution units by name, with the feed each hangs on.
        pub pdus: Map<Name, Pdu>,
        /// The room it stands in, where there are several.
        pub room: Opt<Name>,
    }

    /// A power distribution unit.
    pub struct Pdu short "feed" {
        /// The feed it hangs on.
        pub feed: Spanned<Name>,
        /// What its breaker carries, in watts.
        pub rating: Opt<u32>,
        /// What it carries when its twin is lost, in watts.
        pub load: Opt<u32>,
    }

    /// What is taken already on this site.
    pub struct Reserved: Default {
        /// VRRP ids in use by others.
        pub vrids: Vec<Spanned<Vrid>>,
        /// Addresses in use by others.
        pub ipv4: Vec<Spanned<AddressBlock>>,
        /// Addresses in use by others.
        pub ipv6: Vec<Spanned<AddressBlock>>,
        /// Addresses handed out by DHCP.
        pub dhcp: Vec<Spanned<AddressBlock>>,
        /// Networks that the site's routers reach.
        pub routes: Vec<Spanned<Prefix>>,
        /// AS numbers outside the private ranges that are ours.
        pub asns: Vec<Spanned<Asn>>,
        /// Proxmox guest ids in use by others.
        pub vmids: Vec<Spanned<VmIds>>,
    }
}

choice! {
    /// What an external part is.
    pub enum ExternalKind: "a kind of external part" {
        /// A router that carries our traffic and may speak BGP.
        Router = "router",
        /// A container registry.
        Registry = "registry",
        /// A place for backups.
        Backup = "backup",
        /// A DNS server that delegates to ours or resolves for us.
        Dns = "dns",
        /// A load balancer for the API.
        Balancer = "balancer",
        /// An etcd cluster.
        Etcd = "etcd",
        /// A file server.
        Nfs = "nfs",
        /// A corosync vote device (qnetd).
        Qdevice = "qdevice",
        /// Clients, for whom a promise is made.
        Clients = "clients",
    }

    /// The software of a router or switch.
    pub enum RouterSoftware: "a routing software" {
        /// FRRouting: its `frr.conf` is written too.
        Frr = "frr",
        /// Anything else: a plain description is written for its owner.
        Other = "other",
    }
}

record! {
    /// Something that others own: assumed, never rendered, listed in every proof.
    pub struct External {
        /// What it is.
        pub kind: Spanned<ExternalKind>,
        /// Its AS number, if it speaks BGP.
        pub asn: Opt<Asn>,
        /// Its address, if it stands in none of our networks.
        pub address: Opt<AddressRange>,
        /// Its addresses in our networks; one for each name.
        pub addresses: Map<Name, Spanned<AddressRange>>,
        /// Where it is reached.
        pub url: Opt<String>,
        /// The country whose law holds there.
        pub jurisdiction: Opt<Jurisdiction>,
        /// The rack it stands in, if in one of ours.
        pub rack: Opt<Names>,
        /// The PDUs it hangs on, if on ours.
        pub power: Vec<Spanned<Name>>,
        /// What it runs.
        pub software: Opt<RouterSoftware>,
        /// Whether it speaks BFD on its BGP sessions.
        pub bfd: Opt<bool>,
        /// Whether it spreads traffic over equal paths.
        pub multipath: Opt<bool>,
        /// Whether it keeps a flow on its path when another path goes (resilient hashing).
        pub resilient_hashing: Opt<bool>,
        /// Whether its copies cannot be changed or removed by whoever writes them.
        pub append_only: Opt<bool>,
        /// The networks it stands for, for clients.
        pub networks: Vec<Spanned<Prefix>>,
    }
}

choice! {
    /// What a switch is for.
    pub enum SwitchRole: "a role of a switch" {
        /// Hosts hang on it.
        Leaf = "leaf",
        /// Leaves hang on it.
        Spine = "spine",
        /// Management hangs on it, apart from everything else.
        Oob = "oob",
    }
}

record! {
    /// A switch, or several equal ones.
    pub struct Switch: Default {
        /// The rack it stands in; a range pairs up.
        pub rack: Opt<Names>,
        /// The PDUs of that rack that feed it, one for each power supply.
        pub power: Vec<Spanned<Name>>,
        /// Its ports.
        pub ports: Opt<Ports>,
        /// What it is for; `oob` when nothing but management hangs on it.
        pub role: Opt<SwitchRole>,
        /// The pair it forms with the others of the same name.
        pub mlag: Option<Mlag>,
        /// What it hangs on.
        pub uplinks: Option<Uplinks>,
        /// The largest packet it passes.
        pub mtu: Opt<Mtu>,
        /// Its AS number in a routed fabric.
        pub asn: Opt<Asn>,
        /// What it runs.
        pub software: Opt<RouterSoftware>,
        /// Whether ports to hosts pass traffic at once (edge or portfast, with BPDU guard).
        pub edge_ports: Opt<bool>,
        /// Whether spanning tree runs.
        pub stp: Opt<bool>,
        /// Whether LACP ports pass traffic before LACP is up.
        pub lacp_fallback: Opt<bool>,
        /// The VLAN of untagged frames on trunks; none when not given.
        pub native_vlan: Opt<VlanId>,
    }

    /// Switches that look like one to a bond (MLAG, vPC, stack).
    pub struct Mlag short "group" {
        /// The name they share; a range pairs up, two switches to each name of it.
        pub group: Spanned<Names>,
        /// Links between the two.
        pub peer_links: Opt<u8>,
        /// Whether they see each other by a path that does not use the peer links.
        pub keepalive: Opt<bool>,
    }

    /// Links towards routers or spines.
    pub struct Uplinks {
        /// Where they lead: one link to each.
        pub to: Spanned<Names>,
        /// The speed of each.
        pub speed: Spanned<BitRate>,
    }
}

choice! {
    /// What travels in a network.
    pub enum NetworkUse: "a use of a network" {
        /// Baseboard management controllers.
        Bmc = "bmc",
        /// Votes of the Proxmox cluster.
        Corosync = "corosync",
        /// Management of the Proxmox hosts.
        Proxmox = "proxmox",
        /// Live migration of guests.
        Migration = "migration",
        /// Zone servers.
        Zone = "zone",
        /// Clients of Ceph.
        CephPublic = "ceph-public",
        /// Copies between Ceph's disks.
        CephCluster = "ceph-cluster",
        /// Kubernetes nodes.
        Nodes = "nodes",
        /// The address of the API.
        Api = "api",
        /// BGP sessions with the routers.
        Bgp = "bgp",
        /// Copies to the backup.
        Backup = "backup",
    }
}

record! {
    /// A network: one broadcast domain with its addresses.
    pub struct Network {
        /// Its VLAN.
        pub vlan: Spanned<VlanId>,
        /// Its IPv4 addresses.
        pub ipv4: Opt<Prefix>,
        /// Its IPv6 addresses.
        pub ipv6: Opt<Prefix>,
        /// The largest packet in it, in bytes; 1500 when not given.
        pub mtu: Opt<Mtu>,
        /// The way out; none for a network that leads nowhere.
        pub gateway: Option<Gateway>,
        /// What travels in it.
        pub r#for: Vec<Spanned<NetworkUse>>,
        /// Addresses in it that DHCP hands out.
        pub dhcp: Vec<Spanned<AddressBlock>>,
        /// Addresses in it that are taken.
        pub reserved: Vec<Spanned<AddressBlock>>,
        /// Addresses in it that are allocated from; from the tenth on when not given.
        pub allocate: Opt<AddressRange>,
        /// Whether multicast passes.
        pub multicast: Opt<bool>,
    }

    /// The way out of a network.
    pub struct Gateway short "vip" {
        /// Its address.
        pub vip: Spanned<std::net::IpAddr>,
        /// Its IPv6 address.
        pub vip6: Opt<std::net::Ipv6Addr>,
        /// The routers that hold it.
        pub by: Opt<Names>,
        /// The VRRP id by which they hold it.
        pub vrid: Opt<Vrid>,
    }
}
