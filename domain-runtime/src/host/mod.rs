//! The traits that the runtime needs from its host, bound once by the final binary with
//! [`set_runtime_host!`](crate::set_runtime_host).

mod arenas;
mod bind;
mod clock;
mod enforced_limits;
mod events;
mod stacks;
mod symbols;
mod threads;

pub use arenas::{Arenas, Window};
pub use bind::__samara_bind;
pub use clock::Clock;
pub use enforced_limits::EnforcedLimits;
pub use events::Events;
pub use stacks::{SegmentRequester, StackProbe};
pub(crate) use symbols::*;
pub use threads::Threads;
