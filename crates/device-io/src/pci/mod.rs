//! PCI functions as capabilities: claimed from the host, silenced before anything is released.

mod config;
mod function;
mod interrupt;
mod reset;
mod slot;
mod vectors;

pub use self::config::PciId;
pub(crate) use self::function::ClaimId;
pub use self::function::{EnableError, PciFunction, RegistersError};
pub use self::interrupt::{Interrupt, InterruptError};
pub use self::reset::Silenced;
pub use self::slot::{ClaimError, PciSlot};
pub use self::vectors::MAX_VECTORS;
