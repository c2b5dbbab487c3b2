//! Hosts and the machines on them.

use plimsoll_diagnostics::Spanned;
use plimsoll_model::units::{BitRate, Bytes, Millis};
use plimsoll_yaml::{Map, OneOrMany, choice, record};

use crate::Opt;
use crate::scalars::{AddressRange, DiskUse, Disks, Mtu, Name, Names, NetworkName, Version, VmIds};

choice! {
    /// What runs on a host.
    pub enum PlatformKind: "a platform" {
        /// Proxmox VE, with virtual machines.
        Proxmox = "proxmox",
        /// Kubernetes on the bare machine.
        Metal = "metal",
    }

    /// Where something stands in its life.
    pub enum State: "a state" {
        /// Not there yet: designed for, not counted on.
        Planned = "planned",
        /// In use.
        Active = "active",
        /// On its way out: still there, not counted on.
        Retiring = "retiring",
    }

    /// How the links of a bond work together.
    pub enum BondMode: "a bond mode" {
        /// LACP (802.3ad).
        Lacp = "lacp",
        /// One link at a time.
        ActiveBackup = "active-backup",
        /// By hash, without LACP.
        BalanceXor = "balance-xor",
        /// In turn.
        BalanceRr = "balance-rr",
        /// By load, sending.
        BalanceTlb = "balance-tlb",
        /// By load, both ways, by rewriting ARP.
        BalanceAlb = "balance-alb",
        /// Everything on every link.
        Broadcast = "broadcast",
    }

    /// What a bond's choice of link looks at.
    pub enum BondHash: "a transmit hash" {
        /// MAC addresses.
        Layer2 = "layer2",
        /// MAC and IP addresses.
        Layer23 = "layer2+3",
        /// IP addresses and ports.
        Layer34 = "layer3+4",
    }

    /// How often LACP partners see each other.
    pub enum LacpRate: "an LACP rate" {
        /// Every second.
        Fast = "fast",
        /// Every 30 seconds.
        Slow = "slow",
    }
}

record! {
    /// A physical host, or several equal ones.
    pub struct Host {
        /// What runs on it.
        pub platform: Option<Platform>,
        /// The rack it stands in; a range pairs up.
        pub rack: Opt<Names>,
        /// The PDUs of that rack that feed it, one for each power supply.
        pub power: Vec<Spanned<Name>>,
        /// The switch its management controller hangs on.
        pub bmc: Option<Bmc>,
        /// Hardware threads.
        pub cpu: Spanned<u32>,
        /// Memory.
        pub memory: Spanned<Bytes>,
        /// Interfaces and bonds by name.
        pub nics: Map<NetworkName, Nic>,
        /// Bridges for guests by name.
        pub bridges: Map<NetworkName, Bridge>,
        /// Disks by the name they are used under.
        pub disks: Map<Name, Spanned<Disks>>,
        /// Graphics processors by model, with how many.
        pub gpus: Map<String, Spanned<u8>>,
        /// Memory that ZFS keeps for itself at most.
        pub zfs_arc_max: Opt<Bytes>,
        /// Fixed addresses by network, where the lock's should not be taken; one for each name.
        pub addresses: Map<Name, Spanned<AddressRange>>,
        /// Where it stands in its life; `active` when not given.
        pub state: Opt<State>,
        /// The name it had before, so that it keeps what was allocated to it.
        pub renamed_from: Opt<Names>,
    }

    /// What runs on a host.
    pub struct Platform short "kind" {
        /// Proxmox VE or nothing.
        pub kind: Spanned<PlatformKind>,
        /// Its version, in quotes.
        pub version: Opt<Version>,
        /// Guest ids to allocate from.
        pub vmids: Opt<VmIds>,
        /// An external vote for the Proxmox cluster.
        pub qdevice: Opt<Name>,
        /// Whether the hosts' watchdog is hardware.
        pub hardware_watchdog: Opt<bool>,
    }

    /// A management controller.
    pub struct Bmc short "switch" {
        /// The switch it hangs on; a range pairs up.
        pub switch: Spanned<Names>,
        /// Its address, where the lock's should not be taken; one for each host.
        pub address: Opt<AddressRange>,
    }

    /// An interface, or a bond of several.
    pub struct Nic: Default {
        /// The switch at the other end of each link; a range pairs up with the hosts.
        pub ports: Vec<Spanned<Names>>,
        /// The speed of each link.
        pub speed: Opt<BitRate>,
        /// The interfaces bonded, in the order of `ports`; named by the design when not given.
        pub links: Vec<Spanned<NetworkName>>,
        /// How they are bonded.
        pub mode: Opt<BondMode>,
        /// What the choice of link looks at.
        pub hash: Opt<BondHash>,
        /// How often LACP partners see each other.
        pub lacp_rate: Opt<LacpRate>,
        /// How often links are looked at.
        pub miimon: Opt<Millis>,
        /// The largest packet.
        pub mtu: Opt<Mtu>,
        /// The networks it carries, tagged.
        pub networks: Vec<Spanned<Name>>,
        /// The network it carries without a tag.
        pub untagged: Opt<Name>,
        /// The network cards its links are on, in the order of `ports`.
        pub cards: Vec<Spanned<Name>>,
    }

    /// A bridge for guests.
    pub struct Bridge short "over" {
        /// What it stands on: a bond, or a VLAN of one (`bond0.2000`).
        pub over: Spanned<NetworkName>,
        /// Whether it carries VLANs itself, so that guests are tagged on it.
        pub vlan_aware: Opt<bool>,
        /// The largest packet; that of what it stands on when not given.
        pub mtu: Opt<Mtu>,
        /// Whether spanning tree runs on it.
        pub stp: Opt<bool>,
    }
}

choice! {
    /// What a machine does.
    pub enum Role: "a role" {
        /// API server, its controllers, and etcd where it is stacked.
        ControlPlane = "control-plane",
        /// Workloads.
        Worker = "worker",
        /// Answers for the cluster's zone.
        ZoneServer = "zone-server",
        /// Balances the API for others.
        Balancer = "balancer",
        /// etcd alone.
        Etcd = "etcd",
    }

    /// What becomes of a machine when its host is taken down.
    pub enum Drain: "what happens on a drain" {
        /// It is stopped; others do its work meanwhile.
        Stop = "stop",
        /// It moves to another host.
        Migrate = "migrate",
    }

    /// How a guest's disk is cached by its host.
    pub enum CacheMode: "a cache mode" {
        /// Not at all, flushes honoured.
        None = "none",
        /// Writes wait for the disk.
        Writethrough = "writethrough",
        /// Writes go to the host's memory, flushes honoured.
        Writeback = "writeback",
        /// As none, each write waiting.
        Directsync = "directsync",
        /// Flushes ignored.
        Unsafe = "unsafe",
    }
}

record! {
    /// A machine, or several equal ones: a guest of a Proxmox host, or a bare host in its role.
    pub struct Machine {
        /// What it does.
        pub role: Spanned<Role>,
        /// Where it runs; a range pairs up, so that cp-2 is on pve-2.
        pub host: Spanned<Names>,
        /// Hardware threads.
        pub cpu: Opt<u32>,
        /// Memory.
        pub memory: Opt<Bytes>,
        /// Its disks: which of the host's, and how much.
        pub disks: Map<Name, Spanned<DiskUse>>,
        /// The networks it stands in; the first is the one it is known by.
        pub networks: Vec<Spanned<Name>>,
        /// Disks of the host that it gets whole.
        pub pass: OneOrMany<Spanned<Name>>,
        /// What becomes of it when its host is taken down.
        pub drain: Opt<Drain>,
        /// Whether Proxmox restarts it elsewhere.
        pub ha: Opt<bool>,
        /// Whether it starts with its host.
        pub onboot: Opt<bool>,
        /// The processor it is shown; `host` or a level such as `x86-64-v3`.
        pub cpu_type: Opt<String>,
        /// The least memory it may be shrunk to; never when not given.
        pub balloon: Opt<Bytes>,
        /// How its disks are cached.
        pub cache: Opt<CacheMode>,
        /// Whether Proxmox drops packets from addresses that are not its own.
        pub ipfilter: Opt<bool>,
        /// Its guest id, where the lock's should not be taken; one for each name.
        pub vmid: Opt<VmIds>,
        /// Fixed addresses by network, where the lock's should not be taken; one for each name.
        pub addresses: Map<Name, Spanned<AddressRange>>,
        /// Labels of the node.
        pub labels: Map<String, Spanned<String>>,
        /// Taints of the node, as `key=value:Effect`.
        pub taints: Vec<Spanned<String>>,
        /// Graphics processors of the host that it gets, by model, with how many.
        pub gpus: Map<String, Spanned<u8>>,
        /// Where it stands in its life; `active` when not given.
        pub state: Opt<State>,
        /// The name it had before, so that it keeps what was allocated to it.
        pub renamed_from: Opt<Names>,
    }

    /// What machines are installed from.
    pub struct Image: Default {
        /// The operating system.
        pub os: Opt<String>,
        /// The registry that container images come from.
        pub from: Opt<Name>,
    }
}
