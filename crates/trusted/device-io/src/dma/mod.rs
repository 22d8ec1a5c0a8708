//! Memory that a device reaches: queues and pinned objects for the length of a claim, buffers for the length of a transfer.
//!
//! Each file knows those above it only:
//!
//! | file | concept |
//! |---|---|
//! | `in_flight` | how much of each transfer a queue has in flight |
//! | `pins` | objects that a queue has pinned |
//! | `refused` | why a buffer isn't accepted |
//! | `table` | what a claim keeps |
//! | `memory` | a queue's memory |
//! | `transfer` | a buffer on loan to a device |
//! | `locate` | where bytes of a pinned object are for the device |

mod in_flight;
mod locate;
mod memory;
mod pins;
mod refused;
mod table;
mod transfer;

pub(crate) use self::in_flight::Flights;
pub use self::in_flight::MAX_TRANSFERS;
pub(crate) use self::locate::locate;
pub(crate) use self::memory::{Held, Memory};
pub(crate) use self::pins::Slots;
pub use self::refused::{BeginError, Refused};
pub(crate) use self::table::DmaTable;
pub use self::table::MAX_QUEUES;
pub(crate) use self::transfer::Part;
pub use self::transfer::{DmaTransfer, FinishError, LendError};
