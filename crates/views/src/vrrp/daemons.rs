//! keepalived of each machine: one main file with what it includes.

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::keepalived::{Conf, Garp, GlobalDefs};

use crate::files::{Content, File, Files};

/// What one keepalived reads.
pub(crate) struct Daemon<'a> {
    /// The main file.
    pub(crate) file: &'a File,
    /// It and what it includes, as one.
    pub(crate) conf: Conf,
    /// Whether it includes something that is not among the files.
    pub(crate) incomplete: bool,
}

/// One for each file that no other one of its machine includes.
pub(crate) fn daemons(files: &Files) -> Vec<Daemon<'_>> {
    let all: Vec<(&File, &Conf)> = files
        .list
        .iter()
        .filter_map(|file| match &file.content {
            Content::Keepalived(conf) => Some((file, &**conf)),
            _ => None,
        })
        .collect();
    let includes = |from: usize, other: usize| {
        let ((file, conf), (into, _)) = (all[from], all[other]);
        from != other
            && file.owner == into.owner
            && conf.includes.iter().any(|include| matches(&include.pattern.value, &into.path))
    };
    let included = |index: usize| (0..all.len()).any(|from| includes(from, index) && !includes(index, from));
    (0..all.len())
        .filter(|index| !included(*index))
        .map(|index| {
            let (file, conf) = all[index];
            let mut daemon = Daemon { file, conf: conf.clone(), incomplete: false };
            let mut taken = vec![index];
            let mut at = 0;
            while let Some(from) = taken.get(at).copied() {
                let (_, conf) = all[from];
                daemon.incomplete |= conf.includes.iter().any(|include| {
                    !all.iter().any(|(into, _)| into.owner == file.owner && matches(&include.pattern.value, &into.path))
                });
                for (other, (_, conf)) in all.iter().enumerate() {
                    if includes(from, other) && !taken.contains(&other) {
                        taken.push(other);
                        add(&mut daemon.conf, conf);
                    }
                }
                at += 1;
            }
            daemon
        })
        .collect()
}

/// Whether a path ends as the pattern of an include says, folder by folder.
fn matches(pattern: &str, path: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (pattern, path) = (parts(pattern), parts(path));
    !pattern.is_empty()
        && path.len() >= pattern.len()
        && pattern.iter().rev().zip(path.iter().rev()).all(|(pattern, part)| fits(pattern.as_bytes(), part.as_bytes()))
}

/// `*` and `?` of a shell pattern.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|skip| fits(rest, &text[skip..])),
        ([b'?', rest @ ..], [_, more @ ..]) => fits(rest, more),
        ([a, rest @ ..], [b, more @ ..]) => a == b && fits(rest, more),
        ([], []) => true,
        _ => false,
    }
}

/// Several files are one to the daemon.
fn add(to: &mut Conf, from: &Conf) {
    to.scripts.extend(from.scripts.iter().cloned());
    to.processes.extend(from.processes.iter().cloned());
    to.files.extend(from.files.iter().cloned());
    to.sync_groups.extend(from.sync_groups.iter().cloned());
    to.instances.extend(from.instances.iter().cloned());
    to.unknown.extend(from.unknown.iter().cloned());
    add_global(&mut to.global, &from.global);
}

fn add_global(to: &mut GlobalDefs, from: &GlobalDefs) {
    let flag = |to: &mut Spanned<bool>, from: &Spanned<bool>| {
        if from.value && !to.value {
            to.clone_from(from);
        }
    };
    to.place.0 = to.place.0.or(from.place.0);
    flag(&mut to.enable_script_security, &from.enable_script_security);
    flag(&mut to.vrrp_strict, &from.vrrp_strict);
    to.script_user = to.script_user.inherit(&from.script_user);
    to.vrrp_version = to.vrrp_version.inherit(&from.vrrp_version);
    to.vrrp_mcast_group4 = to.vrrp_mcast_group4.inherit(&from.vrrp_mcast_group4);
    to.vrrp_mcast_group6 = to.vrrp_mcast_group6.inherit(&from.vrrp_mcast_group6);
    to.vrrp_down_timer_adverts = to.vrrp_down_timer_adverts.inherit(&from.vrrp_down_timer_adverts);
    add_garp(&mut to.garp, &from.garp);
}

fn add_garp(to: &mut Garp, from: &Garp) {
    to.master_refresh = to.master_refresh.inherit(&from.master_refresh);
    to.master_delay = to.master_delay.inherit(&from.master_delay);
    to.master_repeat = to.master_repeat.inherit(&from.master_repeat);
}
