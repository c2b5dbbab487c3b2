//! From types to text: four spaces a level, one statement a line, in the order in which keepalived's manual has them.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use plimsoll_diagnostics::Spanned;

use super::syntax::{quote, quoted_word};
use super::{
    Conf, Garp, GlobalDefs, Instance, Notify, Peer, State, SyncGroup, Track, TrackFile, TrackProcess, Tracks,
    VirtualAddress, VrrpScript,
};
use crate::seconds::Seconds;
use crate::text::{self, Piece};
use crate::{Kept, Setting};

impl Display for Conf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut out = Out { text: String::new(), depth: 0 };
        for definition in &self.definitions {
            out.line(&format!("${}={}", definition.name, definition.value.replace('\n', " \\\n")));
        }
        for include in &self.includes {
            out.line(&format!("{} {}", include.keyword, quote(&include.pattern)));
        }
        if self.global != GlobalDefs::default() {
            out.block("global_defs", |out| out.global(&self.global));
        }
        for script in &self.scripts {
            out.named("vrrp_script", &script.name, |out| out.script(script));
        }
        for process in &self.processes {
            out.named("vrrp_track_process", &process.name, |out| out.process(process));
        }
        for file in &self.files {
            out.named("track_file", &file.name, |out| out.file(file));
        }
        for group in &self.sync_groups {
            out.named("vrrp_sync_group", &group.name, |out| out.sync_group(group));
        }
        for instance in &self.instances {
            out.named("vrrp_instance", &instance.name, |out| out.instance(instance));
        }
        out.kept(&self.unknown);
        f.write_str(&out.text)
    }
}

struct Out {
    text: String,
    depth: usize,
}

impl Out {
    fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn block(&mut self, head: &str, inside: impl FnOnce(&mut Self)) {
        if self.depth == 0 && !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(&format!("{head} {{"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line("}");
    }

    fn named(&mut self, keyword: &str, name: &Setting<String>, inside: impl FnOnce(&mut Self)) {
        let head = if name.is_absent() { keyword.to_owned() } else { format!("{keyword} {}", word(name)) };
        self.block(&head, inside);
    }

    fn list<T>(&mut self, keyword: &str, items: &[T], show: impl Fn(&T) -> String) {
        if !items.is_empty() {
            self.block(keyword, |out| items.iter().for_each(|item| out.line(&show(item))));
        }
    }

    fn kept(&mut self, kept: &[Kept]) {
        for statement in kept {
            self.line(statement);
        }
    }

    fn word<T: Display>(&mut self, keyword: &str, setting: &Setting<T>) {
        if !setting.is_absent() {
            self.line(&format!("{keyword} {}", word(setting)));
        }
    }

    fn time(&mut self, keyword: &str, setting: &Setting<Duration>) {
        self.word(keyword, &setting.clone().map(Seconds));
    }

    fn joined(&mut self, keyword: &str, setting: &Setting<String>) {
        if !setting.is_absent() {
            self.line(&format!("{keyword} {}", joined(setting)));
        }
    }

    fn command(&mut self, keyword: &str, command: &Setting<String>, user: &Setting<String>) {
        if !command.is_absent() {
            self.line(&format!("{keyword} {} {}", quoted_word(&command.to_string()), joined(user)));
        }
    }

    fn flag(&mut self, keyword: &str, flag: &Spanned<bool>) {
        if flag.value {
            self.line(keyword);
        }
    }

    fn switch(&mut self, keyword: &str, setting: &Setting<bool>) {
        match setting {
            Setting::Known(on) if on.value => self.line(keyword),
            other => self.word(keyword, &other.clone().map(|_| "off")),
        }
    }

    fn weight(&mut self, weight: &Setting<i32>, reverse: &Spanned<bool>) {
        if !weight.is_absent() {
            self.line(&format!("weight {}{}", word(weight), if reverse.value { " reverse" } else { "" }));
        }
    }

    fn global(&mut self, global: &GlobalDefs) {
        self.word("router_id", &global.router_id);
        self.flag("enable_script_security", &global.enable_script_security);
        self.joined("script_user", &global.script_user);
        self.flag("vrrp_strict", &global.vrrp_strict);
        self.word("vrrp_version", &global.vrrp_version);
        self.word("vrrp_mcast_group4", &global.vrrp_mcast_group4);
        self.word("vrrp_mcast_group6", &global.vrrp_mcast_group6);
        self.switch("vrrp_skip_check_adv_addr", &global.vrrp_skip_check_adv_addr);
        self.flag("vrrp_check_unicast_src", &global.vrrp_check_unicast_src);
        self.garp("vrrp_", &global.garp);
        self.time("vrrp_garp_interval", &global.vrrp_garp_interval);
        self.time("vrrp_gna_interval", &global.vrrp_gna_interval);
        self.word("vrrp_down_timer_adverts", &global.vrrp_down_timer_adverts);
        self.time("vrrp_startup_delay", &global.vrrp_startup_delay);
        self.time("vrrp_delay_after_boot", &global.vrrp_delay_after_boot);
        self.flag("dynamic_interfaces", &global.dynamic_interfaces);
        self.kept(&global.unknown);
    }

    fn garp(&mut self, prefix: &str, garp: &Garp) {
        self.time(&format!("{prefix}garp_master_delay"), &garp.master_delay);
        self.word(&format!("{prefix}garp_master_repeat"), &garp.master_repeat);
        self.time(&format!("{prefix}garp_lower_prio_delay"), &garp.lower_prio_delay);
        self.word(&format!("{prefix}garp_lower_prio_repeat"), &garp.lower_prio_repeat);
        self.time(&format!("{prefix}garp_master_refresh"), &garp.master_refresh);
        self.word(&format!("{prefix}garp_master_refresh_repeat"), &garp.master_refresh_repeat);
    }

    fn script(&mut self, script: &VrrpScript) {
        self.command("script", &script.script, &Setting::Absent);
        self.time("interval", &script.interval);
        self.time("timeout", &script.timeout);
        self.weight(&script.weight, &script.reverse);
        self.word("fall", &script.fall);
        self.word("rise", &script.rise);
        self.joined("user", &script.user);
        self.flag("init_fail", &script.init_fail);
        self.kept(&script.unknown);
    }

    fn process(&mut self, process: &TrackProcess) {
        self.joined("process", &process.process);
        self.weight(&process.weight, &process.reverse);
        self.word("quorum", &process.quorum);
        self.kept(&process.unknown);
    }

    fn file(&mut self, file: &TrackFile) {
        self.word("file", &file.file);
        self.weight(&file.weight, &file.reverse);
        self.kept(&file.unknown);
    }

    fn sync_group(&mut self, group: &SyncGroup) {
        self.list("group", &group.instances, word);
        self.tracks(&group.tracks);
        self.notify(&group.notify);
        self.kept(&group.unknown);
    }

    fn tracks(&mut self, tracks: &Tracks) {
        self.list("track_interface", &tracks.interfaces, track);
        self.list("track_script", &tracks.scripts, track);
        self.list("track_process", &tracks.processes, track);
        self.list("track_file", &tracks.files, track);
        self.list("track_bfd", &tracks.bfd, track);
    }

    fn notify(&mut self, notify: &[Notify]) {
        for notify in notify {
            self.command(notify.event.keyword(), &notify.command, &notify.user);
        }
    }

    fn instance(&mut self, instance: &Instance) {
        let state = instance.state.clone().map(|state| match state {
            State::Master => "MASTER",
            State::Backup => "BACKUP",
        });
        self.word("state", &state);
        self.word("interface", &instance.interface);
        self.word("virtual_router_id", &instance.virtual_router_id);
        self.word("priority", &instance.priority);
        self.time("advert_int", &instance.advert_int);
        self.word("version", &instance.version);
        self.flag("nopreempt", &instance.nopreempt);
        self.time("preempt_delay", &instance.preempt_delay);
        match instance.accept.get() {
            Some(true) => self.line("accept"),
            Some(false) => self.line("no_accept"),
            None => {}
        }
        self.switch("strict_mode", &instance.strict_mode);
        self.joined("use_vmac", &instance.use_vmac);
        self.flag("vmac_xmit_base", &instance.vmac_xmit_base);
        self.flag("dont_track_primary", &instance.dont_track_primary);
        self.flag("track_src_ip", &instance.track_src_ip);
        self.flag("native_ipv6", &instance.native_ipv6);
        self.word("mcast_src_ip", &instance.mcast_src_ip);
        self.word("mcast_dst_ip", &instance.mcast_dst_ip);
        self.word("unicast_src_ip", &instance.unicast_src_ip);
        self.list("unicast_peer", &instance.unicast_peers, peer);
        self.flag("unicast_fault_no_peer", &instance.unicast_fault_no_peer);
        self.word("unicast_ttl", &instance.unicast_ttl);
        self.flag("check_unicast_src", &instance.check_unicast_src);
        if let Some(authentication) = &instance.authentication {
            self.block("authentication", |out| {
                out.word("auth_type", &authentication.auth_type);
                out.word("auth_pass", &authentication.auth_pass);
                out.kept(&authentication.unknown);
            });
        }
        self.list("virtual_ipaddress", &instance.virtual_addresses, vip);
        self.list("virtual_ipaddress_excluded", &instance.excluded_addresses, vip);
        self.tracks(&instance.tracks);
        self.notify(&instance.notify);
        self.garp("", &instance.garp);
        self.word("down_timer_adverts", &instance.down_timer_adverts);
        self.switch("smtp_alert", &instance.smtp_alert);
        self.kept(&instance.unknown);
    }
}

fn word<T: Display>(setting: &Setting<T>) -> String {
    quote(&setting.to_string())
}

/// Several words that are one text.
fn joined(setting: &Setting<String>) -> String {
    let text = setting.to_string();
    let words: Vec<String> = text::words(Piece::new(&text, 0)).iter().map(|word| quote(word.text)).collect();
    words.join(" ")
}

fn option<T: Display>(line: &mut String, keyword: &str, setting: &Setting<T>) {
    if !setting.is_absent() {
        line.extend([" ", keyword, " ", &word(setting)]);
    }
}

fn words(line: &mut String, words: &[Spanned<String>]) {
    for word in words {
        line.push(' ');
        line.push_str(&quote(word));
    }
}

fn track(track: &Track) -> String {
    let mut line = word(&track.name);
    option(&mut line, "weight", &track.weight);
    match track.reverse.get() {
        Some(true) => line.push_str(" reverse"),
        Some(false) => line.push_str(" noreverse"),
        None => {}
    }
    words(&mut line, &track.ignored);
    line
}

fn peer(peer: &Peer) -> String {
    let mut line = word(&peer.address);
    option(&mut line, "min_ttl", &peer.min_ttl);
    option(&mut line, "max_ttl", &peer.max_ttl);
    words(&mut line, &peer.ignored);
    line
}

fn vip(vip: &VirtualAddress) -> String {
    let mut line =
        if vip.prefix.is_absent() { word(&vip.address) } else { quote(&format!("{}/{}", vip.address, vip.prefix)) };
    option(&mut line, "dev", &vip.device);
    option(&mut line, "scope", &vip.scope);
    option(&mut line, "label", &vip.label);
    words(&mut line, &vip.options);
    line
}
