//! Executes what a table says: drivers' accesses to registers, the steps that reset devices and start and stop
//! queues, and doorbells.

mod doorbell;
mod registers;
mod steps;

pub(crate) use self::doorbell::DoorbellRegister;
pub(crate) use self::steps::Run;
