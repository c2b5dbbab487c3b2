//! The secret store, certificates, and the filling of holes.
//!
//! A [`Store`] holds what a Design only names. It is made by [`complete`] (feature `make`), kept encrypted by
//! [`seal`] and [`open`] (feature `store`), and put into the holes of a Tree by [`fill`] at the last moment. Nothing here
//! shows a secret: not in `Debug`, not in an error.

mod encode;
mod fill;
mod paths;
mod private;
mod store;

#[cfg(feature = "make")]
mod make;
#[cfg(feature = "make")]
mod openssh;
#[cfg(feature = "make")]
mod pki;
#[cfg(feature = "store")]
mod sealed;

pub use fill::{FillError, Filled, fill};
pub use paths::{KeyFile, files_for};
pub use private::write_private;
pub use store::{Secret, Store, StoreError};

#[cfg(feature = "make")]
pub use make::{Entropy, SystemEntropy, complete, throwaway};
#[cfg(feature = "make")]
pub use pki::{MakeError, ssh_public};
#[cfg(feature = "store")]
pub use sealed::{SealError, open, seal};
