//! What does not fit is refused, with its place and what to do.

mod common;

use common::{Run, campus};
use plimsoll_resolve::Lock;

/// What is said about a file that cannot become a Design.
fn refused(file: &str) -> String {
    let run = Run::of(file);
    assert!(run.resolved.design.is_none(), "no design comes of it");
    assert_eq!(run.resolved.lock, Lock::new(), "nothing is allocated to it");
    run.problems()
}

#[test]
fn a_host_with_too_little_memory() {
    assert_eq!(
        refused(&campus("memory: 256GiB", "memory: 120GiB")).split("error[").nth(1).unwrap_or_default(),
        "\
memory-too-small]: host `pve-1` has too little memory for its guests
  --> cluster.yaml:34:13
   |
34 |     memory: 120GiB
   |             ^^^^^^ 106 GiB are left beside the 14 GiB of the hypervisor, 112 GiB are needed
   |
   = breaks: the kernel ends guests, etcd members among them
   = note: on it: cp-1 16GiB, worker-1 96GiB
"
    );
}

#[test]
fn disks_too_small_for_what_lies_on_them() {
    let said = refused(&campus("os: boot 200GiB", "os: boot 500GiB"));
    assert!(
        said.contains("error[disk-too-small]: the disks `boot` of host `pve-6` are too small for what lies on them"),
        "{said}"
    );
    assert!(said.contains("447 GiB can be used, 500 GiB are needed"), "{said}");
}

#[test]
fn more_processors_than_threads() {
    let said = refused(&campus("cpu: 16, memory: 96GiB", "cpu: 48, memory: 96GiB"));
    assert!(said.contains("error[cpu-too-small]: `worker-1` has 48 processors, its host `pve-1` 32 threads"), "{said}");
}

#[test]
fn a_machine_that_is_to_migrate_and_cannot() {
    let said = refused(&campus(
        "cpu: 16, memory: 96GiB, disks: { os: boot 200GiB }, pass: osd,\n                 networks: [kube, storage], drain: stop",
        "cpu: 16, memory: 96GiB, disks: { os: boot 200GiB }, pass: osd,\n                 networks: [kube, storage], drain: migrate",
    ));
    assert!(
        said.contains("error[nowhere-to-go]: no other host has room for `worker-1`, which is to migrate"),
        "{said}"
    );
}

#[test]
fn balancers_without_their_layout_and_the_other_way_round() {
    assert_eq!(
        refused(&campus("balancer: stacked", "balancer: dedicated")),
        "\
error[missing-key]: no machine balances over the API servers
  --> cluster.yaml:50:76
   |
50 | api: { name: api.k8s.example.edu, vip: 10.30.12.100, port: 8443, balancer: dedicated, failover: safe }
   |                                                                            ^^^^^^^^^ on machines of their own
   |
   = help: add two machines with `role: balancer`, on different hosts, or write `balancer: stacked`
"
    );
    let balancers = "  lb-1..2: { role: balancer, host: pve-5..6, networks: [kube] }\n  ns-1..2: {";
    let stacked = campus("  ns-1..2: {", balancers);
    let said = refused(&stacked);
    assert!(said.contains("error[wrong-value]: `lb-1` would balance nothing: the control plane does"), "{said}");
    let dedicated = stacked.replace("balancer: stacked", "balancer: dedicated");
    let said = refused(&dedicated.replace("failover: safe", "haproxy: { backends: local }"));
    assert!(said.contains("a balancer on a machine of its own has no API server beside it"), "{said}");
    let said = refused(&dedicated.replace("failover: safe", "vrrp: { priorities: [150, 140, 130] }"));
    assert!(said.contains("3 priorities for 2 machines"), "{said}");
    let said = refused(&dedicated.replace("host: pve-5..6, networks: [kube]", "host: pve-5..6, networks: [mgmt]"));
    assert!(said.contains("`lb-1` may hold the address of the API and does not stand in network `kube`"), "{said}");
    assert!(said.contains("add `kube` to the `networks` of the balancers"), "{said}");
}

#[test]
fn an_exhausted_network() {
    let small = campus("ipv4: 10.30.20.0/24", "ipv4: 10.30.20.0/28");
    assert_eq!(
        refused(&small),
        "\
error[network-exhausted]: network `storage` has no address left for 1 of 6 owners
  --> cluster.yaml:25:32
   |
25 |   storage: { vlan: 2000, ipv4: 10.30.20.0/28, mtu: 9000, for: [ceph-public, ceph-cluster] }
   |                                ^^^^^^^^^^^^^ given out are 10.30.20.10 to 10.30.20.14
   |
   = help: take a larger prefix, or let `allocate` begin lower
"
    );
}

#[test]
fn an_exhausted_switch() {
    let said = refused(&campus("ports: 48x1G", "ports: 10x1G"));
    assert!(said.contains("error[ports-exhausted]: switch `oob-1` has 10 ports, and 12 links end on it"), "{said}");
}

#[test]
fn exhausted_guest_ids() {
    let said = refused(&campus("vmids: 2000-2099", "vmids: 2000-2009"));
    assert!(said.contains("error[vmids-exhausted]: there are fewer guest ids than the 11 machines need"), "{said}");
}

#[test]
fn an_api_address_that_dhcp_hands_out() {
    let dhcp = campus("for: [nodes, api, bgp] }", "for: [nodes, api, bgp], dhcp: [10.30.12.90-120] }");
    let said = refused(&dhcp);
    assert!(said.contains("error[vip-taken]: the address of the API is handed out by DHCP"), "{said}");
    assert!(said.contains("in 10.30.12.90-10.30.12.120"), "{said}");
    assert!(said.contains("breaks: two machines answer for it"), "{said}");
}

#[test]
fn an_api_address_in_no_network() {
    let said = refused(&campus("vip: 10.30.12.100", "vip: 10.30.99.100"));
    assert!(said.contains("error[outside-network]: the address of the API lies in no network"), "{said}");
}

#[test]
fn an_address_given_twice_or_taken() {
    let fixed = |range: &str| {
        campus(
            "networks: [kube], drain: stop }",
            &format!("networks: [kube], drain: stop, addresses: {{ kube: {range} }} }}"),
        )
    };
    let said = refused(&fixed("10.30.12.1-3"));
    assert!(said.contains("error[address-taken]: `10.30.12.1` of `machine/cp-1` is taken"), "{said}");
    assert!(said.contains("an address of `gw-1`"), "{said}");
}

#[test]
fn an_unknown_edition() {
    assert_eq!(
        refused(&campus("edition: 2026-11  ", "edition: 2031-01  ")),
        "\
error[unknown-edition]: there is no edition `2031-01`
 --> cluster.yaml:3:10
  |
3 | edition: 2031-01                      # of the defaults: timers, versions
  |          ^^^^^^^
  |
  = help: known are `2026-11`; a newer one needs a newer Plimsoll
"
    );
}

#[test]
fn a_kubernetes_whose_latest_release_is_not_known() {
    let said = refused(&campus("version: \"1.36\"", "version: \"1.35\""));
    assert!(
        said.contains("error[unknown-version]: edition 2026-11 does not know the latest release of Kubernetes 1.35"),
        "{said}"
    );
    assert_eq!(Run::of(&campus("version: \"1.36\"", "version: \"1.35.9\"")).design().kubernetes.version, "1.35.9");
}

#[test]
fn a_component_that_only_the_design_has_can_be_accepted_or_missed() {
    let accept =
        |key: &str| campus("  utility: { reason", &format!("  {key}: {{ reason: bought so }}\n  utility: {{ reason"));
    assert!(Run::of(&accept("host/pve-1/psu/b")).design().excluded.contains_key(&"host/pve-1/psu/b".into()));
    let said = refused(&accept("host/pve-1/psu/c"));
    assert!(said.contains("there is no component `host/pve-1/psu/c`"), "{said}");
}

#[test]
fn a_machine_without_a_bridge_for_its_network() {
    let said = refused(&campus("vmbr1: bond0.2000, ", ""));
    assert!(said.contains("error[no-bridge]: host `pve-1` has no bridge for network `storage`"), "{said}");
}

#[test]
fn all_problems_of_a_phase_come_at_once_and_the_next_phase_waits() {
    let two = campus("memory: 256GiB", "memory: 120GiB").replace("ports: 48x1G", "ports: 10x1G");
    let both = refused(&two);
    assert!(both.contains("memory-too-small") && both.contains("ports-exhausted"), "{both}");
    let next = refused(&two.replace("ipv4: 10.30.20.0/24", "ipv4: 10.30.20.0/28"));
    assert!(!next.contains("network-exhausted"), "{next}");
}

#[test]
fn what_is_far_too_large_to_be_meant() {
    let said = refused(&campus("osd: 4x3840GB nvme", "osd: 40000x3840GB nvme"));
    assert!(said.contains("error[too-many]: 40000 disks in one host are too many: 256 are possible"), "{said}");
}

#[test]
fn a_range_of_servers_that_is_a_whole_network() {
    let said = refused(&campus("resolvers: [10.30.1.53, 10.30.1.54]", "resolvers: [10.30.1.100-200]"));
    assert!(said.contains("error[too-many]: `resolvers` has a range of 101 addresses"), "{said}");
    assert!(said.contains("help: name the servers one by one"), "{said}");
}

#[test]
fn a_default_above_the_quota() {
    let said =
        refused(&campus("alice: { cpu: 4, memory: 8GiB }", "alice: { cpu: 4, memory: 8GiB, default_memory: 9GiB }"));
    assert!(said.contains("error[wrong-value]: no container of `alice` can have `default_memory`"), "{said}");
    assert!(said.contains("its quota is 8GiB"), "{said}");
    let said = refused(&campus("alice: { cpu: 4, memory: 8GiB }", "alice: { cpu: 4, memory: 8GiB, default_cpu: 5 }"));
    assert!(said.contains("its quota is 4"), "{said}");
}
