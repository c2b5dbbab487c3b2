//! What to buy, or change, next.
//!
//! [`improve`] tries, on the text of the cluster file, the changes that an engineer would. Each result is resolved with
//! the same lock, so that nothing which was allocated moves, and proved like the file itself; what is left is ranked. A
//! change is shown with the patch that makes it, and the patch is made from the very text that was proved.
//!
//! Cheap questions come first: whether a change breaks a line of `survive:` takes milliseconds, and only what does not goes
//! on to the exact analysis, of which a promise that is the same function as before needs none.

mod change;
mod edit;
mod functions;
mod pairs;
mod patch;
mod price;
mod proof;
mod rank;
mod resolved;
mod search;
mod step;
mod version;

pub use change::Effort;
pub use price::Price;
pub use proof::{Election, Line, Proof, Time};
pub use rank::{Alike, Suggestion};
pub use search::{Candidate, Improvements, Limits, candidates, improve, proved};
