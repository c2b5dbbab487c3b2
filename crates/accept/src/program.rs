//! The programs that read rendered files, how each is asked, and what of its answer says nothing.

use std::collections::BTreeSet;
use std::path::Path;

use crate::sandbox::Run;
use crate::{Error, Files, Sandbox, Verdict, scripts};

/// A reader of rendered files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// `chronyd -p`.
    Chronyd,
    /// `cloud-init schema` over user data, network and vendor data.
    CloudInit,
    /// `vtysh -C`, then the daemons themselves: zebra, bgpd, bfdd and staticd load the file.
    Frr,
    /// `haproxy -c -dW`.
    Haproxy,
    /// `ifquery`, `ifup --syntax-check`, and each option looked up in what ifupdown2 says it knows.
    Ifupdown2,
    /// `keepalived -t`.
    Keepalived,
    /// `named-checkconf -z`, then `named-checkzone` over every zone it is primary for.
    Named,
    /// netplan's generator, and systemd-networkd over what it makes.
    Netplan,
    /// systemd-networkd itself, started over its files: it has no checking option.
    Networkd,
    /// `nft -c`.
    Nft,
    /// `promtool check config`, which follows `rule_files`.
    PromtoolConfig,
    /// `promtool check rules`.
    PromtoolRules,
    /// `sh -n` or `bash -n`, as their first line says.
    Shell,
    /// `sshd -t`.
    Sshd,
    /// `sysctl --dry-run`.
    Sysctl,
    /// `systemd-analyze verify` over units and drop-ins.
    SystemdAnalyze,
}

/// How a program is asked.
struct Question {
    /// Shown in verdicts.
    title: &'static str,
    /// What runs in the sandbox, with the paths of the files it reads as arguments.
    script: &'static str,
    /// Whether its standard output is talk about the files rather than a print of them.
    stdout_counts: bool,
    /// Lines that a good file causes too.
    harmless: fn(&str) -> bool,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Chronyd,
        Self::CloudInit,
        Self::Frr,
        Self::Haproxy,
        Self::Ifupdown2,
        Self::Keepalived,
        Self::Named,
        Self::Netplan,
        Self::Networkd,
        Self::Nft,
        Self::PromtoolConfig,
        Self::PromtoolRules,
        Self::Shell,
        Self::Sshd,
        Self::Sysctl,
        Self::SystemdAnalyze,
    ];

    /// Whether this program, asked over a host that has this file, reads it. Files that others include (zones, keys,
    /// certificates) are read by whoever includes them.
    pub fn reads(self, path: &Path, bytes: &[u8]) -> bool {
        let text = path.to_string_lossy();
        let below = |directory: &str, endings: &[&str]| {
            text.strip_prefix(directory)
                .is_some_and(|rest| rest.starts_with('/') && endings.iter().any(|ending| rest.ends_with(ending)))
        };
        match self {
            Self::Chronyd => text == "/etc/chrony/chrony.conf" || below("/etc/chrony/conf.d", &[".conf"]),
            Self::CloudInit => {
                bytes.starts_with(b"#cloud-config") && (below("/var/lib/cloud", &[""]) || below("/etc/cloud", &[""]))
            }
            Self::Frr => text == "/etc/frr/frr.conf",
            Self::Haproxy => below("/etc/haproxy", &[".cfg"]),
            Self::Ifupdown2 => text == "/etc/network/interfaces" || below("/etc/network/interfaces.d", &[""]),
            Self::Keepalived => text == "/etc/keepalived/keepalived.conf",
            Self::Named => text == "/etc/bind/named.conf",
            Self::Netplan => below("/etc/netplan", &[".yaml"]),
            Self::Networkd => {
                below("/etc/systemd/network", &[".network", ".netdev", ".link"])
                    || text == "/etc/systemd/networkd.conf"
                    || below("/etc/systemd/networkd.conf.d", &[".conf"])
            }
            Self::Nft => text == "/etc/nftables.conf" || below("/etc/nftables.d", &[".nft", ".conf"]),
            Self::PromtoolConfig => below("/etc/prometheus", &["prometheus.yml", "prometheus.yaml"]),
            Self::PromtoolRules => below("/etc/prometheus/rules", &[".yml", ".yaml"]),
            Self::Shell => ["#!/bin/sh", "#!/bin/bash", "#!/usr/bin/env bash"].iter().any(|start| {
                bytes.strip_prefix(start.as_bytes()).is_some_and(|rest| matches!(rest.first(), Some(b'\n' | b' ')))
            }),
            Self::Sshd => text == "/etc/ssh/sshd_config" || below("/etc/ssh/sshd_config.d", &[".conf"]),
            Self::Sysctl => text == "/etc/sysctl.conf" || below("/etc/sysctl.d", &[".conf"]),
            Self::SystemdAnalyze => below(
                "/etc/systemd/system",
                &[".service", ".timer", ".socket", ".path", ".target", ".mount", ".slice", ".conf"],
            ),
        }
    }

    /// Lays the files over a fresh root and asks the program about all of those that it reads.
    ///
    /// # Errors
    /// When the program could not be asked; a rejection is a verdict, not an error.
    pub fn accepts(self, sandbox: &Sandbox, files: &Files) -> Result<Verdict, Error> {
        let question = self.question();
        let subjects: Vec<String> = files
            .iter()
            .filter(|(path, file)| self.reads(path, &file.bytes))
            .map(|(path, _)| path.to_string_lossy().into_owned())
            .collect();
        if subjects.is_empty() {
            return Ok(Verdict::nothing_to_read(question.title));
        }
        let args = if self == Self::SystemdAnalyze { units(&subjects) } else { subjects };
        let links = if self == Self::Keepalived { interfaces_of_keepalived(files) } else { Vec::new() };
        let run: Run = sandbox.run(files, &links, question.script, &args)?;
        Ok(Verdict::of(question.title, &run, question.stdout_counts, question.harmless))
    }

    fn question(self) -> Question {
        let plain = |title, script| Question { title, script, stdout_counts: true, harmless: |_| false };
        match self {
            // Prints the configuration it understood.
            Self::Chronyd => Question { stdout_counts: false, ..plain("chronyd -p", scripts::CHRONYD) },
            Self::CloudInit => Question {
                harmless: |line| line.starts_with("Valid schema"),
                ..plain("cloud-init schema", scripts::CLOUD_INIT)
            },
            Self::Frr => Question { harmless: scripts::frr_says_nothing, ..plain("frr", scripts::FRR) },
            Self::Haproxy => {
                Question { harmless: scripts::haproxy_says_nothing, ..plain("haproxy -c -dW", scripts::HAPROXY) }
            }
            Self::Ifupdown2 => Question { stdout_counts: false, ..plain("ifupdown2", scripts::IFUPDOWN2) },
            Self::Keepalived => plain("keepalived -t", scripts::KEEPALIVED),
            Self::Named => Question {
                harmless: |line| line.contains("/IN: loaded serial ") || line == "OK",
                ..plain("named-checkconf -z, named-checkzone", scripts::NAMED)
            },
            Self::Netplan => {
                Question { harmless: scripts::networkd_says_nothing, ..plain("netplan", scripts::NETPLAN) }
            }
            Self::Networkd => {
                Question { harmless: scripts::networkd_says_nothing, ..plain("systemd-networkd", scripts::NETWORKD) }
            }
            Self::Nft => plain("nft -c", scripts::NFT),
            Self::PromtoolConfig => Question {
                harmless: scripts::promtool_says_nothing,
                ..plain("promtool check config", scripts::PROMTOOL_CONFIG)
            },
            Self::PromtoolRules => Question {
                harmless: scripts::promtool_says_nothing,
                ..plain("promtool check rules", scripts::PROMTOOL_RULES)
            },
            Self::Shell => plain("shell -n", scripts::SHELL),
            Self::Sshd => plain("sshd -t", scripts::SSHD),
            // Prints the assignments it would make.
            Self::Sysctl => Question { stdout_counts: false, ..plain("sysctl --dry-run", scripts::SYSCTL) },
            Self::SystemdAnalyze => plain("systemd-analyze verify", scripts::SYSTEMD_ANALYZE),
        }
    }
}

/// Names of the units that unit files and drop-ins are about.
fn units(paths: &[String]) -> Vec<String> {
    let units: BTreeSet<String> = paths
        .iter()
        .map(|path| match path.rsplit('/').nth(1).and_then(|directory| directory.strip_suffix(".d")) {
            Some(unit) if Path::new(path).extension().is_some_and(|ending| ending == "conf") => unit.to_owned(),
            _ => path.clone(),
        })
        // A template is checked as one of its instances.
        .map(|unit| unit.replacen("@.", "@instance.", 1))
        .collect();
    units.into_iter().collect()
}

/// Interfaces that keepalived.conf names: keepalived refuses a configuration whose interfaces are not there.
fn interfaces_of_keepalived(files: &Files) -> Vec<String> {
    let text = files.text("/etc/keepalived/keepalived.conf").unwrap_or_default();
    let without_comments: Vec<&str> =
        text.lines().map(|line| line.split(['#', '!']).next().unwrap_or_default()).collect();
    let text = without_comments.join("\n");
    let words: Vec<&str> = text.split_whitespace().collect();
    let named = words.windows(2).filter(|pair| matches!(pair[0], "interface" | "dev")).map(|pair| pair[1]);
    let tracked = text
        .split("track_interface")
        .skip(1)
        .filter_map(|rest| rest.split_once('{')?.1.split_once('}'))
        .flat_map(|(block, _)| block.lines().filter_map(|line| line.split_whitespace().next()));
    let names: BTreeSet<String> = named.chain(tracked).filter(|name| *name != "lo").map(str::to_owned).collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_found_wherever_keepalived_names_them() {
        let text = "vrrp_instance api {\n  interface bond0.12 # not eth9\n  track_interface {\n    eth1\n    eth2 weight 5\n  }\n\
                    \n  virtual_ipaddress {\n    10.0.0.1/24 dev lo\n    10.0.0.2/24 dev eth3\n  }\n}\n";
        let files = Files::from([("/etc/keepalived/keepalived.conf", text)]);
        assert_eq!(interfaces_of_keepalived(&files), ["bond0.12", "eth1", "eth2", "eth3"]);
    }

    #[test]
    fn drop_ins_are_checked_as_part_of_their_unit() {
        let paths = ["/etc/systemd/system/etcd.service.d/10-limits.conf", "/etc/systemd/system/probe@.service"];
        assert_eq!(units(&paths.map(str::to_owned)), ["/etc/systemd/system/probe@instance.service", "etcd.service"]);
    }

    #[test]
    fn includes_and_foreign_files_are_nobodys_own() {
        for path in ["/etc/bind/zones/k8s.zone", "/etc/haproxy/ca.pem", "/etc/frr/daemons", "/srv/etc/frr/frr.conf"] {
            assert!(!Program::ALL.iter().any(|program| program.reads(Path::new(path), b"")), "{path}");
        }
        assert!(Program::Shell.reads(Path::new("/usr/local/bin/check"), b"#!/bin/sh\ntrue\n"));
        assert!(!Program::Shell.reads(Path::new("/usr/local/bin/check"), b"#!/bin/shiny\n"));
    }
}
