//! NVM Express: registers, queue entries, PRPs and the identify structures that bound a transfer.
//!
//! Sources: *NVM Express Base Specification* 2.0c (cited as Base), *NVM Command Set Specification* 1.0c
//! (NVM), *NVMe over PCIe Transport Specification* 1.0c (PCIe).
//!
//! The memory page size is 4 KiB and the queue entry sizes are the required ones, 64 and 16 bytes:
//! they scale the addresses that a controller computes, so they are fixed here, not a driver's choice.

mod command;
mod completion;
mod identify;
mod prp;
mod prp_list;
mod registers;

pub use self::command::{Command, CommandError, SubmissionEntry};
pub use self::completion::{Completion, CompletionEntry};
pub use self::identify::{
    FormatError, IdentifyController, IdentifyNamespace, Namespace, NamespaceList, NamespaceQuery,
};
pub use self::prp::PAGE;
pub use self::prp_list::{LIST_ENTRIES, MAX_TRANSFER, PrpList};
pub use self::registers::{AdminQueueError, Capabilities, Nvme, Status};
