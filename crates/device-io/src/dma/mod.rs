//! Memory that a device reaches: rings and tables for the length of a claim, buffers for the length
//! of a transfer.

mod ledger;
mod pins;
mod positions;
mod region;
mod ring;
mod table;
mod transfer;

pub use self::ledger::{MAX_TAGS, MAX_TRANSFERS};
pub use self::pins::MAX_RINGS;
pub(crate) use self::region::Use;
pub use self::region::{DmaLayout, DmaReadable, DmaRegion, RegionError};
pub(crate) use self::ring::{Open, Ring};
pub(crate) use self::table::DmaTable;
pub use self::table::{BeginError, MAX_REGIONS, Refused};
pub use self::transfer::{FinishError, LendError, Segment, SegmentError, TagError, Transfer};

/// A bus address with provenance: minted from pinned memory by this crate alone, and written only
/// into fields that its layout modules declare to take one. Domains never see it.
#[derive(Clone, Copy)]
pub(crate) struct DmaAddr(u64);

impl DmaAddr {
    /// An address inside pinned memory, `offset` bytes after its start at `start`. The caller, code
    /// of this crate, has checked that the memory is that long.
    pub(crate) const fn inside(start: u64, offset: u64) -> Self {
        Self(start.wrapping_add(offset))
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }
}
