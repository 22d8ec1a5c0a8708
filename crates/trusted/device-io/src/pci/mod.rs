//! PCI functions as capabilities: claimed from the host, silenced before anything is released.
//!
//! Each file uses only those above it:
//!
//! | file | concept |
//! |---|---|
//! | `config` | configuration space |
//! | `reset` | silencing a function |
//! | `vectors` | its MSI-X table, and why there is no interrupt |
//! | `slot` | its place on the bus, which has one claim at a time |
//! | `claim` | that claim: the trusted side |
//! | `function` | the capability that its holder has |
//! | `interrupt` | one vector, as a capability |

mod claim;
mod config;
mod function;
mod interrupt;
mod reset;
mod slot;
mod vectors;

pub use self::claim::ClaimError;
pub use self::config::PciId;
pub(crate) use self::config::{Config, MsixRange};
pub use self::function::{NotIdle, PciFunction};
pub use self::interrupt::Interrupt;
pub use self::reset::Silenced;
pub use self::slot::{DeviceSlot, PciSlot};
pub use self::vectors::{InterruptError, MAX_VECTORS};
pub use crate::error::{ResetError, StepError};
