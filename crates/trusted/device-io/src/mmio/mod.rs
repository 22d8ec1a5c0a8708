//! Registers: where a window is mapped, and what a driver may do with each.

mod access;
mod control;
mod register;
mod window;

pub(crate) use self::access::Cell;
pub(crate) use self::control::{ClaimId, Control, Phase};
pub use self::register::{
    Access, ReadOnly, ReadWrite, Readable, Register, Value, Writable, WriteError, WriteOnly,
};
pub use self::window::WindowError;
pub(crate) use self::window::{Mapped, locate};
