//! Machines and hosts with their addresses.

use super::{code, table};
use crate::escape::text;
use crate::gather::Facts;

pub(crate) fn machines(facts: &Facts<'_>) -> String {
    let design = facts.design;
    let machines: Vec<Vec<String>> = design
        .machine
        .iter()
        .map(|(name, machine)| {
            let addresses = machine.nic.iter().map(|(network, nic)| {
                let second = nic.address6.map(|address| format!(", {address}")).unwrap_or_default();
                format!("{}{second} <span class=\"muted\">{}</span>", nic.address, text(network.as_str()))
            });
            vec![
                code(name.as_str()),
                machine.role.as_str().to_owned(),
                code(machine.host.as_str()),
                machine.vmid.to_string(),
                machine.cpu.to_string(),
                machine.memory.to_string(),
                addresses.collect::<Vec<_>>().join("<br>"),
            ]
        })
        .collect();
    let hosts: Vec<Vec<String>> = design
        .host
        .iter()
        .map(|(name, host)| {
            let own = host.address.iter().map(|(network, address)| {
                format!("{} <span class=\"muted\">{}</span>", address.address, text(network.as_str()))
            });
            let bmc = host.bmc.iter().map(|bmc| format!("{} <span class=\"muted\">BMC</span>", bmc.address));
            vec![
                code(name.as_str()),
                code(host.rack.as_str()),
                format!("{} threads", host.cpu.threads),
                host.memory.to_string(),
                own.chain(bmc).collect::<Vec<_>>().join("<br>"),
            ]
        })
        .collect();
    let api = &design.api;
    let addresses: Vec<String> = api.vip.iter().map(ToString::to_string).collect();
    let mut out =
        format!("<p>The API answers at {}: {}, port {}.</p>\n", code(&api.name), addresses.join(" and "), api.port);
    out += &table("Machines", &["Machine", "Role", "Host", "VM id", "CPU", "Memory", "Addresses"], &machines);
    out += &table("Hosts", &["Host", "Rack", "Processor", "Memory", "Addresses"], &hosts);
    out
}
