//! Memory: physical frames, the address space, stacks.

pub(crate) mod layout;
pub(crate) mod stack;
