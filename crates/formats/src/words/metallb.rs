//! Fields of MetalLB's objects, as its definitions of 0.13 to 0.16 have them.

/// Fields of any of its objects. One of another object is not told.
#[rustfmt::skip]
pub(crate) const FIELDS: &[&str] = &[
    "addresses", "aggregationLength", "aggregationLengthV6", "autoAssign", "avoidBuggyIPs", "bfdProfile",
    "communities", "connectTime", "detectMultiplier", "disableMP", "dualStackAddressFamily", "dynamicASN",
    "ebgpMultiHop", "echoInterval", "echoMode", "enableGracefulRestart", "holdTime", "interface", "interfaces",
    "ipAddressPoolSelectors", "ipAddressPools", "keepaliveTime", "localASN", "localPref", "minimumTtl", "myASN",
    "name", "namespaceSelectors", "namespaces", "nodeSelectors", "passiveMode", "password", "passwordSecret",
    "peerASN", "peerAddress", "peerPort", "peers", "preferredNodeSelectors", "priority", "receiveInterval",
    "routerID", "serviceAllocation", "serviceSelectors", "sourceAddress", "spec", "transmitInterval", "value",
    "vrf",
];
