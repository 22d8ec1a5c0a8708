//! The last-level table entry of a page.

use core::ptr::NonNull;
use core::sync::atomic::AtomicU64;

use x86_64::VirtAddr;
use x86_64::structures::paging::page_table::PageTableEntry;
use x86_64::structures::paging::{Page, PageTable, PageTableFlags as Flags, Size4KiB};

use super::direct_map;

/// Returns a pointer to the table entry of the page at `address`, or `None` if no last-level table covers the page.
/// The pointer stays valid as long as the entry is not zero, as it is while the page is mapped.
pub(super) fn find(root: &PageTable, address: u64) -> Option<NonNull<AtomicU64>> {
    let page = Page::<Size4KiB>::containing_address(VirtAddr::new(address));
    let mut table = below(&root[page.p4_index()])?;
    for index in [page.p3_index(), page.p2_index()] {
        // SAFETY: the table lies in the direct map, and the caller's borrow of the root keeps all tables from changing.
        let current = unsafe { table.as_ref() };
        table = below(&current[index])?;
    }
    let entries = table.cast::<AtomicU64>();
    // SAFETY: the index is below the number of entries of a table, each of which has eight bytes.
    Some(unsafe { entries.add(page.p1_index().into()) })
}

/// Returns the table that `entry`, an entry of a higher level, refers to. Returns `None` if it refers to none.
fn below(entry: &PageTableEntry) -> Option<NonNull<PageTable>> {
    let flags = entry.flags();
    let is_table = flags.contains(Flags::PRESENT) && !flags.contains(Flags::HUGE_PAGE);
    let table = direct_map::pointer::<PageTable>(entry.addr().as_u64());
    NonNull::new(table).filter(|_| is_table)
}
