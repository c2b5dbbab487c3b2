//! Clients with a connection to what is gone.

use plimsoll_model::units::Millis;

use super::ms;
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::{End, Interval};

const PING: &str = "golang.org/x/net/http2 (ReadIdleTimeout, PingTimeout) as set by k8s.io/apimachinery 0.36 \
                    pkg/util/net/http.go (30 s and 15 s)";
/// client-go sends a ping after this much silence.
pub const READ_IDLE: Millis = Millis(30_000);
/// And gives the connection up when no answer came for this long.
pub const PING_TIMEOUT: Millis = Millis(15_000);

/// A client of the API whose connection leads nowhere: it notices by its ping.
pub fn pings() -> Mechanism {
    Mechanism {
        name: "client: a dead connection is noticed",
        new: Interval::ZERO,
        existing: Interval::up_to(READ_IDLE + PING_TIMEOUT),
        formula: format!("{} of silence + {} without an answer to the ping", ms(READ_IDLE), ms(PING_TIMEOUT)),
        source: PING,
        assumes: &[A::ClientPings, A::ReconnectsAtOnce],
    }
}

/// A client of the API whose address moved to another holder, which answers with a reset to whatever comes next.
pub fn after_move(moved: Interval) -> Mechanism {
    // Idle: its ping, 30 s after the last frame at the latest, meets the new holder. A ping that was sent before the move
    // is sent again by TCP, or given up after 15 s.
    let most = End::After(READ_IDLE).max(moved.max().then(End::After(PING_TIMEOUT)));
    Mechanism {
        name: "client: its connection is unknown to the new holder",
        new: Interval::ZERO,
        existing: Interval::new(moved.min(), most),
        formula: format!(
            "a ping within {} of silence meets a reset; one sent before the move is given up after {}",
            ms(READ_IDLE),
            ms(PING_TIMEOUT)
        ),
        source: PING,
        assumes: &[A::ClientPings, A::ReconnectsAtOnce],
    }
}
