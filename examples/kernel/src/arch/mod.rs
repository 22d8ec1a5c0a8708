//! The processor: memory functions, descriptors, traps, the way out.

pub(crate) mod exit;
mod memory_functions;
