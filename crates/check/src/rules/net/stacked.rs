//! NET-003 on files: sizes of packets of what stands on one another on a host.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::host_network::Kind;

use crate::{Finding, Verdicts};

/// What Linux gives a port or a bond that nobody sets.
const DEFAULT: u32 = 1500;

/// Judges VLAN interfaces and bridges of files. Ports of a bond take over its MTU.
pub(super) fn judge(world: &World<'_>, verdicts: &mut Verdicts) {
    for network in &world.host_networks {
        for (name, it) in &network.interfaces {
            let (Kind::Vlan | Kind::Bridge(_)) = it.kind else { continue };
            let Some(wanted) = it.mtu.copied() else { continue };
            for below in it.below.get().into_iter().flatten() {
                // A VLAN that states none takes that of its device, and a port nobody describes has what its driver gives.
                let Some(hop) = network.interfaces.get(below) else { continue };
                let stated = hop.mtu.copied();
                let inherits = matches!(hop.kind, Kind::Vlan | Kind::Bridge(_));
                if hop.mtu.get().is_none() && inherits {
                    continue;
                }
                let (mtu, severity) = match stated {
                    Some(mtu) => (mtu, Severity::Error),
                    None => (DEFAULT, Severity::Warning),
                };
                verdicts.verdict((mtu < wanted).then(|| {
                    let host = &network.host;
                    let finding = Finding::new(
                        severity,
                        it.mtu.place(),
                        format!("{below} of {host} takes packets of {mtu} bytes below {name}, which has {wanted}"),
                    )
                    .at(&it.mtu, format!("{wanted}"));
                    let finding = match stated {
                        Some(_) => finding.context(&hop.mtu, format!("{mtu}")),
                        None => finding.context_place(&hop.place, format!("states none, which is {DEFAULT}")),
                    };
                    finding
                        .breaks(match it.kind {
                            Kind::Vlan => "the kernel refuses the larger one: the interface stays as it was or down",
                            _ => "large packets vanish there, and small ones pass",
                        })
                        .help("use one MTU from end to end")
                }));
            }
        }
    }
}
