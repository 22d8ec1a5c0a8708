//! The CPU: memory functions, descriptors, faults, interrupt controllers, and the end of a run.

pub(crate) mod descriptors;
pub(crate) mod exit;
pub(crate) mod fault;
pub(crate) mod fpu;
pub(crate) mod lapic;
mod memory_functions;
pub(crate) mod pic;
pub(crate) mod trap_frame;
