//! A Design as it stands: without what is only planned.

use std::borrow::Cow;

use plimsoll_model::design::State;
use plimsoll_model::{Design, Name};

/// The Design without hosts and machines that are only planned. They hold nothing, vote nowhere and take nobody's place, so
/// that the others are as few as they are.
pub(crate) fn standing(design: &Design) -> Cow<'_, Design> {
    let planned_host = |name: &Name| design.host.get(name).is_some_and(|host| host.state == State::Planned);
    let planned =
        |name: &Name| design.machine.get(name).is_some_and(|of| of.state == State::Planned || planned_host(&of.host));
    if !design.host.keys().any(planned_host) && !design.machine.keys().any(planned) {
        return Cow::Borrowed(design);
    }
    let mut left = design.clone();
    left.host.retain(|name, _| !planned_host(name));
    left.machine.retain(|name, _| !planned(name));
    left.etcd.member.retain(|name, _| !planned(name));
    if let Some(vrrp) = &mut left.api.vrrp {
        vrrp.member.retain(|name, _| !planned(name));
    }
    if let Some(ceph) = &mut left.ceph {
        ceph.mon.retain(|name, _| !planned(name));
        ceph.osd.retain(|_, osd| !planned(&osd.machine));
    }
    if let Some(metallb) = &mut left.metallb {
        metallb.nodes.retain(|name| !planned(name));
        metallb.peer.values_mut().for_each(|peer| peer.nodes.retain(|name| !planned(name)));
    }
    for zone in left.zone.values_mut() {
        zone.secondaries.retain(|name| !planned(name));
    }
    Cow::Owned(left)
}
