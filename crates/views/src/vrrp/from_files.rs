//! VRRP groups of keepalived files.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use plimsoll_diagnostics::Span;
use plimsoll_formats::keepalived::{self, Conf, Instance, State, SyncGroup, VrrpScript};
use plimsoll_formats::{Kept, Setting, fills_statement};
use plimsoll_model::design::VrrpState;
use plimsoll_model::units::Millis;

use super::daemons::{Daemon, daemons};
use super::{Track, VirtualAddress, VrrpGroup, VrrpMember};
use crate::files::Files;
use crate::{Fact, Place};

/// The groups of keepalived files: instances with one virtual router id that hold an address in common or name each
/// other as peers.
pub fn from_files(files: &Files) -> Vec<VrrpGroup> {
    let mut groups: Vec<VrrpGroup> = Vec::new();
    for Daemon { file, conf, incomplete } in &daemons(files) {
        for instance in &conf.instances {
            let title = match &instance.name {
                Setting::Known(name) => name.value.clone(),
                Setting::Unknown(open) if !open.value.is_empty() => open.value.clone(),
                _ => "(without name)".to_owned(),
            };
            let owner = if file.owner.is_empty() { file.path.clone() } else { file.owner.clone() };
            let projection = Projection {
                files,
                owner: &file.owner,
                conf,
                incomplete: *incomplete || any_open(&conf.unknown),
                hidden: any_open(&instance.unknown) || any_open(&conf.global.unknown),
                instance,
                title: &title,
            };
            let member = projection.member(&owner);
            match groups.iter_mut().find(|group| belongs(group, &member)) {
                Some(group) => group.members.push(member),
                None => groups.push(VrrpGroup {
                    name: title,
                    place: member.place.clone(),
                    network: Fact::unknown(member.place.clone()),
                    members: vec![member],
                }),
            }
        }
    }
    for group in &mut groups {
        group.members.sort_by(|a, b| a.name.cmp(&b.name));
    }
    groups
}

/// Whether a template fills whole statements: whatever is not stated may come of these.
fn any_open(kept: &[Kept]) -> bool {
    kept.iter().any(|statement| fills_statement(statement))
}

fn belongs(group: &VrrpGroup, member: &VrrpMember) -> bool {
    let Some(vrid) = member.vrid.copied() else { return false };
    let addresses = |member: &VrrpMember| -> BTreeSet<IpAddr> {
        member.addresses.get().into_iter().flatten().map(|address| address.address).collect()
    };
    let names = |a: &VrrpMember, b: &VrrpMember| {
        let peers = a.peers.get().map(Vec::as_slice).unwrap_or_default();
        b.unicast_source.copied().is_some_and(|source| peers.contains(&source))
    };
    group.members.iter().any(|other| {
        other.vrid.is(&vrid)
            && other.name != member.name
            && (!addresses(other).is_disjoint(&addresses(member)) || names(other, member) || names(member, other))
    })
}

struct Projection<'a> {
    files: &'a Files,
    owner: &'a str,
    conf: &'a Conf,
    /// Whether it includes files that are missing here, or a template makes more of it.
    incomplete: bool,
    /// Whether a template makes statements of the instance, so that what is not stated is unknown and has no default.
    hidden: bool,
    instance: &'a Instance,
    title: &'a str,
}

impl Projection<'_> {
    fn place(&self, span: Option<Span>) -> Place {
        let span = span.or(self.instance.place.0);
        Place::File { span, component: format!("{} vrrp_instance {}", self.owner, self.title) }
    }

    /// What the daemon makes of a setting: `effective` is its value with defaults filled in.
    fn effective<T, S>(&self, stated: &Setting<S>, effective: Option<T>) -> Fact<T> {
        let place = self.place(stated.span());
        match effective {
            Some(_) if stated.is_absent() && self.hidden => Fact::unknown(place),
            Some(value) if stated.is_absent() => Fact::default(value, place),
            Some(value) => Fact::known(value, place),
            None => Fact::unknown(place),
        }
    }

    fn flag(&self, flag: &plimsoll_diagnostics::Spanned<bool>) -> Fact<bool> {
        let place = self.place(flag.span);
        match flag.value {
            true => Fact::known(true, place),
            false if self.hidden && flag.span.is_none() => Fact::unknown(place),
            false => Fact::default(false, place),
        }
    }

    fn member(&self, name: &str) -> VrrpMember {
        let instance = self.instance;
        let global = &self.conf.global;
        let effective = self.conf.effective(instance);
        let here = self.place(None);
        let peers: Option<Vec<IpAddr>> =
            instance.unicast_peers.iter().map(|peer| peer.address.get().copied()).collect();
        let first_peer = instance.unicast_peers.first().and_then(|peer| peer.address.span());
        let strict_at =
            if instance.strict_mode.is_absent() { global.vrrp_strict.span } else { instance.strict_mode.span() };
        VrrpMember {
            name: name.to_owned(),
            host: Fact::unknown(here.clone()),
            vrid: self.effective(&instance.virtual_router_id, effective.virtual_router_id),
            addresses: self.addresses(&instance.virtual_addresses),
            excluded_addresses: self.addresses(&instance.excluded_addresses),
            priority: self.effective(&instance.priority, effective.priority),
            state: self.effective(
                &instance.state,
                effective.state.map(|state| match state {
                    State::Master => VrrpState::Master,
                    State::Backup => VrrpState::Backup,
                }),
            ),
            version: self.effective(&instance.version.inherit(&global.vrrp_version), effective.version),
            advert_interval: self.effective(&instance.advert_int, effective.advert_int.map(millis)),
            down_timer_adverts: self.effective(
                &instance.down_timer_adverts.inherit(&global.vrrp_down_timer_adverts),
                effective.down_timer_adverts,
            ),
            nopreempt: self.flag(&instance.nopreempt),
            preempt_delay: self.effective(&instance.preempt_delay, effective.preempt_delay.map(millis)),
            strict: match (effective.strict, strict_at) {
                (Some(strict), Some(_)) => Fact::known(strict, self.place(strict_at)),
                (Some(strict), None) if !self.hidden => Fact::default(strict, here.clone()),
                (_, _) => Fact::unknown(self.place(strict_at)),
            },
            accept: self.effective(&instance.accept, effective.accept),
            interface: Fact::setting(&instance.interface, &here),
            unicast: if effective.unicast || !self.hidden {
                Fact::known(effective.unicast, self.place(first_peer))
            } else {
                Fact::unknown(here.clone())
            },
            multicast_group: {
                let of_family = match instance.virtual_addresses.first().and_then(|vip| vip.address.get()) {
                    Some(IpAddr::V6(_)) => &global.vrrp_mcast_group6,
                    _ => &global.vrrp_mcast_group4,
                };
                instance.mcast_dst_ip.inherit(of_family).get().copied()
            },
            unicast_source: Fact::setting(&instance.unicast_src_ip, &here),
            peers: Fact::maybe(peers.filter(|_| !self.hidden), self.place(first_peer)),
            own_addresses: Fact::unknown(here.clone()),
            authentication: self.authentication(),
            auth_length: Fact::maybe(
                match &instance.authentication {
                    None => (!self.hidden).then_some(0),
                    Some(authentication) => authentication.auth_pass.get().map(|pass| pass.chars().count()),
                },
                self.place(instance.authentication.as_ref().and_then(|it| it.auth_pass.span())),
            ),
            use_vmac: self.effective(&instance.use_vmac, Some(!instance.use_vmac.is_absent())),
            garp_refresh: self.effective(
                &instance.garp.master_refresh.inherit(&global.garp.master_refresh),
                effective.garp_master_refresh.map(|refresh| (refresh > Duration::ZERO).then(|| millis(refresh))),
            ),
            script_security: {
                let place = self.place(global.enable_script_security.span.or(global.place.0));
                let on = global.enable_script_security.value;
                if on || !(self.incomplete || self.hidden) { Fact::known(on, place) } else { Fact::unknown(place) }
            },
            script_user: self.script_user(),
            lets_vrrp_in: Fact::unknown(here.clone()),
            tracks: self.tracks(),
            follows: self.groups().flat_map(|group| &group.instances).filter_map(|name| name.get().cloned()).collect(),
            complete: !self.incomplete && !self.hidden,
            place: here,
        }
    }

    fn addresses(&self, list: &[keepalived::VirtualAddress]) -> Fact<Vec<VirtualAddress>> {
        let addresses: Option<Vec<VirtualAddress>> = list
            .iter()
            .map(|vip| {
                Some(VirtualAddress {
                    address: vip.address.get().copied()?,
                    prefix: vip.prefix.get().copied(),
                    device: vip.device.get().cloned(),
                })
            })
            .collect();
        // A template may add to them, but these are there.
        let addresses = addresses.filter(|list| !(self.hidden && list.is_empty()));
        Fact::maybe(addresses, self.place(list.first().and_then(|vip| vip.address.span())))
    }

    fn authentication(&self) -> Fact<Option<(String, String)>> {
        let Some(authentication) = &self.instance.authentication else {
            let here = self.place(None);
            return if self.hidden { Fact::unknown(here) } else { Fact::default(None, here) };
        };
        let place = self.place(authentication.place.0);
        let kind = authentication.auth_type.or("PASS".to_owned());
        let pass = authentication.auth_pass.or(String::new());
        Fact::maybe(kind.zip(pass).map(|(kind, pass)| Some((kind, pass.chars().take(8).collect()))), place)
    }

    /// The user of the checks: each script's own, else that of `global_defs`.
    fn script_user(&self) -> Fact<Option<String>> {
        let own = self.instance.tracks.scripts.iter().find_map(|track| {
            let script = self.conf.script(track.name.get()?)?;
            script.user.known().cloned()
        });
        let stated = self.conf.global.script_user.known().cloned().or(own);
        let place = self.place(stated.as_ref().and_then(|user| user.span).or(self.conf.global.place.0));
        Fact::known(stated.map(|user| user.value), place)
    }

    /// The sync groups of two or more that the instance is in; one of a single instance is none to keepalived.
    fn groups(&self) -> impl Iterator<Item = &SyncGroup> {
        let holds =
            |group: &&SyncGroup| group.instances.iter().any(|name| name.get().is_some_and(|it| it == self.title));
        self.conf.sync_groups.iter().filter(|group| group.instances.len() > 1).filter(holds)
    }

    /// What the instance tracks itself, and what its sync group tracks for all.
    fn tracks(&self) -> Vec<Track> {
        // keepalived 2.3.3: "ignoring tracked script … with weights due to SYNC group"; the group's own are kept.
        let weightless = self.groups().any(|group| {
            let allows = |word: &str| group.unknown.iter().any(|kept| kept.value.trim_start().starts_with(word));
            !allows("sync_group_tracking_weight") && !allows("global_tracking")
        });
        let mut tracks = self.tracked(&self.instance.tracks);
        for track in &mut tracks {
            track.left_out = weightless && track.weight.copied().is_some_and(|weight| weight != 0);
        }
        tracks.extend(self.groups().flat_map(|group| self.tracked(&group.tracks)));
        tracks
    }

    fn tracked(&self, tracks: &keepalived::Tracks) -> Vec<Track> {
        let scripts = tracks.scripts.iter().map(|track| self.script(track));
        let interfaces = tracks.interfaces.iter().chain(&tracks.bfd).map(|track| self.other(track, &Setting::Absent));
        let processes = tracks.processes.iter().map(|track| {
            let named = |process: &&keepalived::TrackProcess| process.name.get() == track.name.get();
            let of = self.conf.processes.iter().find(named);
            let looks_at =
                Track { process: true, ..self.other(track, &of.map_or(Setting::Absent, |of| of.weight.clone())) };
            // An include that is missing here may define it, with a weight.
            if of.is_some() { looks_at } else { Track { weight: Fact::unknown(looks_at.place.clone()), ..looks_at } }
        });
        let files = tracks.files.iter().map(|track| self.file(track));
        scripts.chain(interfaces).chain(processes).chain(files).collect()
    }

    /// A tracked file: its number, times the weight, is added to the priority. Weight 0 is FAULT for any number but 0;
    /// without one the weight is 1 (keepalived 2.3.3), and what somebody writes into the file is not known.
    fn file(&self, track: &keepalived::Track) -> Track {
        let own = self.conf.files.iter().find(|file| file.name.get() == track.name.get());
        let weight = own.map_or_else(|| track.weight.clone(), |file| track.weight.inherit(&file.weight));
        let other = self.other(track, &Setting::Absent);
        let place = self.place(weight.span().or(track.name.span()));
        let weight = if weight.get() == Some(&0) { Fact::known(0, place) } else { Fact::unknown(place) };
        Track { weight, ..other }
    }

    fn other(&self, track: &keepalived::Track, defined: &Setting<i32>) -> Track {
        let place = self.place(track.name.span());
        Track {
            name: track.name.get().cloned().unwrap_or_default(),
            script: false,
            process: false,
            left_out: false,
            defined: Fact::known(true, place.clone()),
            command: Fact::unknown(place.clone()),
            weight: self.weight(track, defined, None),
            interval: Fact::unknown(place.clone()),
            timeout: Fact::unknown(place.clone()),
            fall: Fact::unknown(place.clone()),
            max_time: Fact::unknown(place.clone()),
            place,
        }
    }

    fn script(&self, track: &keepalived::Track) -> Track {
        let Some(script) = track.name.get().and_then(|name| self.conf.script(name)) else {
            let elsewhere = self.incomplete || track.name.get().is_none();
            let place = self.place(track.name.span());
            let defined = if elsewhere { Fact::unknown(place) } else { Fact::known(false, place) };
            return Track {
                script: true,
                defined,
                weight: Fact::unknown(self.place(track.name.span())),
                ..self.other(track, &Setting::Absent)
            };
        };
        let effective = script.effective();
        let place = self.place(script.place.0.or(track.name.span()));
        let command = self.command(script);
        let max_time = command.get().and_then(|command| max_time(command));
        Track {
            name: script.name.get().cloned().unwrap_or_default(),
            script: true,
            process: false,
            left_out: false,
            defined: Fact::known(true, place.clone()),
            weight: self.weight(track, &script.weight, script.place.0),
            interval: self.effective(&script.interval, effective.interval.map(millis)),
            timeout: self.effective(&script.timeout, effective.timeout.map(millis)),
            fall: self.effective(&script.fall, effective.fall),
            max_time: Fact::maybe(max_time, command.place().clone()),
            command,
            place,
        }
    }

    /// The weight of this use, else that of the definition.
    fn weight(&self, track: &keepalived::Track, defined: &Setting<i32>, at: Option<Span>) -> Fact<i32> {
        let stated = track.weight.inherit(defined);
        let place = self.place(stated.span().or(at).or(track.name.span()));
        match (stated.or(0), stated.is_absent()) {
            (Some(weight), true) => Fact::default(weight, place),
            (Some(weight), false) => Fact::known(weight, place),
            (None, _) => Fact::unknown(place),
        }
    }

    /// The command of a script; that of the file it names, when that is among the files.
    fn command(&self, script: &VrrpScript) -> Fact<String> {
        let own = Fact::setting(&script.script, &self.place(script.place.0));
        let Some(path) = own.get().and_then(|command| command.split_whitespace().next()).map(str::to_owned) else {
            return own;
        };
        match self.files.script(self.owner, &path) {
            Some(file) => Fact::known(file.text.value.clone(), self.place(file.text.span)),
            // A path alone tells nothing about what the check asks, unless everybody knows the program.
            None if always_succeeds(&path) => own,
            None if own.get().is_some_and(|command| command.trim() == path) => Fact::unknown(own.place().clone()),
            None => own,
        }
    }
}

/// Whether a command is `true`, which asks nothing.
pub fn always_succeeds(command: &str) -> bool {
    matches!(command.trim(), "true" | ":" | "exit 0") || command.trim().ends_with("bin/true")
}

fn millis(duration: Duration) -> Millis {
    Millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// The time limit that a command gives to curl, wget or timeout.
fn max_time(command: &str) -> Option<Millis> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let seconds = |text: &str| text.trim_end_matches('s').parse::<f64>().ok().filter(|seconds| *seconds >= 0.0);
    let found = words.iter().enumerate().find_map(|(index, word)| {
        let next = || words.get(index + 1).and_then(|next| seconds(next));
        // `-m` means something else to grep and others.
        match *word {
            "--max-time" | "timeout" | "--timeout" => next(),
            "-m" if program(&words[..index]).is_some_and(|word| word.ends_with("curl")) => next(),
            word => word.strip_prefix("--max-time=").or(word.strip_prefix("--timeout=")).and_then(seconds),
        }
    })?;
    Some(Millis((found * 1000.0) as u64))
}

/// The program that the words up to an option belong to, of those that have a time limit or a `-m` of another kind.
fn program<'a>(words: &[&'a str]) -> Option<&'a str> {
    let name = |word: &&&str| matches!(word.rsplit('/').next(), Some("curl" | "wget" | "grep" | "egrep" | "timeout"));
    words.iter().rev().find(name).copied()
}
