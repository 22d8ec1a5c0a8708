//! The kernel's own page tables. No page is ever both writable and executable.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::mapper::CleanUp;
use x86_64::structures::paging::mapper::MapToError;
use x86_64::structures::paging::{
    FrameAllocator, FrameDeallocator, Mapper, OffsetPageTable, Page, PageSize, PageTable,
    PageTableFlags as Flags, PhysFrame, Size2MiB, Size4KiB,
};
use x86_64::{PhysAddr, VirtAddr};

use super::frames::{self, FrameOwner};
use super::image::{self, Segment};
use super::layout::{DIRECT_MAP, KERNEL_BASE, PAGE_SIZE};
use super::memory_map::MemoryMap;
use super::stack;
use super::{direct_map, leaf_entry};
use crate::sync::Lock;

const HUGE_PAGE: u64 = Size2MiB::SIZE;

/// The page tables in use. `None` until [`init`].
static TABLES: Lock<Option<OffsetPageTable<'static>>> = Lock::new(None);

/// The reason why a page could not be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapError {
    /// No frame is left for a page table.
    OutOfFrames,
    /// The page is mapped already, by itself or as part of a huge page.
    AlreadyMapped,
}

impl<S: PageSize> From<MapToError<S>> for MapError {
    fn from(error: MapToError<S>) -> Self {
        match error {
            MapToError::FrameAllocationFailed => Self::OutOfFrames,
            MapToError::ParentEntryHugePage | MapToError::PageAlreadyMapped(_) => {
                Self::AlreadyMapped
            }
        }
    }
}

/// Allocates the frames of page tables, which are counted as the kernel's own.
struct TableFrames;

// SAFETY: `frames::allocate` gives no frame out a second time before it is freed.
unsafe impl FrameAllocator<Size4KiB> for TableFrames {
    fn allocate_frame(&mut self) -> Option<PhysFrame> {
        let address = frames::allocate(1, 1, FrameOwner::PAGE_TABLES)?;
        Some(PhysFrame::containing_address(PhysAddr::new(address)))
    }
}

impl FrameDeallocator<Size4KiB> for TableFrames {
    unsafe fn deallocate_frame(&mut self, frame: PhysFrame) {
        // If the allocator refuses the frame, the frame is leaked, which the counts of frames show.
        let _ = frames::free(frame.start_address().as_u64(), 1, FrameOwner::PAGE_TABLES);
    }
}

/// Builds the kernel's page tables and switches to them from the entry code's.
///
/// # Panics
/// If there is not enough memory, or on a second call.
pub(crate) fn init(memory: &MemoryMap) {
    let mut tables = TABLES.lock();
    assert!(tables.is_none(), "the address space was set up before");
    let root = TableFrames
        .allocate_frame()
        .expect("no memory for page tables: give the machine more memory");
    let pointer = direct_map::pointer::<PageTable>(root.start_address().as_u64());
    // SAFETY: the frame was just allocated for this. The entry code's tables map it at this address, since the lowest
    // frames are given out first.
    unsafe { pointer.write(PageTable::new()) };
    // SAFETY: the table was initialised above, and nothing else refers to it.
    let root_table = unsafe { &mut *pointer };
    // SAFETY: all memory that tables are made of is mapped at `DIRECT_MAP`, by the entry code's tables and by the new
    // ones.
    let mut new = unsafe { OffsetPageTable::new(root_table, VirtAddr::new(DIRECT_MAP)) };

    map_memory(&mut new, memory);
    for segment in image::segments() {
        map_segment(&mut new, segment);
    }
    // SAFETY: the new tables map the code that runs, its stack and all its data at the same addresses as the old ones.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
    *tables = Some(new);
}

/// Maps usable memory except the image, whose text must not be writable through another address.
fn map_memory(tables: &mut OffsetPageTable<'_>, memory: &MemoryMap) {
    let flags = Flags::PRESENT | Flags::WRITABLE | Flags::NO_EXECUTE;
    let (image_start, image_end) = image::physical_range();
    for region in memory.usable() {
        let start = region.start.next_multiple_of(PAGE_SIZE);
        let end = region.end & !(PAGE_SIZE - 1);
        for (start, end) in [(start, end.min(image_start)), (start.max(image_end), end)] {
            map_range(tables, DIRECT_MAP, start, end, flags)
                .expect("the direct map is mapped already, or no frame is left for its tables");
        }
    }
}

fn map_segment(tables: &mut OffsetPageTable<'_>, segment: Segment) {
    let mut flags = Flags::PRESENT;
    flags.set(Flags::WRITABLE, segment.writable);
    flags.set(Flags::NO_EXECUTE, !segment.executable);
    let mut page = segment.start;
    while page < segment.end {
        if !stack::guards().contains(&page) {
            let physical = page - KERNEL_BASE;
            map_range(tables, KERNEL_BASE, physical, physical + PAGE_SIZE, flags)
                .expect("segments overlap, or no frame is left for page tables");
        }
        page += PAGE_SIZE;
    }
}

/// Maps the physical addresses from `start` up to `end`, each at `base` plus the address, in huge pages where they
/// fit.
fn map_range(
    tables: &mut OffsetPageTable<'_>,
    base: u64,
    start: u64,
    end: u64,
    flags: Flags,
) -> Result<(), MapError> {
    let mut address = start;
    while address < end {
        address += if address.is_multiple_of(HUGE_PAGE) && end - address >= HUGE_PAGE {
            map_page::<Size2MiB>(tables, base, address, flags)?
        } else {
            map_page::<Size4KiB>(tables, base, address, flags)?
        };
    }
    Ok(())
}

/// Maps one page and returns its size.
fn map_page<'a, S: PageSize>(
    tables: &mut OffsetPageTable<'a>,
    base: u64,
    physical: u64,
    flags: Flags,
) -> Result<u64, MapError>
where
    OffsetPageTable<'a>: Mapper<S>,
{
    let page = Page::<S>::containing_address(VirtAddr::new(base + physical));
    let frame = PhysFrame::containing_address(PhysAddr::new(physical));
    // SAFETY: `base` is one of the windows that show each physical address at one place. The rights depend on the
    // window: RAM is plain memory that Rust code reaches only through its owner, the image has the rights of its
    // segments, and device registers are uncached.
    let flush = unsafe { tables.map_to(page, frame, flags, &mut TableFrames) }?;
    flush.flush();
    Ok(S::SIZE)
}

/// Maps the pages of the window at `base` that hold the physical addresses from `start` to `end`. Pages that are mapped
/// already stay as they are.
pub(super) fn map_window(base: u64, start: u64, end: u64, flags: Flags) -> Result<(), MapError> {
    let mut tables = TABLES.lock();
    let tables = tables.as_mut().ok_or(MapError::OutOfFrames)?;
    let mut address = start & !(PAGE_SIZE - 1);
    while address < end {
        let huge = address.is_multiple_of(HUGE_PAGE) && end - address >= HUGE_PAGE;
        let mapped = if huge {
            map_page::<Size2MiB>(tables, base, address, flags)
        } else {
            Err(MapError::AlreadyMapped)
        };
        // A page of a window always shows the same physical address, so a page that is mapped already is the right one.
        address += match mapped {
            Ok(size) => size,
            Err(MapError::OutOfFrames) => return Err(MapError::OutOfFrames),
            Err(MapError::AlreadyMapped) => {
                match map_page::<Size4KiB>(tables, base, address, flags) {
                    Ok(size) => size,
                    Err(MapError::AlreadyMapped) => PAGE_SIZE,
                    Err(MapError::OutOfFrames) => return Err(MapError::OutOfFrames),
                }
            }
        };
    }
    Ok(())
}

/// Maps the frame at the physical address `physical` at `page`, for reading and writing.
pub(crate) fn map_private(page: u64, physical: u64) -> Result<(), MapError> {
    let mut tables = TABLES.lock();
    let tables = tables.as_mut().ok_or(MapError::OutOfFrames)?;
    let page = Page::<Size4KiB>::containing_address(VirtAddr::new(page));
    let frame = PhysFrame::containing_address(PhysAddr::new(physical));
    let flags = Flags::PRESENT | Flags::WRITABLE | Flags::NO_EXECUTE;
    // SAFETY: the callers are arenas and the stacks of threads. They map only frames that they have just allocated,
    // and the memory is used only through this page.
    let flush = unsafe { tables.map_to(page, frame, flags, &mut TableFrames) }?;
    flush.flush();
    Ok(())
}

/// Unmaps `page`. Returns the physical address of the page's frame, or `None` if the page was not mapped.
pub(crate) fn unmap_private(page: u64) -> Option<u64> {
    let mut tables = TABLES.lock();
    let page = Page::<Size4KiB>::containing_address(VirtAddr::new(page));
    let (frame, flush) = tables.as_mut()?.unmap(page).ok()?;
    flush.flush();
    Some(frame.start_address().as_u64())
}

/// Returns the last-level table entry of `page`. Returns `None` if the page is not mapped, or is part of a huge one.
pub(super) fn entry(page: u64) -> Option<NonNull<AtomicU64>> {
    let tables = TABLES.lock();
    let entry = leaf_entry::find(tables.as_ref()?.level_4_table(), page)?;
    // SAFETY: the entry lies in a table, and the lock keeps the tables from changing.
    let mapped = unsafe { entry.as_ref() }.load(Relaxed) & Flags::PRESENT.bits() != 0;
    mapped.then_some(entry)
}

/// Frees those page tables for the addresses from `start` up to `end` that map nothing any more.
pub(crate) fn free_empty_tables(start: u64, end: u64) {
    let mut tables = TABLES.lock();
    let (Some(tables), Some(last)) = (tables.as_mut(), end.checked_sub(1)) else {
        return;
    };
    let pages = Page::range_inclusive(
        Page::containing_address(VirtAddr::new(start)),
        Page::containing_address(VirtAddr::new(last)),
    );
    // SAFETY: `TableFrames` has allocated each table, and no two entries refer to the same table.
    unsafe { tables.clean_up_addr_range(pages, &mut TableFrames) };
}

/// Calls `visit` with the address, size and rights of each mapped page. Tests check the rights with it.
#[cfg(feature = "kernel-tests")]
pub(crate) fn for_each_page(visit: &mut dyn FnMut(u64, u64, Flags)) {
    let mut tables = TABLES.lock();
    if let Some(tables) = tables.as_mut() {
        super::table_walk::walk(tables.level_4_table(), &mut |page| {
            visit(page.address, page.size, page.flags)
        });
    }
}
