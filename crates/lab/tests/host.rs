//! A host is given its files as they are, sees its own network, and cannot reach what it shares with this machine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test panics to fail")]

mod common;

use common::empty_plan;
use plimsoll_lab::{HostFile, HostPlan, Lab, LabError};

/// Capabilities over what no namespace divides, with their numbers in `linux/capability.h`.
const SHARED: [(u32, &str); 4] =
    [(16, "CAP_SYS_MODULE"), (17, "CAP_SYS_RAWIO"), (22, "CAP_SYS_BOOT"), (25, "CAP_SYS_TIME")];

/// A host whose own files configure its network, as those of a cluster's machine do.
fn host() -> HostPlan {
    let mut host = HostPlan::new("h-1", "ens18", None);
    host.files = vec![
        HostFile::new(
            "/etc/systemd/network/10-ens18.network",
            "[Match]\nName=ens18\n[Network]\nAddress=10.30.12.11/24\nLinkLocalAddressing=ipv6\n",
        ),
        HostFile::new("/etc/sysctl.d/90-plimsoll.conf", "net.ipv4.ip_nonlocal_bind = 1\nvm.swappiness = 7\n"),
        HostFile::new("/etc/haproxy/secret.pem", "not for everybody\n").mode(0o640).owner("haproxy:haproxy"),
        HostFile::new("/opt/deep/er/file", "new directories\n"),
        HostFile::new(
            "/etc/systemd/system/mark.service",
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/touch /root/marked\n",
        ),
    ];
    host.units = vec!["systemd-networkd.service".to_owned(), "mark.service".to_owned()];
    host
}

fn say(lab: &Lab, script: &str) -> String {
    let output = lab.run_in("h-1", &["sh", "-c", script]).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    text.trim().to_owned()
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn a_host_is_what_its_files_make_it_and_no_more() {
    let swappiness = std::fs::read_to_string("/proc/sys/vm/swappiness").unwrap();
    let mut plan = empty_plan();
    plan.hosts.push(host());
    let mut lab = Lab::launch(plan).unwrap();

    // Its files, its units, its network.
    assert_eq!(say(&lab, "hostname; cat /etc/hostname"), "h-1\nh-1");
    assert_eq!(say(&lab, "stat --format='%a %U:%G %s' /etc/haproxy/secret.pem"), "640 haproxy:haproxy 18");
    assert_eq!(say(&lab, "cat /opt/deep/er/file"), "new directories");
    assert_eq!(say(&lab, "systemctl is-active mark systemd-networkd haproxy"), "active\nactive\ninactive");
    assert_eq!(say(&lab, "ls /sys/class/net"), "ens18\nlo");
    let address = "for try in $(seq 50); do ip -brief -4 address show ens18 | grep 10.30 && break; sleep 0.1; done";
    assert!(say(&lab, address).contains("10.30.12.11/24"), "{}", say(&lab, "networkctl status --no-pager ens18"));
    assert_eq!(say(&lab, "cat /proc/sys/net/ipv4/ip_nonlocal_bind"), "1");

    // What it shares with this machine is out of reach: asked of the kernel, never tried, since trying might succeed.
    for process in ["1", "self"] {
        let rights = say(&lab, &format!("sed --quiet 's/^CapEff:\\t//p; s/^CapBnd:\\t//p' /proc/{process}/status"));
        let rights: Vec<u64> = rights.lines().map(|line| u64::from_str_radix(line, 16).unwrap()).collect();
        assert_eq!(rights.len(), 2);
        for rights in rights {
            let kept: Vec<_> = SHARED.iter().filter(|(bit, _)| rights >> bit & 1 == 1).collect();
            assert!(kept.is_empty(), "process {process} has {kept:?}");
        }
    }
    assert_eq!(std::fs::read_to_string("/proc/sys/vm/swappiness").unwrap(), swappiness);
    assert!(say(&lab, "grep ' /proc/sys ' /proc/mounts").contains(" ro,"));
    assert_eq!(say(&lab, "ls /sys/kernel/debug /sys/kernel/tracing"), "/sys/kernel/debug:\n\n/sys/kernel/tracing:");

    // A host that loses its power keeps its disk and loses the rest.
    say(&lab, "echo kept > /root/kept; sync; ip address add 10.30.12.99/24 dev ens18");
    assert_eq!(lab.holders("10.30.12.99".parse().unwrap()), ["h-1"]);
    lab.power_off("h-1").unwrap();
    assert_eq!(lab.run_in("h-1", &["true"]).unwrap_err().to_string(), "the lab has no host `h-1` with power");
    lab.power_on("h-1").unwrap();
    assert_eq!(say(&lab, "cat /root/kept"), "kept");
    assert_eq!(lab.holders("10.30.12.99".parse().unwrap()), [""; 0]);

    // A fault that does nothing is an error, not a survived fault.
    let nobody = lab.kill("h-1", "etcd").unwrap_err();
    assert_eq!(nobody.to_string(), "no process `etcd` runs on `h-1`");
    lab.destroy().unwrap();
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn a_file_that_would_replace_a_part_of_the_image_is_refused() {
    let mut plan = empty_plan();
    plan.hosts.push(host());
    plan.hosts[0].files.push(HostFile::new("/lib/modules-load.d/x.conf", "x\n"));
    let error = Lab::launch(plan).unwrap_err();
    assert!(matches!(error, LabError::Plan(_)), "{error}");
    assert_eq!(error.to_string(), "`/lib/modules-load.d/x.conf`: `/lib` is a symbolic link in the root image");
}

#[test]
#[ignore = "needs root, systemd-nspawn and the cached root image: run by `cargo xtask test`"]
fn a_unit_that_nobody_has_is_refused() {
    let mut plan = empty_plan();
    plan.hosts.push(host());
    plan.hosts[0].units.push("keepalive.service".to_owned());
    let error = Lab::launch(plan).unwrap_err();
    assert_eq!(error.to_string(), "no unit `keepalive.service` among the files of the host and of its image");
}
