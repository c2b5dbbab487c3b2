//! The datastore: its members and every number of it.

use plimsoll_model::design::{Etcd, EtcdMember, EtcdTopology, Machine, Network, Purpose, Role};
use plimsoll_model::units::Millis;
use plimsoll_model::{Map, Name};
use plimsoll_spec::cluster;

use crate::cx::Cx;

use super::kubernetes::{flags, stated};

pub(crate) fn etcd(cx: &Cx<'_>, networks: &Map<Network>, machines: &Map<Machine>) -> Etcd {
    let at = cx.at("etcd");
    let nothing = cluster::Etcd::default();
    let spec = cx.spec.kubernetes.as_ref().and_then(|kubernetes| kubernetes.etcd.as_ref()).unwrap_or(&nothing);
    let edition = cx.edition;
    let nodes: Vec<&Name> = networks
        .iter()
        .filter(|(_, network)| network.purposes.contains(&Purpose::Nodes))
        .map(|(name, _)| name)
        .collect();
    let mut member = Map::new();
    for (machine_name, machine) in machines.iter().filter(|(_, machine)| machine.role == Role::ControlPlane) {
        let Some((network, nic)) = nodes.iter().find_map(|network| machine.nic.get_key_value(*network)) else {
            continue;
        };
        let at = at.child(format!("member/{machine_name}"));
        let path = format!("machine/{machine_name}");
        at.derived("", (), &[&path]);
        let own = Name::from("etcd");
        let disk = if machine.disk.contains_key(&own) { own } else { "os".into() };
        let design = EtcdMember {
            address: at.derived("address", nic.address.addr(), &[&format!("{path}/nic/{network}/address")]),
            data_dir: at.chosen("data_dir", "/var/lib/etcd".into(), "kubeadm"),
            disk: at.derived("disk", disk.clone(), &[&format!("{path}/disk/{disk}")]),
        };
        member.insert(machine_name.clone(), design);
    }
    let compaction = cx.spec.kubernetes.as_ref().and_then(|kubernetes| kubernetes.etcd.as_ref()?.compaction.as_ref());
    let often = spec.defragment.as_ref().map(|every| at.written("defragmentation", every));
    let condition = "when more than 40 % of the file is free: one member at a time, the leader last";
    let defragmentation = match often {
        Some(every) => format!("every {every}, {condition}"),
        None => at.chosen("defragmentation", format!("monthly, {condition}"), "ours"),
    };
    let off = compaction.is_some_and(|compaction| compaction.value == Millis(0));
    Etcd {
        topology: match &spec.layout {
            Some(word) => at.expanded("topology", EtcdTopology::Stacked, word.span),
            None => at.chosen("topology", EtcdTopology::Stacked, "the fewest machines"),
        },
        heartbeat: at.or("heartbeat", spec.heartbeat.as_ref(), &edition.etcd_heartbeat),
        election: at.or("election", spec.election.as_ref(), &edition.etcd_election),
        quota: at.or("quota", spec.quota.as_ref(), &edition.etcd_quota),
        auto_compaction: at.chosen(
            "auto_compaction",
            Millis(0),
            if off { "nobody compacts" } else { "the API server compacts" },
        ),
        initial_corrupt_check: at.chosen("initial_corrupt_check", true, "kubeadm"),
        snapshot_count: stated(&at, "snapshot_count", &spec.snapshot_count, "etcd's own"),
        extra_args: flags(&at, &spec.flags),
        rtt_max: at.stated("rtt_max", &cx.spec.assume.as_ref().and_then(|assume| assume.rtt)),
        client_port: at.chosen("client_port", 2379, "etcd"),
        peer_port: at.chosen("peer_port", 2380, "etcd"),
        defragmentation: Some(defragmentation),
        member,
    }
}
