//! Who balances over the API servers, and on which machines.

use plimsoll_model::design::{Balancer, Role};
use plimsoll_spec::cluster::{Backends, BalancerLayout};
use plimsoll_spec::hardware::Role as SpecRole;

use crate::cx::{At, Cx, error};
use crate::expand::Things;

/// Who balances. What others own is refused before.
pub(crate) fn balancer(cx: &Cx<'_>, at: &At<'_, '_>) -> Balancer {
    let own = if is_dedicated(cx) { Balancer::Dedicated } else { Balancer::Stacked };
    match &cx.spec.api.balancer {
        Some(word) => at.expanded("balancer", own, word.span),
        None => at.chosen("balancer", own, "the fewest machines"),
    }
}

/// The role of the machines with HAProxy and keepalived, which may hold the address of the API.
pub(crate) fn role(cx: &Cx<'_>) -> Role {
    if is_dedicated(cx) { Role::Balancer } else { Role::ControlPlane }
}

fn is_dedicated(cx: &Cx<'_>) -> bool {
    cx.spec.api.balancer.as_ref().is_some_and(|word| word.value == BalancerLayout::Dedicated)
}

/// Says where the layout and the machines do not fit each other.
pub(crate) fn check(cx: &Cx<'_>, things: &Things<'_>) {
    let word = cx.spec.api.balancer.as_ref().and_then(|word| word.span);
    let dedicated = is_dedicated(cx);
    let mut there = things.role(SpecRole::Balancer).peekable();
    if dedicated && there.peek().is_none() {
        let problem =
            error("missing-key", "no machine balances over the API servers", word, "on machines of their own");
        cx.say(
            problem.help("add two machines with `role: balancer`, on different hosts, or write `balancer: stacked`"),
        );
    }
    if !dedicated && let Some((name, item)) = there.next() {
        let message = format!("`{name}` would balance nothing: the control plane does");
        let problem = error("wrong-value", message, item.spec.role.span, "").context(word, "so the file says");
        cx.say(problem.help("write `api: { balancer: dedicated }`, or leave the machine out"));
    }
    let backends = cx.spec.api.haproxy.as_ref().and_then(|haproxy| haproxy.backends.as_ref());
    if dedicated && let Some(word) = backends.filter(|word| word.value == Backends::Local) {
        let message = "a balancer on a machine of its own has no API server beside it";
        cx.say(error("wrong-value", message, word.span, "").help("write `backends: all`"));
    }
}
