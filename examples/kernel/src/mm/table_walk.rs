//! Walks page tables.

use x86_64::VirtAddr;
use x86_64::structures::paging::{PageTable, PageTableFlags as Flags};

use super::direct_map;

/// A mapped page. Its rights are those that the entries of all levels grant together.
#[derive(Clone, Copy)]
pub(super) struct MappedPage {
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) flags: Flags,
}

/// Calls `visit` for every page that `root`, a top-level table, maps.
pub(super) fn walk(root: &PageTable, visit: &mut dyn FnMut(MappedPage)) {
    let all = Flags::PRESENT | Flags::WRITABLE;
    walk_level(root, 4, 0, all, visit);
}

/// Walks a table of the given level. `above` holds the rights of the levels above: a page is writable only if all
/// levels allow it, and not executable if any level forbids it.
fn walk_level(
    table: &PageTable,
    level: u32,
    base: u64,
    above: Flags,
    visit: &mut dyn FnMut(MappedPage),
) {
    let size = 1_u64 << (12 + 9 * (level - 1));
    for (index, entry) in table.iter().enumerate() {
        let flags = entry.flags();
        if !flags.contains(Flags::PRESENT) {
            continue;
        }
        let mut rights = flags;
        rights.set(Flags::WRITABLE, (flags & above).contains(Flags::WRITABLE));
        rights.set(
            Flags::NO_EXECUTE,
            (flags | above).contains(Flags::NO_EXECUTE),
        );
        let address = base + index as u64 * size;
        if level == 1 || flags.contains(Flags::HUGE_PAGE) {
            let address = VirtAddr::new_truncate(address).as_u64();
            visit(MappedPage {
                address,
                size,
                flags: rights,
            });
        } else {
            let next = direct_map::pointer::<PageTable>(entry.addr().as_u64());
            // SAFETY: a present entry above the last level that maps no huge page refers to a table in the direct map,
            // and the caller's borrow of the root keeps all tables from changing.
            let next = unsafe { &*next };
            walk_level(next, level - 1, address, rights, visit);
        }
    }
}
