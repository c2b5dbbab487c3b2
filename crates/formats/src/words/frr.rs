//! Words of FRR: the commands of bgpd 10.3, and the manual (doc/user/bgp.rst) of 8 to 10.

/// What follows `neighbor NAME`.
#[rustfmt::skip]
pub(crate) const NEIGHBOR: &[&str] = &[
    "accept-own", "activate", "addpath-rx-paths-limit", "addpath-tx-all-paths", "addpath-tx-best-selected",
    "addpath-tx-bestpath-per-AS", "advertise-map", "advertisement-interval", "aigp", "allowas-in", "as-override",
    "attribute-unchanged", "bfd", "capability", "dampening", "default-originate", "description",
    "disable-addpath-rx", "disable-connected-check", "disable-link-bw-encoding-ieee", "distribute-list",
    "dont-capability-negotiate", "ebgp-multihop", "encapsulation-mpls", "encapsulation-srv6", "enforce-first-as",
    "enforce-multihop", "extended-link-bandwidth", "extended-optional-parameters", "filter-list",
    "graceful-restart", "graceful-restart-disable", "graceful-restart-helper", "graceful-shutdown", "interface",
    "ip-transparent", "local-as", "local-role", "maximum-prefix", "maximum-prefix-out", "next-hop-self",
    "nexthop-local", "oad", "override-capability", "passive", "password", "path-attribute", "peer-group", "port",
    "prefix-list", "remote-as", "remove-private-AS", "remove-private-as", "route-map", "route-reflector-client",
    "route-server-client", "rpki", "send-community", "send-nexthop-characteristics",
    "sender-as-path-loop-detection", "shutdown", "soft-reconfiguration", "solo", "soo", "strict-capability-match",
    "tcp-mss", "timers", "ttl-security", "unsuppress-map", "update-source", "v6only", "weight",
];
