//! One linked image: its code, and the tables that say how to unwind it.

use super::header::Header;
use super::rules::Rules;
use super::{Finder, TableError, lsda};
use core::ops::Range;
use gimli::{
    BaseAddresses, EhFrame, EhFrameOffset, EndianSlice, FrameDescriptionEntry, NativeEndian,
    Pointer, UnwindSection,
};

/// An image's code and unwind tables, as they stand in memory.
///
/// What they contain is not trusted: a damaged table gives an error, or a frame that is not there,
/// never a panic, an endless loop or a read outside the slices.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    /// Where its executable bytes stand.
    pub code: Range<usize>,
    /// `.eh_frame_hdr`, from its first byte. May be longer.
    pub eh_frame_hdr: &'a [u8],
    /// `.eh_frame`, from its first byte. May be longer.
    pub eh_frame: &'a [u8],
    /// `.gcc_except_table`, or more.
    pub except_table: &'a [u8],
}

type Slice<'a> = EndianSlice<'a, NativeEndian>;

impl<'a> Image<'a> {
    /// No code, no tables.
    pub const NONE: Self = Self {
        code: 0..0,
        eh_frame_hdr: &[],
        eh_frame: &[],
        except_table: &[],
    };

    /// Uses the entry for the function that `pc` is in.
    fn with_entry<R>(
        &self,
        pc: usize,
        use_it: impl FnOnce(
            &EhFrame<Slice<'a>>,
            &BaseAddresses,
            &FrameDescriptionEntry<Slice<'a>>,
        ) -> Result<R, TableError>,
    ) -> Result<R, TableError> {
        if !self.code.contains(&pc) {
            return Err(TableError::NoEntry);
        }
        let entry = Header::parse(self.eh_frame_hdr)?.entry(pc)?;
        let offset = entry
            .checked_sub(self.eh_frame.as_ptr().addr())
            .filter(|offset| *offset < self.eh_frame.len())
            .ok_or(TableError::Damaged)?;
        let bases = BaseAddresses::default()
            .set_text(self.code.start as u64)
            .set_eh_frame(self.eh_frame.as_ptr().addr() as u64)
            .set_eh_frame_hdr(self.eh_frame_hdr.as_ptr().addr() as u64);
        let mut section = EhFrame::from(EndianSlice::new(self.eh_frame, NativeEndian));
        section.set_address_size(8);
        let entry = section
            .fde_from_offset(&bases, EhFrameOffset(offset), EhFrame::cie_from_offset)
            .map_err(|_| TableError::Damaged)?;
        if !entry.contains(pc as u64) {
            return Err(TableError::NoEntry);
        }
        use_it(&section, &bases, &entry)
    }
}

impl Finder for Image<'_> {
    /// Cost: a binary search of the header, then the instructions of one entry.
    fn rules(&self, pc: usize) -> Result<Rules, TableError> {
        self.with_entry(pc, |section, bases, entry| {
            Rules::of(section, bases, entry, pc as u64)
        })
    }

    fn catches(&self, pc: usize) -> Result<bool, TableError> {
        self.with_entry(pc, |_, _, entry| {
            let Some(Pointer::Direct(data)) = entry.lsda() else {
                return Ok(false);
            };
            let data = (data as usize)
                .checked_sub(self.except_table.as_ptr().addr())
                .and_then(|offset| self.except_table.get(offset..))
                .ok_or(TableError::Damaged)?;
            lsda::catches(data, pc.wrapping_sub(entry.initial_address() as usize))
        })
    }
}
