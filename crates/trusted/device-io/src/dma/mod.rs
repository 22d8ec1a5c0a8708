//! Memory that a device reaches: queues and pinned objects for the length of a claim, buffers for the length of a
//! transfer.
//!
//! Each file uses only those above it:
//!
//! | file | concept |
//! |---|---|
//! | `in_flight` | counts how much of each transfer a queue has in flight |
//! | `pins` | objects that a queue has pinned |
//! | `refused` | why a buffer isn't accepted |
//! | `table` | everything that a claim keeps |
//! | `memory` | a queue's memory |
//! | `transfer` | a buffer on loan to a device |
//! | `locate` | finds the bus address of a pinned object's bytes |

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
