//! `storage/nfs`: volumes on a file server of others, which is one thing and has no second.

use plimsoll_circuit::Node;
use plimsoll_model::design::Answers;

use crate::build::Build;
use crate::fabric::Asked;

use super::{NOTHING_TAKES_PODS, Promise, carriers};

/// Lost with the server, or when no node that carries pods is left that reaches it.
pub(super) fn nfs(build: &mut Build<'_>) -> Option<Promise> {
    let design = build.design;
    let nfs = design.nfs.as_ref()?;
    let name = &nfs.server;
    let mut down = vec![build.external(name)];
    let external = design.external.get_key_value(name);
    let addresses: Vec<_> =
        external.iter().flat_map(|(_, of)| of.address.values().chain(&of.addresses)).copied().collect();
    // It may run on a machine of ours.
    for machine in addresses.iter().filter_map(|address| match design.who_answers(*address) {
        Answers::Machine(machine) => Some(machine),
        _ => None,
    }) {
        down.push(build.machine(machine));
    }
    let away = build.or(down);
    let away = build.label(away, format!("external/{name}, which holds the volumes, is away"));
    let own = external.map_or(Answers::Unknown, |(name, _)| Answers::External(name));
    let mut asked: Vec<Asked<'_>> = addresses
        .iter()
        .map(|address| match build.asked(*address) {
            asked if matches!(asked.who, Answers::Machine(_)) => asked,
            asked => Asked { who: own, ..asked },
        })
        .collect();
    if asked.is_empty() {
        build.assume(&format!("{name}, of which no address is known, is reached through the gateway"));
        asked.push(Asked { who: own, network: None });
    }
    let carriers = carriers(build);
    let nobody = carriers.is_empty();
    let mut each = Vec::new();
    for (node, _) in carriers {
        let down = build.machine(&node);
        let ways: Vec<Node> = asked.iter().map(|asked| build.unreached(&node, *asked, None)).collect();
        let cut = build.and(ways);
        let lost = build.or([down, cut]);
        each.push(build.label(lost, format!("{node} is down, or does not reach external/{name}")));
    }
    let alone = build.and(each);
    let alone = build.label(alone, format!("no node reaches external/{name}"));
    let broken = build.or([away, alone]);
    Some(Promise {
        id: "storage/nfs".into(),
        observer: "a pod with a volume, on a node that is left",
        words: format!("{name} serves {}, and a node that carries pods reaches it", nfs.path),
        broken: build.label(broken, "volumes on the file server hang"),
        origin: "nfs".into(),
        meant_by_all: true,
        from_start: match (nobody, alone == Node::TRUE) {
            (true, _) => Some(NOTHING_TAKES_PODS),
            (false, true) => Some("no node reaches the file server"),
            _ => None,
        },
        stays: None,
        mended: Vec::new(),
    })
}
