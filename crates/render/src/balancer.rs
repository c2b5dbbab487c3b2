//! The endpoint of the API on each machine that may hold it: HAProxy, keepalived and its check.

use std::fmt::Write as _;

use plimsoll_formats::systemd;
use plimsoll_model::design::{Balancer, Role, VrrpCheck};
use plimsoll_model::{Design, Name};

use crate::text::{header, shell};
use crate::{File, Tree};

/// Whether HAProxy and keepalived run on a machine.
pub(crate) fn runs_on(design: &Design, machine: &Name) -> bool {
    let role = design.machine.get(machine).map(|machine| machine.role);
    match design.api.balancer {
        Balancer::Stacked => role == Some(Role::ControlPlane),
        Balancer::Dedicated => role == Some(Role::Balancer),
        Balancer::External => false,
    }
}

/// Adds the files of each of these machines.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    for machine in design.machine.keys().filter(|machine| runs_on(design, machine)) {
        if design.api.haproxy.is_some() {
            drop_in(design, tree, machine, "haproxy");
        }
        let Some(vrrp) = &design.api.vrrp else { continue };
        if !vrrp.member.contains_key(machine) {
            continue;
        }
        if let Some(check) = &vrrp.check {
            tree.on_machine(machine, &check.script, script(design, machine, check));
        }
        drop_in(design, tree, machine, "keepalived");
    }
}

/// The check of the holder's path to the API: a request over TLS through the balancer of the same machine, as a client
/// makes it.
fn script(design: &Design, machine: &Name, check: &VrrpCheck) -> File {
    let what = format!("Whether {machine} reaches the API through its own balancer");
    let mut text = format!("#!/bin/sh\n{}", header(design, "#", what, "keepalived"));
    text.push_str("exec curl --silent --show-error --fail --output /dev/null --noproxy '*'");
    let _ = write!(text, " --max-time {}", check.max_time.as_secs());
    match design.api.haproxy.as_ref().and_then(|haproxy| haproxy.check.ca_file.as_ref()) {
        Some(file) => drop(write!(text, " \\\n\t--cacert {}", shell(file))),
        None => text.push_str(" \\\n\t--insecure"),
    }
    // The certificate is made out for the API's name, not for this machine's loopback.
    if check.url.contains(&format!("//{}:", design.api.name)) || check.url.contains(&format!("//{}/", design.api.name))
    {
        let local = if design.api.vip.iter().all(std::net::IpAddr::is_ipv6) && !design.api.vip.is_empty() {
            "[::1]"
        } else {
            "127.0.0.1"
        };
        let _ = write!(text, " \\\n\t--resolve {}:{}:{local}", shell(&design.api.name), design.api.port);
    }
    let _ = write!(text, " \\\n\t{}\n", shell(&check.url));
    File::new("check of the API", text).mode(0o755)
}

/// A daemon that died is started again for ever: systemd's own limit of five starts in ten seconds would leave a
/// machine without it until somebody looks. HAProxy also fails until kubeadm has made the authority it checks with.
fn drop_in(design: &Design, tree: &mut Tree, machine: &Name, daemon: &str) {
    let unit = systemd::Unit {
        sections: vec![
            systemd::Section::new(
                "Unit",
                [
                    ("Wants", "network-online.target".to_owned()),
                    ("After", "network-online.target".to_owned()),
                    ("StartLimitIntervalSec", "0".to_owned()),
                ],
            ),
            systemd::Section::new("Service", [("Restart", "always".to_owned()), ("RestartSec", "1s".to_owned())]),
        ],
    };
    let head = header(design, "#", format_args!("Restarts of {daemon} on {machine}"), "systemd");
    let place = format!("/etc/systemd/system/{daemon}.service.d/10-plimsoll.conf");
    tree.on_machine(machine, &place, File::new(format!("restarts of {daemon}"), format!("{head}{unit}")));
}
