//! PCI functions as capabilities: claimed from the host, silenced before anything is released.

mod config;
mod function;
mod reset;
mod slot;

pub use self::config::PciId;
pub(crate) use self::function::ClaimId;
pub use self::function::{EnableError, PciFunction, RegistersError};
pub use self::reset::Silenced;
pub use self::slot::{ClaimError, PciSlot};
