//! The power of a rack's own switches: from each strip below all elbows to the right, and up into the switch.

use super::Wire;
use super::heads::Head;

/// Pixels between the lines of two strips.
const LINE: i32 = 6;
/// Pixels between two supplies of one switch, and to its edge.
const APART: i32 = 8;

fn feeds(strip: &Head, switches: &[Head]) -> bool {
    switches.iter().any(|switch| switch.power.iter().any(|(from, _)| *from == strip.path))
}

/// Pixels that these lines take below the elbows of the rails.
pub(super) fn height(strips: &[Head], switches: &[Head]) -> i32 {
    strips.iter().filter(|strip| feeds(strip, switches)).count() as i32 * LINE
}

/// The nearest place to the right where no other line runs down.
fn beside(mut x: i32, taken: &[i32]) -> i32 {
    while taken.iter().any(|other| (other - x).abs() < 2) {
        x += 2;
    }
    x
}

/// A line from each strip, each at a height of its own below `top`, and a stub from it to each supply. `taken` is where
/// rails and the lines to them run down.
pub(super) fn wires(strips: &[Head], switches: &[Head], top: i32, taken: &[i32]) -> Vec<Wire> {
    let mut wires = Vec::new();
    let mut taken = taken.to_vec();
    for (order, strip) in strips.iter().filter(|strip| feeds(strip, switches)).enumerate() {
        let x = beside(strip.rect.middle() + APART, &taken);
        taken.push(x);
        let (y, from) = (top + (order as i32 + 1) * LINE, (x, strip.rect.bottom()));
        let wire = |points: Vec<(i32, i32)>, dots: Vec<(i32, i32)>, parts: Vec<String>| Wire {
            points,
            dots,
            power: true,
            from: strip.path.clone(),
            parts,
        };
        let mut last = x;
        let mut stubs = Vec::new();
        for switch in switches {
            for (place, (_, part)) in switch.power.iter().enumerate().filter(|(_, (on, _))| *on == strip.path) {
                let x = beside(switch.rect.x + APART * (place as i32 + 1), &taken);
                taken.push(x);
                last = last.max(x);
                stubs.push(wire(vec![(x, y), (x, switch.rect.bottom())], vec![(x, y)], vec![part.clone()]));
            }
        }
        wires.push(wire(vec![from, (from.0, y), (last, y)], Vec::new(), Vec::new()));
        wires.extend(stubs);
    }
    wires
}
