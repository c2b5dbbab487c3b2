//! When an alert is raised. Numbers are those of the Design's `monitoring/alert`; what an alert means for whom is in the
//! runbook.

use plimsoll_model::Design;
use plimsoll_model::design::{AlertThresholds, Role};
use plimsoll_model::units::Millis;
use serde_json::{Value, json};

/// One alert.
struct Alert {
    name: &'static str,
    expr: String,
    lasts: Millis,
    severity: &'static str,
    summary: &'static str,
}

/// Somebody must come.
const PAGE: &str = "critical";
/// Somebody must look on the next working day.
const TICKET: &str = "warning";

fn alert(
    name: &'static str,
    severity: &'static str,
    lasts: Millis,
    expr: impl Into<String>,
    summary: &'static str,
) -> Alert {
    Alert { name, expr: expr.into(), lasts, severity, summary }
}

impl Alert {
    fn json(&self) -> Value {
        let mut rule = json!({
            "alert": self.name, "expr": self.expr, "labels": { "severity": self.severity },
            "annotations": { "summary": self.summary },
        });
        if self.lasts.0 > 0 {
            rule["for"] = json!(self.lasts.go());
        }
        rule
    }
}

/// Name, subject and groups of each file.
pub(super) fn files(design: &Design) -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let set = &design.monitoring.alert;
    let mut files: Vec<(&'static str, &'static str, Vec<Alert>)> = vec![
        ("api", "Alerts: the API and who balances it", api(design, set)),
        ("etcd", "Alerts: etcd", etcd(design, set)),
        ("dns", "Alerts: names inside and outside the cluster", dns(design, set)),
        ("machines", "Alerts: machines", machines(set)),
        ("certificates", "Alerts: certificates", certificates(set)),
    ];
    if design.metallb.is_some() {
        files.push(("bgp", "Alerts: announcements of service addresses", bgp(set)));
    }
    if let Some(ceph) = &design.ceph {
        files.push(("ceph", "Alerts: Ceph", storage(set, ceph.near_full, ceph.mon.len(), ceph.osd.len())));
    }
    if let Some(backup) = &design.backup.etcd {
        files.push(("backup", "Alerts: backups", backups(backup.every, design.etcd.member.len())));
    }
    files
        .into_iter()
        .map(|(name, what, alerts)| {
            let rules: Vec<Value> = alerts.iter().map(Alert::json).collect();
            (name, what, vec![json!({ "name": name, "rules": rules })])
        })
        .collect()
}

fn api(design: &Design, set: &AlertThresholds) -> Vec<Alert> {
    let servers = design.machines(Role::ControlPlane).count();
    let mut alerts = vec![
        alert(
            "ApiEndpointDown",
            PAGE,
            Millis::minutes(1),
            "up{job=\"api-endpoint\"} == 0",
            "the API does not answer at its endpoint",
        ),
        alert(
            "ApiServerDown",
            TICKET,
            set.down_for,
            "up{job=\"api\"} == 0",
            "{{ $labels.machine }}: the API server does not answer",
        ),
        alert(
            "ApiServersMissing",
            PAGE,
            set.down_for,
            format!("(count(up{{job=\"api\"}} == 1) or vector(0)) < {}", servers / 2 + 1),
            "{{ $value }} API servers answer, fewer than a majority",
        ),
        alert(
            "ApiErrors",
            PAGE,
            Millis::minutes(5),
            format!(
                "sum(rate(apiserver_request_total{{job=\"api\",code=~\"5..\"}}[5m])) / \
                 sum(rate(apiserver_request_total{{job=\"api\"}}[5m])) > {}",
                set.api_errors
            ),
            "{{ $value | humanizePercentage }} of API requests fail",
        ),
        alert(
            "ApiSlow",
            TICKET,
            Millis::minutes(10),
            format!(
                "histogram_quantile(0.99, sum by (verb, le) (rate(apiserver_request_duration_seconds_bucket{{job=\"api\",\
                 verb!~\"WATCH|CONNECT\",subresource!~\"log|exec|portforward|attach|proxy\"}}[5m]))) > {}",
                set.api_latency.as_secs()
            ),
            "{{ $labels.verb }} requests of the API take {{ $value | humanizeDuration }}",
        ),
    ];
    if design.api.haproxy.is_some() {
        alerts.push(unit("BalancerDown", "haproxy.service", set, "{{ $labels.machine }}: HAProxy does not run"));
    }
    if design.api.vrrp.is_some() {
        alerts.push(unit("VrrpDown", "keepalived.service", set, "{{ $labels.machine }}: keepalived does not run"));
    }
    alerts
}

/// A service of systemd that does not run where it is installed.
fn unit(name: &'static str, unit: &str, set: &AlertThresholds, summary: &'static str) -> Alert {
    let expr = format!("node_systemd_unit_state{{job=\"machines\",name=\"{unit}\",state=\"active\"}} == 0");
    alert(name, TICKET, set.down_for, expr, summary)
}

fn etcd(design: &Design, set: &AlertThresholds) -> Vec<Alert> {
    let members = design.etcd.member.len();
    vec![
        alert(
            "EtcdMemberDown",
            TICKET,
            set.down_for,
            "up{job=\"etcd\"} == 0",
            "{{ $labels.machine }}: etcd does not answer",
        ),
        alert(
            "EtcdNoSpare",
            PAGE,
            set.down_for,
            format!("(count(up{{job=\"etcd\"}} == 1) or vector(0)) <= {}", members / 2 + 1),
            "{{ $value }} members of etcd answer: the next loss stops all writes",
        ),
        alert(
            "EtcdNoLeader",
            PAGE,
            Millis::minutes(1),
            "etcd_server_has_leader{job=\"etcd\"} == 0",
            "{{ $labels.machine }} knows no leader of etcd",
        ),
        alert(
            "EtcdElections",
            TICKET,
            Millis(0),
            "increase(etcd_server_leader_changes_seen_total{job=\"etcd\"}[1h]) >= 4",
            "etcd elected {{ $value }} leaders within an hour",
        ),
        alert(
            "EtcdDiskSlow",
            TICKET,
            Millis::minutes(10),
            format!(
                "histogram_quantile(0.99, sum by (machine, le) (rate(etcd_disk_wal_fsync_duration_seconds_bucket{{job=\"etcd\"}}[5m]))) > {}",
                set.etcd_fsync.as_secs()
            ),
            "{{ $labels.machine }}: etcd waits {{ $value | humanizeDuration }} for its disk",
        ),
        alert(
            "EtcdNearQuota",
            PAGE,
            Millis::minutes(10),
            format!(
                "etcd_mvcc_db_total_size_in_bytes{{job=\"etcd\"}} / etcd_server_quota_backend_bytes{{job=\"etcd\"}} > {}",
                set.etcd_quota
            ),
            "{{ $labels.machine }}: etcd's data fill {{ $value | humanizePercentage }} of its quota; at all of it the API takes no writes",
        ),
        alert(
            "EtcdFragmented",
            TICKET,
            Millis::hours(1),
            "(etcd_mvcc_db_total_size_in_bytes{job=\"etcd\"} - etcd_mvcc_db_total_size_in_use_in_bytes{job=\"etcd\"}) / \
             etcd_mvcc_db_total_size_in_bytes{job=\"etcd\"} > 0.5 and etcd_mvcc_db_total_size_in_bytes{job=\"etcd\"} > 100 * 1024 * 1024",
            "{{ $labels.machine }}: {{ $value | humanizePercentage }} of etcd's file is free; defragment one member at a time, the leader last",
        ),
    ]
}

fn dns(design: &Design, set: &AlertThresholds) -> Vec<Alert> {
    let mut alerts = vec![
        alert(
            "CoreDnsMissing",
            PAGE,
            set.down_for,
            format!("(count(up{{job=\"coredns\"}} == 1) or vector(0)) < {}", design.coredns.replicas),
            "{{ $value }} copies of CoreDNS answer",
        ),
        alert(
            "CoreDnsSlow",
            TICKET,
            Millis::minutes(10),
            format!(
                "histogram_quantile(0.99, sum by (zone, le) (rate(coredns_dns_request_duration_seconds_bucket{{job=\"coredns\"}}[5m]))) > {}",
                set.dns_latency.as_secs()
            ),
            "CoreDNS takes {{ $value | humanizeDuration }} for names of {{ $labels.zone }}",
        ),
        alert(
            "CoreDnsErrors",
            PAGE,
            Millis::minutes(5),
            format!(
                "sum(rate(coredns_dns_responses_total{{job=\"coredns\",rcode=\"SERVFAIL\"}}[5m])) / \
                 sum(rate(coredns_dns_responses_total{{job=\"coredns\"}}[5m])) > {}",
                set.dns_errors
            ),
            "{{ $value | humanizePercentage }} of CoreDNS's answers are failures",
        ),
        alert(
            "CoreDnsUpstreamsBroken",
            PAGE,
            Millis::minutes(5),
            "sum(rate(coredns_forward_healthcheck_broken_total{job=\"coredns\"}[5m])) > 0",
            "no upstream of CoreDNS answers",
        ),
    ];
    if design.nodelocal.is_some() {
        alerts.push(alert(
            "NodeLocalDnsDown",
            PAGE,
            set.down_for,
            "up{job=\"node-local-dns\"} == 0",
            "{{ $labels.node }}: the resolver cache does not answer, so pods there resolve nothing",
        ));
    }
    if !design.dns_server.is_empty() {
        alerts.push(unit("ZoneServerDown", "named.service", set, "{{ $labels.machine }}: BIND does not run"));
    }
    if design.external_dns.is_some() {
        alerts.push(alert(
            "ExternalDnsFails",
            TICKET,
            Millis::minutes(15),
            "increase(external_dns_registry_errors_total{job=\"external-dns\"}[15m]) > 0 or \
             increase(external_dns_source_errors_total{job=\"external-dns\"}[15m]) > 0",
            "records of services are not written",
        ));
    }
    alerts
}

fn machines(set: &AlertThresholds) -> Vec<Alert> {
    vec![
        alert(
            "MachineDown",
            TICKET,
            set.down_for,
            "up{job=\"machines\"} == 0",
            "{{ $labels.machine }} does not answer",
        ),
        alert("HostDown", TICKET, set.down_for, "up{job=\"hosts\"} == 0", "{{ $labels.host }} does not answer"),
        alert(
            "KubeletDown",
            TICKET,
            set.down_for,
            "up{job=\"kubelet\"} == 0",
            "{{ $labels.node }}: the kubelet does not answer",
        ),
        alert(
            "DiskFull",
            TICKET,
            Millis::minutes(15),
            format!(
                "1 - node_filesystem_avail_bytes{{job=~\"machines|hosts\",fstype!~\"tmpfs|overlay|squashfs\"}} / node_filesystem_size_bytes > {}",
                set.disk_full
            ),
            "{{ or $labels.machine $labels.host }}: {{ $labels.mountpoint }} is {{ $value | humanizePercentage }} full",
        ),
        alert(
            "MemoryShort",
            TICKET,
            Millis::minutes(15),
            "node_memory_MemAvailable_bytes{job=~\"machines|hosts\"} / node_memory_MemTotal_bytes < 0.05",
            "{{ or $labels.machine $labels.host }}: {{ $value | humanizePercentage }} of memory is left",
        ),
        alert(
            "ClockWrong",
            TICKET,
            Millis::minutes(5),
            format!("abs(node_timex_offset_seconds{{job=~\"machines|hosts\"}}) > {}", set.clock_skew.as_secs()),
            "{{ or $labels.machine $labels.host }}: the clock is {{ $value | humanizeDuration }} off",
        ),
        alert(
            "ClockFree",
            TICKET,
            Millis::minutes(15),
            "node_timex_sync_status{job=~\"machines|hosts\"} == 0",
            "{{ or $labels.machine $labels.host }}: the clock follows no server",
        ),
        alert(
            "UnitFailed",
            TICKET,
            Millis::minutes(5),
            "node_systemd_unit_state{job=\"machines\",state=\"failed\"} == 1",
            "{{ $labels.machine }}: {{ $labels.name }} has failed",
        ),
        alert(
            "BondDegraded",
            TICKET,
            Millis::minutes(2),
            "node_bonding_active < node_bonding_slaves",
            "{{ $labels.host }}: {{ $labels.master }} has lost a port",
        ),
    ]
}

fn certificates(set: &AlertThresholds) -> Vec<Alert> {
    let left = set.certificate_left.whole_secs();
    vec![
        alert(
            "ClientCertificateEnds",
            PAGE,
            Millis::minutes(5),
            format!(
                "histogram_quantile(0.01, sum by (le) (rate(apiserver_client_certificate_expiration_seconds_bucket{{job=\"api\"}}[5m]))) < {left} \
                 and on() sum(rate(apiserver_client_certificate_expiration_seconds_count{{job=\"api\"}}[5m])) > 0"
            ),
            "a client of the API has a certificate that ends in {{ $value | humanizeDuration }}",
        ),
        alert(
            "KubeletCertificateEnds",
            TICKET,
            Millis::minutes(5),
            format!("kubelet_certificate_manager_client_ttl_seconds{{job=\"kubelet\"}} < {}", 7 * 86_400),
            "{{ $labels.node }}: the kubelet's client certificate ends in {{ $value | humanizeDuration }} and was not renewed",
        ),
        alert(
            "KubeadmCertificateEnds",
            PAGE,
            Millis::minutes(5),
            format!("plimsoll_certificate_not_after_seconds - time() < {left}"),
            "{{ $labels.machine }}: {{ $labels.path }} ends in {{ $value | humanizeDuration }}",
        ),
    ]
}

fn bgp(set: &AlertThresholds) -> Vec<Alert> {
    vec![
        alert(
            "BgpSessionDown",
            TICKET,
            set.down_for,
            "frrk8s_bgp_session_up == 0 or metallb_bgp_session_up == 0",
            "{{ $labels.node }}: no BGP session with {{ $labels.peer }}",
        ),
        alert(
            "BgpNoSession",
            PAGE,
            Millis::minutes(1),
            "max by (peer) (frrk8s_bgp_session_up) == 0 or max by (peer) (metallb_bgp_session_up) == 0",
            "no node has a BGP session with {{ $labels.peer }}",
        ),
        alert(
            "SpeakerStale",
            PAGE,
            Millis::minutes(5),
            "metallb_k8s_client_config_stale_bool == 1",
            "{{ $labels.pod }}: MetalLB refuses its configuration and keeps the last one",
        ),
    ]
}

fn storage(set: &AlertThresholds, near_full: f64, mons: usize, osds: usize) -> Vec<Alert> {
    vec![
        alert(
            "CephDown",
            PAGE,
            Millis::minutes(5),
            "absent(ceph_health_status)",
            "nobody says how Ceph is: no manager answers",
        ),
        alert("CephError", PAGE, Millis::minutes(1), "ceph_health_status == 2", "Ceph is in HEALTH_ERR"),
        alert("CephWarning", TICKET, Millis::minutes(15), "ceph_health_status == 1", "Ceph is in HEALTH_WARN"),
        alert(
            "CephMonNoSpare",
            PAGE,
            set.down_for,
            format!("sum(ceph_mon_quorum_status) <= {}", mons / 2 + 1),
            "{{ $value }} monitors are in quorum: the next loss stops Ceph",
        ),
        alert(
            "CephOsdDown",
            TICKET,
            Millis::minutes(5),
            format!("(sum(ceph_osd_up) or vector(0)) < {osds}"),
            "{{ $value }} disks of Ceph are up",
        ),
        alert(
            "CephNearFull",
            PAGE,
            Millis::minutes(5),
            format!("max by (ceph_daemon) (ceph_osd_stat_bytes_used / ceph_osd_stat_bytes) > {near_full}"),
            "{{ $labels.ceph_daemon }} is {{ $value | humanizePercentage }} full",
        ),
        alert(
            "CephDegraded",
            TICKET,
            Millis::hours(1),
            "sum(ceph_pg_degraded) > 0",
            "{{ $value }} placement groups lack a copy for an hour",
        ),
        alert(
            "CephInactive",
            PAGE,
            Millis::minutes(2),
            "sum(ceph_pg_total) - sum(ceph_pg_active) > 0",
            "{{ $value }} placement groups take no reads or writes",
        ),
    ]
}

fn backups(every: Millis, members: usize) -> Vec<Alert> {
    // Two snapshots in a row have failed.
    let late = (every * 2).whole_secs();
    vec![
        alert(
            "EtcdSnapshotOld",
            PAGE,
            Millis::minutes(15),
            format!("time() - max(plimsoll_etcd_snapshot_timestamp_seconds) > {late}"),
            "the last snapshot of etcd is {{ $value | humanizeDuration }} old",
        ),
        alert(
            "EtcdSnapshotMissing",
            TICKET,
            Millis::hours(1),
            format!("(count(time() - plimsoll_etcd_snapshot_timestamp_seconds < {late}) or vector(0)) < {members}"),
            "only {{ $value }} members of etcd have sent a snapshot",
        ),
    ]
}
