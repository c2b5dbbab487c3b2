//! What must survive, what is accepted, and the numbers that rules go by.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::{Diagnostic, Spanned, nearest};
use plimsoll_model::Map;
use plimsoll_model::design::{Accepted, Date, Excluded, Failure, Goal, RuleSeverity, Thresholds};
use plimsoll_spec::promises::RuleSeverity as SpecSeverity;
use plimsoll_spec::scalars;

use crate::cx::{At, Cx, error};

pub(crate) fn survive(cx: &Cx<'_>) -> Vec<Goal> {
    let mut goals = Vec::new();
    let lists = [(&cx.spec.survive.always, false), (&cx.spec.survive.while_drained, true)];
    for (map, while_drained) in lists {
        for (promise, list) in map {
            for goal in list {
                let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
                for kind in &goal.0 {
                    *counts.entry(kind).or_default() += 1;
                }
                let failures = counts.into_iter().map(|(kind, count)| Failure { count, kind: kind.into() });
                let failures = failures.collect();
                goals.push((
                    Goal { promise: promise.value.0.clone(), failures, while_drained },
                    goal.span.or(promise.span),
                ));
            }
        }
    }
    // The order of the file has no meaning; the sorted one makes two spellings of one file equal.
    goals.sort_by(|a, b| {
        let key = |goal: &Goal| (goal.while_drained, goal.promise.clone(), goal.failures.clone());
        key(&a.0).cmp(&key(&b.0))
    });
    let at = cx.at("survive");
    at.chosen_unless("", goals.is_empty(), "nothing was promised");
    let noted = goals.into_iter().enumerate().map(|(index, (goal, span))| at.expanded(&index.to_string(), goal, span));
    noted.collect()
}

fn date(day: Option<&Spanned<scalars::Date>>) -> Option<Date> {
    day.map(|day| Date { year: day.year, month: day.month, day: day.day })
}

/// Components whose loss is accepted, and findings that are. `components` are the paths of all there are.
pub(crate) fn accept(cx: &Cx<'_>, components: &BTreeSet<String>) -> (Map<Excluded>, Vec<Accepted>) {
    let mut excluded = Map::new();
    let mut accepted = Vec::new();
    for (key, spec) in &cx.spec.accept {
        let (reason, until) = (spec.reason.value.clone(), date(spec.until.as_ref()));
        let mut finding = |rule: String, component: Option<String>| {
            accepted.push((Accepted { rule, component, reason: reason.clone(), until }, key.span));
        };
        if let Some(rule) = key.as_rule() {
            if spec.components.is_empty() {
                finding(rule.0.clone(), None);
            }
            for pattern in spec.components.iter() {
                for path in matching(pattern, components) {
                    finding(rule.0.clone(), Some(path));
                }
            }
            continue;
        }
        let paths = matching(key, components);
        if spec.rules.is_empty() {
            if !components.iter().any(|path| key.matches(path)) {
                unknown(cx, key, components);
            }
            for path in paths.into_iter().filter(|path| components.contains(path)) {
                let at = cx.at("excluded");
                at.here_at(&path, key.span);
                excluded.insert(path.as_str().into(), Excluded { reason: reason.clone(), until });
            }
            continue;
        }
        for rule in spec.rules.iter() {
            for path in &paths {
                finding(rule.0.clone(), Some(path.clone()));
            }
        }
    }
    accepted.sort_by(|a, b| (&a.0.rule, &a.0.component).cmp(&(&b.0.rule, &b.0.component)));
    let at = cx.at("accept");
    at.chosen_unless("", accepted.is_empty(), "nothing was accepted");
    cx.at("excluded").chosen_unless("", excluded.is_empty(), "nothing was accepted");
    let noted = accepted.into_iter().enumerate().map(|(index, (one, span))| at.expanded(&index.to_string(), one, span));
    (excluded, noted.collect())
}

/// The paths that a pattern means; itself when it names something that is no component of its own (`tenant/alice/cpu`).
fn matching(pattern: &scalars::ComponentPath, components: &BTreeSet<String>) -> Vec<String> {
    let found: Vec<String> = components.iter().filter(|path| pattern.matches(path)).cloned().collect();
    if found.is_empty() { vec![pattern.0.clone()] } else { found }
}

fn unknown(cx: &Cx<'_>, key: &plimsoll_diagnostics::Spanned<scalars::ComponentPath>, components: &BTreeSet<String>) {
    let problem = Diagnostic::error(format!("there is no component `{}`", key.value)).code("undefined");
    let bare = components.iter().filter_map(|path| path.rsplit('/').next());
    let near = if key.0.contains('/') {
        nearest(&key.0, components.iter().map(String::as_str))
    } else {
        nearest(&key.0, bare)
    };
    cx.say(match near {
        Some(near) => problem.at(key.span, format!("did you mean `{near}`?")),
        None => problem.at(key.span, "").help("`plimsoll show` lists them"),
    });
}

pub(crate) fn thresholds(cx: &Cx<'_>) -> Thresholds {
    let at = cx.at("threshold");
    let defaults = Thresholds::default();
    let known = Thresholds::describe();
    for (name, meaning, _) in &known {
        at.chosen(name, (), meaning);
    }
    let Ok(mut values) = serde_json::to_value(&defaults) else { return defaults };
    for (rule, settings) in &cx.spec.rules {
        for (limit, setting) in &settings.limits {
            let Some((name, _, default)) = known.iter().find(|(name, _, _)| *name == limit.value) else {
                let problem = Diagnostic::error(format!("there is no limit `{}`", limit.value)).code("undefined");
                let names: Vec<&str> = known.iter().map(|(name, _, _)| *name).collect();
                let of_rule = known.iter().filter(|(_, meaning, _)| meaning.contains(rule.0.as_str()));
                let of_rule: Vec<String> = of_rule.map(|(name, _, _)| format!("`{name}`")).collect();
                cx.say(match nearest(&limit.value, names) {
                    Some(near) => problem.at(limit.span, format!("did you mean `{near}`?")),
                    None if of_rule.is_empty() => {
                        problem.at(limit.span, "").help(format!("{} has no limits", rule.value))
                    }
                    None => problem.at(limit.span, "").help(format!("{} has {}", rule.value, of_rule.join(", "))),
                });
                continue;
            };
            let whole = values.get(*name).is_some_and(serde_json::Value::is_u64);
            let number = if whole {
                setting.0.parse::<u32>().ok().map(serde_json::Value::from)
            } else {
                setting
                    .0
                    .parse::<f64>()
                    .ok()
                    .filter(|value| value.is_finite() && *value >= 0.0)
                    .map(serde_json::Value::from)
            };
            let Some(number) = number else {
                let kind = if whole { "a whole number" } else { "a number" };
                let message = format!("`{name}` takes {kind}, as in `{default}`");
                cx.say(error("wrong-value", message, setting.span, ""));
                continue;
            };
            at.written(name, setting);
            values[*name] = number;
        }
    }
    serde_json::from_value(values).unwrap_or(defaults)
}

pub(crate) fn severities(cx: &Cx<'_>) -> Map<RuleSeverity> {
    let at = cx.at("severity");
    let mut severities = Map::new();
    for (rule, settings) in &cx.spec.rules {
        if let Some(word) = &settings.severity {
            let severity = match at.written(&rule.0, word) {
                SpecSeverity::Error => RuleSeverity::Error,
                SpecSeverity::Warning => RuleSeverity::Warning,
                SpecSeverity::Advice => RuleSeverity::Advice,
                SpecSeverity::Off => RuleSeverity::Off,
            };
            severities.insert(rule.0.as_str().into(), severity);
        }
    }
    at.chosen_unless("", severities.is_empty(), "rules go by their own");
    severities
}

/// Typed paths of everything that can fail or be named: every entry of a map whose values are components.
pub(crate) fn components(design: &plimsoll_model::Design) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut add = |path: String| {
        paths.insert(path);
    };
    let names = |kind: &str, names: Vec<&plimsoll_model::Name>, add: &mut dyn FnMut(String)| {
        for name in names {
            add(format!("{kind}/{name}"));
        }
    };
    names("feed", design.feed.keys().collect(), &mut add);
    names("external", design.external.keys().collect(), &mut add);
    for address in design.unnamed_servers() {
        add(format!("external/{address}"));
    }
    names("mlag", design.mlag.keys().collect(), &mut add);
    names("cable", design.cable.keys().collect(), &mut add);
    names("network", design.network.keys().collect(), &mut add);
    names("zone", design.zone.keys().collect(), &mut add);
    names("dns_server", design.dns_server.keys().collect(), &mut add);
    names("tenant", design.tenant.keys().collect(), &mut add);
    for (rack, of) in &design.rack {
        add(format!("rack/{rack}"));
        names(&format!("rack/{rack}/pdu"), of.pdu.keys().collect(), &mut add);
    }
    for (switch, of) in &design.switch {
        add(format!("switch/{switch}"));
        names(&format!("switch/{switch}/psu"), of.psu.keys().collect(), &mut add);
        names(&format!("switch/{switch}/port"), of.port.keys().collect(), &mut add);
    }
    for (host, of) in &design.host {
        let path = format!("host/{host}");
        names(&format!("{path}/psu"), of.psu.keys().collect(), &mut add);
        names(&format!("{path}/nic"), of.nic.keys().collect(), &mut add);
        names(&format!("{path}/bond"), of.bond.keys().collect(), &mut add);
        names(&format!("{path}/bridge"), of.bridge.keys().collect(), &mut add);
        names(&format!("{path}/disk"), of.disk.keys().collect(), &mut add);
        add(path);
    }
    for (machine, of) in &design.machine {
        names(&format!("machine/{machine}/disk"), of.disk.keys().collect(), &mut add);
        names(&format!("machine/{machine}/nic"), of.nic.keys().collect(), &mut add);
        add(format!("machine/{machine}"));
    }
    names("etcd/member", design.etcd.member.keys().collect(), &mut add);
    names("api/vrrp/member", design.api.vrrp.iter().flat_map(|vrrp| vrrp.member.keys()).collect(), &mut add);
    names("metallb/peer", design.metallb.iter().flat_map(|metallb| metallb.peer.keys()).collect(), &mut add);
    names("metallb/pool", design.metallb.iter().flat_map(|metallb| metallb.pool.keys()).collect(), &mut add);
    if let Some(ceph) = &design.ceph {
        names("ceph/pool", ceph.pool.keys().collect(), &mut add);
        names("ceph/mon", ceph.mon.keys().collect(), &mut add);
        names("ceph/osd", ceph.osd.keys().collect(), &mut add);
    }
    paths
}

/// A place of the Design that is the whole of it.
pub(crate) fn whole<'c, 's>(cx: &'c Cx<'s>) -> At<'c, 's> {
    cx.at("")
}
