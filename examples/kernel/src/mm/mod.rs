//! Memory: physical frames, the address space, stacks.

pub(crate) mod address_space;
pub(crate) mod arena;
pub(crate) mod direct_map;
mod frame_table;
pub(crate) mod frames;
pub(crate) mod image;
pub(crate) mod layout;
mod leaf_entry;
pub(crate) mod memory_map;
mod owner_counts;
pub(crate) mod reserve;
pub(crate) mod stack;
#[cfg(feature = "kernel-tests")]
mod table_walk;
pub(crate) mod window;
