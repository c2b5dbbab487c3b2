//! From lines to stanzas.

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use super::values::{Field, address, netmask, switch, vids, vlan, word};
use super::{BondMode, Command, Conf, Family, Include, Place, Stanza};
use crate::report::Report;
use crate::text::{self, Piece};
use crate::{Kept, Read, Setting, placeholder};

/// Reads one file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let (text, mut report) = Report::open(source, sources);
    let mut conf = Conf::default();
    let mut open = Open::Nothing;
    for line in logical_lines(text) {
        line.read(&mut conf, &mut open, &mut report);
    }
    report.close(conf)
}

/// What an indented line belongs to: ifupdown goes by keywords, not by indentation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Stanza,
    /// A stanza that is not modelled: its lines are kept with it.
    Kept,
}

/// Commands that a stanza may have many of.
const HOOKS: &[&str] = &["pre-up", "up", "post-up", "pre-down", "down", "post-down"];

const KEYS: &[&str] = &[
    "address",
    "netmask",
    "gateway",
    "mtu",
    "hwaddress",
    "vlan-raw-device",
    "vlan-id",
    "bond-slaves",
    "bond-master",
    "bond-mode",
    "bond-miimon",
    "bond-updelay",
    "bond-downdelay",
    "bond-arp-interval",
    "bond-lacp-rate",
    "bond-xmit-hash-policy",
    "bond-primary",
    "bond-min-links",
    "bridge-ports",
    "bridge-stp",
    "bridge-fd",
    "bridge-vlan-aware",
    "bridge-vids",
    "bridge-pvid",
    "bridge-access",
    "pre-up",
    "up",
    "post-up",
    "pre-down",
    "down",
    "post-down",
];

/// Options that are known, that no rule asks about, and that stand in many files.
const HARMLESS: &[&str] = &[
    "broadcast",
    "network",
    "metric",
    "dns-nameservers",
    "dns-search",
    "dns-domain",
    "dns-nameserver",
    "scope",
    "pointopoint",
    "alias",
    "bond-use-carrier",
    "bond-num-grat-arp",
    "bridge-maxwait",
    "bridge-waitport",
    "bridge-ageing",
    "bridge-ageing-time",
    "bridge-hello",
    "bridge-maxage",
    "ovs-type",
    "ovs-bridge",
    "ovs-ports",
    "ovs-options",
    "ovs-bonds",
    "ovs-mtu",
    "ovs-extra",
    "link-autonegotiation",
    "link-speed",
    "link-duplex",
    "accept_ra",
    "autoconf",
    "privext",
    "dad-attempts",
    "offload-gro",
    "ethtool-ring-rx",
    "mstpctl-bpduguard",
    "vxlan-id",
    "vxlan-local-tunnelip",
    "bridge-learning",
    "bond-ad-select",
    "bond-fail-over-mac",
    "bond-arp-ip-target",
    "requested-addr",
    "wpa-conf",
    "clientid",
    "hostname",
    "client",
    "vrf",
    "link-type",
];

/// One line with those that continue it.
struct Line {
    /// Its text, continuations joined by single spaces.
    text: String,
    start: usize,
    end: usize,
    /// How many bytes of `text` are at their place in the file, for exact positions.
    exact: usize,
}

fn logical_lines(text: &str) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    let mut continued = false;
    for line in text::lines(text) {
        let piece = line.trim();
        if !continued && (piece.text.is_empty() || piece.text.starts_with('#')) {
            continue;
        }
        let (body, more) = match piece.text.strip_suffix('\\') {
            Some(body) => (body.trim_end(), true),
            None => (piece.text, false),
        };
        match out.last_mut().filter(|_| continued) {
            Some(last) => {
                if !last.text.is_empty() && !body.is_empty() {
                    last.text.push(' ');
                }
                last.text.push_str(body);
                last.end = piece.end();
            }
            None => out.push(Line {
                text: body.to_owned(),
                start: piece.start,
                end: piece.start + body.len(),
                exact: body.len(),
            }),
        }
        continued = more;
    }
    out.retain(|line| !line.text.is_empty());
    out
}

impl Line {
    fn span(&self, report: &Report, at: usize, length: usize) -> plimsoll_diagnostics::Span {
        if at + length <= self.exact {
            report.span(self.start + at, self.start + at + length)
        } else {
            report.span(self.start, self.end)
        }
    }

    fn read(&self, conf: &mut Conf, open: &mut Open, report: &mut Report) {
        let words = text::words(Piece::new(&self.text, 0));
        let Some(keyword) = words.first() else { return };
        let whole = report.span(self.start, self.end);
        let value_start = words.get(1).map_or(self.text.len(), |word| word.start);
        let value = &self.text[value_start..];
        let name = |word: &Piece<'_>, report: &mut Report| {
            let span = self.span(report, word.start, word.text.len());
            report.setting(word.text, span, "a name", |text| Some(text.to_owned()))
        };
        match keyword.text {
            "auto" | "allow-auto" => {
                *open = Open::Nothing;
                conf.auto.extend(words[1..].iter().map(|word| name(word, report)));
            }
            "allow-hotplug" => {
                *open = Open::Nothing;
                conf.hotplug.extend(words[1..].iter().map(|word| name(word, report)));
            }
            "iface" => {
                *open = Open::Stanza;
                let stanza = self.head(&words, report);
                conf.stanzas.push(stanza);
            }
            "source" | "source-directory" if !value.is_empty() => {
                *open = Open::Nothing;
                let span = self.span(report, value_start, value.len());
                report.include(value, span);
                let pattern = Spanned::at(value.to_owned(), span);
                conf.includes.push(Include { keyword: keyword.text.to_owned(), pattern });
            }
            word if matches!(word, "mapping" | "vlan" | "template" | "rename" | "no-auto-down" | "no-scripts")
                || word.starts_with("allow-") =>
            {
                *open = Open::Kept;
                report.unknown_word(&self.text, whole, &[]);
                conf.unknown.push(Spanned::at(self.text.clone(), whole));
            }
            _ => match (*open, conf.stanzas.last_mut(), conf.unknown.last_mut()) {
                (Open::Stanza, Some(stanza), _) => {
                    if !self.option(&words, value, value_start, stanza, report) {
                        self.keep(keyword.text, &mut stanza.unknown, report);
                    }
                }
                (Open::Kept, _, Some(kept)) => {
                    kept.value.push_str("\n    ");
                    kept.value.push_str(&self.text);
                    kept.span = kept.span.map(|span| span.to(whole));
                }
                _ => {
                    if let Some(range) = placeholder::find(&self.text) {
                        report.placeholder(&self.text[range], whole);
                    } else {
                        report.syntax("an option outside of any `iface`", whole, "ifupdown refuses it");
                    }
                    conf.stray.push(Spanned::at(self.text.clone(), whole));
                }
            },
        }
    }

    fn head(&self, words: &[Piece<'_>], report: &mut Report) -> Stanza {
        let mut stanza = Stanza { place: Place(Some(report.span(self.start, self.end))), ..Stanza::default() };
        let span = |word: &Piece<'_>, report: &Report| self.span(report, word.start, word.text.len());
        let mut rest = &words[1..];
        if let [name, more @ ..] = rest {
            stanza.name = report.setting(name.text, span(name, report), "a name", |text| Some(text.to_owned()));
            rest = more;
        } else {
            let at = span(&words[0], report);
            report.syntax("`iface` without a name", at, "");
        }
        let family = |text: &str| match text {
            "inet" => Some(Family::Inet),
            "inet6" => Some(Family::Inet6),
            _ => None,
        };
        if let [first, more @ ..] = rest
            && (family(first.text).is_some() || placeholder::find(first.text).is_some())
        {
            stanza.family = report.setting(first.text, span(first, report), "`inet` or `inet6`", family);
            rest = more;
            if let [method, more @ ..] = rest {
                stanza.method =
                    report.setting(method.text, span(method, report), "a method", |text| Some(text.to_owned()));
                rest = more;
            }
        }
        stanza.modifiers = rest.iter().map(|word| Spanned::at(word.text.to_owned(), span(word, report))).collect();
        stanza
    }

    fn keep(&self, keyword: &str, unknown: &mut Vec<Kept>, report: &mut Report) {
        let whole = report.span(self.start, self.end);
        if let Some(range) = placeholder::find(&self.text) {
            let at = self.span(report, range.start, range.len());
            report.placeholder(&self.text[range], at);
        } else {
            let plain = keyword.replace('_', "-");
            if KEYS.contains(&plain.as_str()) {
                report.unknown_word(&self.text, whole, &[]);
            } else if !HARMLESS.contains(&plain.as_str()) && !HARMLESS.contains(&keyword) {
                report.unknown_word(keyword, self.span(report, 0, keyword.len()), KEYS);
            }
        }
        unknown.push(Spanned::at(self.text.clone(), whole));
    }

    /// Takes an option; false when it is to be kept.
    fn option(
        &self,
        words: &[Piece<'_>],
        value: &str,
        value_start: usize,
        to: &mut Stanza,
        report: &mut Report,
    ) -> bool {
        let span = self.span(report, value_start, value.len());
        let keyword = words[0].text;
        if HOOKS.contains(&keyword) {
            // What stands here is for the shell: only a template's own signs are left-overs.
            let command = if let Some(range) = placeholder::find_template(value) {
                report.placeholder(&value[range], span);
                Setting::Unknown(Spanned::at(value.to_owned(), span))
            } else if value.is_empty() {
                return false;
            } else {
                Setting::Known(Spanned::at(value.to_owned(), span))
            };
            to.commands.push(Command { hook: keyword.to_owned(), command });
            return true;
        }
        let mut field = Field { report, span, keyword, value };
        let plain = match keyword {
            "slaves" => "bond-slaves".to_owned(),
            other => other.replace('_', "-"),
        };
        let milliseconds = "a number of milliseconds";
        match plain.as_str() {
            "address" => {
                let address = field.value("an address with or without prefix length", address);
                to.addresses.push(address);
            }
            "netmask" => field.set(&mut to.netmask, "a netmask", netmask),
            "gateway" => field.set(&mut to.gateway, "an address", |text| text.parse().ok()),
            "mtu" => field.set(&mut to.mtu, "a number of bytes", |text| text.parse().ok()),
            "hwaddress" => field.set(&mut to.hwaddress, "a hardware address", |text| {
                let bare = text.strip_prefix("ether ").unwrap_or(text).trim();
                (!bare.is_empty()).then(|| bare.to_owned())
            }),
            "vlan-raw-device" => field.set(&mut to.vlan_raw_device, "a name", word),
            "vlan-id" => field.set(&mut to.vlan_id, "a VLAN from 1 to 4094", vlan),
            "bond-slaves" => field.names(&mut to.bond.slaves),
            "bond-master" => field.set(&mut to.bond.master, "a name", word),
            "bond-mode" => field.set(&mut to.bond.mode, "a bond mode", BondMode::parse),
            "bond-miimon" => field.set(&mut to.bond.miimon, milliseconds, |text| text.parse().ok()),
            "bond-updelay" => field.set(&mut to.bond.updelay, milliseconds, |text| text.parse().ok()),
            "bond-downdelay" => field.set(&mut to.bond.downdelay, milliseconds, |text| text.parse().ok()),
            "bond-arp-interval" => field.set(&mut to.bond.arp_interval, milliseconds, |text| text.parse().ok()),
            "bond-lacp-rate" => field.set(&mut to.bond.lacp_fast, "`fast` or `slow`", |text| match text {
                "fast" | "1" => Some(true),
                "slow" | "0" => Some(false),
                _ => None,
            }),
            "bond-xmit-hash-policy" => field.set(&mut to.bond.xmit_hash_policy, "a hash policy", word),
            "bond-primary" => field.set(&mut to.bond.primary, "a name", word),
            "bond-min-links" => field.set(&mut to.bond.min_links, "a number of links", |text| text.parse().ok()),
            "bridge-ports" => field.names(&mut to.bridge.ports),
            "bridge-stp" => field.set(&mut to.bridge.stp, "`on` or `off`", switch),
            "bridge-fd" => field.set(&mut to.bridge.fd, "a number of seconds", |text| text.parse().ok()),
            "bridge-vlan-aware" => field.set(&mut to.bridge.vlan_aware, "`yes` or `no`", switch),
            "bridge-vids" => field.set(&mut to.bridge.vids, "a list of VLANs such as `2-4094`", vids),
            "bridge-pvid" => field.set(&mut to.bridge.pvid, "a VLAN from 1 to 4094", vlan),
            "bridge-access" => field.set(&mut to.bridge.access, "a VLAN from 1 to 4094", vlan),
            _ => return false,
        }
        true
    }
}
