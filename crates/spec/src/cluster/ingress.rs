//! Addresses of services.

use plimsoll_diagnostics::Spanned;
use plimsoll_model::units::Millis;
use plimsoll_yaml::{Map, OneOrMany, choice, record};

use crate::Opt;
use crate::scalars::{AddressBlock, Asn, Name, Names, Version};

choice! {
    /// Who gives services their addresses.
    pub enum IngressBy: "a controller of service addresses" {
        /// MetalLB.
        Metallb = "metallb",
        /// Calico itself.
        Calico = "calico",
    }

    /// How routers learn of service addresses.
    pub enum Announce: "a way to announce" {
        /// By BGP: every announcing node carries a share.
        Bgp = "bgp",
        /// By ARP and neighbour discovery: one node carries an address.
        L2 = "l2",
    }
}

record! {
    /// Addresses of services of type LoadBalancer.
    pub struct Ingress: Default {
        /// Pools of addresses by name.
        pub pools: Map<Name, Pool>,
        /// Who gives them.
        pub by: Opt<IngressBy>,
        /// Its version, in quotes.
        pub version: Opt<Version>,
        /// How routers learn of them.
        pub announce: Opt<Announce>,
        /// The announcing nodes' AS number.
        pub asn: Opt<Asn>,
        /// The nodes that announce.
        pub from: OneOrMany<Spanned<Names>>,
        /// The routers they announce to.
        pub peers: OneOrMany<Spanned<Names>>,
        /// Whether BFD watches the sessions, and its numbers.
        pub bfd: Option<Bfd>,
        /// How long a silent session holds.
        pub hold_time: Opt<Millis>,
        /// How often a session shows itself.
        pub keepalive_time: Opt<Millis>,
    }

    /// A pool of addresses.
    pub struct Pool short "addresses": Default {
        /// Its addresses.
        pub addresses: OneOrMany<Spanned<AddressBlock>>,
        /// Whether services get one without asking for the pool.
        pub auto_assign: Opt<bool>,
        /// The services planned for it.
        pub services: Opt<u32>,
        /// Whether addresses that end in .0 or .255 are left out.
        pub avoid_buggy_ips: Opt<bool>,
        /// Whether other clusters announce the same addresses on purpose.
        pub anycast: Opt<bool>,
    }

    /// Bidirectional forwarding detection.
    pub struct Bfd short "enabled": Default {
        /// Whether it runs.
        pub enabled: Opt<bool>,
        /// How often each end shows itself.
        pub interval: Opt<Millis>,
        /// Silent intervals until the other end counts as gone.
        pub multiplier: Opt<u8>,
    }
}
