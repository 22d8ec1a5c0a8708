//! Functions and lines of the kernel's own code, from the table that the loader brings as a module. Without
//! one, addresses are all that can be told.

use samara_symbols::{Places, Table};
use spin::Once;

use crate::mm::direct_map;

static TABLE: Once<Table<'static>> = Once::new();

/// Takes the table in the physical memory from `module`'s start to its end.
///
/// # Safety
/// That memory is mapped, and nobody's to write, from here on.
pub(crate) unsafe fn init(module: Option<(u64, u64)>) {
    let Some((start, end)) = module else {
        return;
    };
    let bytes = direct_map::pointer::<u8>(start).cast_const();
    // SAFETY: as the caller says; any bytes will do.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, (end - start) as usize) };
    if let Some(table) = Table::parse(bytes) {
        TABLE.call_once(|| table);
    }
}

/// Where the instruction at `address` comes from, innermost function first; `None` without a table.
/// Neither waits nor allocates: also for a kernel on its way to the end.
pub(crate) fn places(address: usize) -> Option<Places<'static>> {
    TABLE.get().map(|table| table.places(address as u64))
}
