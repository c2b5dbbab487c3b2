//! What a Design survives.
//!
//! [`Model::of`] makes one circuit of a Design: its variables are the components that can fail, and each promise is a
//! function of them. Everything else evaluates that circuit: which failures break a promise, how probable they are, what
//! is left once some have happened.

mod analysis;
mod build;
mod cold_start;
mod combinations;
mod common;
mod component;
mod crew;
mod cuts;
mod drain;
mod explain;
mod fabric;
mod failovers;
mod lanes;
mod maintenance;
mod margin;
mod mended;
mod model;
mod place;
mod predictions;
mod promise;
mod question;
mod rate;
mod rename;
mod silent;
mod survive;
mod symmetry;
mod threads;
mod time;
pub mod words;

pub use analysis::{Analysis, analyse, lost_times};
pub use cold_start::{ColdStart, Images, cold_start};
pub use common::{Declared, TakesNothing, taken, takes_nothing};
pub use component::{Component, Components, Kind};
pub use cuts::{CutClass, Cuts, Rack, cuts};
pub use explain::{explain, explain_shortly};
pub use failovers::failovers;
pub use lanes::{LANES, Lanes, Word, follows};
pub use maintenance::Maintenance;
pub use margin::{Margin, MayStop, batches, margins, may_stop, may_stop_trying};
pub use model::Model;
pub use predictions::predictions;
pub use promise::{HostRoom, Mended, Need, Promise, Room};
pub use question::Question;
pub use rate::{Corner, HOURS_A_YEAR, Range, Rate, Source};
pub use survive::{Answer, CounterExample, Meaningless, asks_for_cold_start, survive, survive_trying};
pub use time::{Importance, LostTime, lost_time};
