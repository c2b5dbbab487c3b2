//! Rules that keep machines of one quorum or pair on different hosts.

use plimsoll_model::design::{Ceph, Machine, Placement, Role};
use plimsoll_model::{Map, Name};

use crate::cx::Cx;

pub(crate) fn placement(cx: &Cx<'_>, machines: &Map<Machine>, ceph: Option<&Ceph>) -> Map<Placement> {
    let of = |role: Role| -> Vec<Name> {
        machines.iter().filter(|(_, machine)| machine.role == role).map(|(name, _)| name.clone()).collect()
    };
    let mons = ceph.map(|ceph| ceph.mon.keys().cloned().collect()).unwrap_or_default();
    let groups: [(&str, &str, Vec<Name>); 4] = [
        ("etcd", "quorum of etcd", of(Role::ControlPlane)),
        ("balancer", "balancers of the API", of(Role::Balancer)),
        ("ceph-mon", "quorum of the Ceph monitors", mons),
        ("zone", "servers of the zone", of(Role::ZoneServer)),
    ];
    let mut all = Map::new();
    for (name, reason, members) in groups {
        if members.len() < 2 {
            continue;
        }
        let at = cx.at(format!("placement/{name}"));
        let from: Vec<String> = members.iter().map(|machine| format!("machine/{machine}")).collect();
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        at.derived("", (), &from);
        let movable = members.iter().all(|machine| machines.get(machine).is_some_and(|machine| machine.ha));
        let rule = Placement {
            machines: members,
            reason: reason.into(),
            by_hypervisor: at.derived("by_hypervisor", movable, &from),
        };
        all.insert(name.into(), rule);
    }
    all
}
