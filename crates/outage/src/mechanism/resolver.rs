//! Names: who looks one up and gets no answer asks the next server.

use plimsoll_model::units::Millis;

use super::{WAKE, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

/// RES_TIMEOUT of the C library.
const TIMEOUT: Millis = Millis(5_000);

/// One of several servers does not answer: a lookup that begins with it waits and asks the next.
pub fn next_server() -> Mechanism {
    let interval = Interval::up_to(TIMEOUT);
    Mechanism {
        name: "DNS: the next server is asked",
        new: interval,
        existing: interval,
        formula: format!("one timeout of {}; recursive servers and caches wait less", ms(TIMEOUT)),
        source: "resolv.conf(5), glibc 2.41 (timeout 5, attempts 2)",
        assumes: &[A::ResolverAsksNext],
    }
}

/// How long the `forward` plugin waits for an answer before it asks the next server (`readTimeout`).
const READ: Millis = Millis(2_000);
/// How long its check of a server waits (`ReadTimeout` of the checker).
const CHECK: Millis = Millis(1_000);
/// Between two checks (`hcInterval`).
const BETWEEN_CHECKS: Millis = Millis(500);
/// Checks that may fail: a server is left out when more have (`max_fails`).
const MAX_FAILS: u64 = 2;
/// After which whoever forwards gives a query up (`defaultTimeout`).
const GIVES_UP: Millis = Millis(5_000);

/// So many servers for outside names that are asked first do not answer: whoever forwards waits for each of them, and asks
/// the next. Where that takes longer than it keeps a query, one after the other must be left out first ([`left_out`]), each
/// after the next query that meets it.
pub fn next_upstream(dead: u64) -> Mechanism {
    let waits = READ * dead;
    let (most, formula) = if waits < GIVES_UP {
        (waits, format!("{dead} × {} for an answer that does not come", ms(READ)))
    } else {
        let each = GIVES_UP + left_out_after();
        let formula = format!(
            "{dead} × ({} until somebody asks again + {} to leave one out)",
            ms(GIVES_UP),
            ms(left_out_after())
        );
        (each * dead, formula)
    };
    let interval = Interval::up_to(most + WAKE);
    Mechanism {
        name: "CoreDNS: the next server is asked",
        new: interval,
        existing: interval,
        formula: format!("{formula} + {} to act", ms(WAKE)),
        source: "CoreDNS 1.14 plugin/forward/forward.go (defaultTimeout 5 s), plugin/pkg/proxy (readTimeout 2 s)",
        assumes: &[A::Wakes, A::ForwardsWithDefaults],
    }
}

fn left_out_after() -> Millis {
    READ + CHECK * (MAX_FAILS + 1) + BETWEEN_CHECKS * MAX_FAILS
}

/// Until servers that do not answer are asked no more: queries that are in no cache wait for them meanwhile.
pub fn left_out() -> Mechanism {
    let interval = Interval::up_to(left_out_after() + WAKE);
    Mechanism {
        name: "CoreDNS: a dead server is left out",
        new: interval,
        existing: interval,
        formula: format!(
            "{} for the first query + {} checks of {} + {MAX_FAILS} pauses of {} + {} to act; sooner where it is refused",
            ms(READ),
            MAX_FAILS + 1,
            ms(CHECK),
            ms(BETWEEN_CHECKS),
            ms(WAKE)
        ),
        source: "CoreDNS 1.14 plugin/forward (max_fails 2, hcInterval 0.5 s), plugin/pkg/proxy/health.go (1 s), plugin/pkg/up",
        assumes: &[A::Wakes, A::ForwardsWithDefaults],
    }
}
