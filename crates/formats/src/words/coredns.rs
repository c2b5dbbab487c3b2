//! Plugins of CoreDNS as it is released: plugin.cfg of 1.6 to 1.14, and the directives of its server.

/// Names of plugins. A build of somebody's own may have others.
#[rustfmt::skip]
pub(crate) const PLUGINS: &[&str] = &[
    "acl", "any", "auto", "autopath", "azure", "bind", "bufsize", "cache", "cancel", "chaos", "clouddns", "debug",
    "dns64", "dnssec", "dnstap", "erratic", "errors", "etcd", "fanout", "federation", "file", "forward", "geoip",
    "grpc", "grpc_server", "header", "health", "hosts", "https", "https3", "import", "k8s_external", "kubernetes",
    "loadbalance", "local", "log", "loop", "metadata", "minimal", "multisocket", "nomad", "nsid", "on", "pprof",
    "prometheus", "proxy", "quic", "ready", "reload", "rewrite", "root", "route53", "secondary", "shutdown", "sign",
    "startup", "template", "timeouts", "tls", "trace", "transfer", "tsig", "view", "whoami",
];
