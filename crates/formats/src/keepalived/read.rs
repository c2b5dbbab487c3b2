//! From blocks to types.

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use super::keywords::{GLOBAL, INCLUDES, INSTANCE, SCRIPT, TOP};
use super::syntax::{self, Statement};
use super::values::{keyword, own};
use super::{
    Authentication, Conf, Definition, GlobalDefs, Include, Instance, State, SyncGroup, TrackFile, TrackProcess,
    VrrpScript,
};
use crate::report::Report;
use crate::{Read, Setting};

/// Reads a file as `keepalived` without `-i` does: lines with `@id` don't count, those with `@^id` do.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    read_as(source, sources, None)
}

/// Reads a file as `keepalived -i ID` does. [`Conf::config_ids`] says which ids its conditional lines ask for.
pub fn read_as(source: SourceId, sources: &Sources, config_id: Option<&str>) -> Read<Conf> {
    let (text, mut report) = Report::open(source, sources);
    let parsed = syntax::parse(text, config_id, &mut report);
    let mut reader = Reader { text, report };
    let mut conf = Conf { config_ids: parsed.ids, ..Conf::default() };
    for (name, value, span) in parsed.definitions {
        conf.definitions.push(Definition { name, value: Spanned::at(value, span) });
    }
    for statement in &parsed.statements {
        reader.top(statement, &mut conf);
    }
    reader.report.close(conf)
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) report: Report,
}

impl Reader<'_> {
    fn top(&mut self, statement: &Statement, conf: &mut Conf) {
        let keyword = keyword(statement);
        match (keyword, &statement.block) {
            ("global_defs", Some(block)) => {
                conf.global.place = Reader::place(statement);
                for inner in block {
                    self.global(inner, &mut conf.global);
                }
            }
            ("vrrp_script", Some(block)) => {
                let mut script = VrrpScript { place: Reader::place(statement), ..VrrpScript::default() };
                script.name = self.name(statement);
                for inner in block {
                    self.script(inner, &mut script);
                }
                conf.scripts.push(script);
            }
            ("vrrp_track_process", Some(block)) => {
                let mut process = TrackProcess { place: Reader::place(statement), ..TrackProcess::default() };
                process.name = self.name(statement);
                for inner in block {
                    self.process(inner, &mut process);
                }
                conf.processes.push(process);
            }
            ("track_file" | "vrrp_track_file", Some(block)) => {
                let mut file = TrackFile { place: Reader::place(statement), ..TrackFile::default() };
                file.name = self.name(statement);
                for inner in block {
                    self.file(inner, &mut file);
                }
                conf.files.push(file);
            }
            ("vrrp_sync_group", Some(block)) => {
                let mut group = SyncGroup { place: Reader::place(statement), ..SyncGroup::default() };
                group.name = self.name(statement);
                for inner in block {
                    self.sync_group(inner, &mut group);
                }
                conf.sync_groups.push(group);
            }
            ("vrrp_instance", Some(block)) => {
                let mut instance = Instance { place: Reader::place(statement), ..Instance::default() };
                instance.name = self.name(statement);
                for inner in block {
                    self.instance(inner, &mut instance);
                }
                conf.instances.push(instance);
            }
            (include, None) if INCLUDES.contains(&include) && statement.words.len() == 2 => {
                let pattern = &statement.words[1];
                self.report.include(&pattern.text, pattern.span);
                let pattern = Spanned::at(pattern.text.clone(), pattern.span);
                conf.includes.push(Include { keyword: include.to_owned(), pattern });
            }
            _ => self.keep(statement, TOP, &mut conf.unknown),
        }
    }

    fn global(&mut self, statement: &Statement, to: &mut GlobalDefs) {
        if statement.block.is_some() {
            return self.keep(statement, GLOBAL, &mut to.unknown);
        }
        match keyword(statement) {
            "router_id" => self.word(statement, &mut to.router_id),
            "enable_script_security" => self.flag(statement, &mut to.enable_script_security),
            "script_user" => self.joined(statement, &mut to.script_user),
            "vrrp_strict" => self.flag(statement, &mut to.vrrp_strict),
            "vrrp_version" => self.number(statement, &mut to.vrrp_version, 2, 3),
            "vrrp_mcast_group4" => self.address(statement, &mut to.vrrp_mcast_group4),
            "vrrp_mcast_group6" => self.address(statement, &mut to.vrrp_mcast_group6),
            "vrrp_skip_check_adv_addr" => self.switch(statement, &mut to.vrrp_skip_check_adv_addr),
            "vrrp_check_unicast_src" => self.flag(statement, &mut to.vrrp_check_unicast_src),
            "vrrp_garp_interval" => self.time(statement, &mut to.vrrp_garp_interval),
            "vrrp_gna_interval" => self.time(statement, &mut to.vrrp_gna_interval),
            "vrrp_down_timer_adverts" => self.number(statement, &mut to.vrrp_down_timer_adverts, 1, 100),
            "vrrp_startup_delay" => self.time(statement, &mut to.vrrp_startup_delay),
            "vrrp_delay_after_boot" => self.time(statement, &mut to.vrrp_delay_after_boot),
            "dynamic_interfaces" if statement.words.len() == 1 => self.flag(statement, &mut to.dynamic_interfaces),
            word => {
                if !word.strip_prefix("vrrp_").is_some_and(|word| self.garp(word, statement, &mut to.garp)) {
                    self.keep(statement, GLOBAL, &mut to.unknown);
                }
            }
        }
    }

    fn instance(&mut self, statement: &Statement, to: &mut Instance) {
        let keyword = keyword(statement);
        if let Some(block) = &statement.block {
            match keyword {
                "unicast_peer" if !block.is_empty() => {
                    let kept = self.lines(keyword, block, |reader, line| to.unicast_peers.push(reader.peer(line)));
                    to.unknown.extend(kept);
                }
                "virtual_ipaddress" => {
                    let kept = self.lines(keyword, block, |reader, line| to.virtual_addresses.push(reader.vip(line)));
                    to.unknown.extend(kept);
                }
                "virtual_ipaddress_excluded" => {
                    let kept = self.lines(keyword, block, |reader, line| to.excluded_addresses.push(reader.vip(line)));
                    to.unknown.extend(kept);
                }
                "authentication" => {
                    let place = Reader::place(statement);
                    let authentication = to.authentication.get_or_insert_default();
                    authentication.place = place;
                    for inner in block {
                        self.authentication(inner, authentication);
                    }
                }
                _ => {
                    if !self.tracks(keyword, block, &mut to.tracks, &mut to.unknown) {
                        self.keep(statement, INSTANCE, &mut to.unknown);
                    }
                }
            }
            return;
        }
        match keyword {
            "state" => self.value(statement, &mut to.state, "`MASTER` or `BACKUP`", |text| match text {
                "MASTER" => Some(State::Master),
                "BACKUP" => Some(State::Backup),
                _ => None,
            }),
            "interface" => self.word(statement, &mut to.interface),
            "virtual_router_id" => self.number(statement, &mut to.virtual_router_id, 1, 255),
            "priority" => self.number(statement, &mut to.priority, 1, 255),
            "advert_int" => self.time(statement, &mut to.advert_int),
            "version" => self.number(statement, &mut to.version, 2, 3),
            "nopreempt" => self.flag(statement, &mut to.nopreempt),
            "preempt" if statement.words.len() == 1 => {
                to.nopreempt = Spanned::at(false, statement.words[0].span);
            }
            "preempt_delay" => self.time(statement, &mut to.preempt_delay),
            "accept" | "no_accept" if statement.words.len() == 1 => {
                let span = statement.words[0].span;
                self.assign(&mut to.accept, Setting::Known(Spanned::at(keyword == "accept", span)), "accept");
            }
            "strict_mode" => self.switch(statement, &mut to.strict_mode),
            "use_vmac" => self.joined(statement, &mut to.use_vmac),
            "vmac_xmit_base" => self.flag(statement, &mut to.vmac_xmit_base),
            "dont_track_primary" => self.flag(statement, &mut to.dont_track_primary),
            "track_src_ip" => self.flag(statement, &mut to.track_src_ip),
            "native_ipv6" => self.flag(statement, &mut to.native_ipv6),
            "mcast_src_ip" => self.address(statement, &mut to.mcast_src_ip),
            "mcast_dst_ip" => self.address(statement, &mut to.mcast_dst_ip),
            "unicast_src_ip" => self.address(statement, &mut to.unicast_src_ip),
            "unicast_fault_no_peer" => self.flag(statement, &mut to.unicast_fault_no_peer),
            "unicast_ttl" => self.number(statement, &mut to.unicast_ttl, 0, 255),
            "check_unicast_src" => self.flag(statement, &mut to.check_unicast_src),
            "down_timer_adverts" => self.number(statement, &mut to.down_timer_adverts, 1, 100),
            "smtp_alert" => self.switch(statement, &mut to.smtp_alert),
            _ => {
                if !self.notify(statement, &mut to.notify) && !self.garp(keyword, statement, &mut to.garp) {
                    self.keep(statement, INSTANCE, &mut to.unknown);
                }
            }
        }
    }

    fn authentication(&mut self, statement: &Statement, to: &mut Authentication) {
        match keyword(statement) {
            "auth_type" if statement.block.is_none() => {
                self.value(statement, &mut to.auth_type, "`PASS` or `AH`", |text| {
                    matches!(text, "PASS" | "AH").then(|| text.to_owned())
                });
            }
            "auth_pass" if statement.block.is_none() => self.word(statement, &mut to.auth_pass),
            _ => self.keep(statement, &["auth_type", "auth_pass"], &mut to.unknown),
        }
    }

    fn script(&mut self, statement: &Statement, to: &mut VrrpScript) {
        if statement.block.is_some() {
            return self.keep(statement, SCRIPT, &mut to.unknown);
        }
        match keyword(statement) {
            "script" => {
                let command = self.command(statement, &statement.words);
                self.assign(&mut to.script, command, "script");
            }
            "interval" => self.time(statement, &mut to.interval),
            "timeout" => self.time(statement, &mut to.timeout),
            "weight" => self.weight(statement, &mut to.weight, &mut to.reverse, 253),
            "fall" => self.number(statement, &mut to.fall, 1, u32::MAX),
            "rise" => self.number(statement, &mut to.rise, 1, u32::MAX),
            "user" => self.joined(statement, &mut to.user),
            "init_fail" => self.flag(statement, &mut to.init_fail),
            _ => self.keep(statement, SCRIPT, &mut to.unknown),
        }
    }

    fn process(&mut self, statement: &Statement, to: &mut TrackProcess) {
        if statement.block.is_some() {
            return self.keep(statement, SCRIPT, &mut to.unknown);
        }
        match keyword(statement) {
            "process" => self.joined(statement, &mut to.process),
            "weight" => self.weight(statement, &mut to.weight, &mut to.reverse, 254),
            "quorum" => self.number(statement, &mut to.quorum, 0, u32::MAX),
            _ => self.keep(statement, SCRIPT, &mut to.unknown),
        }
    }

    fn file(&mut self, statement: &Statement, to: &mut TrackFile) {
        if statement.block.is_some() {
            return self.keep(statement, SCRIPT, &mut to.unknown);
        }
        match keyword(statement) {
            "file" => self.word(statement, &mut to.file),
            "weight" => self.weight(statement, &mut to.weight, &mut to.reverse, i32::MAX),
            _ => self.keep(statement, SCRIPT, &mut to.unknown),
        }
    }

    fn sync_group(&mut self, statement: &Statement, to: &mut SyncGroup) {
        let keyword = keyword(statement);
        match &statement.block {
            Some(block) if keyword == "group" => {
                // `read_value_block()` takes every word of every line here, unlike the blocks of an instance.
                let kept = self.lines(keyword, block, |reader, line| {
                    to.instances.extend(line.words.iter().map(|word| reader.plain(word, "a name", own)));
                });
                to.unknown.extend(kept);
            }
            Some(block) if self.tracks(keyword, block, &mut to.tracks, &mut to.unknown) => {}
            None if self.notify(statement, &mut to.notify) => {}
            _ => self.keep(statement, &["group", "track_script", "track_interface", "notify"], &mut to.unknown),
        }
    }
}
