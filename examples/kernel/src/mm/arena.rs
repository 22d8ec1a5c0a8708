//! Private memory of domains. Each domain slot has a window of addresses, and frames back only the committed parts of
//! the window.
//!
//! Each frame belongs to one owner and is counted for it. So the private memory of a dead domain is freed as a whole,
//! whatever state its contents are in.
#![deny(clippy::arithmetic_side_effects)]

use core::ops::Range;

use super::address_space;
use super::direct_map;
use super::frames::{self, FrameOwner};
use super::layout::{ARENA_BASE, ARENA_SLOTS, ARENA_STRIDE, PAGE_SIZE};

/// The reason why memory was not committed. After an error no page of the range is newly committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitError {
    /// The range is not made of whole pages of one slot's window, or some of them are committed already.
    BadRange,
    /// The memory of the machine is used up.
    OutOfFrames,
}

/// Returns the addresses that are reserved for `slot`, or `None` if there is no such slot.
pub(crate) fn window(slot: u64) -> Option<Range<u64>> {
    let start = ARENA_BASE.checked_add(slot.checked_mul(ARENA_STRIDE)?)?;
    let end = start.checked_add(ARENA_STRIDE)?;
    (slot < ARENA_SLOTS).then_some(start..end)
}

/// Backs `range` with zeroed frames, which are counted for `owner`.
pub(crate) fn commit(range: Range<u64>, owner: FrameOwner) -> Result<(), CommitError> {
    check(&range)?;
    // A domain may ask for a whole stripe as often as it likes. Without this check each such request would zero all
    // free memory, under the no-cut mark, and then fail.
    let pages = range.end.strict_sub(range.start) / PAGE_SIZE;
    if pages > frames::free_frames() as u64 {
        return Err(CommitError::OutOfFrames);
    }
    let mut page = range.start;
    while page < range.end {
        if let Err(error) = commit_page(page, owner) {
            // SAFETY: these pages were committed just now, and nothing refers to them yet.
            unsafe { decommit(range.start..page, owner) };
            return Err(error);
        }
        page = page.strict_add(PAGE_SIZE);
    }
    Ok(())
}

fn commit_page(page: u64, owner: FrameOwner) -> Result<(), CommitError> {
    let frame = frames::allocate(1, 1, owner).ok_or(CommitError::OutOfFrames)?;
    let bytes = direct_map::pointer::<u8>(frame);
    // SAFETY: the frame was just allocated, and lies in the direct map. It is zeroed so that no domain reads the data
    // of another.
    unsafe { bytes.write_bytes(0, PAGE_SIZE as usize) };
    address_space::map_private(page, frame).map_err(|error| {
        // `owner` owns the frame, so freeing it is not refused.
        let _ = frames::free(frame, 1, owner);
        match error {
            address_space::MapError::OutOfFrames => CommitError::OutOfFrames,
            address_space::MapError::AlreadyMapped => CommitError::BadRange,
        }
    })
}

/// Decommits the committed pages of `range`: unmaps them and frees their frames. Returns the number of frames that it
/// has freed.
///
/// # Safety
///
/// Nothing refers to the range any more.
pub(crate) unsafe fn decommit(range: Range<u64>, owner: FrameOwner) -> usize {
    if check(&range).is_err() {
        return 0;
    }
    let mut returned = 0_usize;
    let mut page = range.start;
    while page < range.end {
        if let Some(frame) = address_space::unmap_private(page)
            && frames::free(frame, 1, owner).is_ok()
        {
            returned = returned.strict_add(1);
        }
        page = page.strict_add(PAGE_SIZE);
    }
    address_space::free_empty_tables(range.start, range.end);
    returned
}

/// Checks that `range` consists of whole pages of one slot's window.
fn check(range: &Range<u64>) -> Result<(), CommitError> {
    let aligned = range.start.is_multiple_of(PAGE_SIZE) && range.end.is_multiple_of(PAGE_SIZE);
    let slot = range
        .start
        .checked_sub(ARENA_BASE)
        .ok_or(CommitError::BadRange)?
        / ARENA_STRIDE;
    match window(slot) {
        Some(window) if aligned && range.start <= range.end && range.end <= window.end => Ok(()),
        _ => Err(CommitError::BadRange),
    }
}
