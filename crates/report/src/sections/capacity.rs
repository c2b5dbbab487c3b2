//! Room for tenants: now, and after the worst single failure that the file does not accept.

use std::fmt::Write as _;

use plimsoll_circuit::Var;
use plimsoll_model::units::Bytes;

use super::{code, table};
use crate::escape::text;
use crate::gather::Facts;
use crate::singles::is_accepted;

pub(crate) fn capacity(facts: &Facts<'_>) -> String {
    let room = &facts.model.room;
    if room.needs.is_empty() {
        return "<p>No tenant has a quota, so nothing is compared.</p>\n".to_owned();
    }
    let full = room.hosts.iter().fold((0, 0), |sum, host| (sum.0 + host.cpu.0, sum.1 + host.memory.0));
    let worst = |of: fn(&(u64, u64)) -> u64| -> Option<(Var, u64)> {
        let all = facts.singles.components.iter().zip(&facts.singles.room);
        let may = all.filter(|(var, _)| !is_accepted(facts.model, facts.design, **var));
        may.map(|(var, room)| (*var, of(room))).min_by_key(|(_, room)| *room)
    };
    let (cpu, memory) = (worst(|room| room.0), worst(|room| room.1));
    let rows: Vec<Vec<String>> = room
        .needs
        .iter()
        .enumerate()
        .map(|(index, need)| {
            let tenant = facts.design.tenant.iter().find(|(name, _)| name.as_str() == need.tenant);
            let own = tenant
                .map(|(_, tenant)| format!("{} CPU, {}", cpu_words(tenant.cpu.0), gib(tenant.memory.0)))
                .unwrap_or_default();
            let fits = |cpu: u64, memory: u64| verdict(need.cpu.0 <= cpu && need.memory.0 <= memory);
            let after = (cpu.map_or(0, |(_, room)| room), memory.map_or(0, |(_, room)| room));
            vec![
                code(&need.tenant),
                text(&own),
                format!("{} CPU, {}", cpu_words(need.cpu.0), gib(need.memory.0)),
                fits(full.0, full.1),
                fits(after.0, after.1),
                format!("<span data-need=\"{index}\">{}</span>", fits(full.0, full.1)),
            ]
        })
        .collect();
    let mut out =
        format!("<p>Room for pods of tenants: <b>{} CPU and {}</b> with all hosts.", cpu_words(full.0), gib(full.1));
    if let (Some((var, left)), Some((_, bytes))) = (cpu, memory) {
        let _ = write!(
            out,
            " After the worst single failure ({}): <b>{} CPU and {}</b>.",
            code(facts.path(var)),
            cpu_words(left),
            gib(bytes)
        );
    }
    let _ = writeln!(
        out,
        " With what has failed above: <b id=\"room\">{} CPU and {}</b>.</p>",
        cpu_words(full.0),
        gib(full.1)
    );
    let head =
        ["Tenant", "Quota", "With all that rank as high", "With all hosts", "After one failure", "In the scenario"];
    out + &table("Capacity", &head, &rows)
}

fn verdict(fits: bool) -> String {
    let (class, words) = if fits { ("good", "✓ fits") } else { ("bad", "✕ does not fit") };
    format!("<span class=\"{class}\">{words}</span>")
}

/// Memory in GiB with one digit, as the script of the page writes it.
fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", Bytes(bytes).as_gib())
}

/// Processor time with as many digits as it has, likewise.
fn cpu_words(milli: u64) -> String {
    let all = format!("{}.{:03}", milli / 1000, milli % 1000);
    all.trim_end_matches('0').trim_end_matches('.').to_owned()
}
