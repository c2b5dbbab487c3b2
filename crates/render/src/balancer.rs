//! The endpoint of the API on each machine that may hold it: HAProxy, keepalived and its check.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use plimsoll_formats::{Setting, keepalived, systemd};
use plimsoll_model::design::{Balancer, Role, Vrrp, VrrpCheck, VrrpCheckKind, VrrpMember, VrrpState};
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::text::{header, shell};
use crate::{File, Hole, Tree};

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
        if let Some(haproxy) = &design.api.haproxy {
            let place = "/etc/haproxy/haproxy.cfg";
            tree.on_machine(machine, place, crate::haproxy::config(design, machine, haproxy));
            drop_in(design, tree, machine, "haproxy");
        }
        let Some(vrrp) = &design.api.vrrp else { continue };
        let Some(member) = vrrp.member.get(machine) else { continue };
        if let Some(check) = &vrrp.check {
            tree.on_machine(machine, &check.script, script(design, machine, check));
        }
        tree.on_machine(machine, "/etc/keepalived/keepalived.conf", keepalived_conf(design, machine, vrrp, member));
        drop_in(design, tree, machine, "keepalived");
        if let Some(directory) = check_directory(design, vrrp) {
            // Whoever makes it by hand, or kubeadm with the first key, may close it to all but root; the check runs as another
            // user, and an address that no machine may hold is the end of the API.
            let head = header(design, "#", "The check reads the authority's certificate", "systemd-tmpfiles");
            let text = format!("{head}d /etc/kubernetes 0755 root root -\nd {directory} 0755 root root -\n");
            let file = File::new("way to the authority's certificate", text);
            tree.on_machine(machine, "/etc/tmpfiles.d/plimsoll-pki.conf", file);
        }
        if let Some(user) = vrrp.script_user.as_ref().filter(|user| *user != "root") {
            // Debian's package does not make it, and keepalived refuses scripts of a user that does not exist.
            let head = header(design, "#", "The user that keepalived's check runs as", "systemd-sysusers");
            let text = format!("{head}u {user} - \"check of keepalived\" - /usr/sbin/nologin\n");
            tree.on_machine(machine, "/etc/sysusers.d/plimsoll-keepalived.conf", File::new("user of the check", text));
        }
    }
}

/// The directory below `/etc/kubernetes` that the check reads a certificate from, when it does not run as root.
fn check_directory<'a>(design: &'a Design, vrrp: &Vrrp) -> Option<&'a str> {
    let whole_path = vrrp.check.as_ref().is_some_and(|check| check.kind == VrrpCheckKind::Path);
    let other_user = vrrp.script_user.as_ref().is_some_and(|user| user != "root");
    let file = design.api.haproxy.as_ref()?.check.ca_file.as_ref().filter(|_| whole_path && other_user)?;
    file.rsplit_once('/').map(|(directory, _)| directory).filter(|directory| directory.starts_with("/etc/kubernetes/"))
}

/// The check that decides whether a machine may hold the address. The one of the whole path makes a request over TLS
/// through the balancer of the same machine, as a client does.
fn script(design: &Design, machine: &Name, check: &VrrpCheck) -> File {
    let what = format!("Whether {machine} may hold the address of the API");
    let mut text = format!("#!/bin/sh\n{}", header(design, "#", what, "keepalived"));
    let local =
        if design.api.vip.iter().all(IpAddr::is_ipv6) && !design.api.vip.is_empty() { "[::1]" } else { "127.0.0.1" };
    let port = design.api.port;
    match check.kind {
        VrrpCheckKind::Process => text.push_str("exec pidof -q haproxy\n"),
        VrrpCheckKind::Port => {
            let seconds = check.max_time.as_secs();
            let _ = writeln!(
                text,
                "exec curl --silent --max-time {seconds} --output /dev/null telnet://{local}:{port} </dev/null"
            );
        }
        VrrpCheckKind::Path => {
            text.push_str("exec curl --silent --show-error --fail --output /dev/null --noproxy '*'");
            let _ = write!(text, " --max-time {}", check.max_time.as_secs());
            match design.api.haproxy.as_ref().and_then(|haproxy| haproxy.check.ca_file.as_ref()) {
                Some(file) => drop(write!(text, " \\\n\t--cacert {}", shell(file))),
                None => text.push_str(" \\\n\t--insecure"),
            }
            // The certificate is made out for the API's name, not for this machine's loopback.
            let name = &design.api.name;
            if check.url.contains(&format!("//{name}:")) || check.url.contains(&format!("//{name}/")) {
                let _ = write!(text, " \\\n\t--resolve {}:{port}:{local}", shell(name));
            }
            let _ = writeln!(text, " \\\n\t{}", shell(&check.url));
        }
    }
    File::new("check of the API", text).mode(0o755)
}

fn time(millis: Millis) -> Setting<Duration> {
    Duration::from_millis(millis.0).into()
}

/// Who holds the address. One instance a family: a second family in the same block would be ignored.
fn keepalived_conf(design: &Design, machine: &Name, vrrp: &Vrrp, member: &VrrpMember) -> File {
    let script = "check-api";
    let mut holes = Vec::new();
    let global = keepalived::GlobalDefs {
        router_id: machine.to_string().into(),
        enable_script_security: vrrp.script_security.into(),
        script_user: vrrp.script_user.clone().map(Setting::from).unwrap_or_default(),
        vrrp_strict: vrrp.strict.into(),
        garp: keepalived::Garp {
            master_refresh: vrrp.garp_master_refresh.map(time).unwrap_or_default(),
            ..keepalived::Garp::default()
        },
        ..keepalived::GlobalDefs::default()
    };
    let scripts = vrrp.check.iter().map(|check| keepalived::VrrpScript {
        name: script.to_owned().into(),
        script: check.script.clone().into(),
        interval: time(check.interval),
        timeout: time(check.timeout),
        // Written even when it is the daemon's default: that all members go to FAULT together is a choice.
        weight: check.weight.unwrap_or(0).into(),
        fall: check.fall.into(),
        rise: check.rise.into(),
        ..keepalived::VrrpScript::default()
    });
    let network = design.network.get(&design.api.network);
    let instances = design.api.vip.iter().map(|vip| {
        let four = vip.is_ipv4();
        let source = member.source.is_ipv4() == four;
        let state = match member.state {
            VrrpState::Master => keepalived::State::Master,
            VrrpState::Backup => keepalived::State::Backup,
        };
        let prefix = network.and_then(|network| match vip {
            IpAddr::V4(_) => Some(network.ipv4.prefix_len()),
            IpAddr::V6(_) => network.ipv6.map(|net| net.prefix_len()),
        });
        let peer = |address: &IpAddr| keepalived::Peer { address: (*address).into(), ..keepalived::Peer::default() };
        let authentication = vrrp.auth_pass.as_ref().filter(|_| vrrp.version == 2).map(|secret| {
            let hole = Hole::text(secret);
            let stated = keepalived::Authentication {
                auth_type: "PASS".to_owned().into(),
                auth_pass: hole.placeholder().into(),
                ..keepalived::Authentication::default()
            };
            holes.push(hole);
            stated
        });
        keepalived::Instance {
            name: format!("api{}", if four { "" } else { "-v6" }).into(),
            state: state.into(),
            interface: member.interface.to_string().into(),
            virtual_router_id: vrrp.vrid.into(),
            priority: member.priority.into(),
            advert_int: time(vrrp.advert_interval),
            version: vrrp.version.into(),
            nopreempt: (!vrrp.preempt).into(),
            preempt_delay: if vrrp.preempt && vrrp.preempt_delay.0 > 0 {
                time(vrrp.preempt_delay)
            } else {
                Setting::Absent
            },
            unicast_src_ip: if vrrp.unicast && source { member.source.into() } else { Setting::Absent },
            unicast_peers: if vrrp.unicast {
                member.peers.iter().filter(|address| address.is_ipv4() == four).map(peer).collect()
            } else {
                Vec::new()
            },
            authentication,
            virtual_addresses: vec![keepalived::VirtualAddress {
                address: (*vip).into(),
                prefix: prefix.map(Setting::from).unwrap_or_default(),
                device: member.interface.to_string().into(),
                ..keepalived::VirtualAddress::default()
            }],
            tracks: keepalived::Tracks {
                scripts: vrrp
                    .check
                    .iter()
                    .map(|_| keepalived::Track { name: script.to_owned().into(), ..keepalived::Track::default() })
                    .collect(),
                ..keepalived::Tracks::default()
            },
            down_timer_adverts: vrrp.down_timer_adverts.into(),
            ..keepalived::Instance::default()
        }
    });
    let conf = keepalived::Conf {
        global,
        instances: instances.collect(),
        scripts: scripts.collect(),
        ..keepalived::Conf::default()
    };
    let head =
        header(design, "#", format_args!("Who holds the address of the API; this is {machine}"), "keepalived.service");
    File::new("holder of the API's address", format!("{head}{conf}")).holes(&holes)
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
