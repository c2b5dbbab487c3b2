//! `cargo xtask generate`: a cluster file of any size, for measurements. Its racks are like those of `examples/five-racks`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;

/// Options of `cargo xtask generate`.
#[derive(Args)]
pub(crate) struct Options {
    /// Racks, five at least: the members of etcd and the monitors are in racks of their own
    #[arg(long, default_value_t = 50)]
    racks: u32,
    /// Hosts in each rack, three at least and at most as many as its leaves have ports for
    #[arg(long, default_value_t = 20)]
    hosts: u32,
    /// Where the file is written
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the file.
pub(crate) fn run(options: &Options) -> anyhow::Result<bool> {
    let text = cluster(options.racks, options.hosts)?;
    fs::write(&options.output, text).with_context(|| format!("cannot write {}", options.output.display()))?;
    Ok(true)
}

/// The text of a cluster file with so many racks, and so many hosts in each.
pub(crate) fn cluster(racks: u32, per_rack: u32) -> anyhow::Result<String> {
    ensure!((5..=100).contains(&racks), "{racks} racks: 5 to 100 are possible");
    ensure!((3..=45).contains(&per_rack), "{per_rack} hosts in a rack: 3 to 45 are possible");
    let (hosts, leaves) = (racks * per_rack, 2 * racks);
    let width = hosts.to_string().len().max(2);
    // One in each of the first racks, the first of them at some place in its rack.
    let every = |at: u32, count: u32| format!("{at:0width$}..{:0width$}/{per_rack}", at + (count - 1) * per_rack);
    let numbers = format!("{:0width$}..{hosts}", 1);
    let (masters, names, ingress, monitors) = (every(1, 5), every(2, 3), every(1, 4), every(3, 5));
    let (spine_ports, core_ports, last_odd) = (leaves + 8, racks + 8, leaves - 1);
    // Quotas that leave a third of the room to failures, and a few that are far from it.
    let (cpu, memory, disk, few_cpu, few_memory) = (30 * hosts, 200 * hosts, 2 * hosts, 3 * hosts, 20 * hosts);
    Ok(format!(
        r#"# {hosts} Proxmox hosts in {racks} racks, for measurements: the shape of examples/five-racks.
plimsoll: 1
edition: 2026-11
cluster: generated
site:
  jurisdiction: DE
  feeds:
    {{ line-1: {{}}, line-2: {{}}, ups-1: {{ from: line-1, runtime: 15m }}, ups-2: {{ from: line-2, runtime: 15m }} }}
  racks: {{ r1..{racks}: {{ pdus: {{ a: ups-1, b: ups-2 }} }} }}
  reserved: {{ vrids: [1, 51], ipv4: [10.40.1.0/24] }}
  ntp: [10.40.1.11, 10.40.1.12, 10.40.1.13]
  resolvers: [10.40.1.53, 10.40.1.54]
external:
  gw-1..2: {{ kind: router, asn: 64520, software: frr, bfd: true, multipath: true, resilient_hashing: true,
             addresses: {{ mgmt: 10.41.0.2-3, kube: 10.43.0.2-3 }} }}
  registry: {{ kind: registry, url: "https://registry.example.edu", jurisdiction: DE }}
  vault: {{ kind: backup, address: 10.40.1.80, jurisdiction: DE, append_only: true }}
switches:
  leaf-1..{leaves}: {{ rack: r1..{racks}, power: [a, b], ports: 48x25G, mtu: 9216, edge_ports: true, stp: true,
                uplinks: {{ to: spine-1..2, speed: 100G }},
                mlag: {{ group: pair-1..{racks}, peer_links: 2, keepalive: true }} }}
  spine-1..2: {{ rack: r2..3, role: spine, power: [a, b], ports: {spine_ports}x100G, mtu: 9216, stp: true,
                uplinks: {{ to: gw-1..2, speed: 100G }}, mlag: {{ group: core, peer_links: 2, keepalive: true }} }}
  oob-1..{racks}: {{ rack: r1..{racks}, power: [a, b], ports: 48x1G, role: oob, edge_ports: true, stp: true,
              uplinks: {{ to: oob-core, speed: 10G }} }}
  oob-core: {{ rack: r1, power: [a, b], ports: {core_ports}x10G, role: oob, stp: true }}
networks:
  oob: {{ vlan: 13, ipv4: 10.42.0.0/16, for: [bmc, corosync] }}
  mgmt: {{ vlan: 12, ipv4: 10.41.0.0/16, gateway: {{ vip: 10.41.0.1, by: gw-1..2, vrid: 11 }},
          for: [proxmox, corosync, zone] }}
  storage: {{ vlan: 2000, ipv4: 10.44.0.0/16, mtu: 9000, for: [ceph-public, ceph-cluster] }}
  kube: {{ vlan: 2001, ipv4: 10.43.0.0/16, gateway: {{ vip: 10.43.0.1, by: gw-1..2, vrid: 12 }}, for: [nodes, api, bgp] }}
hosts:
  pve-{numbers}:
    platform: {{ kind: proxmox, version: "9.1", vmids: 2000-9999 }}
    rack: r1..{racks}
    power: [a, b]
    bmc: oob-1..{racks}
    cpu: 64
    memory: 512GiB
    nics:
      eno1: {{ ports: [oob-1..{racks}], speed: 1G, networks: [oob] }}
      bond0: {{ ports: [leaf-1..{last_odd}/2, leaf-2..{leaves}/2], speed: 25G, mode: lacp, mtu: 9000, networks: [mgmt, storage, kube] }}
    bridges: {{ vmbr0: bond0.12, vmbr1: bond0.2000, vmbr2: bond0.2001 }}
    disks: {{ boot: 2x480GB ssd mirror, fast: 2x400GB nvme mirror, osd: 4x3840GB nvme }}
machines:
  cp-1..5: {{ role: control-plane, host: pve-{masters}, cpu: 8, memory: 32GiB,
             disks: {{ os: boot 40GiB, etcd: fast 16GiB }}, networks: [kube], drain: stop }}
  worker-{numbers}: {{ role: worker, host: pve-{numbers}, cpu: 48, memory: 384GiB, disks: {{ os: boot 200GiB }}, pass: osd,
                   networks: [kube, storage], drain: stop }}
  ns-1..3: {{ role: zone-server, host: pve-{names}, cpu: 2, memory: 4GiB, disks: {{ os: boot 20GiB }},
             networks: [mgmt], drain: stop }}
image: {{ os: debian-13, from: registry }}
kubernetes: {{ version: "1.36", pods: 10.128.0.0/10, services: 10.96.0.0/20, etcd: stacked }}
calico: {{ encapsulation: none, mesh: full, asn: 64512 }}
api: {{ name: api.k8s.example.edu, vip: 10.43.255.250, port: 8443, balancer: stacked, failover: safe }}
ingress: {{ pools: {{ public: 10.40.14.0/26 }}, by: metallb, announce: bgp, asn: 64513, from: worker-{ingress},
           peers: gw-1..2, bfd: true }}
storage:
  ceph: {{ by: rook, osds: [worker-{numbers}], mons: [worker-{monitors}],
          pools: {{ ssd: {{ replicas: 3, min: 2, domain: rack }} }} }}
dns: {{ zone: k8s.example.edu, primary: ns-1, secondaries: [ns-2..3], delegated_by: campus }}
monitoring: {{ storage: local, alerts: "mailto:ops@example.edu" }}
access: {{ ssh: ./keys/admins.pub, secrets: ./secrets.age, recipients: [./keys/age-ops.pub, ./keys/age-escrow.pub] }}
backups:
  etcd: {{ every: 6h, keep: 28, to: vault, with: pki, restore_test: weekly }}
  volumes: {{ every: 24h, keep: 14, to: vault, pools: [ssd] }}
tenants:
  all: {{ cpu: {cpu}, memory: {memory}GiB, storage: {{ ssd: {disk}TiB }} }}
  few: {{ cpu: {few_cpu}, memory: {few_memory}GiB }}
survive:
  api: [any, rack + host]
  dns: [host + host]
  zone: [any]
  ingress/*: [any, rack]
  egress: [any]
  management: [any]
  storage/*: [any, rack]
  capacity/*: [any, rack, host + host]
"#
    ))
}
