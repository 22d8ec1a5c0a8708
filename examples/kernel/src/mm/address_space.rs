//! The kernel's own page tables. Nothing is ever both writable and executable.

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

/// `None` until [`init`].
static TABLES: Lock<Option<OffsetPageTable<'static>>> = Lock::new(None);

/// Why a page could not be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MapError {
    /// No frame left for a page table.
    OutOfFrames,
    /// The page is mapped already, alone or as part of a huge one.
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

/// Page tables are the kernel's own memory.
struct TableFrames;

// SAFETY: `frames::allocate` gives out each frame once until it is freed.
unsafe impl FrameAllocator<Size4KiB> for TableFrames {
    fn allocate_frame(&mut self) -> Option<PhysFrame> {
        let address = frames::allocate(1, 1, FrameOwner::PAGE_TABLES)?;
        Some(PhysFrame::containing_address(PhysAddr::new(address)))
    }
}

impl FrameDeallocator<Size4KiB> for TableFrames {
    unsafe fn deallocate_frame(&mut self, frame: PhysFrame) {
        // A frame refused is a frame leaked; the counts would show it.
        let _ = frames::free(frame.start_address().as_u64(), 1, FrameOwner::PAGE_TABLES);
    }
}

/// Builds the kernel's tables and leaves the entry code's.
///
/// # Panics
/// Where memory does not suffice, or on a second call.
pub(crate) fn init(memory: &MemoryMap) {
    let mut tables = TABLES.lock();
    assert!(tables.is_none(), "the address space was set up before");
    let root = TableFrames
        .allocate_frame()
        .expect("no memory for page tables");
    let pointer = direct_map::pointer::<PageTable>(root.start_address().as_u64());
    // SAFETY: a frame of our own, which the entry code's tables map here (the lowest frames are
    // given out first).
    unsafe { pointer.write(PageTable::new()) };
    // SAFETY: initialised above; nobody else refers to it.
    let root_table = unsafe { &mut *pointer };
    // SAFETY: all memory that tables are made of is mapped at `DIRECT_MAP`, by the entry code's
    // tables and by these.
    let mut new = unsafe { OffsetPageTable::new(root_table, VirtAddr::new(DIRECT_MAP)) };

    map_memory(&mut new, memory);
    for segment in image::segments() {
        map_segment(&mut new, segment);
    }
    // SAFETY: the new tables map the code that runs, its stack and all its data as the old ones
    // did.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
    *tables = Some(new);
}

/// Maps usable memory, without the image: its text must not be writable under another name.
fn map_memory(tables: &mut OffsetPageTable<'_>, memory: &MemoryMap) {
    let flags = Flags::PRESENT | Flags::WRITABLE | Flags::NO_EXECUTE;
    let (image_start, image_end) = image::physical_range();
    for region in memory.usable() {
        let start = region.start.next_multiple_of(PAGE_SIZE);
        let end = region.end & !(PAGE_SIZE - 1);
        for (start, end) in [(start, end.min(image_start)), (start.max(image_end), end)] {
            map_range(tables, DIRECT_MAP, start, end, flags)
                .expect("the direct map was just begun");
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
                .expect("segments do not overlap");
        }
        page += PAGE_SIZE;
    }
}

/// Maps physical addresses from `start` to `end` at `base` plus each, in huge pages where they fit.
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

/// Maps one page; returns its size.
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
    // SAFETY: `base` is one of the windows that show each physical address at one place, and rights
    // are chosen by the window: RAM as plain memory that Rust reaches only through its owner, the
    // image as linked, devices as devices.
    let flush = unsafe { tables.map_to(page, frame, flags, &mut TableFrames) }?;
    flush.flush();
    Ok(S::SIZE)
}

/// Maps the pages of a window (`base`) that hold physical addresses `start` to `end`; those that
/// are mapped stay.
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
        // A page in a window always shows the same physical address, so one that is mapped already
        // will do.
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

/// Maps the frame at `physical` at `page`, for reading and writing.
pub(crate) fn map_private(page: u64, physical: u64) -> Result<(), MapError> {
    let mut tables = TABLES.lock();
    let tables = tables.as_mut().ok_or(MapError::OutOfFrames)?;
    let page = Page::<Size4KiB>::containing_address(VirtAddr::new(page));
    let frame = PhysFrame::containing_address(PhysAddr::new(physical));
    let flags = Flags::PRESENT | Flags::WRITABLE | Flags::NO_EXECUTE;
    // SAFETY: the callers, `arena` and stacks of threads, map only frames that they have just been given and
    // hand out through this page alone.
    let flush = unsafe { tables.map_to(page, frame, flags, &mut TableFrames) }?;
    flush.flush();
    Ok(())
}

/// Unmaps `page`; returns the physical address of its frame, or `None` if it was not mapped.
pub(crate) fn unmap_private(page: u64) -> Option<u64> {
    let mut tables = TABLES.lock();
    let page = Page::<Size4KiB>::containing_address(VirtAddr::new(page));
    let (frame, flush) = tables.as_mut()?.unmap(page).ok()?;
    flush.flush();
    Some(frame.start_address().as_u64())
}

/// The last-level table entry of `page`, mapped alone; `None` if it is not.
pub(super) fn entry(page: u64) -> Option<NonNull<AtomicU64>> {
    let tables = TABLES.lock();
    let entry = leaf_entry::find(tables.as_ref()?.level_4_table(), page)?;
    // SAFETY: in a table, which the lock keeps as it is.
    let mapped = unsafe { entry.as_ref() }.load(Relaxed) & Flags::PRESENT.bits() != 0;
    mapped.then_some(entry)
}

/// Frees the tables that map nothing any more among those for `start` up to `end`.
pub(crate) fn free_empty_tables(start: u64, end: u64) {
    let mut tables = TABLES.lock();
    let (Some(tables), Some(last)) = (tables.as_mut(), end.checked_sub(1)) else {
        return;
    };
    let pages = Page::range_inclusive(
        Page::containing_address(VirtAddr::new(start)),
        Page::containing_address(VirtAddr::new(last)),
    );
    // SAFETY: every table is used once, in this tree, and was allocated by `TableFrames`.
    unsafe { tables.clean_up_addr_range(pages, &mut TableFrames) };
}

/// Shows `visit` each mapped page: its address, size, and rights. For checks.
#[cfg(feature = "kernel-tests")]
pub(crate) fn for_each_page(visit: &mut dyn FnMut(u64, u64, Flags)) {
    let mut tables = TABLES.lock();
    if let Some(tables) = tables.as_mut() {
        super::table_walk::walk(tables.level_4_table(), &mut |page| {
            visit(page.address, page.size, page.flags)
        });
    }
}
