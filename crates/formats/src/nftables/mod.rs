//! `nftables.conf`: packet filters, and what becomes of a packet that arrives.
//!
//! Follows nft 1.1 (Debian trixie), nft(8). The block form that people write and that `nft list ruleset` prints is
//! modelled; the command form (`add rule …`) is kept, and makes every judgement unknown, as an `include` does. Rules
//! with matches that are not modelled are kept as text; they may match or not.

mod judge;
mod lex;
mod read;
mod rule;
#[cfg(test)]
mod tests;
mod write;

use plimsoll_diagnostics::{Span, Spanned};

use crate::{Kept, Setting};

pub use judge::{Judgement, Packet};
pub use read::read;

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ruleset {
    /// `flush ruleset`, `delete table …` and the like: what is removed before the rules are added.
    pub removals: Vec<Kept>,
    /// `define NAME = …`
    pub defines: Vec<Define>,
    /// Patterns of `include`.
    pub includes: Vec<Spanned<String>>,
    /// `table`
    pub tables: Vec<Table>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// `define NAME = …`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Define {
    /// Without the dollar sign.
    pub name: String,
    /// The values, one or the elements of a set.
    pub values: Vec<Spanned<String>>,
}

/// `table FAMILY NAME`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// `ip` (also when it is left out), `ip6`, `inet`, `arp`, `bridge` or `netdev`.
    pub family: String,
    /// Its name.
    pub name: String,
    /// `set`
    pub sets: Vec<Set>,
    /// `chain`
    pub chains: Vec<Chain>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// A named set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// `elements`, each as it stands.
    pub elements: Vec<Spanned<String>>,
    /// `type`, `flags`, `timeout` and the like.
    pub properties: Vec<Kept>,
}

/// Where a rule or chain stands; equal to any other place, since a written file has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub Option<Span>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// `chain`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// `type … hook … priority …`, for chains that packets enter by themselves.
    pub base: Option<Base>,
    /// `policy`
    pub policy: Setting<Policy>,
    /// Rules in their order.
    pub rules: Vec<RuleLine>,
}

/// `type KIND hook HOOK priority PRIORITY`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Base {
    /// `filter`, `nat` or `route`.
    pub kind: String,
    /// `input`, `forward`, `output`, `prerouting`, `postrouting`, `ingress` with its device.
    pub hook: String,
    /// `filter`, `0`, `filter - 5`.
    pub priority: String,
}

/// What happens to a packet that no rule decided about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// `accept`, which is the default.
    Accept,
    /// `drop`
    Drop,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleLine {
    /// One that is understood.
    Rule(Box<Rule>),
    /// One that is not.
    Kept(Kept),
}

/// A rule that is understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Where it stands.
    pub place: Place,
    /// All of them must match.
    pub matches: Vec<Match>,
    /// `KEY vmap { VALUE : VERDICT, … }`
    pub map: Option<VerdictMap>,
    /// `counter`, `log …`, `limit …`, as they stand.
    pub statements: Vec<String>,
    /// What becomes of the packet; none goes on to the next rule.
    pub verdict: Option<Verdict>,
    /// `comment`
    pub comment: Option<String>,
}

/// `KEY VALUE`, `KEY != VALUE` or `KEY { VALUE, … }`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Match {
    /// What is looked at: `tcp dport`, `ip saddr`, `ct state`, `iifname`.
    pub key: String,
    /// `!=`
    pub negated: bool,
    /// What it is compared with: values, ranges, prefixes, `@set`, `$NAME`. Several match when one does.
    pub values: Vec<Spanned<String>>,
}

/// `KEY vmap { VALUE : VERDICT, … }`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerdictMap {
    /// What is looked at.
    pub key: String,
    /// Values with what becomes of the packet.
    pub entries: Vec<(Spanned<String>, Verdict)>,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `accept`: out of this base chain; others may still drop it.
    Accept,
    /// `drop`
    Drop,
    /// `reject`, with what stands behind it (`with icmpx type port-unreachable`).
    Reject(String),
    /// `continue`
    Continue,
    /// `return`
    Return,
    /// `jump CHAIN`
    Jump(String),
    /// `goto CHAIN`
    Goto(String),
}
