//! Allocates physical memory in frames of 4 KiB, and counts each frame for its owner.
#![deny(clippy::arithmetic_side_effects)]

use super::direct_map;
use super::frame_table::{FrameTable, NotOwned};
use super::image;
use super::layout::{LOW_MEMORY_END, PAGE_SIZE};
use super::memory_map::MemoryMap;
use super::owner_counts::OwnerCounts;
use crate::sync::Lock;

/// The owner of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameOwner(pub(crate) u32);

impl FrameOwner {
    /// Page tables.
    pub(crate) const PAGE_TABLES: Self = Self(u32::MAX - 2);

    /// The exchange heap. The heap itself records the owners of its objects.
    pub(crate) const EXCHANGE_HEAP: Self = Self(u32::MAX - 3);

    /// The stacks of threads.
    pub(crate) const STACKS: Self = Self(u32::MAX - 4);

    /// Returns the owner for the private memory of a domain, or of the host.
    pub(crate) fn private(owner: samara::Owner) -> Self {
        Self(owner.index() as u32)
    }
}

struct Frames {
    table: FrameTable<'static>,
    counts: OwnerCounts,
}

static FRAMES: Lock<Option<Frames>> = Lock::new(None);

/// Sets up the allocator with all usable memory except the first mebibyte, the kernel's image, the loader's `module`
/// and the table itself.
///
/// # Panics
/// If there is no room for the table below 4 GiB, or on a second call.
pub(crate) fn init(memory: &MemoryMap, module: Option<(u64, u64)>) {
    let mut frames = FRAMES.lock();
    assert!(frames.is_none(), "the frame allocator was set up before");

    let total = (memory.usable_end() / PAGE_SIZE) as usize;
    let table_size = total.strict_mul(size_of::<u32>());
    let table_size = table_size.next_multiple_of(PAGE_SIZE as usize) as u64;
    let module = module.unwrap_or((0, 0));
    let table_start =
        place_table(memory, module, table_size).expect("no room for the frame table below 4 GiB");
    let table_end = table_start.strict_add(table_size);
    let pointer = direct_map::pointer::<u32>(table_start);
    // SAFETY: `place_table` returns usable memory that the entry code has mapped, outside the image and the module.
    // No other code uses this memory yet, and its frames are reserved below, so the table keeps it. Any bit pattern
    // is a valid `u32`.
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

/// Finds `size` bytes of usable memory that the entry code has mapped and that overlap neither the image nor the
/// module.
fn place_table(memory: &MemoryMap, module: (u64, u64), size: u64) -> Option<u64> {
    let taken = [image::physical_range(), module];
    let fits = |start: u64, region_end: u64| {
        let end = start.checked_add(size)?;
        let clear = taken.iter().all(|taken| end <= taken.0 || start >= taken.1);
        (clear && end <= region_end.min(1 << 32)).then_some(start)
    };
    memory.usable().find_map(|region| {
        let low = region.start.max(LOW_MEMORY_END);
        // The table starts where the region starts, or right behind the image or the module.
        let behind = taken.map(|taken| low.max(taken.1));
        let mut starts = [low].into_iter().chain(behind);
        starts.find_map(|start| fits(start.next_multiple_of(PAGE_SIZE), region.end))
    })
}

/// Gives `owner` a run of `count` frames, and returns its physical address, which is a multiple of `align` frames.
/// `align` is a power of two. The memory is not zeroed.
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

/// Frees the run of `count` frames at `address`. Does nothing and returns an error if one of them does not belong to
/// `owner`.
pub(crate) fn free(address: u64, count: usize, owner: FrameOwner) -> Result<(), NotOwned> {
    let mut frames = FRAMES.lock();
    let Frames { table, counts } = frames.as_mut().ok_or(NotOwned)?;
    table.free((address / PAGE_SIZE) as usize, count, owner.0)?;
    counts.subtract(owner.0, count);
    Ok(())
}

/// The most frames that [`free_in_pieces`] frees before it releases the lock.
const PIECE: usize = 1024;

/// Frees frames as [`free`] does, but piece by piece, and takes the lock anew for each piece. A domain may have
/// chosen the length of the run, so the time under the lock must not depend on this length. If a piece is refused,
/// the pieces before it stay freed.
pub(crate) fn free_in_pieces(
    mut address: u64,
    mut count: usize,
    owner: FrameOwner,
) -> Result<(), NotOwned> {
    while count > 0 {
        let piece = count.min(PIECE);
        free(address, piece, owner)?;
        count = count.strict_sub(piece);
        // This cannot overflow: the address is at most one past the last frame.
        address = address.strict_add(PAGE_SIZE.strict_mul(piece as u64));
    }
    Ok(())
}

/// Returns the number of frames that `owner` has now.
pub(crate) fn owned_by(owner: FrameOwner) -> usize {
    FRAMES
        .lock()
        .as_ref()
        .map_or(0, |frames| frames.counts.get(owner.0))
}

/// Returns the number of frames that are free now.
pub(crate) fn free_frames() -> usize {
    FRAMES
        .lock()
        .as_ref()
        .map_or(0, |frames| frames.table.free_frames())
}
