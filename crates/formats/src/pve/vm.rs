//! Virtual machines: `/etc/pve/qemu-server/NNN.conf`.
//!
//! Kept as keys and values in order, with snapshots and pending changes as sections; the functions read what rules
//! judge, with QEMU server's defaults as documented constants (qm(1) of Proxmox VE 9).

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::input::Input;
use crate::{Read, Setting, placeholder};

use super::{Properties, boolean};

/// A virtual machine's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vm {
    /// The machine as it is.
    pub lines: Vec<Line>,
    /// `[PENDING]`, `[special:cloudinit]` and snapshots by their names, in order.
    pub sections: Vec<(Spanned<String>, Vec<Line>)>,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// `key: value`
    Value {
        /// Key.
        key: Spanned<String>,
        /// Value.
        value: Spanned<String>,
    },
    /// `#description`; Proxmox keeps a machine's notes so. Without the `#`.
    Note(Spanned<String>),
    /// Anything else, as written; reported.
    Other(Spanned<String>),
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// `scsi0`, `virtio1` …
    pub slot: Spanned<String>,
    /// `STORAGE:VOLUME`, or a path of the host.
    pub volume: Option<Spanned<String>>,
    /// `cache`: see [`Disk::DEFAULT_CACHE`].
    pub cache: Option<Spanned<String>>,
    /// `iothread`; off when not stated.
    pub iothread: Setting<bool>,
    /// `discard=on`; off when not stated.
    pub discard: Setting<bool>,
    /// `ssd`; off when not stated.
    pub ssd: Setting<bool>,
    /// `replicate`; on when not stated.
    pub replicate: Setting<bool>,
    /// `backup`; on when not stated.
    pub backup: Setting<bool>,
    /// `size` as written (`32G`).
    pub size: Option<Spanned<String>>,
    /// It is a CD-ROM, cloud-init's for one.
    pub is_cdrom: bool,
}

impl Disk {
    /// The cache mode where none is stated.
    pub const DEFAULT_CACHE: &'static str = "none";

    /// The storage the volume lies in; `None` for a path of the host.
    pub fn storage(&self) -> Option<&str> {
        let volume = self.volume.as_ref()?.value.as_str();
        volume.split_once(':').map(|(storage, _)| storage).filter(|storage| !storage.starts_with('/'))
    }
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    /// `net0` …
    pub slot: Spanned<String>,
    /// `virtio`, `e1000` …
    pub model: Option<Spanned<String>>,
    /// MAC address, as written.
    pub mac: Option<Spanned<String>>,
    /// `bridge`.
    pub bridge: Option<Spanned<String>>,
    /// `tag`: VLAN.
    pub tag: Setting<u16>,
    /// `mtu`: 1 stands for the bridge's. Not stated: 1500 up to Proxmox VE 8, the bridge's from 9 on.
    pub mtu: Setting<u32>,
    /// `firewall`; off when not stated.
    pub firewall: Setting<bool>,
}

impl Vm {
    /// Whether the machine starts with its host where nothing is stated.
    pub const DEFAULT_ONBOOT: bool = false;
    /// The CPU type where none is stated (qm and the API).
    pub const DEFAULT_CPU: &'static str = "kvm64";
    /// Memory in MiB where none is stated.
    pub const DEFAULT_MEMORY: u64 = 512;

    /// The value of a key, of the machine as it is; of what is stated twice, the last counts.
    pub fn get(&self, key: &str) -> Option<&Spanned<String>> {
        self.values().filter(|(found, _)| found.value == key).last().map(|(_, value)| value)
    }

    /// All keys and values of the machine as it is, in order.
    pub fn values(&self) -> impl Iterator<Item = (&Spanned<String>, &Spanned<String>)> {
        self.lines.iter().filter_map(|line| match line {
            Line::Value { key, value } => Some((key, value)),
            Line::Note(_) | Line::Other(_) => None,
        })
    }

    /// A key's value read by `parse`.
    pub fn setting<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Setting<T> {
        setting(self.get(key), parse)
    }

    /// `cores` for each of `sockets`; 1 of each where not stated.
    pub fn threads(&self) -> Option<u32> {
        let part = |key| self.setting(key, |text| text.parse::<u32>().ok()).or(1);
        part("cores")?.checked_mul(part("sockets")?)
    }

    /// `memory` in MiB; Proxmox VE 8 and later also write it as `current=…`.
    pub fn memory(&self) -> Setting<u64> {
        self.setting("memory", |text| text.strip_prefix("current=").unwrap_or(text).parse().ok())
    }

    /// `balloon` in MiB: what the machine may be squeezed to; 0 turns it off. Not stated, the device is there and the
    /// machine keeps its memory.
    pub fn balloon(&self) -> Setting<u64> {
        self.setting("balloon", |text| text.parse().ok())
    }

    /// `onboot`.
    pub fn onboot(&self) -> Setting<bool> {
        self.setting("onboot", boolean)
    }

    /// The CPU type, without its flags.
    pub fn cpu(&self) -> Setting<String> {
        let value = self.get("cpu").map(|value| {
            let properties = Properties::of(value);
            properties.get("cputype").or(properties.first()).cloned().unwrap_or_else(|| value.clone())
        });
        setting(value.as_ref(), |text| Some(text.to_owned()))
    }

    /// `agent`: whether the guest agent is used, and whether it freezes file systems for backups (on when not stated).
    pub fn agent(&self) -> (Setting<bool>, Setting<bool>) {
        let Some(value) = self.get("agent") else { return (Setting::Absent, Setting::Absent) };
        let properties = Properties::of(value);
        let freeze = properties.get("freeze-fs-on-backup").or(properties.get("guest-fsfreeze"));
        (setting(properties.get("enabled").or(properties.first()), boolean), setting(freeze, boolean))
    }

    /// `startup`: `order`, `up` and `down` (seconds).
    pub fn startup(&self) -> Option<Properties> {
        self.get("startup").map(Properties::of)
    }

    /// Every disk, in order.
    pub fn disks(&self) -> Vec<Disk> {
        self.slots(&[("scsi", 31), ("virtio", 16), ("sata", 6), ("ide", 4)]).map(disk).collect()
    }

    /// Every network interface, in order.
    pub fn nets(&self) -> Vec<Net> {
        self.slots(&[("net", 32)]).map(net).collect()
    }

    /// Every device of the host that is passed through, as written.
    pub fn passed_through(&self) -> Vec<(&Spanned<String>, &Spanned<String>)> {
        self.slots(&[("hostpci", 16)]).collect()
    }

    /// The values of the slots of some kinds, of which Proxmox VE has so many each (qm.conf(5)): `net31` is the last
    /// network interface. Of a slot that is stated twice, the last counts.
    fn slots(&self, kinds: &[(&str, u32)]) -> impl Iterator<Item = (&Spanned<String>, &Spanned<String>)> {
        let mut order: Vec<(&Spanned<String>, &Spanned<String>)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (key, value) in self.values().filter(|(key, _)| is_slot(key, kinds)) {
            if let Some(before) = places.get(key.value.as_str()).and_then(|at| order.get_mut(*at)) {
                *before = (key, value);
            } else {
                places.insert(&key.value, order.len());
                order.push((key, value));
            }
        }
        order.into_iter()
    }
}

fn is_slot(key: &str, kinds: &[(&str, u32)]) -> bool {
    kinds.iter().any(|(kind, most)| {
        // As it is written there: no sign, no zero in front.
        let number = key.strip_prefix(kind).and_then(|rest| Some((rest, rest.parse::<u32>().ok()?)));
        number.is_some_and(|(rest, number)| number < *most && rest == number.to_string())
    })
}

fn setting<T>(value: Option<&Spanned<String>>, parse: impl Fn(&str) -> Option<T>) -> Setting<T> {
    match value {
        None => Setting::Absent,
        Some(word) if placeholder::find(word).is_some() => Setting::Unknown(word.clone()),
        Some(word) => match parse(word) {
            Some(value) => Setting::Known(Spanned { value, span: word.span }),
            None => Setting::Unknown(word.clone()),
        },
    }
}

fn disk((slot, value): (&Spanned<String>, &Spanned<String>)) -> Disk {
    let properties = Properties::of(value);
    let flag = |key: &str| setting(properties.get(key), boolean);
    Disk {
        slot: slot.clone(),
        volume: properties.get("file").or(properties.first()).cloned(),
        cache: properties.get("cache").cloned(),
        iothread: flag("iothread"),
        discard: setting(properties.get("discard"), |text| match text {
            "on" => Some(true),
            "ignore" => Some(false),
            _ => None,
        }),
        ssd: flag("ssd"),
        replicate: flag("replicate"),
        backup: flag("backup"),
        size: properties.get("size").cloned(),
        is_cdrom: properties.get("media").is_some_and(|media| media.value == "cdrom"),
    }
}

fn net((slot, value): (&Spanned<String>, &Spanned<String>)) -> Net {
    const MODELS: [&str; 5] = ["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"];
    let properties = Properties::of(value);
    // `virtio=BC:24:11:…`, `virtio,macaddr=…` or `model=virtio`.
    let with_mac = properties.list.iter().find(|(key, _)| MODELS.contains(&key.as_str()));
    Net {
        slot: slot.clone(),
        model: with_mac
            .map(|(key, value)| Spanned { value: key.clone(), span: value.span })
            .or_else(|| properties.get("model").or(properties.first()).cloned()),
        mac: with_mac.map(|(_, value)| value.clone()).or_else(|| properties.get("macaddr").cloned()),
        bridge: properties.get("bridge").cloned(),
        tag: setting(properties.get("tag"), |text| text.parse().ok()),
        mtu: setting(properties.get("mtu"), |text| text.parse().ok()),
        firewall: setting(properties.get("firewall"), boolean),
    }
}

/// Reads a virtual machine's file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Vm> {
    let mut input = Input::new(source, sources);
    let mut vm = Vm::default();
    for line in input.lines() {
        let piece = line.trim();
        if piece.text.is_empty() {
            continue;
        }
        let span = input.span(piece.start, piece.end());
        let whole = Spanned::at(piece.text.to_owned(), span);
        if let Some(name) = piece.text.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            vm.sections.push((Spanned::at(name.to_owned(), span), Vec::new()));
            continue;
        }
        let new = if let Some(note) = piece.text.strip_prefix('#') {
            Line::Note(Spanned::at(note.to_owned(), span))
        } else {
            let open = input.open_places(piece.start, piece.end());
            if let Some((key, value)) = piece.text.split_once(':').filter(|(key, _)| is_key(key)) {
                let value_start = piece.end() - value.trim_start().len();
                let value = Spanned::at(value.trim_start().to_owned(), input.span(value_start, piece.end()));
                let key = Spanned::at(key.to_owned(), input.span(piece.start, piece.start + key.len()));
                Line::Value { key, value }
            } else {
                if !open {
                    input.syntax("this line is no `key: value`", span, "kept as written");
                }
                Line::Other(whole)
            }
        };
        match vm.sections.last_mut() {
            Some((_, lines)) => lines.push(new),
            None => vm.lines.push(new),
        }
    }
    input.done(vm)
}

pub(super) fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

impl fmt::Display for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |f: &mut fmt::Formatter<'_>, lines: &[Line]| {
            lines.iter().try_for_each(|line| match line {
                Line::Value { key, value } => writeln!(f, "{key}: {value}"),
                Line::Note(text) => writeln!(f, "#{text}"),
                Line::Other(text) => writeln!(f, "{text}"),
            })
        };
        lines(f, &self.lines)?;
        self.sections.iter().try_for_each(|(name, section)| {
            writeln!(f, "\n[{name}]")?;
            lines(f, section)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::over;

    const VM: &str = include_str!("../../tests/files/2002.conf");

    #[test]
    fn a_machine_is_read_with_everything_that_rules_judge() {
        let mut sources = Sources::new();
        let id = sources.add("2002.conf", VM);
        let read = read(id, &sources);
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        let vm = read.value;
        assert_eq!((vm.threads(), vm.memory().get(), vm.balloon().get()), (Some(4), Some(&16384), Some(&0)));
        assert_eq!(vm.cpu().get().map(String::as_str), Some("x86-64-v2-AES"));
        assert_eq!((vm.agent().0.get(), vm.agent().1.get()), (Some(&true), Some(&false)));
        let disks = vm.disks();
        assert_eq!(disks.len(), 3);
        assert_eq!(disks[1].storage(), Some("local-zfs"));
        let cache = disks[1].cache.as_ref().expect("stated");
        assert_eq!(sources.text(cache.span.expect("read")), "writeback");
        assert_eq!(disks[1].iothread.get(), Some(&true));
        let net = &vm.nets()[0];
        assert_eq!((net.tag.get(), net.mtu.get()), (Some(&2001), Some(&1)));
        assert_eq!(net.mac.as_ref().map(|mac| mac.value.as_str()), Some("BC:24:11:00:00:02"));
        assert_eq!(vm.passed_through().len(), 1);
        assert_eq!(vm.sections.len(), 1);
        assert_eq!(over(super::read, &vm.to_string()).value, vm);
    }

    #[test]
    fn what_is_not_stated_has_the_default_and_a_template_has_none() {
        let vm = over(read, "cores: {{ cores }}\n").value;
        assert_eq!(vm.onboot().or(Vm::DEFAULT_ONBOOT), Some(false));
        assert_eq!(vm.threads(), None);
    }

    #[test]
    fn of_what_is_stated_twice_the_last_counts_and_slots_are_those_there_are() {
        let text = "cores: 2\ncores: 4\nnet0: virtio,bridge=vmbr0\nnet31: virtio,bridge=vmbr1\nnet32: virtio,bridge=vmbr9\n\
                    net00: virtio,bridge=vmbr9\nnet0: virtio,bridge=vmbr2\nide3: a:1,size=1G\nide4: a:2,size=1G\n";
        let vm = over(read, text).value;
        assert_eq!(vm.threads(), Some(4));
        let bridges: Vec<_> =
            vm.nets().iter().filter_map(|net| net.bridge.as_ref()).map(|it| it.value.clone()).collect();
        assert_eq!(bridges, ["vmbr2", "vmbr1"]);
        assert_eq!(vm.disks().len(), 1);
    }
}
