//! Hosts, machines, and what refers to them: in which order it is judged, and so said.

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Diagnostic, Span, Spanned};

use super::{Checker, Kind, hosts, machines, numbers, references};
use crate::Spec;
use crate::scalars::{Name, Names};

pub(super) fn check(spec: &Spec, checker: &mut Checker<'_>) {
    for (names, host) in &spec.hosts {
        hosts::check(spec, checker, names, host);
    }
    for (names, machine) in &spec.machines {
        machines::check(spec, checker, names, machine);
    }
    let renamed = spec.hosts.iter().map(|(names, host)| (names, &host.renamed_from));
    former_names(Kind::Host, renamed.collect(), checker);
    let renamed = spec.machines.iter().map(|(names, machine)| (names, &machine.renamed_from));
    former_names(Kind::Machine, renamed.collect(), checker);
    hosts::devices(spec, checker);
    machines::local(spec, checker);
    references::references(spec, checker);
    references::zone(spec, checker);
    numbers::numbers(spec, checker);
    references::promises(spec, checker);
    super::assume::assumptions(spec, checker);
    numbers::prices(spec, checker);
}

/// Former names pair up, belong to one thing each, and to nothing that is still there: it would lose what it has.
fn former_names(kind: Kind, renamed: Vec<(&Spanned<Names>, &crate::Opt<Names>)>, checker: &mut Checker<'_>) {
    let mut seen: BTreeMap<&Name, (&Spanned<Names>, Option<Span>)> = BTreeMap::new();
    for (names, former) in renamed {
        let Some(former) = former.as_ref() else { continue };
        if former.count() != names.count() {
            let (many, few) = (names.count(), former.count());
            let message = format!("`{}` had {many} former names, not {few}", names.value);
            let problem = Diagnostic::error(message).code("range-length").at(former.span, "one for each");
            checker.say(problem.context(names.span, "for these"));
            continue;
        }
        for name in former.list() {
            if checker.knows(kind, &name.0) {
                let problem = Diagnostic::error(format!("the {kind} `{name}` is still there")).code("renamed");
                let problem = problem.at(former.span, format!("so `{}` cannot have been it", names.value));
                checker.say(problem.help(
                    "leave `renamed_from` out once the lock knows the new name; two that swap names need a third for a while",
                ));
                break;
            }
            if let Some((other, span)) = seen.insert(name, (names, former.span)) {
                let message = format!("the {kind} `{name}` got two new names");
                let problem = Diagnostic::error(message).code("renamed").at(former.span, format!("`{}`", names.value));
                checker.say(problem.context(span, format!("`{}`", other.value)));
                break;
            }
        }
    }
}
