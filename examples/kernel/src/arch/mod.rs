//! The processor: memory functions, descriptors, traps, the way out.

pub(crate) mod descriptors;
pub(crate) mod exit;
mod memory_functions;
pub(crate) mod trap;
mod trap_entry;
