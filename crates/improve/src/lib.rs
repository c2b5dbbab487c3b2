//! What to buy, or change, next.
//!
//! [`improve`] tries, on the text of the cluster file, the changes that an engineer would. Each result is resolved with
//! the same lock, so that nothing which was allocated moves, and proved like the file itself; what is left is ranked. A
//! change is shown with the patch that makes it, and the patch is made from the very text that was proved.

mod change;
mod edit;
mod names;
mod patch;
mod price;
mod proof;
mod rank;
mod search;
mod step;

pub use change::Effort;
pub use price::Price;
pub use proof::{Line, Proof, Time};
pub use rank::Suggestion;
pub use search::{Improvements, improve, proved};
