//! The kubelet's flags in `/etc/default/kubelet`, `/etc/sysconfig/kubelet` and `/var/lib/kubelet/kubeadm-flags.env`.

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::flags::{Argument, Flag, Flags, split};
use crate::words::{self, Fate, Words};
use crate::{Read, env};

/// Such a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// The file as variables; writing writes these.
    pub variables: env::Conf,
}

/// The variables that kubeadm's drop-in passes to the kubelet, in the order in which it does, so that the last wins.
pub const VARIABLES: [&str; 2] = ["KUBELET_KUBEADM_ARGS", "KUBELET_EXTRA_ARGS"];

impl Conf {
    /// The flags in the order in which the kubelet gets them.
    pub fn flags(&self) -> Flags {
        let words: Vec<Spanned<String>> =
            VARIABLES.iter().filter_map(|name| self.variables.get(name)).flat_map(split).collect();
        Flags::of(&words, &[])
    }

    /// The value that counts for a flag.
    pub fn flag(&self, name: &str) -> Option<Flag> {
        self.flags().get(name).cloned()
    }

    /// Addresses in `--node-ip`, as written; one, or one of each family.
    pub fn node_ips(&self) -> Vec<Spanned<String>> {
        let Some(value) = self.flag("node-ip").and_then(|flag| flag.value) else { return Vec::new() };
        value.value.split(',').map(|address| Spanned { value: address.trim().to_owned(), span: value.span }).collect()
    }
}

const FLAGS: Words = Words { what: "flag", reader: "the kubelet", known: &[words::kubelet::FLAGS], fate: Fate::Unsaid };

/// Reads such a file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let read = env::read(source, sources);
    let conf = Conf { variables: read.value };
    let mut problems = read.problems;
    problems.extend(FLAGS.check_names(conf.flags().list.iter().filter_map(|argument| match argument {
        Argument::Flag(flag) => Some(&flag.name),
        Argument::Word(_) => None,
    })));
    Read { value: conf, problems }
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.variables.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    #[test]
    fn extra_arguments_win_and_keep_their_places() {
        let text =
            "KUBELET_KUBEADM_ARGS=\"--node-ip=10.0.0.1 --v 2\"\nKUBELET_EXTRA_ARGS=--node-ip=10.30.12.11,fd00::11\n";
        let mut sources = Sources::new();
        let id = sources.add("kubelet", text);
        let conf = read(id, &sources).value;
        let ips: Vec<String> = conf.node_ips().into_iter().map(|address| address.value).collect();
        assert_eq!(ips, ["10.30.12.11", "fd00::11"]);
        let flag = conf.flag("v").expect("given");
        assert_eq!(sources.locate(flag.name.span.expect("read")), "kubelet:1:44");
        assert_eq!(over(read, &conf.to_string()).value, conf);
    }
}
