//! The example, and designs made from it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::path::Path;

use plimsoll_check::{Report, judge, rules};
use plimsoll_diagnostics::Sources;
use plimsoll_model::design::{Cable, CableEnd, Feed, PduRef, SwitchRole};
use plimsoll_model::{Design, Name, Origins};
use plimsoll_prove::Model;
use plimsoll_report::{Input, Outages, Proof};
use plimsoll_views::World;

/// A design with everything that a page is made from.
pub struct Case {
    pub design: Design,
    pub origins: Origins,
    pub sources: Sources,
    pub report: Report,
    pub model: Model,
}

impl Case {
    pub fn campus() -> Self {
        Case::campus_with(|_| {})
    }

    pub fn five_racks() -> Self {
        Case::of("five-racks", |_| {})
    }

    pub fn campus_with(change: impl FnOnce(&mut Design)) -> Self {
        Case::of("campus", change)
    }

    fn of(example: &str, change: impl FnOnce(&mut Design)) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example).join("cluster.yaml");
        let mut sources = Sources::new();
        let id = sources.add("cluster.yaml", std::fs::read_to_string(path).expect("the example"));
        let (spec, _) = plimsoll_spec::read(id, &sources);
        let resolved = plimsoll_resolve::resolve(&spec.expect("a file"), &plimsoll_resolve::Lock::default());
        let (mut design, origins) = (resolved.design.expect("a design"), resolved.origins);
        change(&mut design);
        let report = judge(&World::of_design(&design, &origins, None), &rules::all());
        let model = Model::of(&design, &origins);
        Case { design, origins, sources, report, model }
    }

    pub fn html(&self) -> String {
        self.html_with(None)
    }

    pub fn html_with(&self, outages: Option<&Outages>) -> String {
        let Case { design, origins, sources, report, model } = self;
        let proof = &Proof::of(model, design, std::num::NonZeroUsize::MIN, || ()).0;
        plimsoll_report::html(&Input { design, origins, sources, report, model, proof, outages, failovers: &[] })
    }
}

/// The example's parts in many racks: `spines` above, `hosts` in each rack, `machines` on each host; every second rack
/// has no out-of-band switch of its own and uses that of the first, and names become longer with each rack.
pub fn made_up(racks: usize, hosts: usize, machines: usize, spines: usize, feeds: usize) -> Design {
    let campus = Case::campus().design;
    let mut design = campus.clone();
    design.rack.clear();
    design.switch.clear();
    design.mlag.clear();
    design.cable.clear();
    design.host.clear();
    design.machine.clear();
    design.feed = (0..feeds).map(|at| (feed(at), feed_of(at))).collect();
    let first = |kind: &str| campus.switch.iter().find(|(name, _)| name.as_str() == kind).expect("a switch").1.clone();
    let (leaf, oob) = (first("leaf-1"), first("oob-1"));
    for spine in 0..spines {
        let mut switch = leaf.clone();
        (switch.role, switch.mlag) = (SwitchRole::Spine, None);
        design.switch.insert(name(&format!("spine-{spine}")), switch);
        for gateway in ["gw-1", "gw-2"] {
            cable(&mut design, &format!("switch/spine-{spine}"), &format!("external/{gateway}"));
        }
    }
    for rack in 0..racks {
        let rack_name = name(&format!("r{}{}", rack, "-long".repeat(rack)));
        let mut of = campus.rack.values().next().expect("a rack").clone();
        for (at, pdu) in of.pdu.values_mut().enumerate() {
            pdu.feed = feed((rack + at) % feeds);
        }
        let pdus: Vec<Name> = of.pdu.keys().cloned().collect();
        design.rack.insert(rack_name.clone(), of);
        let mut switches = Vec::new();
        for number in 0..2 {
            let mut switch = leaf.clone();
            (switch.rack, switch.mlag) = (rack_name.clone(), None);
            let own = format!("leaf-{rack}-{number}");
            design.switch.insert(name(&own), switch);
            for spine in 0..spines {
                cable(&mut design, &format!("switch/{own}"), &format!("switch/spine-{spine}"));
            }
            if spines == 0 {
                cable(&mut design, &format!("switch/{own}"), "external/gw-1");
            }
            switches.push(own);
        }
        for _ in 0..2 {
            cable(&mut design, &format!("switch/{}", switches[0]), &format!("switch/{}", switches[1]));
        }
        if rack % 2 == 0 {
            let mut switch = oob.clone();
            switch.rack = rack_name.clone();
            design.switch.insert(name(&format!("oob-{rack}")), switch);
            if rack > 0 {
                cable(&mut design, &format!("switch/oob-{rack}"), "switch/oob-0");
            }
        }
        switches.push(format!("oob-{}", rack / 2 * 2));
        for number in 0..hosts {
            let mut host = campus.host.values().next().expect("a host").clone();
            host.rack = rack_name.clone();
            for (psu, pdu) in host.psu.values_mut().zip(pdus.iter().cycle()) {
                psu.pdu = PduRef { rack: rack_name.clone(), pdu: pdu.clone() };
            }
            for (nic, switch) in host.nic.values_mut().zip(switches.iter().cycle()) {
                nic.switch = name(switch);
            }
            let own = name(&format!("host{}-{rack}-{number}", "-with-a-long-name".repeat(rack % 3)));
            design.host.insert(own.clone(), host);
            for machine in 0..machines {
                let mut of = campus.machine.values().next().expect("a machine").clone();
                of.host = own.clone();
                design.machine.insert(name(&format!("worker-{rack}-{number}-{machine}")), of);
            }
        }
    }
    design
}

fn name(text: &str) -> Name {
    Name::from(text)
}

fn feed(at: usize) -> Name {
    name(&format!("feed-{at}"))
}

/// The first is the utility; every other hangs on the one before.
fn feed_of(at: usize) -> Feed {
    Feed { from: (at > 0).then(|| feed(at - 1)), runtime: None }
}

fn cable(design: &mut Design, a: &str, b: &str) {
    let number = design.cable.len();
    let end = |device: &str| CableEnd { device: device.to_owned(), port: name(&format!("p{number}")) };
    let speed = plimsoll_model::units::BitRate(100_000_000_000);
    design.cable.insert(name(&format!("c{number:04}")), Cable { a: end(a), b: end(b), speed });
}
