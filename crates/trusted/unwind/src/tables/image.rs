//! One linked image: its code and its unwind tables.

use super::entry::Entry;
use super::header::Header;
use super::rules::Rules;
use super::{Finder, LandingPad, TableError, lsda};
use core::ops::Range;

/// An image's code and unwind tables in memory.
///
/// The reader does not trust the content of the tables. A damaged table leads to an error or to a wrong frame, but
/// never to a panic, an endless loop or a read outside the slices.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    /// The addresses of its executable bytes.
    pub code: Range<usize>,
    /// `.eh_frame_hdr`, from its first byte. The slice may be longer than the section.
    pub eh_frame_hdr: &'a [u8],
    /// `.eh_frame`, from its first byte. The slice may be longer than the section.
    pub eh_frame: &'a [u8],
    /// Memory that contains `.gcc_except_table`.
    pub except_table: &'a [u8],
}

impl<'a> Image<'a> {
    /// An image without code and tables.
    pub const NONE: Self = Self {
        code: 0..0,
        eh_frame_hdr: &[],
        eh_frame: &[],
        except_table: &[],
    };

    /// Returns the addresses of the function that contains `pc`, according to its table.
    ///
    /// # Errors
    /// See [`TableError`].
    pub fn function(&self, pc: usize) -> Result<Range<usize>, TableError> {
        let entry = self.entry(pc)?;
        Ok(entry.start..entry.start.saturating_add(entry.length))
    }

    /// Returns the rules and the landing pad at `pc`, with one look-up of the entry.
    pub(super) fn frame(&self, pc: usize) -> Result<(Rules, LandingPad), TableError> {
        let entry = self.entry(pc)?;
        Ok((Rules::of(&entry, pc)?, self.landing_pad_of(&entry, pc)?))
    }

    /// Returns what the function of `entry` does with an exception that the call at `pc` raises.
    fn landing_pad_of(&self, entry: &Entry<'_>, pc: usize) -> Result<LandingPad, TableError> {
        let Some(data) = entry.except_data else {
            return Ok(LandingPad::None);
        };
        let data = data
            .checked_sub(self.except_table.as_ptr().addr())
            .and_then(|offset| self.except_table.get(offset..))
            .ok_or(TableError::Damaged)?;
        let pad = lsda::landing_pad(data, pc.wrapping_sub(entry.start))?;
        // The thread will have the registers of this function, so it must not continue outside of the function.
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

    /// Returns the entry of the function that contains `pc`.
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
