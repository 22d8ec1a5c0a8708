//! One linked image: its code, and the tables that say how to unwind it.

use super::entry::Entry;
use super::header::Header;
use super::rules::Rules;
use super::{Finder, LandingPad, TableError, lsda};
use core::ops::Range;

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

impl<'a> Image<'a> {
    /// No code, no tables.
    pub const NONE: Self = Self {
        code: 0..0,
        eh_frame_hdr: &[],
        eh_frame: &[],
        except_table: &[],
    };

    /// The addresses of the function that `pc` is in, as its table has them.
    ///
    /// # Errors
    /// See [`TableError`].
    pub fn function(&self, pc: usize) -> Result<Range<usize>, TableError> {
        let entry = self.entry(pc)?;
        Ok(entry.start..entry.start.saturating_add(entry.length))
    }

    /// Both answers of a [`Finder`], for one look-up.
    pub(super) fn frame(&self, pc: usize) -> Result<(Rules, LandingPad), TableError> {
        let entry = self.entry(pc)?;
        Ok((Rules::of(&entry, pc)?, self.landing_pad_of(&entry, pc)?))
    }

    /// What the function of `entry` does with what the call at `pc` raises.
    fn landing_pad_of(&self, entry: &Entry<'_>, pc: usize) -> Result<LandingPad, TableError> {
        let Some(data) = entry.except_data else {
            return Ok(LandingPad::None);
        };
        let data = data
            .checked_sub(self.except_table.as_ptr().addr())
            .and_then(|offset| self.except_table.get(offset..))
            .ok_or(TableError::Damaged)?;
        let pad = lsda::landing_pad(data, pc.wrapping_sub(entry.start))?;
        // Nobody goes on outside of the function whose registers there are.
        if pad.address().is_some_and(|pad| pad >= entry.length) {
            return Err(TableError::Damaged);
        }
        Ok(match pad {
            LandingPad::CleanUp(pad) => LandingPad::CleanUp(entry.start.wrapping_add(pad)),
            LandingPad::Catch(pad) => LandingPad::Catch(entry.start.wrapping_add(pad)),
            LandingPad::Terminate(pad) => LandingPad::Terminate(entry.start.wrapping_add(pad)),
            nowhere => nowhere,
        })
    }

    /// The entry for the function that `pc` is in.
    #[inline]
    pub(super) fn entry(&self, pc: usize) -> Result<Entry<'a>, TableError> {
        if !self.code.contains(&pc) {
            return Err(TableError::NoEntry);
        }
        let entry = Header::parse(self.eh_frame_hdr)?.entry(pc)?;
        let offset = entry.wrapping_sub(self.eh_frame.as_ptr().addr());
        let header = self.eh_frame_hdr.as_ptr().addr();
        let entry = Entry::parse(self.eh_frame, offset, header)?;
        if entry.contains(pc) {
            Ok(entry)
        } else {
            Err(TableError::NoEntry)
        }
    }
}

impl Finder for Image<'_> {
    /// Cost: a binary search of the header, then the instructions of one entry.
    fn rules(&self, pc: usize) -> Result<Rules, TableError> {
        Rules::of(&self.entry(pc)?, pc)
    }

    fn landing_pad(&self, pc: usize) -> Result<LandingPad, TableError> {
        self.landing_pad_of(&self.entry(pc)?, pc)
    }
}
