//! `/etc/chrony/chrony.conf`: where a machine gets its time from.
//!
//! Syntax as chrony.conf(5) of chrony 4.6 (Debian trixie) has it: one directive a line, names in any case; a comment is
//! a line that starts with `!`, `;`, `#` or `%`.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::report::Report;
use crate::text::{self, Piece};
use crate::{Kept, Read, Setting};

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conf {
    /// Network sources, in the order in which they stand in the file.
    pub sources: Vec<Source>,
    /// Hardware clocks: `refclock PHC /dev/ptp0 …`, arguments behind the driver's name.
    pub refclocks: Vec<Refclock>,
    /// `allow`: networks that may ask this machine; [`Access::All`] is a bare `allow`.
    pub allow: Vec<Setting<Access>>,
    /// `deny`.
    pub deny: Vec<Setting<Access>>,
    /// `local [stratum N] [orphan] …`: serves time without a source.
    pub local: Option<Local>,
    /// `makestep THRESHOLD LIMIT`: steps the clock when it is off by more than the threshold, in the first LIMIT
    /// updates (negative: always).
    pub makestep: Option<Makestep>,
    /// `rtcsync`: the kernel copies the time to the hardware clock.
    pub rtcsync: bool,
    /// `driftfile`
    pub driftfile: Setting<String>,
    /// `minsources`: how many sources must agree.
    pub minsources: Setting<u32>,
    /// `include`, `confdir` and `sourcedir` with their arguments.
    pub includes: Vec<Include>,
    /// Directives that are not modelled, as they stand.
    pub unknown: Vec<Kept>,
}

/// What a network source is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// `server`: one server, asked.
    #[default]
    Server,
    /// `pool`: a name that stands for several servers.
    Pool,
    /// `peer`: both ask each other.
    Peer,
}

impl SourceKind {
    fn word(self) -> &'static str {
        match self {
            SourceKind::Server => "server",
            SourceKind::Pool => "pool",
            SourceKind::Peer => "peer",
        }
    }
}

/// A network source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// Server, pool or peer.
    pub kind: SourceKind,
    /// Name or address.
    pub name: Setting<String>,
    /// `iburst`, `prefer`, `minpoll 4` … one entry an option, its argument behind a space, in their order.
    pub options: Vec<Setting<String>>,
}

impl Source {
    /// The argument of an option; empty for one without.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().filter_map(Setting::get).find_map(|option| {
            let (word, argument) = option.split_once(' ').unwrap_or((option, ""));
            word.eq_ignore_ascii_case(name).then_some(argument)
        })
    }
}

/// A hardware clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refclock {
    /// `PHC`, `PPS`, `SHM`, `SOCK`.
    pub driver: Setting<String>,
    /// Device and options.
    pub arguments: Vec<Setting<String>>,
}

/// Who is meant by `allow` or `deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    All,
    /// A network; a bare address is one of full length.
    Net(IpNet),
}

/// `local`, with its options as they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Local {
    /// `stratum 10`, `orphan` …
    pub options: Vec<Setting<String>>,
}

/// `makestep`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Makestep {
    /// Offset above which the clock is stepped.
    pub threshold: Setting<Duration>,
    /// Number of updates in which this is done; negative for always.
    pub limit: Setting<i64>,
}

/// Other files that belong to this one.
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// `include`, `confdir` or `sourcedir`.
    pub directive: String,
    /// File pattern or directories.
    pub pattern: Spanned<String>,
}

/// Options of a source or of `local` that take an argument (chrony.conf(5), chrony 4.6).
const WITH_ARGUMENT: &[&str] = &[
    "activate",
    "asymmetry",
    "certset",
    "distance",
    "extfield",
    "filter",
    "key",
    "maxdelay",
    "maxdelaydevratio",
    "maxdelayquant",
    "maxdelayratio",
    "maxpoll",
    "maxsamples",
    "maxsources",
    "maxunreach",
    "mindelay",
    "minpoll",
    "minsamples",
    "minstratum",
    "ntsport",
    "offset",
    "polltarget",
    "port",
    "presend",
    "stratum",
    "version",
    "waitsynced",
    "waitunsynced",
];

/// Reads one file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let (text, mut report) = Report::open(source, sources);
    let mut conf = Conf::default();
    for line in text::lines(text).map(Piece::trim) {
        // A comment starts with `%`, but so does a line of a template (`%VAR%`); chronyd ignores both.
        if line.text.is_empty() || line.text.starts_with(['!', ';', '#', '%']) {
            continue;
        }
        let words = text::words(line);
        directive(line, &words, &mut conf, &mut report);
    }
    report.close(conf)
}

fn directive(line: Piece<'_>, words: &[Piece<'_>], conf: &mut Conf, report: &mut Report) {
    let span = report.span(line.start, line.end());
    let Some((name, arguments)) = words.split_first() else { return };
    let name = name.text.to_ascii_lowercase();
    match (name.as_str(), arguments) {
        ("server" | "pool" | "peer", [host, options @ ..]) => {
            let kind = match name.as_str() {
                "server" => SourceKind::Server,
                "pool" => SourceKind::Pool,
                _ => SourceKind::Peer,
            };
            let name = word(*host, report);
            conf.sources.push(Source { kind, name, options: source_options(options, report) });
        }
        ("refclock", [driver, arguments @ ..]) => {
            let driver = word(*driver, report);
            let arguments = arguments.iter().map(|argument| word(*argument, report)).collect();
            conf.refclocks.push(Refclock { driver, arguments });
        }
        ("allow" | "deny", [] | [_]) => {
            let access = match arguments.first() {
                None => Setting::Known(Spanned::at(Access::All, span)),
                Some(net) => {
                    let span = report.span(net.start, net.end());
                    report.setting(net.text, span, "a network", access)
                }
            };
            if name == "allow" { conf.allow.push(access) } else { conf.deny.push(access) }
        }
        ("local", options) => {
            conf.local = Some(Local { options: source_options(options, report) });
        }
        ("makestep", [threshold, limit]) => {
            let at = report.span(threshold.start, threshold.end());
            let threshold = report.setting(threshold.text, at, "a number of seconds", |text| {
                Duration::try_from_secs_f64(text.parse().ok()?).ok()
            });
            let at = report.span(limit.start, limit.end());
            let limit = report.setting(limit.text, at, "a number of updates", |text| text.parse().ok());
            conf.makestep = Some(Makestep { threshold, limit });
        }
        ("rtcsync", []) => conf.rtcsync = true,
        ("driftfile", [path]) => conf.driftfile = word(*path, report),
        ("minsources", [number]) => {
            let at = report.span(number.start, number.end());
            conf.minsources = report.setting(number.text, at, "a number of sources", |text| text.parse().ok());
        }
        ("include" | "confdir" | "sourcedir", [first, .., last]) => {
            include(&name, Piece::new(&line.text[first.start - line.start..], first.start), last.end(), conf, report);
        }
        ("include" | "confdir" | "sourcedir", [only]) => include(&name, *only, only.end(), conf, report),
        _ => {
            let at = report.span(words[0].start, words[0].end());
            report.unknown_statement(words[0].text, at);
            conf.unknown.push(Spanned::at(line.text.to_owned(), span));
        }
    }
}

fn include(directive: &str, pattern: Piece<'_>, end: usize, conf: &mut Conf, report: &mut Report) {
    let span = report.span(pattern.start, end);
    report.include(pattern.text, span);
    let pattern = Spanned::at(pattern.text.to_owned(), span);
    conf.includes.push(Include { directive: directive.to_owned(), pattern });
}

fn word(piece: Piece<'_>, report: &mut Report) -> Setting<String> {
    let span = report.span(piece.start, piece.end());
    report.setting(piece.text, span, "a word", |text| Some(text.to_owned()))
}

fn source_options(words: &[Piece<'_>], report: &mut Report) -> Vec<Setting<String>> {
    let mut options = Vec::new();
    let mut rest = words.iter();
    while let Some(option) = rest.next() {
        let takes = WITH_ARGUMENT.iter().chain(&["stratum", "distance", "activate", "waitsynced", "waitunsynced"]);
        let argument =
            if takes.clone().any(|known| option.text.eq_ignore_ascii_case(known)) { rest.next() } else { None };
        let end = argument.unwrap_or(option).end();
        let span = report.span(option.start, end);
        let text = argument.map_or(option.text.to_owned(), |argument| format!("{} {}", option.text, argument.text));
        options.push(report.setting(&text, span, "an option", |text| Some(text.to_owned())));
    }
    options
}

fn access(text: &str) -> Option<Access> {
    if text.eq_ignore_ascii_case("all") {
        return Some(Access::All);
    }
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(Access::Net)
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Access::All => f.write_str("all"),
            Access::Net(net) => net.fmt(f),
        }
    }
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, settings: &[Setting<String>]| -> fmt::Result {
            settings.iter().try_for_each(|setting| write!(f, " {setting}"))?;
            writeln!(f)
        };
        for source in &self.sources {
            write!(f, "{} {}", source.kind.word(), source.name)?;
            list(f, &source.options)?;
        }
        for clock in &self.refclocks {
            write!(f, "refclock {}", clock.driver)?;
            list(f, &clock.arguments)?;
        }
        for include in &self.includes {
            writeln!(f, "{} {}", include.directive, include.pattern)?;
        }
        if !self.driftfile.is_absent() {
            writeln!(f, "driftfile {}", self.driftfile)?;
        }
        if let Some(Makestep { threshold, limit }) = &self.makestep {
            writeln!(f, "makestep {} {limit}", threshold.clone().map(|threshold| threshold.as_secs_f64()))?;
        }
        if self.rtcsync {
            writeln!(f, "rtcsync")?;
        }
        if !self.minsources.is_absent() {
            writeln!(f, "minsources {}", self.minsources)?;
        }
        for (word, list) in [("allow", &self.allow), ("deny", &self.deny)] {
            for access in list {
                writeln!(f, "{word} {access}")?;
            }
        }
        if let Some(local) = &self.local {
            write!(f, "local")?;
            list(f, &local.options)?;
        }
        for line in &self.unknown {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_own_file_is_understood() {
        let text = "\
# Welcome to the chrony configuration file.
confdir /etc/chrony/conf.d
pool 2.debian.pool.ntp.org iburst
Server 10.30.1.11 iburst prefer minpoll 4
server {{ ntp }} iburst
sourcedir /run/chrony-dhcp
refclock PHC /dev/ptp0 poll 2
keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
rtcsync
allow 10.30.0.0/16
";
        let mut sources = Sources::new();
        let id = sources.add("chrony.conf", text);
        let found = read(id, &sources);
        let conf = &found.value;
        assert_eq!(conf.sources.len(), 3);
        assert_eq!(conf.sources[1].option("minpoll"), Some("4"));
        assert!(conf.sources[2].name.is_unknown());
        assert_eq!(conf.makestep.as_ref().and_then(|step| step.threshold.get()), Some(&Duration::from_secs(1)));
        let said: Vec<(&str, String)> = found
            .problems
            .iter()
            .map(|problem| (problem.message.as_str(), sources.locate(problem.span().expect("a place"))))
            .collect();
        assert_eq!(
            said,
            [
                ("`/etc/chrony/conf.d` is included and must be read as well", "chrony.conf:2:9".to_owned()),
                ("`{{ ntp }}` is not filled in", "chrony.conf:5:8".to_owned()),
                ("`/run/chrony-dhcp` is included and must be read as well", "chrony.conf:6:11".to_owned()),
                ("`keyfile` is kept but not judged", "chrony.conf:8:1".to_owned()),
            ]
        );
        let id = sources.add("again", conf.to_string());
        assert_eq!(&read(id, &sources).value, conf);
    }
}
