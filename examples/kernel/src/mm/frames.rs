//! Physical memory, in frames of 4 KiB, each counted for its owner.
#![deny(clippy::arithmetic_side_effects)]

use super::direct_map;
use super::frame_table::{FrameTable, NotOwned};
use super::image;
use super::layout::{LOW_MEMORY_END, PAGE_SIZE};
use super::memory_map::MemoryMap;
use super::owner_counts::OwnerCounts;
use crate::sync::Lock;

/// Whose memory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameOwner(pub(crate) u32);

impl FrameOwner {
    /// Page tables.
    pub(crate) const PAGE_TABLES: Self = Self(u32::MAX - 2);

    /// The exchange heap, which keeps account of its objects' owners itself.
    pub(crate) const EXCHANGE_HEAP: Self = Self(u32::MAX - 3);

    /// Stacks of threads.
    pub(crate) const STACKS: Self = Self(u32::MAX - 4);

    /// The private memory of a domain, or of the host.
    pub(crate) fn private(owner: samara::Owner) -> Self {
        Self(owner.index() as u32)
    }
}

struct Frames {
    table: FrameTable<'static>,
    counts: OwnerCounts,
}

static FRAMES: Lock<Option<Frames>> = Lock::new(None);

/// Takes charge of all usable memory but the first mebibyte, the kernel's image, the loader's `module`
/// and the table itself.
///
/// # Panics
/// Where there is no room for the table below 4 GiB, or on a second call.
pub(crate) fn init(memory: &MemoryMap, module: Option<(u64, u64)>) {
    let mut frames = FRAMES.lock();
    assert!(frames.is_none(), "the frame allocator was set up before");

    let total = (memory.usable_end() / PAGE_SIZE) as usize;
    let table_size = total.strict_mul(size_of::<u32>());
    let table_size = table_size.next_multiple_of(PAGE_SIZE as usize) as u64;
    let module = module.unwrap_or((0, 0));
    let table_start = place_table(memory, module, table_size).expect("no room for the frame table");
    let table_end = table_start.strict_add(table_size);
    let pointer = direct_map::pointer::<u32>(table_start);
    // SAFETY: usable memory outside the image, within what the entry code mapped, in nobody's use
    // yet; it is reserved below, so it stays the table's. Any bit pattern is a `u32`.
    let owners = unsafe { core::slice::from_raw_parts_mut(pointer, total) };

    let mut table = FrameTable::new(owners);
    for region in memory.usable() {
        let start = region.start.max(LOW_MEMORY_END).next_multiple_of(PAGE_SIZE);
        table.release(
            (start / PAGE_SIZE) as usize,
            (region.end / PAGE_SIZE) as usize,
        );
    }
    for (start, end) in [image::physical_range(), module, (table_start, table_end)] {
        table.reserve(
            (start / PAGE_SIZE) as usize,
            end.div_ceil(PAGE_SIZE) as usize,
        );
    }
    *frames = Some(Frames {
        table,
        counts: OwnerCounts::new(),
    });
}

/// Finds `size` bytes of usable memory that the entry code mapped, clear of the image and the module.
fn place_table(memory: &MemoryMap, module: (u64, u64), size: u64) -> Option<u64> {
    let taken = [image::physical_range(), module];
    let fits = |start: u64, region_end: u64| {
        let end = start.checked_add(size)?;
        let clear = taken.iter().all(|taken| end <= taken.0 || start >= taken.1);
        (clear && end <= region_end.min(1 << 32)).then_some(start)
    };
    memory.usable().find_map(|region| {
        let low = region.start.max(LOW_MEMORY_END);
        // At the region's start, or right behind what is in the way.
        let behind = taken.map(|taken| low.max(taken.1));
        let mut starts = [low].into_iter().chain(behind);
        starts.find_map(|start| fits(start.next_multiple_of(PAGE_SIZE), region.end))
    })
}

/// Gives `owner` a run of `count` frames, its physical address a multiple of `align` frames (a
/// power of two). The memory holds whatever it held before. Returns the address.
pub(crate) fn allocate(count: usize, align: usize, owner: FrameOwner) -> Option<u64> {
    let mut frames = FRAMES.lock();
    let Frames { table, counts } = frames.as_mut()?;
    if !counts.has_room(owner.0) {
        return None;
    }
    let index = table.allocate(count, align, owner.0)?;
    counts.add(owner.0, count);
    (index as u64).checked_mul(PAGE_SIZE)
}

/// Takes back the run of `count` frames at `address` from `owner`; refused, and nothing done, if
/// one is not its own.
pub(crate) fn free(address: u64, count: usize, owner: FrameOwner) -> Result<(), NotOwned> {
    let mut frames = FRAMES.lock();
    let Frames { table, counts } = frames.as_mut().ok_or(NotOwned)?;
    table.free((address / PAGE_SIZE) as usize, count, owner.0)?;
    counts.subtract(owner.0, count);
    Ok(())
}

/// Frames that are freed before others have a turn.
const PIECE: usize = 1024;

/// [`free`], with the lock taken for a piece at a time: for a run whose length a domain has chosen. What comes before a
/// piece that is refused is free.
pub(crate) fn free_in_pieces(
    mut address: u64,
    mut count: usize,
    owner: FrameOwner,
) -> Result<(), NotOwned> {
    while count > 0 {
        let piece = count.min(PIECE);
        free(address, piece, owner)?;
        count = count.strict_sub(piece);
        // One past the last frame at most.
        address = address.strict_add(PAGE_SIZE.strict_mul(piece as u64));
    }
    Ok(())
}

/// The frames that `owner` has now.
pub(crate) fn owned_by(owner: FrameOwner) -> usize {
    FRAMES
        .lock()
        .as_ref()
        .map_or(0, |frames| frames.counts.get(owner.0))
}

/// The frames that are nobody's now.
pub(crate) fn free_frames() -> usize {
    FRAMES
        .lock()
        .as_ref()
        .map_or(0, |frames| frames.table.free_frames())
}
