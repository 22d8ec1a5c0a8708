//! What a table says, done: what drivers may do with registers, the steps that reset devices and start and stop queues, and
//! where doorbells are.

mod doorbell;
mod registers;
mod steps;

pub(crate) use self::doorbell::DoorbellRegister;
pub(crate) use self::steps::Run;
