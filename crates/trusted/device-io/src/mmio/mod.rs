//! Registers: the windows that hold them, drivers' names for them, accesses, and the lock that orders operations on a
//! device.

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
