//! PRP lists in DMA memory, written from a pinned buffer only.

use super::prp::{self, PAGE, Prp2};
use crate::dma::{DmaAddr, DmaLayout, DmaRegion, RegionError, Segment};
use crate::pci::PciFunction;

/// Entries of one list. A list of 64 is 512 bytes, aligned to that, so it never crosses a page and
/// needs no chaining (Base §4.1.1).
pub const LIST_ENTRIES: usize = 64;

/// The longest transfer of one command, in bytes, whatever its offset in the first page: 256 KiB.
pub const MAX_TRANSFER: usize = LIST_ENTRIES * PAGE as usize;

/// A PRP list in memory. Each tag in flight has one of its own.
#[repr(C, align(512))]
pub struct PrpList {
    entries: [[u32; 2]; LIST_ENTRIES],
}

// SAFETY: words without padding, 512 bytes. Neither readable nor writable by drivers.
unsafe impl DmaLayout for PrpList {}

/// PRP1 and PRP2.
pub(super) struct DataPointer {
    pub(super) prp1: u64,
    pub(super) prp2: u64,
}

/// Why a segment can't be described.
pub(super) enum PrpError {
    /// PRP1 must be dword aligned (Base §4.1.1).
    Misaligned,
    /// More than [`MAX_TRANSFER`].
    TooLong,
    /// The segment or the list's region isn't of this function, or the list too short.
    Region(RegionError),
}

impl From<RegionError> for PrpError {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}

/// Describes exactly `segment`, in the list of its tag where it needs one. Two stores for each page.
pub(super) fn describe(
    function: &PciFunction,
    segment: &Segment<'_>,
    lists: &mut DmaRegion<PrpList>,
) -> Result<DataPointer, PrpError> {
    if segment.claim != function.claim_id() {
        return Err(PrpError::Region(RegionError::Foreign));
    }
    let prp1 = segment.address.get();
    let list = usize::from(segment.tag);
    if !prp1.is_multiple_of(4) {
        return Err(PrpError::Misaligned);
    }
    let pages = prp::pages(prp1, segment.length as u64).ok_or(PrpError::TooLong)?;
    let prp2 = match prp::prp2(pages) {
        Prp2::Unused => 0,
        Prp2::Page => entry(prp1, 0)?.get(),
        Prp2::List(entries) if entries <= LIST_ENTRIES as u64 => {
            for index in 0..entries {
                let address = entry(prp1, index)?.get();
                let word = 2 * index as usize;
                lists.store(function, list, word, (address as u32).to_le())?;
                lists.store(function, list, word + 1, ((address >> 32) as u32).to_le())?;
            }
            lists.address(function, list)?.get()
        }
        Prp2::List(_) => return Err(PrpError::TooLong),
    };
    Ok(DataPointer { prp1, prp2 })
}

/// Entry `index` after PRP1. It lies inside the segment: `pages` counted it.
fn entry(prp1: u64, index: u64) -> Result<DmaAddr, PrpError> {
    prp::entry(prp1, index)
        .map(|address| DmaAddr::inside(address, 0))
        .ok_or(PrpError::TooLong)
}

const _: () = assert!(size_of::<PrpList>() == 512);
