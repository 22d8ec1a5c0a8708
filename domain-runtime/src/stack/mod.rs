//! Stack limits: an entry asks for its stack before the domain's code begins, so that the code does not run out of
//! stack.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod extend;
mod need;
mod probe;
mod room;

pub(crate) use extend::extend;
#[cfg(feature = "alloc")]
pub(crate) use extend::with_room_to_start;
pub(crate) use need::Need;
#[cfg(feature = "alloc")]
pub(crate) use need::promised;
pub use need::{RESERVE, START};
pub(crate) use probe::{close_reserve, set_probe};
#[cfg(feature = "alloc")]
pub(crate) use room::to_mint;
pub use room::{CallSignature, is_short, to_move};
pub(crate) use room::{has_no_room_to_move, needed};
