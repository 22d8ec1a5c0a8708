//! The boot path: the entry code, and the information that the loader passes.

pub(crate) mod command_line;
mod entry;
pub(crate) mod start_info;
