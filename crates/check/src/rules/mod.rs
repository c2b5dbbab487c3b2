//! Every rule, by area. A new rule is a file in its area's folder and one line in that folder's list.

pub mod addr;
pub mod cal;
pub mod dns;
pub mod etcd;
pub mod kadm;
pub mod lb;
pub mod mlb;
pub mod net;
pub mod phy;
pub mod pve;
pub mod site;
pub mod sto;
pub mod top;
pub mod vrrp;
pub mod wkl;

use plimsoll_model::Name;
use plimsoll_model::design::{Design, Protocol};

use crate::Rule;

/// Every rule, in the order of the reference.
pub fn all() -> Vec<&'static Rule> {
    [
        phy::RULES,
        top::RULES,
        net::RULES,
        addr::RULES,
        vrrp::RULES,
        lb::RULES,
        kadm::RULES,
        etcd::RULES,
        mlb::RULES,
        cal::RULES,
        sto::RULES,
        dns::RULES,
        wkl::RULES,
        pve::RULES,
        site::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}

/// Whether a name is `domain` or lies in it.
fn in_domain(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.trim_end_matches('.'), domain.trim_end_matches('.'));
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// Whether the packet filter of a role lets in something for a port (any port for a protocol without them), from
/// whomever. A role without a filter lets everything in.
fn lets_in(design: &Design, role: &str, protocol: Protocol, port: u16) -> bool {
    let Some(allowed) = design.firewall.get(&Name::from(role)) else { return true };
    allowed.iter().filter(|entry| entry.protocol == protocol).any(|entry| {
        let portless = !matches!(protocol, Protocol::Tcp | Protocol::Udp);
        portless || entry.ports.iter().any(|range| (range.first..=range.last).contains(&port))
    })
}
