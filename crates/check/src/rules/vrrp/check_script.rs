//! VRRP-015, 016, 017 and 027: what the check asks, and whether it may run.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::vrrp::{Track, VrrpMember, always_succeeds};

use super::asks;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const VRRP_015: Rule = Rule {
    id: "VRRP-015",
    severity: Severity::Error,
    summary: "a check asks for an answer, not for a process or a port",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Nothing is tracked on a member that has the balancer of the API: an error, since the address then moves \
                 only when the whole machine dies. A warning for a check whose command only looks for a process (`killall -0`, `pidof`, `pgrep`, `systemctl is-active`) or \
                 for an open port (`nc -z`, `/dev/tcp/`), for one that is `true`, or for `track_process`, unless another check of the machine \
                 makes a request. What a sync group or another instance of it tracks counts for all its instances.",
        breaks: "The balancer runs and takes connections while no API server answers behind it: the address stays on a \
                 dead path.",
        remedy: "Ask for `/readyz` through the machine's own balancer, with a time limit below the check's.",
        before: "script \"/usr/bin/killall -0 haproxy\"",
        after: "script \"/usr/bin/curl -sfk --max-time 2 https://localhost:8443/readyz\"",
        source: "FriedCircuits/terraform-modules issue 46; kubeadm ha-considerations.md",
        evidence: Evidence::Seen,
    },
    check: process_only,
};

pub(super) const VRRP_016: Rule = Rule {
    id: "VRRP-016",
    severity: Severity::Warning,
    summary: "the request inside the check ends before keepalived ends the check",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The time limit of the request (`curl --max-time`) is at least the timeout of the script, which is its \
                 interval when it is not set.",
        breaks: "keepalived kills the run and counts a failure: an answer that is slow but healthy moves the address.",
        remedy: "--max-time 2 with interval 3 and timeout 3.",
        before: "script \"curl --max-time 5 …\"\ninterval 3",
        after: "script \"curl --max-time 2 …\"\ninterval 3\ntimeout 3",
        source: "keepalived.conf(5), vrrp_script; keepalived vrrp_scheduler.c",
        evidence: Evidence::Seen,
    },
    check: max_time,
};

pub(super) const VRRP_017: Rule = Rule {
    id: "VRRP-017",
    severity: Severity::Warning,
    summary: "checks run as an unprivileged user, from files that only root may change",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "Advice for a tracked script without `enable_script_security`. A warning for that without `script_user`: \
                 only the user keepalived_script will do then. A warning for a command below /bin or /sbin: where these \
                 are links to /usr, as in Debian since 12, keepalived 2.3.3 takes the path for insecure and disables the \
                 script, whatever the settings say.",
        breaks: "A script whose user does not exist is removed, and one that is disabled checks nothing: the address stays \
                 where nothing answers. Without `enable_script_security` it runs as keepalived_script if that user \
                 exists, else as root, whoever may change the file.",
        remedy: "enable_script_security, a script_user that exists (Debian's package makes none: `useradd -r -s \
                 /usr/sbin/nologin keepalived_script`) and can read what the script needs, and a path that root owns.",
        before: "global_defs { }",
        after: "global_defs {\n    enable_script_security\n    script_user keepalived_script\n}",
        source: "keepalived.conf(5), enable_script_security and script_user",
        evidence: Evidence::Tested(
            "keepalived 2.2.7; links and missing users: 2.3.3 in a Debian 13 root (\"Unable to set default user for vrrp \
             script check - removing\")",
        ),
    },
    check: security,
};

pub(super) const VRRP_027: Rule = Rule {
    id: "VRRP-027",
    severity: Severity::Advice,
    summary: "what happens when the check fails everywhere is a stated choice",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A check of something that all members share (the API through the balancer) whose weight nobody stated.",
        breaks: "Without a weight, all members go to FAULT when the API is gone as a whole, and the address disappears, \
                 which hides the cause; with one, the highest keeps it. Both recover by themselves.",
        remedy: "State the weight: 0 for FAULT, or a negative one larger than the distance of the priorities.",
        before: "vrrp_script check { script \"curl … https://10.30.12.100:8443/readyz\" }",
        after: "vrrp_script check { script \"curl … https://localhost:8443/readyz\" weight 0 }",
        source: "keepalived.conf(5), vrrp_script",
        evidence: Evidence::SeenPrinciple,
    },
    check: shared_condition,
};

pub(super) const VRRP_028: Rule = Rule {
    id: "VRRP-028",
    severity: Severity::Error,
    summary: "every tracked script is defined and kept",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "`track_script` names a script that no `vrrp_script` defines. With includes that are not among the files \
                 it cannot be judged. Or an instance of a sync group tracks something with a weight other than 0, which \
                 only the group itself may do (unless `sync_group_tracking_weight` is set).",
        breaks: "keepalived leaves the check out with a line in its log: nothing is checked, and the address stays where \
                 nothing answers.",
        remedy: "Define the script, or correct the name. In a sync group: no weight, or track it in the group.",
        before: "vrrp_script chk_haproxy { … }\ntrack_script { check_haproxy }",
        after: "vrrp_script check_haproxy { … }\ntrack_script { check_haproxy }",
        source: "keepalived.conf(5), track_script; keepalived vrrp_track.c",
        evidence: Evidence::Tested("keepalived 2.3.3: keepalived -t, and its dump of what it tracks"),
    },
    check: undefined,
};

fn undefined(world: &World<'_>, verdicts: &mut Verdicts) {
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        for track in member.tracks.iter().filter(|track| track.left_out) {
            let weight = track.weight.copied().unwrap_or(0);
            verdicts.broken(
                Finding::new(
                    Severity::Error,
                    track.weight.place(),
                    format!("keepalived of {} leaves the check `{}` out", member.name, track.name),
                )
                .at(&track.weight, format!("weight {weight} in an instance of a sync group"))
                .breaks("it is not tracked at all: the VIP stays where nothing answers")
                .help("leave the weight out, or track it in the sync group"),
            );
        }
    }
    for (member, track) in scripts(world) {
        match track.defined.copied() {
            Some(true) => verdicts.holds(),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    track.defined.place(),
                    format!("{} tracks a script that is not defined", member.name),
                )
                .at(&track.defined, format!("no vrrp_script `{}`", track.name))
                .breaks("nothing is checked: the VIP stays where nothing answers")
                .help("define it, or correct the name"),
            ),
            None => verdicts.cannot_judge(&track.place, "the files it includes"),
        }
    }
}

fn scripts<'a>(world: &'a World<'_>) -> impl Iterator<Item = (&'a VrrpMember, &'a Track)> {
    let members = world.vrrp.iter().flat_map(|group| &group.members);
    members.flat_map(|member| member.tracked().filter(|track| track.script).map(move |track| (member, track)))
}

fn process_only(world: &World<'_>, verdicts: &mut Verdicts) {
    const LOOKS_FOR: [(&str, &str); 8] = [
        ("killall -0", "process"),
        ("kill -0", "process"),
        ("pidof", "process"),
        ("pgrep", "process"),
        ("systemctl is-active", "process"),
        ("systemctl status", "process"),
        ("nc -z", "port"),
        ("/dev/tcp/", "port"),
    ];
    for group in &world.vrrp {
        for member in group.members.iter().filter(|member| member.tracks.is_empty() && !led(world, member)) {
            let balances = world.balancers.iter().any(|balancer| balancer.name == member.name);
            if !balances {
                continue;
            }
            if !member.complete {
                verdicts.cannot_judge(&member.place, "the files it includes, or what a template makes of it");
                continue;
            }
            // A design says it once for all members.
            let place = if world.is_files() { &member.place } else { &group.place };
            verdicts.broken(
                Finding::new(Severity::Error, place, format!("{} may hold the VIP without any check", member.name))
                    .at_place(place, "no check")
                    .breaks("the balancer dies, keepalived lives on, and the VIP stays where nothing answers")
                    .help(
                        "track a script that asks for https://localhost:PORT/readyz through the machine's own balancer",
                    ),
            );
        }
    }
    let mut told = BTreeSet::new();
    for member in world.vrrp.iter().flat_map(|group| &group.members) {
        for track in member.tracked().filter(|track| track.script || track.process) {
            let word = match track.command.get() {
                _ if track.process => Some(("track_process", "process")),
                Some(command) if always_succeeds(command) => {
                    let asked = asks_elsewhere(world, member) || !told.insert((&member.name, &track.name));
                    verdicts.verdict((!asked).then(|| empty(member, track)));
                    continue;
                }
                Some(command) => LOOKS_FOR.iter().copied().find(|(word, _)| !asks(command) && command.contains(word)),
                None => {
                    verdicts.cannot_judge(&track.place, "its command");
                    continue;
                }
            };
            // Another check of the machine asks, or may ask; and a script that two instances track is one cause.
            let word =
                word.filter(|_| !asks_elsewhere(world, member)).filter(|_| told.insert((&member.name, &track.name)));
            let fact = if track.process { &track.place } else { track.command.place() };
            verdicts.verdict(word.map(|(word, what)| {
                Finding::new(
                    Severity::Warning,
                    fact,
                    format!("the check of {} looks for a {what}, not for an answer", member.name),
                )
                .at_place(fact, format!("`{word}` succeeds while nothing answers"))
                .breaks("the balancer runs without a working API server behind it, and the VIP stays on the dead path")
                .help("ask for https://localhost:PORT/readyz through the machine's own balancer, with `--max-time`")
            }));
        }
    }
}

/// A check that cannot fail.
fn empty(member: &VrrpMember, track: &Track) -> Finding {
    let fact = track.command.place();
    Finding::new(Severity::Warning, fact, format!("the check of {} always succeeds", member.name))
        .at(&track.command, "asks nothing")
        .breaks("whatever dies on the machine, the VIP stays there while keepalived runs")
        .help("ask for https://localhost:PORT/readyz through the machine's own balancer, with `--max-time`")
}

/// Whether some check of the member's machine asks for an answer, as far as is known.
fn asks_elsewhere(world: &World<'_>, member: &VrrpMember) -> bool {
    let same = scripts(world).filter(|(other, _)| other.name == member.name);
    same.into_iter().any(|(_, track)| track.command.get().is_none_or(|command| asks(command)))
}

/// Whether an instance of the same sync group tracks something, so that it takes this one along.
fn led(world: &World<'_>, member: &VrrpMember) -> bool {
    let others = world.vrrp.iter().flat_map(|group| &group.members);
    !member.follows.is_empty()
        && others.into_iter().any(|other| {
            other.name == member.name && other.follows == member.follows && other.tracked().next().is_some()
        })
}

fn max_time(world: &World<'_>, verdicts: &mut Verdicts) {
    for (member, track) in scripts(world) {
        let Some(max_time) = track.max_time.copied() else {
            continue;
        };
        let Some(limit) = track.timeout.copied().or(track.interval.copied()) else {
            verdicts.cannot_judge(&track.place, "its timeout");
            continue;
        };
        verdicts.verdict((max_time >= limit).then(|| {
            Finding::new(
                Severity::Warning,
                track.max_time.place(),
                format!("the check of {} may ask for {max_time} and is ended after {limit}", member.name),
            )
            .at(&track.max_time, "")
            .context(&track.timeout, format!("ended after {limit}"))
            .breaks("an answer that is slow but healthy counts as a failure and moves the VIP")
            .help("keep the request shorter: --max-time 2 with interval 3 and timeout 3")
        }));
    }
}

fn security(world: &World<'_>, verdicts: &mut Verdicts) {
    for (member, track) in scripts(world) {
        let linked = track.command.get().and_then(|command| {
            let path = command.split_whitespace().next()?;
            (path.starts_with("/bin/") || path.starts_with("/sbin/")).then_some(path)
        });
        if let Some(path) = linked {
            verdicts.broken(
                Finding::new(
                    Severity::Warning,
                    track.command.place(),
                    format!("keepalived may disable the check of {}: {path} leads through a link", member.name),
                )
                .at(&track.command, "insecure to keepalived 2.3.3 where /bin is a link to /usr/bin")
                .breaks("nothing is checked, and the VIP stays where nothing answers")
                .help(format!("write /usr{path}")),
            );
        }
    }
    let members = world.vrrp.iter().flat_map(|group| &group.members);
    for member in members.filter(|member| member.tracked().any(|track| track.script)) {
        let (Some(security), Some(user)) = (member.script_security.copied(), member.script_user.get()) else {
            verdicts.cannot_judge(&member.place, "the global_defs of its keepalived");
            continue;
        };
        let finding = |severity, place, message: String| Finding::new(severity, place, message).at_place(place, "");
        verdicts.verdict(match (security, user) {
            (false, _) => Some(
                finding(
                    Severity::Advice,
                    member.script_security.place(),
                    format!("the check of {} runs without `enable_script_security`", member.name),
                )
                .breaks("whoever may change the script may run commands as root")
                .help(
                    "set enable_script_security and a script_user that exists, and keep the script where only root may \
                     write",
                ),
            ),
            (true, None) => Some(
                finding(
                    Severity::Warning,
                    member.script_security.place(),
                    format!("the check of {} runs only if there is a user keepalived_script", member.name),
                )
                .breaks(
                    "where nobody made that user, keepalived removes the check: the VIP stays where nothing answers",
                )
                .help("name a user that exists in script_user"),
            ),
            (true, Some(_)) => None,
        });
    }
}

fn shared_condition(world: &World<'_>, verdicts: &mut Verdicts) {
    for (member, track) in scripts(world) {
        let Some(command) = track.command.get() else { continue };
        // Plain HTTP is a page of the balancer's own.
        let shared = command.contains("https://") && !command.contains(":6443");
        verdicts.verdict((shared && track.weight.is_default()).then(|| {
            Finding::new(
                Severity::Advice,
                track.weight.place(),
                format!("nobody said what {} does when the API is gone as a whole", member.name),
            )
            .at(&track.command, "fails on every member at once")
            .breaks("all members go to FAULT and the VIP disappears, which hides the cause")
            .help("state `weight 0` if that is meant")
        }));
    }
}
