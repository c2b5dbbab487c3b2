//! What stands on top of a rack: its strips and switches, and those elsewhere that something in it hangs on.

use plimsoll_model::design::{Host, Psu, SwitchRole};
use plimsoll_model::{Design, Name};

use super::{Rect, Tier, short, text_width, words};

/// Pixels of such a box from top to bottom.
pub(super) const HEIGHT: i32 = 30;

/// A strip or a switch with its rail.
pub(super) struct Head {
    pub(super) path: String,
    pub(super) label: String,
    pub(super) about: String,
    pub(super) tier: Tier,
    pub(super) rect: Rect,
    /// Supplies of a switch: the strip, and the component.
    pub(super) power: Vec<(String, String)>,
}

/// Path of the strip that a supply hangs on.
pub(super) fn strip(psu: &Psu) -> String {
    format!("rack/{}/pdu/{}", psu.pdu.rack, psu.pdu.pdu)
}

fn head(path: String, label: String, about: String, tier: Tier) -> Head {
    let rect = Rect { w: text_width(&label) + 20, h: HEIGHT, ..Rect::default() };
    Head { path, label, about, tier, rect, power: Vec::new() }
}

/// Strips of this rack, and those of others on which something in this one hangs.
pub(super) fn strips(design: &Design, name: &Name, hosts: &[(&Name, &Host)]) -> Vec<Head> {
    let mut heads: Vec<Head> = Vec::new();
    for (pdu, of) in design.rack.get(name).map(|rack| &rack.pdu).into_iter().flatten() {
        let about = format!("PDU {pdu} of rack {name}, fed from {}", of.feed);
        heads.push(head(format!("rack/{name}/pdu/{pdu}"), format!("PDU {}", short(pdu.as_str())), about, Tier::Pdu));
    }
    let own = design.switch.values().filter(|switch| switch.rack == *name && switch.role != SwitchRole::Spine);
    let supplies = own.flat_map(|switch| switch.psu.values());
    for psu in hosts.iter().flat_map(|(_, host)| host.psu.values()).chain(supplies) {
        let path = strip(psu);
        if !heads.iter().any(|head| head.path == path) {
            let label = format!("{} in {}", psu.pdu.pdu, psu.pdu.rack);
            heads.push(head(path, short(&label), format!("PDU {label}, which stands elsewhere"), Tier::Elsewhere));
        }
    }
    heads
}

/// Switches of this rack, and those elsewhere on which hosts of this one hang; the fast ones first.
pub(super) fn switches(design: &Design, name: &Name, hosts: &[(&Name, &Host)]) -> Vec<Head> {
    let mut own: Vec<_> =
        design.switch.iter().filter(|(_, switch)| switch.rack == *name && switch.role != SwitchRole::Spine).collect();
    own.sort_by_key(|(_, switch)| switch.role == SwitchRole::OutOfBand);
    let mut heads: Vec<Head> = own
        .into_iter()
        .map(|(switch, of)| {
            let path = format!("switch/{switch}");
            let supply = |(psu, on): (&Name, &Psu)| (strip(on), format!("{path}/psu/{psu}"));
            let power = of.psu.iter().map(supply).collect();
            let about = words::switch(switch, of);
            Head { power, ..head(path.clone(), short(switch.as_str()), about, Tier::Switch) }
        })
        .collect();
    let linked = hosts
        .iter()
        .flat_map(|(_, host)| host.nic.values().map(|nic| &nic.switch).chain(host.bmc.iter().map(|bmc| &bmc.switch)));
    for switch in linked {
        let path = format!("switch/{switch}");
        if !heads.iter().any(|head| head.path == path) {
            let about = format!("switch {switch}, which stands elsewhere");
            heads.push(head(path, format!("to {}", short(switch.as_str())), about, Tier::Elsewhere));
        }
    }
    heads
}
