//! Queues. This engine alone writes everything that a device reads from memory, in the formats of the device's table.
//!
//! A driver chooses the transfers, their order and batches, and the reaction to a failure of the device. The engine
//! writes descriptors, entries, lists and positions. It publishes only entries that are completely written, and rings
//! a doorbell only for entries that were put. A transfer ends when the device reports its completion, by a tag or in
//! a descriptor, or when the device was silenced or reset. A driver can't declare a transfer ended.
//!
//! | file | concept |
//! |---|---|
//! | `positions`, `tags`, `pages` | pure: positions in a ring; which tags are in use; which pages a buffer covers |
//! | `core` | what all queues have: memory, a doorbell, whether the queue runs |
//! | `ring` | a ring of descriptors, and the objects that they point to |
//! | `virtqueue` | a split virtqueue |
//! | `chains` | a virtqueue whose chains transfer parts of buffers |
//! | `packets` | a virtqueue whose chains are objects |
//! | `pair` | a submission and a completion queue, of commands |
//! | `entry` | one entry: a command in the table's format |

mod chains;
mod core;
mod entry;
mod packets;
mod pages;
mod pair;
mod positions;
mod ring;
mod tags;
mod virtqueue;

pub use self::chains::{Chain, ChainQueue, Transfers};
pub use self::entry::Unit;
pub use self::packets::{Objects, PacketQueue, Used};
pub use self::pair::{Completion, Pair};
pub use self::ring::{Done, OpenRing, Ring};
pub use self::tags::Tag;
pub use self::virtqueue::{Bytes, Virtqueue};
pub use crate::error::{Damage, QueueError, QueueFault, SubmitError};
