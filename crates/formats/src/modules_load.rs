//! `/etc/modules-load.d/*.conf` and `/etc/modules`: kernel modules to load at boot, one a line.
//!
//! Comments start with `#` or `;` (modules-load.d(5), systemd 257). `/etc/modules` may give parameters behind the name,
//! as kmod's init script read them; systemd takes the whole line as a name, so they are kept apart here.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources};

use crate::report::Report;
use crate::{Read, Setting, text};

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conf {
    /// In the order in which they stand in the file.
    pub modules: Vec<Module>,
}

/// One module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    /// Its name, `br_netfilter`; the kernel takes `-` and `_` for the same.
    pub name: Setting<String>,
    /// What stands behind the name.
    pub parameters: Vec<Setting<String>>,
}

impl Conf {
    /// Whether `name` is loaded; `-` and `_` are the same.
    pub fn loads(&self, name: &str) -> bool {
        let plain = |name: &str| name.replace('-', "_");
        self.modules.iter().any(|module| module.name.get().is_some_and(|have| plain(have) == plain(name)))
    }
}

impl FromIterator<String> for Conf {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let modules = names.into_iter().map(|name| Module { name: name.into(), parameters: Vec::new() }).collect();
        Conf { modules }
    }
}

/// Reads one file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let (text, mut report) = Report::open(source, sources);
    let mut conf = Conf::default();
    for line in text::lines(text).map(text::Piece::trim) {
        if line.text.is_empty() || line.text.starts_with(['#', ';']) {
            continue;
        }
        let mut found = text::words(line).into_iter().map(|word| {
            let span = report.span(word.start, word.end());
            report.setting(word.text, span, "a module's name", |name| Some(name.to_owned()))
        });
        if let Some(name) = found.next() {
            conf.modules.push(Module { name, parameters: found.collect() });
        }
    }
    report.close(conf)
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for module in &self.modules {
            write!(f, "{}", module.name)?;
            for parameter in &module.parameters {
                write!(f, " {parameter}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_order_and_written_back() {
        let mut sources = Sources::new();
        let id = sources.add("k8s.conf", "# for Kubernetes\noverlay\n\n  br-netfilter\n; old\nbonding mode=1\n");
        let read = read(id, &sources);
        assert!(read.problems.is_empty());
        assert_eq!(read.value.to_string(), "overlay\nbr-netfilter\nbonding mode=1\n");
        assert!(read.value.loads("br_netfilter"));
        assert!(!read.value.loads("br"));
    }
}
