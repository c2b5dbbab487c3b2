//! Every rule, by area. A new rule is a file in its area's folder and one line in that folder's list.

pub mod addr;
pub mod dns;
pub mod etcd;
pub mod kadm;
pub mod lb;
pub mod net;
pub mod phy;
pub mod top;
pub mod vrrp;

use crate::Rule;

/// Every rule, in the order of the reference.
pub fn all() -> Vec<&'static Rule> {
    [phy::RULES, top::RULES, net::RULES, addr::RULES, vrrp::RULES, lb::RULES, kadm::RULES, etcd::RULES, dns::RULES]
        .into_iter()
        .flatten()
        .copied()
        .collect()
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().into_iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}
