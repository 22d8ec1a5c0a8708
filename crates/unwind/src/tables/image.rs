//! One linked image: its code, and the tables that say how to unwind it.

use super::TableError;
use super::header::Header;
use super::rules::Rules;
use core::ops::Range;
use gimli::{BaseAddresses, EhFrame, EhFrameOffset, EndianSlice, NativeEndian, UnwindSection};

/// An image's code and unwind tables, as its `.eh_frame_hdr` and `.eh_frame` stand in memory.
///
/// What they contain is not trusted: a damaged table gives an error, or a frame that is not there,
/// never a panic, an endless loop or a read outside the two slices.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    code: Range<usize>,
    header: &'a [u8],
    frames: &'a [u8],
}

impl<'a> Image<'a> {
    /// The image whose executable bytes stand at `code`. The slices are read where they stand: the
    /// tables' pointers are relative to that.
    #[must_use]
    pub const fn new(code: Range<usize>, eh_frame_hdr: &'a [u8], eh_frame: &'a [u8]) -> Self {
        Self {
            code,
            header: eh_frame_hdr,
            frames: eh_frame,
        }
    }

    /// Where its executable bytes stand.
    #[must_use]
    pub const fn code(&self) -> &Range<usize> {
        &self.code
    }

    /// How the caller's registers are found from inside the instruction at `pc`.
    ///
    /// # Errors
    /// See [`TableError`].
    ///
    /// Cost: a binary search of the header, then the instructions of one entry.
    pub fn rules(&self, pc: usize) -> Result<Rules, TableError> {
        if !self.code.contains(&pc) {
            return Err(TableError::NoEntry);
        }
        let entry = Header::parse(self.header)?.entry(pc)?;
        let offset = entry
            .checked_sub(self.frames.as_ptr().addr())
            .filter(|offset| *offset < self.frames.len())
            .ok_or(TableError::Damaged)?;
        let bases = BaseAddresses::default()
            .set_text(self.code.start as u64)
            .set_eh_frame(self.frames.as_ptr().addr() as u64)
            .set_eh_frame_hdr(self.header.as_ptr().addr() as u64);
        let mut section = EhFrame::from(EndianSlice::new(self.frames, NativeEndian));
        section.set_address_size(8);
        let entry = section
            .fde_from_offset(&bases, EhFrameOffset(offset), EhFrame::cie_from_offset)
            .map_err(|_| TableError::Damaged)?;
        if !entry.contains(pc as u64) {
            return Err(TableError::NoEntry);
        }
        Rules::of(&section, &bases, &entry, pc as u64)
    }
}
