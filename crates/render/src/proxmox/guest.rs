//! One guest: its creation, the size of its system disk, its start.

use plimsoll_model::design::{DiskKind, VirtualDisk};

use super::{Call, Guest, Parameters, options};
use crate::text::shell;

/// The calls that make a guest and start it.
pub(super) fn calls(guest: &Guest<'_>) -> Vec<Call> {
    let Guest { name, machine, host } = guest;
    let node = format!("/nodes/{}/qemu", machine.host);
    let mut create = Parameters::default();
    create.put("vmid", machine.vmid);
    create.put("name", name);
    create.put("ostype", "l26");
    create.put("memory", machine.memory.whole_mib());
    // Zero turns ballooning off.
    let balloon = if machine.balloon_minimum < machine.memory { machine.balloon_minimum.whole_mib() } else { 0 };
    create.put("balloon", balloon);
    create.put("sockets", 1);
    create.put("cores", machine.cpu);
    create.put("cpu", &machine.cpu_type);
    create.put("scsihw", "virtio-scsi-single");
    let mut resize = None;
    let mut disks: Vec<_> = machine.disk.values().collect();
    disks.sort_by_key(|disk| plimsoll_model::Name::from(disk.bus.as_str()));
    for disk in disks {
        create.put(&disk.bus, volume(guest, disk));
        if disk.mount.is_none() {
            let mut parameters = Parameters::default();
            parameters.put("disk", &disk.bus);
            parameters.put("size", format!("{}G", disk.size.whole_gib()));
            create.put("boot", format!("order={}", disk.bus));
            resize = Some(Call { method: "PUT", path: format!("{node}/{}/resize", machine.vmid), parameters });
            let storage = host.disk.get(&disk.on).and_then(|group| group.storage.as_ref());
            if let Some(storage) = storage {
                create.put("ide2", format!("{storage}:cloudinit"));
            }
        }
    }
    let mut next = machine.disk.values().filter_map(|disk| disk.bus.strip_prefix("scsi")?.parse::<u32>().ok()).max();
    for group in &machine.passthrough {
        let Some(disk) = host.disk.get(group) else { continue };
        for index in 0..disk.count {
            let place = next.map_or(0, |last| last + 1);
            next = Some(place);
            let device = disk.devices.get(index as usize).map_or_else(
                || format!("<plimsoll:device {}/{group}/{index}>", machine.host),
                |device| format!("/dev/disk/by-id/{device}"),
            );
            let flash = if disk.kind == DiskKind::Hdd { "" } else { ",discard=on,ssd=1" };
            // No serial number of its own: the guest knows it by its place, `…QEMU_HARDDISK_drive-scsi1`.
            create.put(format!("scsi{place}"), format!("{device},backup=0,cache=none,iothread=1{flash}"));
        }
    }
    let mut nics: Vec<_> = machine.nic.values().collect();
    nics.sort_by_key(|nic| nic.index);
    for nic in nics {
        let tag = nic.tag.map(|tag| format!(",tag={tag}")).unwrap_or_default();
        let firewall = if nic.ipfilter { ",firewall=1" } else { "" };
        create.put(
            format!("net{}", nic.index),
            format!("virtio={},bridge={}{tag}{firewall},mtu={}", nic.mac.to_uppercase(), nic.bridge, nic.mtu),
        );
    }
    let snippet = |part: &str| format!("{part}=local:snippets/{name}-{part}.yaml");
    create.put("cicustom", ["user", "network", "meta"].map(snippet).join(","));
    create.put("agent", "enabled=1");
    create.put("serial0", "socket");
    create.put("vga", "serial0");
    create.put("onboot", u8::from(machine.onboot));
    create.put("startup", format!("order={}", machine.startup_order));
    create.put("tags", machine.role.as_str());

    let mut calls = vec![Call { method: "POST", path: node.clone(), parameters: create }];
    calls.extend(resize);
    calls.push(Call {
        method: "POST",
        path: format!("{node}/{}/status/start", machine.vmid),
        parameters: Parameters::default(),
    });
    calls
}

/// A new volume: the system disk from the image, the others empty.
fn volume(guest: &Guest<'_>, disk: &VirtualDisk) -> String {
    let group = guest.host.disk.get(&disk.on);
    let storage = group.and_then(|group| group.storage.as_ref()).unwrap_or(&disk.on);
    let flash = group.is_some_and(|group| group.kind != DiskKind::Hdd);
    let source = if disk.mount.is_none() {
        format!("0,import-from=local:import/{}.qcow2", guest.machine.image.os)
    } else {
        disk.size.whole_gib().to_string()
    };
    let replicate = if disk.replicated { "" } else { ",replicate=0" };
    let solid = if flash { ",ssd=1" } else { "" };
    format!("{storage}:{source},cache={},discard=on,iothread=1{replicate}{solid}", disk.cache.as_str())
}

/// The same as a `qm` command.
pub(super) fn as_command(call: &Call) -> String {
    let steps: Vec<&str> = call.path.split('/').collect();
    let value = |key: &str| call.parameters.0.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value);
    match steps.as_slice() {
        [_, _, _, "qemu"] => {
            let rest = Parameters(call.parameters.0.iter().filter(|(key, _)| key != "vmid").cloned().collect());
            format!("qm create {}{}\n", value("vmid"), options(&rest))
        }
        [.., vmid, "resize"] => format!("qm disk resize {vmid} {} {}\n", shell(value("disk")), shell(value("size"))),
        [.., vmid, "status", "start"] => format!("qm start {vmid}\n"),
        _ => String::new(),
    }
}
