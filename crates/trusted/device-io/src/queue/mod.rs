//! Queues: all that a device reads from memory, written by this engine alone, in the formats of the device's table.
//!
//! A driver says what is to be transferred, in which order and batches, and what is done when the device fails. The engine
//! writes descriptors, entries, lists and positions; it publishes whole entries only, and rings doorbells for what was put. A
//! transfer ends when the device completes it, under the tag or in the descriptor that it has, or when the device was silenced or
//! reset; no word of a driver's ends one.
//!
//! | file | concept |
//! |---|---|
//! | `positions`, `tags`, `pages` | pure: positions in a ring; which tag is in use; which pages a buffer covers |
//! | `core` | what all queues have: memory, doorbell, whether the queue runs |
//! | `ring` | a ring of descriptors, and the objects that they name |
//! | `virtqueue` | a split virtqueue |
//! | `chains` | one of transfers |
//! | `packets` | one of objects |
//! | `pair` | a submission and a completion queue, of commands |
//! | `entry` | one entry: a command as the table has it |

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
