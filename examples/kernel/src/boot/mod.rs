//! What happens before the kernel proper: entry, and what the loader says.

pub(crate) mod command_line;
mod entry;
pub(crate) mod start_info;
