//! Routes that are withdrawn, and gateways that fail over.

use plimsoll_model::design::{BfdProfile, BgpPeer};
use plimsoll_model::units::Millis;

use super::{WAKE, between, less, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

/// How a router finds that a speaker is gone.
pub fn session_lost(peer: &BgpPeer, bfd: Option<&BfdProfile>) -> Mechanism {
    let (found, formula, source) = if let Some(profile) = bfd {
        // Both ends have the profile: the router waits as often as the speaker says, the slower of the two each time.
        let each = profile.receive_interval.max(profile.transmit_interval);
        let times = u64::from(profile.detect_multiplier);
        let words = format!("{times} × {} of BFD, less up to one interval since the last packet", ms(each));
        (between(each * times.saturating_sub(1), each * times), words, BFD)
    } else {
        let (hold, keepalive) = (peer.hold_time, peer.keepalive_time);
        let words = format!("hold time {}, less up to one keepalive of {} since the last", ms(hold), ms(keepalive));
        (between(less(hold, keepalive), hold), words, BGP)
    };
    let withdrawn = found.then(Interval::up_to(WAKE));
    Mechanism {
        name: "BGP: a router takes a dead speaker's path out",
        new: withdrawn,
        // A sender's next retransmission comes at most as long after the repair as the outage lasted.
        existing: withdrawn.then(Interval::new(crate::End::After(Millis(0)), withdrawn.max())),
        formula: format!("{formula}, + at most {} to withdraw", ms(WAKE)),
        source,
        assumes: &[A::RouterAgrees, A::RoutesFlip, A::ClientSends],
    }
}

const BFD: &str = "RFC 5880 6.8.4 and FRR 10.3 bfdd/bfd_packet.c (detect_TO = remote multiplier × the slower interval)";
const BGP: &str = "RFC 4271 6.5 and 10 (hold time), FRR 10.3 bgpd";

/// Sessions that were all lost while links were silent come back.
pub fn sessions_return() -> Mechanism {
    const RETRY: Millis = Millis(120_000);
    let interval = Interval::up_to(RETRY + WAKE);
    Mechanism {
        name: "BGP: sessions come back",
        new: interval,
        existing: interval,
        formula: format!("at most one connect retry of {} after the links are back", ms(RETRY)),
        source: "FRR 10.3 BGP documentation (timers connect: 120 s in the traditional profile, 10 s in datacenter)",
        assumes: &[A::RouterAgrees],
    }
}

/// A gateway of others moves to its twin.
pub fn gateway_moves() -> Mechanism {
    const ADVERT: Millis = Millis(1_000);
    // Skew at priority 1: 255/256 of an interval.
    const SKEW: Millis = Millis(997);
    let interval = between(ADVERT * 2, ADVERT * 3 + SKEW + WAKE);
    Mechanism {
        name: "gateway: the twin takes the address over",
        new: interval,
        existing: interval,
        formula: format!(
            "3 × {} + skew of at most {} + {} to act, less up to one interval since the last advertisement",
            ms(ADVERT),
            ms(SKEW),
            ms(WAKE)
        ),
        source: "RFC 9568 6.1 with the defaults of its section 5.2.7; the routers' own settings are not in the Design",
        assumes: &[A::RouterIsDefault, A::ArpIsTaken, A::SharesNothing],
    }
}

/// MetalLB's speakers find by gossip that the announcer of an address is gone.
pub fn announcer_moves() -> Mechanism {
    let interval = Interval::up_to(Millis(10_000));
    Mechanism {
        name: "MetalLB: another node announces the address",
        new: interval,
        existing: interval,
        formula: "a few seconds; above 10000 ms its authors call it a bug".to_owned(),
        source: "https://metallb.universe.tf/concepts/layer2/ (0.16)",
        assumes: &[A::ArpIsTaken, A::ControllersKeepUp],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> BgpPeer {
        BgpPeer {
            router: "gw-1".into(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            asn: 64_520,
            port: 179,
            hold_time: Millis(9_000),
            keepalive_time: Millis(3_000),
            multihop: false,
            bfd: None,
            nodes: Vec::new(),
            password: None,
        }
    }

    #[test]
    fn bfd_is_missed_packets_and_bgp_is_the_hold_time() {
        let profile =
            BfdProfile { receive_interval: Millis(300), transmit_interval: Millis(300), detect_multiplier: 3 };
        // The last packet is 0 to 300 ms old: 600 to 900 ms, and 50 ms to withdraw.
        let lost = session_lost(&peer(), Some(&profile));
        assert_eq!(lost.new, Interval::millis(600, 950));
        // Six deaths of a host with these timers, as a client saw them: 630 to 860 ms.
        assert!([630, 754, 860].iter().all(|seen| lost.new.contains(Millis(*seen))));
        // The last message is 0 to 3 s old: 6 to 9 s. Two deaths were seen: 7.0 and 8.3 s.
        let lost = session_lost(&peer(), None);
        assert_eq!(lost.new, Interval::millis(6_000, 9_050));
        assert!([7_000, 8_300].iter().all(|seen| lost.new.contains(Millis(*seen))));
        // A sender's retransmission comes at most once more as late.
        assert_eq!(lost.existing, Interval::millis(6_000, 18_100));
    }

    #[test]
    fn a_gateway_of_others_has_the_defaults_of_the_protocol() {
        // 2 × 1000 and no skew; 3 × 1000 + 997 + 50.
        assert_eq!(gateway_moves().new, Interval::millis(2_000, 4_047));
    }
}
