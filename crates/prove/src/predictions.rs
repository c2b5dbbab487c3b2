//! Predicted outages and the circuit, joined: what both say of one failure is said here once, for every command.

use std::collections::BTreeMap;

use plimsoll_circuit::{Node, Var};
use plimsoll_model::{Design, Name};
use plimsoll_outage::{Case, End, How, Interval, Prediction, Predictions, Way, Who, predict};

use crate::component::Kind;
use crate::lanes::{LANES, Lanes};
use crate::model::Model;
use crate::question::Question;

/// How one failure keeps a promise broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lasts {
    /// It is broken, and comes back by itself.
    ComesBack,
    /// If power stays away for longer than batteries last.
    WithoutPower,
    /// It stays broken.
    UntilRepair,
}

/// Predicts the outage of every promise for every single failure ([`predict`]), with the word of the circuit where that says
/// that one failure breaks a promise: it is away until the failure is repaired.
///
/// A prediction looks at what fails over, the circuit at who is left: of a network in pieces, of hosts that reset themselves,
/// of votes that no longer meet only the circuit knows. Three things are the prediction's to say:
/// - a program that is killed is started again; the circuit speaks of one that stays away;
/// - `dns` is judged by the circuit before pods are started elsewhere, which the prediction times. Where no node is left that
///   could start them, or the prediction knows of no outage at all, the circuit's word stands;
/// - for how long a battery bridges, which the circuit takes to be too short.
///
/// What is broken from the start is not broken by a failure, and left as it is.
pub fn predictions(model: &Model, design: &Design) -> Predictions {
    let mut predictions = predict(design);
    let lasting = lasting(model);
    for prediction in predictions.all.iter_mut().filter(|one| one.failure.way != Way::Killed) {
        let Some((at, promise)) =
            model.promises.iter().enumerate().find(|(_, promise)| promise.id == prediction.promise)
        else {
            continue;
        };
        let of = |path: &str| lasting.get(path).and_then(|lasts| lasts.get(&at)).copied();
        let own = of(&prediction.failure.component);
        // What keeps its carriers is a component of its own where that is worse than to have lost them; a port is as its cable.
        let silent = (prediction.failure.way == Way::Silent).then(|| {
            let component = &prediction.failure.component;
            of(&format!("{}/silent", cable_of(design, component).as_deref().unwrap_or(component)))
        });
        let Some(lasts) = own.max(silent.flatten()) else { continue };
        let why = model.label(promise.broken).unwrap_or(&promise.id);
        correct(prediction, lasts, why);
    }
    predictions
}

/// The cable in a port of a host.
fn cable_of(design: &Design, path: &str) -> Option<String> {
    let (host, nic) = path.strip_prefix("host/")?.split_once("/nic/")?;
    let nic = design.host.get(&Name::from(host))?.nic.get(&Name::from(nic))?;
    Some(format!("cable/{}:{}", nic.switch, nic.port))
}

fn correct(prediction: &mut Prediction, lasts: Lasts, why: &str) {
    let repair = How::until_repair(why);
    let (min, max) = (prediction.new.min(), prediction.new.max());
    let how = match lasts {
        Lasts::UntilRepair if min != End::Repair => repair,
        Lasts::ComesBack if prediction.new.is_zero() => repair,
        Lasts::WithoutPower if max != End::Repair => {
            let known = std::mem::replace(&mut prediction.how, How::masked(""));
            How::Either(vec![
                Case { when: "power is back before batteries are empty".to_owned(), how: known },
                Case { when: "power stays away for longer, and batteries are empty".to_owned(), how: repair },
            ])
        }
        _ => return,
    };
    (prediction.new, prediction.existing) = (how.outage(Who::New), how.outage(Who::Existing));
    prediction.how = how;
    if prediction.new == Interval::UNTIL_REPAIR {
        // Whoever asks is among those who wait.
        prediction.partly.clear();
    }
}

/// By path of a component, and of the group of a disk: the promises that it breaks alone, by number, and how.
fn lasting(model: &Model) -> BTreeMap<String, BTreeMap<usize, Lasts>> {
    let count = model.promises.len();
    let broken = model.promises.iter().map(|promise| promise.broken);
    let stays = model.promises.iter().map(|promise| promise.stays.unwrap_or(promise.broken));
    let tops: Vec<Node> = broken.chain(stays).collect();
    let mut lanes = Lanes::new(model, &tops);
    lanes.ask_vars(&[Vec::new()]);
    let judged: Vec<usize> = (0..count).filter(|&at| !lanes.is(at, 0)).collect();
    let mut exactly = Question::new(model);
    let mut lasting: BTreeMap<String, BTreeMap<usize, Lasts>> = BTreeMap::new();
    let all: Vec<Var> = model.failable().map(|(var, _)| var).collect();
    for chunk in all.chunks(LANES) {
        let scenarios: Vec<Vec<Var>> = chunk.iter().map(|var| vec![*var]).collect();
        lanes.ask_vars(&scenarios);
        for (lane, var) in chunk.iter().enumerate() {
            let component = model.components.get(*var);
            for &at in judged.iter().filter(|&&at| lanes.is(at, lane)) {
                let lasts = if !lanes.is(count + at, lane) {
                    Lasts::ComesBack
                } else if component.kind == Kind::Feed && !exactly.breaks_with_exactly(at, &[*var]) {
                    Lasts::WithoutPower
                } else {
                    Lasts::UntilRepair
                };
                // The disks of a group are predicted as their group.
                let group = component.path.rsplit_once('/').filter(|_| component.kind == Kind::Disk);
                for path in [Some(component.path.as_str()), group.map(|(group, _)| group)].into_iter().flatten() {
                    let known = lasting.entry(path.to_owned()).or_default().entry(at).or_insert(lasts);
                    *known = lasts.max(*known);
                }
            }
        }
    }
    lasting
}
