//! The flags of etcd, as kubeadm sets them for a stacked member, with the numbers of the Design.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use plimsoll_model::design::{ETCD_METRICS_PORT, EtcdMember};
use plimsoll_model::{Design, Name};

/// Where kubeadm keeps the certificates of etcd.
pub(crate) const PKI: &str = "/etc/kubernetes/pki/etcd";

/// Where a member tells its metrics: to kubeadm's probes on the loopback, and to Prometheus on its own address. 2379 is no
/// place for that: who may connect there with a client certificate may also write.
pub(crate) fn metrics_urls(member: &EtcdMember) -> String {
    let local = match member.address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    [local, member.address].map(|address| format!("http://{}", SocketAddr::new(address, ETCD_METRICS_PORT))).join(",")
}

/// The flags with which etcd runs on a machine; empty when it is no member.
///
/// Names, ports, directories and numbers are those of the Design, so a member that is started by hand with them (in a
/// lab, or after a disaster) is the member that kubeadm would run. All members are listed in `--initial-cluster`, which
/// etcd only looks at when its data directory is empty. `version` is the `(major, minor)` of the etcd that will read
/// them: 3.6 turned `--experimental-…` flags into feature gates and plain flags (release notes of etcd 3.6.0).
pub fn etcd_flags_for(design: &Design, machine: &str, version: (u32, u32)) -> Vec<String> {
    let etcd = &design.etcd;
    let Some(member) = etcd.member.get(&Name::from(machine)) else { return Vec::new() };
    let (client, peer) = (etcd.client_port, etcd.peer_port);
    let url = |member: &EtcdMember, port: u16| format!("https://{}", std::net::SocketAddr::new(member.address, port));
    let cluster: Vec<String> =
        etcd.member.iter().map(|(name, member)| format!("{name}={}", url(member, peer))).collect();
    let local = if member.address.is_ipv4() { "127.0.0.1" } else { "[::1]" };
    let mut flags = vec![
        format!("--name={machine}"),
        format!("--data-dir={}", member.data_dir),
        format!("--advertise-client-urls={}", url(member, client)),
        format!("--initial-advertise-peer-urls={}", url(member, peer)),
        format!("--listen-client-urls=https://{local}:{client},{}", url(member, client)),
        format!("--listen-peer-urls={}", url(member, peer)),
        format!("--listen-metrics-urls={}", metrics_urls(member)),
        format!("--initial-cluster={}", cluster.join(",")),
        "--initial-cluster-state=new".into(),
        format!("--cert-file={PKI}/server.crt"),
        format!("--key-file={PKI}/server.key"),
        format!("--trusted-ca-file={PKI}/ca.crt"),
        "--client-cert-auth=true".into(),
        format!("--peer-cert-file={PKI}/peer.crt"),
        format!("--peer-key-file={PKI}/peer.key"),
        format!("--peer-trusted-ca-file={PKI}/ca.crt"),
        "--peer-client-cert-auth=true".into(),
        format!("--heartbeat-interval={}", etcd.heartbeat.0),
        format!("--election-timeout={}", etcd.election.0),
        format!("--quota-backend-bytes={}", etcd.quota.0),
    ];
    if etcd.auto_compaction.0 > 0 {
        flags.push("--auto-compaction-mode=periodic".into());
        flags.push(format!("--auto-compaction-retention={}", etcd.auto_compaction.go()));
    }
    let new = version >= (3, 6);
    if etcd.initial_corrupt_check {
        flags.push(
            if new { "--feature-gates=InitialCorruptCheck=true" } else { "--experimental-initial-corrupt-check=true" }
                .into(),
        );
    }
    let progress =
        if new { "--watch-progress-notify-interval" } else { "--experimental-watch-progress-notify-interval" };
    flags.push(format!("{progress}=5s"));
    flags.extend(etcd.snapshot_count.map(|count| format!("--snapshot-count={count}")));
    // What was stated by hand wins over the same flag from above.
    for (name, value) in &etcd.extra_args {
        let start = format!("--{name}=");
        flags.retain(|flag| !flag.starts_with(&start));
        flags.push(format!("{start}{value}"));
    }
    flags
}

/// [`etcd_flags_for`] the version of etcd that the Design names; 3.6 when it names none.
pub fn etcd_flags(design: &Design, machine: &str) -> Vec<String> {
    let version = design.version.get(&Name::from("etcd")).and_then(|text| {
        let mut parts = text.split('.').map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    });
    etcd_flags_for(design, machine, version.unwrap_or((3, 6)))
}
