//! Each program with a small good file, and with one that is broken in a single place: a check that cannot fail is none.
#![allow(clippy::panic, clippy::unwrap_used)]

use plimsoll_accept::{Files, Program, Sandbox, Verdict};

/// The good files, one of them changed in one place.
struct Example {
    program: Program,
    files: Vec<(&'static str, String)>,
}

fn example<const N: usize>(program: Program, files: [(&'static str, &str); N]) -> Example {
    let files = files.into_iter().map(|(path, text)| (path, text.to_owned())).collect();
    Example { program, files }
}

impl Example {
    fn ask(&self, files: Vec<(&'static str, String)>) -> Verdict {
        let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
        self.program.accepts(&sandbox, &files.into_iter().collect::<Files>()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Accepted as it is, without a word.
    fn is_accepted(&self) -> &Self {
        let verdict = self.ask(self.files.clone());
        assert!(verdict.accepted && verdict.output.is_empty(), "{verdict}");
        self
    }

    /// Rejected once `from` reads `to`, with a message that holds `said`.
    fn is_rejected_with(&self, from: &str, to: &str, said: &str) -> &Self {
        let broken: Vec<_> = self.files.iter().map(|(path, text)| (*path, text.replacen(from, to, 1))).collect();
        assert_ne!(broken, self.files, "`{from}` is not in the example");
        let verdict = self.ask(broken);
        assert!(!verdict.accepted, "{from:?} as {to:?}: {verdict}");
        assert!(verdict.output.contains(said), "{from:?} as {to:?}: {verdict}");
        self
    }
}

#[test]
fn haproxy() {
    let config = "\
defaults
  mode tcp
  timeout connect 300ms
  timeout client 1h
  timeout server 1h
frontend api
  bind :8443
  default_backend api
backend api
  option httpchk GET /readyz
  server cp-1 10.0.0.11:6443 check check-ssl verify none
";
    example(Program::Haproxy, [("/etc/haproxy/haproxy.cfg", config)])
        .is_accepted()
        .is_rejected_with("check-ssl", "chek-ssl", "unknown keyword 'chek-ssl'; did you mean 'check-ssl' maybe ?")
        // Only a warning, with exit code 0 unless asked otherwise.
        .is_rejected_with("  timeout client 1h\n", "", "missing timeouts for frontend 'api'");
}

#[test]
fn keepalived() {
    let config = "\
global_defs {
  router_id cp-1
  enable_script_security
  script_user root
}
vrrp_script api {
  script /etc/keepalived/check-api
  interval 1
}
vrrp_instance api {
  state BACKUP
  interface bond0.12
  virtual_router_id 60
  priority 100
  advert_int 1
  nopreempt
  unicast_src_ip 10.0.0.11
  unicast_peer {
    10.0.0.12
    10.0.0.13
  }
  virtual_ipaddress {
    10.0.0.100/24
  }
  track_script {
    api
  }
}
";
    let check = ("/etc/keepalived/check-api", "#!/bin/sh\nexit 0\n");
    example(Program::Keepalived, [("/etc/keepalived/keepalived.conf", config), check])
        .is_accepted()
        .is_rejected_with("virtual_router_id 60", "virtual_router_id 256", "256")
        .is_rejected_with("    10.0.0.12\n    10.0.0.13\n", "    10.0.0.12 10.0.0.13\n", "10.0.0.13")
        .is_rejected_with(
            "script /etc/keepalived/check-api",
            "script /etc/keepalived/chek-api",
            "Disabling track script api",
        );
}

#[test]
fn named() {
    let config = "\
options { directory \"/var/cache/bind\"; recursion no; };
zone \"k8s.example.edu\" { type primary; file \"/etc/bind/zones/k8s\"; };
";
    let zone = "\
$TTL 300
@ IN SOA ns-1.k8s.example.edu. ops.example.edu. 1 3600 600 604800 300
@ IN NS ns-1
ns-1 IN A 10.0.0.53
api IN A 10.0.0.100
";
    example(Program::Named, [("/etc/bind/named.conf", config), ("/etc/bind/zones/k8s", zone)])
        .is_accepted()
        .is_rejected_with("recursion no", "recursoin no", "unknown option 'recursoin'")
        .is_rejected_with("ns-1 IN A 10.0.0.53\n", "", "NS 'ns-1.k8s.example.edu' has no address records")
        .is_rejected_with("10.0.0.100", "10.0.0.256", "bad dotted quad")
        .is_rejected_with("api IN A 10.0.0.100", "@ IN MX 10 10.0.0.100.", "MX is an address");
}

#[test]
fn frr() {
    let config = "\
frr version 10.3
frr defaults traditional
hostname gw-1
service integrated-vtysh-config
!
ip prefix-list pools seq 5 permit 10.30.14.0/26 ge 32 le 32
!
route-map from-cluster permit 10
 match ip address prefix-list pools
exit
!
router bgp 64500
 bgp router-id 10.30.12.2
 neighbor 10.30.12.21 remote-as 64513
 neighbor 10.30.12.21 bfd
 !
 address-family ipv4 unicast
  neighbor 10.30.12.21 route-map from-cluster in
 exit-address-family
exit
!
";
    example(Program::Frr, [("/etc/frr/frr.conf", config)])
        .is_accepted()
        .is_rejected_with("remote-as 64513", "remote-sa 64513", "Unknown command")
        // Both pass `vtysh -C`; only the daemons know better.
        .is_rejected_with("ge 32 le 32", "ge 32 le 25", "Configuration failed")
        .is_rejected_with("  neighbor 10.30.12.21 route-map", "  neighbor 10.30.12.22 route-map", "Specify remote-as");
}

#[test]
fn nftables() {
    let rules = "\
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    tcp dport { 22, 6443 } accept
  }
}
";
    example(Program::Nft, [("/etc/nftables.conf", rules)])
        .is_accepted()
        .is_rejected_with("tcp dport", "tcp dprt", "syntax error, unexpected string")
        .is_rejected_with("hook input", "hook inputt", "unknown chain hook");
}

#[test]
fn ifupdown2() {
    let interfaces = "\
auto lo
iface lo inet loopback

auto bond0
iface bond0 inet manual
    bond-slaves eno1 eno2
    bond-mode 802.3ad
    mtu 9000

auto vmbr1
iface vmbr1 inet static
    address 10.30.20.11/24
    bridge-ports bond0.2000
    bridge-stp off
    bridge-fd 0
    mtu 9000
    post-up ip route add 10.0.0.0/8 via 10.30.20.1
";
    example(Program::Ifupdown2, [("/etc/network/interfaces", interfaces)])
        .is_accepted()
        .is_rejected_with("802.3ad", "802.3adx", "bond-mode: invalid value \"802.3adx\"")
        .is_rejected_with("10.30.20.11/24", "10.30.20.311/24", "invalid value \"10.30.20.311/24\"")
        // ifupdown2 itself says nothing about either.
        .is_rejected_with("bond-slaves", "bond-slavez", "option unknown to ifupdown2: bond-slavez")
        .is_rejected_with("bridge-fd", "bridge_fdd", "option unknown to ifupdown2: bridge_fdd");
}

#[test]
fn netplan_and_what_networkd_makes_of_it() {
    let plan = "\
network:
  version: 2
  ethernets:
    eth0:
      addresses: [10.30.12.11/24]
      mtu: 9000
      routes: [{ to: default, via: 10.30.12.1 }]
";
    example(Program::Netplan, [("/etc/netplan/60-plimsoll.yaml", plan)])
        .is_accepted()
        .is_rejected_with("addresses", "adresses", "unknown key 'adresses'")
        .is_rejected_with("10.30.12.11/24", "10.30.12.11", "/prefixlength");
}

#[test]
fn networkd() {
    let network = "[Match]\nName=eth0\n\n[Network]\nAddress=10.30.12.11/24\nGateway=10.30.12.1\n";
    example(Program::Networkd, [("/etc/systemd/network/10-eth0.network", network)])
        .is_accepted()
        .is_rejected_with("Gateway", "Gatewey", "Unknown key 'Gatewey' in section [Network], ignoring")
        .is_rejected_with("10.30.12.1\n", "10.30.12.1111\n", "10-eth0.network:6: ");
    let own = "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\nManageForeignNextHops=no\n";
    example(Program::Networkd, [("/etc/systemd/networkd.conf.d/60-plimsoll.conf", own)])
        .is_accepted()
        .is_rejected_with(
            "ForeignRoutes",
            "ForeignRoute",
            "Unknown key 'ManageForeignRoute' in section [Network], ignoring",
        )
        .is_rejected_with("Routes=no", "Routes=nope", "60-plimsoll.conf:2: ");
}

#[test]
fn units() {
    let service = "\
[Unit]
Description=Snapshot of etcd
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/etcd-snapshot
";
    let timer = "[Timer]\nOnCalendar=*-*-* 0/6:00:00\n[Install]\nWantedBy=timers.target\n";
    example(
        Program::SystemdAnalyze,
        [
            ("/etc/systemd/system/etcd-snapshot.service", service),
            ("/etc/systemd/system/etcd-snapshot.timer", timer),
            ("/etc/systemd/system/ssh.service.d/10-memory.conf", "[Service]\nMemoryMax=512M\n"),
            ("/usr/local/sbin/etcd-snapshot", "#!/bin/sh\nexit 0\n"),
        ],
    )
    .is_accepted()
    // Only a warning, with exit code 0.
    .is_rejected_with("Description", "Descriptoin", "Unknown key 'Descriptoin' in section [Unit], ignoring")
    .is_rejected_with("0/6:00:00", "0/6:00:99", "Failed to parse calendar specification")
    .is_rejected_with("sbin/etcd-snapshot", "sbin/etcd-snap", "/usr/local/sbin/etcd-snap is not executable")
    .is_rejected_with("MemoryMax=512M", "MemoryMax=512Q", "10-memory.conf:2: ");
}

#[test]
fn chrony() {
    example(Program::Chronyd, [("/etc/chrony/chrony.conf", "server 10.30.1.11 iburst\nmakestep 1 3\n")])
        .is_accepted()
        .is_rejected_with("makestep", "makestpe", "Invalid directive at line 2");
}

#[test]
fn prometheus_rules() {
    let rules = "\
groups:
- name: control-plane
  rules:
  - alert: EtcdMemberDown
    expr: up{job=\"etcd\"} == 0
    for: 1m
    labels: { severity: critical }
";
    example(Program::PromtoolRules, [("/etc/prometheus/rules/etcd.yml", rules)])
        .is_accepted()
        .is_rejected_with("== 0", "=== 0", "could not parse expression")
        .is_rejected_with("for: 1m", "four: 1m", "field four not found");
}

#[test]
fn prometheus_configuration() {
    let config = "\
rule_files: [rules/*.yml]
scrape_configs:
- job_name: etcd
  static_configs:
  - targets: [10.30.12.11:2381]
";
    example(Program::PromtoolConfig, [("/etc/prometheus/prometheus.yml", config)]).is_accepted().is_rejected_with(
        "static_configs",
        "statik_configs",
        "field statik_configs not found",
    );
}

#[test]
fn sshd() {
    example(Program::Sshd, [("/etc/ssh/sshd_config.d/10-plimsoll.conf", "PasswordAuthentication no\n")])
        .is_accepted()
        .is_rejected_with("PasswordAuthentication", "PaswordAuthentication", "Bad configuration option");
}

#[test]
fn sysctl() {
    let settings = "net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n";
    example(Program::Sysctl, [("/etc/sysctl.d/60-plimsoll.conf", settings)])
        .is_accepted()
        .is_rejected_with("ip_forward", "ip_forwrad", "/proc/sys/net/ipv4/ip_forwrad: No such file")
        .is_rejected_with("ip_forward =", "ip_forward", "invalid syntax");
}

#[test]
fn shell_scripts() {
    example(Program::Shell, [("/usr/local/sbin/check", "#!/bin/sh\nif true; then\n  exit 0\nfi\n")])
        .is_accepted()
        .is_rejected_with("fi\n", "", "end of file unexpected");
    example(Program::Shell, [("/usr/local/sbin/check", "#!/bin/bash\nnames=(a b)\necho \"${names[@]}\"\n")])
        .is_accepted()
        .is_rejected_with("(a b)", "(a b", "unexpected EOF while looking for matching `)'");
}

#[test]
fn cloud_init() {
    let data = "#cloud-config\nhostname: cp-1\nwrite_files:\n- path: /etc/motd\n  content: hello\n";
    example(Program::CloudInit, [("/etc/cloud/cp-1.yaml", data)])
        .is_accepted()
        .is_rejected_with("write_files", "writ_files", "writ_files")
        .is_rejected_with("hostname: cp-1", "hostname: [cp-1]", "is not of type 'string'");
}

#[test]
fn no_file_to_read_is_no_acceptance() {
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    let files = Files::from([("/etc/hosts", "127.0.0.1 localhost\n")]);
    for program in Program::ALL {
        let verdict = program.accepts(&sandbox, &files).unwrap();
        assert!(!verdict.accepted, "{verdict}");
    }
}

#[test]
fn a_program_sees_no_network_and_leaves_no_trace() {
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    let script = "#!/bin/sh\nexit 0\n";
    let files = Files::from([("/etc/plimsoll-trace", script)]);
    assert!(Program::Shell.accepts(&sandbox, &files).unwrap().accepted);
    assert!(!sandbox.root().join("etc/plimsoll-trace").exists());
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains("plimsoll-accept"), "{mounts}");
}
