//! The processor: memory functions, descriptors, traps, interrupts, the way out.

pub(crate) mod cpu;
pub(crate) mod descriptors;
pub(crate) mod exit;
pub(crate) mod fault;
pub(crate) mod fpu;
pub(crate) mod lapic;
mod memory_functions;
pub(crate) mod pic;
pub(crate) mod trap;
mod trap_entry;
pub(crate) mod trap_frame;
