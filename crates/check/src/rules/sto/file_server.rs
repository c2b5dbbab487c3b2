//! STO-027: one file server behind volumes.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use super::STORAGE;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const STO_027: Rule = Rule {
    id: "STO-027",
    severity: Severity::Error,
    summary: "no promise of storage rests on one file server",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "Volumes on a file server (`storage: { nfs: … }`) while the loss of a program or of a service of others is \
                 among the goals of storage (`any`, `daemon`): an error. With no such goal, a warning. Silent where the \
                 loss of the server is accepted.",
        breaks: "The server is one: when it is away, every process that reads or writes such a volume hangs in the kernel \
                 (state D) until it is back, pods do not end, and drains wait for them.",
        remedy: "A file system of Ceph (`kind: file`), or a server that is several behind one address, with its loss \
                 accepted for that reason.",
        before: "storage: { nfs: { server: nas-1, path: /export } }",
        after: "storage: { ceph: { pools: { shared: { kind: file } } } }",
        source: "nfs(5), \"soft / softerr / hard\": requests are retried indefinitely by default",
        evidence: Evidence::SeenPrinciple,
    },
    check: server,
};

fn server(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let Some(nfs) = &source.design.nfs else { return };
    let accepted = world.goals.excluded(&format!("external/{}", nfs.server));
    let place = source.place("nfs/server");
    let declared = world.goals.one("daemon", STORAGE);
    verdicts.verdict((!accepted).then(|| {
        let severity = if declared { Severity::Error } else { Severity::Warning };
        Finding::new(severity, &place, format!("volumes of `storage/nfs` have one server, {}", nfs.server))
            .at_place(&place, "")
            .context_place(&source.place(format!("external/{}", nfs.server)), "the server")
            .breaks("when it is away, every process that reads or writes such a volume hangs until it is back")
            .help("keep them in a file system of Ceph (`kind: file`), or accept the loss of the server with a reason")
    }));
}
