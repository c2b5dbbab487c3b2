//! Objects of MetalLB (`metallb.io`).

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_diagnostics::{Diagnostic, Diagnostics, Spanned};
use plimsoll_yaml::{Rest, record};

use super::Part;
use super::meta::{LabelSelector, NameRef};
use super::quantity::Duration;
use crate::Setting;
use crate::report::shorten;

record! {
    /// A pool of addresses for services.
    pub struct IpAddressPool as camelCase: Default {
        /// What is asked for.
        pub spec: Part<IpAddressPoolSpec>,
    }

    /// See [`IpAddressPool`].
    pub struct IpAddressPoolSpec as camelCase: Default {
        /// Prefixes and ranges, as written.
        pub addresses: Vec<Setting<String>>,
        /// Whether services get an address without asking for this pool; absent means yes.
        pub auto_assign: Setting<bool>,
        /// Whether addresses that end in .0 and .255 are left out; absent means no.
        pub avoid_buggy_ips: Setting<bool> = "avoidBuggyIPs",
        /// Which services may use it.
        pub service_allocation: Option<ServiceAllocation>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Which services may use a pool.
    pub struct ServiceAllocation as camelCase: Default {
        /// Smaller is preferred.
        pub priority: Setting<u32>,
        /// Namespaces by name.
        pub namespaces: Vec<Spanned<String>>,
        /// Namespaces by label.
        pub namespace_selectors: Vec<LabelSelector>,
        /// Services by label.
        pub service_selectors: Vec<LabelSelector>,
    }

    /// Announces pools by ARP and NDP.
    pub struct L2Advertisement as camelCase: Default {
        /// What is asked for; absent announces every pool.
        pub spec: Part<L2AdvertisementSpec>,
    }

    /// See [`L2Advertisement`].
    pub struct L2AdvertisementSpec as camelCase: Default {
        /// Pools by name; with no selector either, all pools.
        pub ip_address_pools: Vec<Spanned<String>>,
        /// Pools by label.
        pub ip_address_pool_selectors: Vec<LabelSelector>,
        /// Nodes that announce; none named means all.
        pub node_selectors: Vec<LabelSelector>,
        /// Interfaces on which they do; none named means all.
        pub interfaces: Vec<Spanned<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Announces pools by BGP.
    pub struct BgpAdvertisement as camelCase: Default {
        /// What is asked for; absent announces every pool.
        pub spec: Part<BgpAdvertisementSpec>,
    }

    /// See [`BgpAdvertisement`].
    pub struct BgpAdvertisementSpec as camelCase: Default {
        /// Pools by name; with no selector either, all pools.
        pub ip_address_pools: Vec<Spanned<String>>,
        /// Pools by label.
        pub ip_address_pool_selectors: Vec<LabelSelector>,
        /// Nodes that announce; none named means all.
        pub node_selectors: Vec<LabelSelector>,
        /// Peers that hear it, by name; none named means all.
        pub peers: Vec<Spanned<String>>,
        /// Prefix length of the announced routes (IPv4); absent means 32.
        pub aggregation_length: Setting<u8>,
        /// Prefix length of the announced routes (IPv6); absent means 128.
        pub aggregation_length_v6: Setting<u8>,
        /// Local preference, for internal sessions.
        pub local_pref: Setting<u32>,
        /// Communities, as numbers or names.
        pub communities: Vec<Spanned<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A router that the speakers peer with.
    pub struct BgpPeer as camelCase: Default {
        /// What is asked for.
        pub spec: Part<BgpPeerSpec>,
    }

    /// See [`BgpPeer`]; the fields of `v1beta1` and `v1beta2` together.
    pub struct BgpPeerSpec as camelCase: Default {
        /// Autonomous system of the speakers.
        pub my_asn: Setting<u32> = "myASN",
        /// Autonomous system of the router.
        pub peer_asn: Setting<u32> = "peerASN",
        /// `internal` or `external`, instead of the router's number.
        pub dynamic_asn: Setting<String> = "dynamicASN",
        /// Address of the router.
        pub peer_address: Setting<String>,
        /// Interface of an unnumbered session, instead of the address.
        pub interface: Setting<String>,
        /// Port of the router; absent means 179.
        pub peer_port: Setting<u16>,
        /// Address from which the session is opened.
        pub source_address: Setting<String>,
        /// Silence after which the session is dropped.
        pub hold_time: Setting<Duration>,
        /// Time between signs of life.
        pub keepalive_time: Setting<Duration>,
        /// Time between attempts to connect.
        pub connect_time: Setting<Duration>,
        /// Router id of the speakers.
        pub router_id: Setting<String> = "routerID",
        /// Nodes that peer with it (`v1beta2`).
        pub node_selectors: Vec<LabelSelector>,
        /// Password in clear.
        pub password: Setting<String>,
        /// Secret of type `kubernetes.io/basic-auth` with the password.
        pub password_secret: Option<NameRef>,
        /// Profile of failure detection.
        pub bfd_profile: Setting<String>,
        /// Whether the router is more than one hop away (`v1beta2`).
        pub ebgp_multi_hop: Setting<bool>,
        /// Routing domain of the node.
        pub vrf: Setting<String>,
        /// Whether routes are kept while a speaker restarts.
        pub enable_graceful_restart: Setting<bool>,
        /// Autonomous system shown to this router only.
        pub local_asn: Setting<u32> = "localASN",
        /// Deprecated: one session per address family.
        pub disable_mp: Setting<bool> = "disableMP",
        /// Whether one session carries both address families.
        pub dual_stack_address_family: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// How fast a dead peer is noticed.
    pub struct BfdProfile as camelCase: Default {
        /// What is asked for; every part has a default.
        pub spec: Part<BfdProfileSpec>,
    }

    /// See [`BfdProfile`]; times in milliseconds.
    pub struct BfdProfileSpec as camelCase: Default {
        /// Shortest interval at which packets are taken; absent means 300.
        pub receive_interval: Setting<u32>,
        /// Interval at which packets are sent; absent means 300.
        pub transmit_interval: Setting<u32>,
        /// Missed packets that end the session; absent means 3.
        pub detect_multiplier: Setting<u32>,
        /// Interval of echo packets; absent means 50.
        pub echo_interval: Setting<u32>,
        /// Whether echo packets are sent.
        pub echo_mode: Setting<bool>,
        /// Whether the router must speak first.
        pub passive_mode: Setting<bool>,
        /// Least time to live of a packet that is taken, for sessions over several hops.
        pub minimum_ttl: Setting<u32>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Names for communities.
    pub struct Community as camelCase: Default {
        /// What is asked for.
        pub spec: Part<CommunitySpec>,
    }

    /// See [`Community`].
    pub struct CommunitySpec as camelCase: Default {
        /// Names with their values.
        pub communities: Vec<CommunityAlias>,
    }

    /// A name for a community.
    pub struct CommunityAlias as camelCase: Default {
        /// The name.
        pub name: Setting<String>,
        /// `64512:100` or `large:64512:1:2`.
        pub value: Setting<String>,
    }
}

impl IpAddressPool {
    /// Says which of its addresses MetalLB refuses, as its webhook and its controller do (`ParseCIDR` in
    /// internal/config/config.go): a prefix with its length, or two addresses of one family, the smaller first.
    pub(super) fn check(&self, problems: &mut Diagnostics) {
        for text in self.spec.addresses.iter().filter_map(Setting::known) {
            let Some(why) = why_refused(&text.value) else { continue };
            problems.push(
                Diagnostic::error(format!("`{}` is {why}", shorten(&text.value)))
                    .code("wrong-value")
                    .at(text.span, "MetalLB refuses the pool")
                    .help("write a prefix, `10.30.14.0/26`, or a range, `10.30.14.10-10.30.14.20`"),
            );
        }
    }
}

fn why_refused(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let Some((first, last)) = text.split_once('-') else {
        let wrong = match text.parse::<IpAddr>() {
            Ok(_) => "an address without the length of its prefix",
            Err(_) => "no prefix and no range of addresses",
        };
        return text.parse::<IpNet>().err().map(|_| wrong);
    };
    match (first.trim().parse::<IpAddr>(), last.trim().parse::<IpAddr>()) {
        (Ok(first), Ok(last)) if first.is_ipv4() != last.is_ipv4() => Some("a range of two families"),
        (Ok(first), Ok(last)) if first > last => Some("a range whose end is before its start"),
        (Ok(_), Ok(_)) => None,
        _ => Some("no range of two addresses"),
    }
}
