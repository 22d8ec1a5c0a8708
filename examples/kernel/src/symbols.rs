//! Functions and lines of the kernel's own code, from the symbol table that the loader loads as a module. Without a
//! table, backtraces show only addresses.

use samara_symbols::{Places, Table};
use spin::Once;

use crate::mm::direct_map;

static TABLE: Once<Table<'static>> = Once::new();

/// Uses the table in the physical memory from the start of `module` to its end.
///
/// # Safety
/// From here on that memory stays mapped, and nothing writes to it.
pub(crate) unsafe fn init(module: Option<(u64, u64)>) {
    let Some((start, end)) = module else {
        return;
    };
    let bytes = direct_map::pointer::<u8>(start).cast_const();
    // SAFETY: the caller guarantees that the memory is mapped and does not change. Any bytes are valid `u8`s.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, (end - start) as usize) };
    if let Some(table) = Table::parse(bytes) {
        TABLE.call_once(|| table);
    }
}

/// Returns the functions and lines to which the instruction at `address` belongs, the innermost function first.
/// Returns `None` without a table. The function neither waits nor allocates, so it can be called after the kernel has
/// failed.
pub(crate) fn places(address: usize) -> Option<Places<'static>> {
    TABLE.get().map(|table| table.places(address as u64))
}
