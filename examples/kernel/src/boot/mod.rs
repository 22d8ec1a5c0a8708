//! What happens before the kernel proper: entry, and what the loader says.

mod entry;
