//! Keys of netplan: the handlers of libnetplan 1.1, and the reference (netplan-yaml).

/// Keys of any place. One in the wrong place is not told.
#[rustfmt::skip]
pub(crate) const KEYS: &[&str] = &[
    "accept-ra", "access-points", "activation-mode", "ad-select", "addresses", "advertised-mode", "advertised-mss",
    "advertised-receive-window", "ageing", "ageing-time", "aging", "aging-time", "all-members-active",
    "all-slaves-active", "allowed-ips", "anonymous-identity", "apn", "arp-all-targets", "arp-interval",
    "arp-ip-targets", "arp-proxy", "arp-validate", "auth", "auto-config", "backend", "band", "bonds", "bridges",
    "bssid", "ca-cert", "ca-certificate", "certificate", "channel", "checksums", "client-certificate", "client-key",
    "client-key-password", "congestion-window", "connection-mode", "controller", "critical",
    "delay-virtual-functions-rebind", "device", "device-id", "dhcp-identifier", "dhcp4", "dhcp4-overrides", "dhcp6",
    "dhcp6-overrides", "do-not-fragment", "down-delay", "driver", "dummy-devices", "embedded-switch-mode",
    "emit-lldp", "endpoint", "ethernets", "extensions", "external-ids", "fail-mode", "fail-over-mac-policy",
    "flow-label", "forward-delay", "from", "gateway4", "gateway6", "generic-receive-offload",
    "generic-segmentation-offload", "global", "gratuitious-arp", "gratuitous-arp", "hairpin", "hello-time",
    "hidden", "hostname", "id", "identity", "ignore-carrier", "infiniband-mode", "input", "interfaces",
    "ipv6-address-generation", "ipv6-address-token", "ipv6-mtu", "ipv6-privacy", "keepalive", "key",
    "key-management", "keys", "l2-miss", "l3-miss", "label", "lacp", "lacp-rate", "large-receive-offload",
    "learn-packet-interval", "lifetime", "limit", "link", "link-local", "local", "macaddress", "mark", "match",
    "max-age", "mcast-snooping", "method", "metric", "mii-monitor-interval", "min-links", "mode", "modems", "mtu",
    "name", "nameservers", "neigh-suppress", "network", "network-id", "networkmanager", "nm-devices",
    "notifications", "number", "on-link", "openvswitch", "optional", "optional-addresses", "options",
    "other-config", "output", "packets-per-member", "packets-per-slave", "parameters", "passthrough", "password",
    "path", "path-cost", "peer", "peers", "phase2-auth", "pin", "port", "port-mac-learning", "port-priority",
    "port-range", "ports", "primary", "primary-reselect-policy", "priority", "private", "private-key", "protocols",
    "public", "ra-overrides", "receive-checksum-offload", "regulatory-domain", "remote", "renderer", "resend-igmp",
    "route-metric", "routes", "routing-policy", "rsc", "rstp", "scope", "search", "send-hostname", "set-name",
    "shared", "short-circuit", "sim-id", "sim-operator-id", "source-port-max", "source-port-min", "ssl",
    "stable-id", "stp", "table", "tcp-segmentation-offload", "tcp6-segmentation-offload", "to",
    "transmit-checksum-offload", "transmit-hash-policy", "ttl", "tunnels", "type", "type-of-service", "up-delay",
    "use-dns", "use-domains", "use-hostname", "use-mtu", "use-ntp", "use-routes", "username", "uuid", "version",
    "via", "virtual-ethernets", "virtual-function-count", "vlans", "vrfs", "wakeonlan", "wakeonwlan", "wifis",
];
