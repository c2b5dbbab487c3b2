//! Bonds: links that lose their carrier, and links that only look alive.

use plimsoll_model::design::{Bond, BondMode, LacpRate};
use plimsoll_model::units::Millis;

use super::{WAKE, between, less, ms};
use crate::assumption::Assumption as A;
use crate::how::{How, Mechanism};
use crate::interval::Interval;

const BONDING: &str = "Linux 6.12 Documentation/networking/bonding.rst (miimon) and drivers/net/bonding/bond_main.c";
const LACP: &str =
    "IEEE 802.1AX-2020 6.4 and Linux 6.12 drivers/net/bonding/bond_3ad.c (AD_SHORT_TIMEOUT_TIME 3 s, AD_LONG 90 s)";
/// How often the driver's state machines for LACP run.
const TICK: Millis = Millis(100);

/// A port of a bond loses its carrier: the driver looks at it every `miimon`, and the machine's next frame, or a
/// gratuitous ARP, shows the switches the way.
pub fn carrier(miimon: Millis) -> How {
    if miimon.0 == 0 {
        return How::until_repair("the bond does not look at the carrier of its ports (miimon 0)");
    }
    let interval = between(Millis(0), miimon + WAKE);
    Mechanism {
        name: "bond: a port loses its carrier",
        new: interval,
        existing: interval,
        formula: format!("at most one look each miimon, {}, + {} to act", ms(miimon), ms(WAKE)),
        source: BONDING,
        assumes: &[A::Wakes, A::CarrierIsSeen, A::SwitchForwards],
    }
    .into()
}

/// How long an end of an aggregate waits for LACP frames: three of the intervals that it asked for.
pub const fn lacp_timeout(fast: bool) -> Millis {
    if fast { Millis(3_000) } else { Millis(90_000) }
}

/// A port of a bond passes nothing and keeps its carrier. `switch_fast` is what the other end asks for.
pub fn silent(bond: &Bond, switch_fast: bool) -> How {
    if bond.mode != BondMode::Lacp {
        return How::until_repair("a bond without LACP takes a port with carrier for good");
    }
    let host_fast = bond.lacp_rate == Some(LacpRate::Fast);
    let (one, other) = (lacp_silence(host_fast), lacp_silence(switch_fast));
    let interval = one.both(other);
    Mechanism {
        name: "LACP: a port falls silent",
        new: interval,
        existing: interval,
        formula: format!(
            "three missed LACP frames, the last up to a third of the timeout old: host {}, switch {}, and both ends must \
             notice; less or plus one tick of {}",
            ms(lacp_timeout(host_fast)),
            ms(lacp_timeout(switch_fast)),
            ms(TICK)
        ),
        source: LACP,
        assumes: &[A::SilenceIsTotal, A::Wakes, A::SwitchForwards],
    }
    .into()
}

fn lacp_silence(fast: bool) -> Interval {
    let timeout = lacp_timeout(fast);
    between(less(Millis(timeout.0 / 3 * 2), TICK), timeout + TICK + WAKE)
}

/// A link of a switch's aggregate to a router loses its carrier.
pub fn uplink_carrier() -> How {
    let interval = between(Millis(0), TICK + WAKE);
    Mechanism {
        name: "uplink: a port loses its carrier",
        new: interval,
        existing: interval,
        formula: format!("{} to see it, as a Linux bond would, + {} to act", ms(TICK), ms(WAKE)),
        source: BONDING,
        assumes: &[A::CarrierIsSeen, A::SwitchForwards, A::RouterAgrees],
    }
    .into()
}

/// A link of a switch's aggregate to a router passes nothing; `fast` is what the switch asks for, and the router is taken to
/// ask for the same.
pub fn uplink_silent(fast: bool) -> How {
    let interval = lacp_silence(fast);
    Mechanism {
        name: "LACP: an uplink falls silent",
        new: interval,
        existing: interval,
        formula: format!("three missed LACP frames, {}, the last up to a third of it old", ms(lacp_timeout(fast))),
        source: LACP,
        assumes: &[A::SilenceIsTotal, A::RouterAgrees, A::SwitchForwards, A::Wakes],
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::how::Who;

    fn bond(mode: BondMode, rate: Option<LacpRate>) -> Bond {
        Bond { mode, members: Vec::new(), miimon: Millis(100), lacp_rate: rate, xmit_hash_policy: None, mtu: 1500 }
    }

    #[test]
    fn carrier_is_looked_at_every_miimon() {
        // 100 ms until the next look, 50 ms to act.
        assert_eq!(carrier(Millis(100)).outage(Who::New), Interval::millis(0, 150));
        assert_eq!(carrier(Millis(0)).outage(Who::New), Interval::UNTIL_REPAIR);
    }

    #[test]
    fn a_silent_port_is_noticed_by_both_ends_or_never() {
        // Fast: frames each second, timeout 3 s, so 2 to 3 s after the last one came, a tick of 100 ms either way.
        let fast = silent(&bond(BondMode::Lacp, Some(LacpRate::Fast)), true);
        assert_eq!(fast.outage(Who::New), Interval::millis(1_900, 3_150));
        // The switch asks for slow frames: 60 to 90 s, and it is the later of the two.
        let slow = silent(&bond(BondMode::Lacp, Some(LacpRate::Fast)), false);
        assert_eq!(slow.outage(Who::New), Interval::millis(59_900, 90_150));
        let backup = silent(&bond(BondMode::ActiveBackup, None), true);
        assert_eq!(backup.outage(Who::Existing), Interval::UNTIL_REPAIR);
    }
}
