//! Switches that act as one, and the cables between two.

use std::rc::Rc;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::MlagKind;

use crate::build::Build;
use crate::component::Kind;

impl Build<'_> {
    pub(super) fn same_group(&self, one: &Name, other: &Name) -> bool {
        let group = |switch: &Name| self.design.switch.get(switch).and_then(|switch| switch.mlag.clone());
        group(one).is_some() && group(one) == group(other)
    }

    /// For the second member of a pair that acts as one: the link between the two is gone, so that it shuts its ports.
    pub(super) fn second_of_pair(&mut self, switch: &Name) -> Node {
        let design = self.design;
        let Some(group) = design.switch.get(switch).and_then(|switch| switch.mlag.as_ref()) else { return Node::FALSE };
        let Some(mlag) = design.mlag.get(group) else { return Node::FALSE };
        match (mlag.kind, mlag.members.iter().min()) {
            (MlagKind::Mlag | MlagKind::Stack, Some(first)) if first != switch => {
                self.assume(&format!("{first} is the one of its pair that goes on when the link between them is gone"));
                self.peer_link(first, switch)
            }
            _ => Node::FALSE,
        }
    }

    /// All cables between two switches are gone. None is known: assumed to be there between members of a pair.
    pub(super) fn peer_link(&mut self, one: &Name, other: &Name) -> Node {
        let cables = self.cables_between(one, other);
        if cables.is_empty() {
            self.assume("links between the switches of a pair");
            return Node::FALSE;
        }
        let gone = self.and(cables);
        self.label(gone, format!("{one} and {other} have lost the link between them"))
    }

    pub(super) fn cables_between(&mut self, one: &Name, other: &Name) -> Vec<Node> {
        let wiring = Rc::clone(&self.wiring);
        let part = |name: &Name| {
            let path = format!("cable/{name}");
            self.part(&path, Kind::Cable, &path)
        };
        wiring.cables(one, other).iter().map(part).collect()
    }
}
