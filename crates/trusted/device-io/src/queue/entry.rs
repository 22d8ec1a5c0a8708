//! One entry of a submission queue: a command in the table's format, with its data pointers.

use super::pages;
use crate::dma::{Memory, Part};
use crate::error::SubmitError;
use crate::mmio::ClaimId;
use crate::table::command::WORDS;
use crate::table::step::Known;
use crate::table::{Command, PairFormat};

/// The size of the unit in which commands count their data, and the key of the unit's owner. The engine reads the
/// size from a page that the device wrote.
///
/// A driver can't make a unit itself:
///
/// ```compile_fail,E0451
/// use samara_device_io::queue::Unit;
///
/// fn smaller(unit: Unit) -> Unit {
///     Unit { shift: 9, ..unit }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    pub(super) claim: ClaimId,
    pub(super) epoch: u64,
    pub(super) key: u32,
    pub(super) shift: u8,
}

impl Unit {
    /// Returns the word by which commands name the unit's owner: for a disk, the namespace.
    pub const fn key(&self) -> u32 {
        self.key
    }

    /// Returns the base-2 logarithm of the unit's number of bytes.
    pub const fn shift(&self) -> u8 {
        self.shift
    }
}

/// An entry under construction: 64 bytes.
pub(super) struct Entry(pub(super) [u32; 16]);

impl Entry {
    /// Makes the entry of `command` with its operation code and its words. `chosen` are the bits that the driver
    /// chose in these words.
    #[inline]
    pub(super) fn new(
        format: &PairFormat,
        command: &Command,
        known: &Known,
        chosen: &[u32; WORDS],
    ) -> Result<Self, SubmitError> {
        let mut entry = Self([0; 16]);
        entry.0[format.opcode.word] = u32::from(command.opcode) << format.opcode.shift;
        for word in 0..WORDS {
            let (value, chosen) = (&command.words[word], u64::from(chosen[word]));
            if chosen & !value.chosen != 0 {
                return Err(SubmitError::Forbidden);
            }
            entry.0[format.words[word]] = value.of(known, chosen) as u32;
        }
        Ok(entry)
    }

    #[inline]
    pub(super) fn point(&mut self, format: &PairFormat, pointer: usize, address: u64) {
        let word = format.pointers[pointer];
        self.0[word] = address as u32;
        self.0[word + 1] = (address >> 32) as u32;
    }

    /// Points the entry at exactly `part`. If the part needs a list of pages, writes the list at `list` in `memory`.
    /// This place belongs to this command alone.
    #[inline]
    pub(super) fn describe(
        &mut self,
        format: &PairFormat,
        part: &Part,
        memory: &Memory,
        list: usize,
    ) -> Result<(), SubmitError> {
        if !part.bus.is_multiple_of(4) {
            return Err(SubmitError::Misaligned);
        }
        let page = format.page as u64;
        let pages = pages::pages(part.bus, part.length as u64, page).ok_or(SubmitError::Length)?;
        // The address lies inside the part: `pages` counted its page.
        let entry = |index| pages::entry(part.bus, index, page).ok_or(SubmitError::Length);
        let second = match pages - 1 {
            0 => 0,
            1 => entry(0)?,
            entries if entries <= format.list as u64 => {
                for index in 0..entries {
                    // SAFETY: inside the list of `format.list` addresses, which no other command in flight uses. The
                    // addresses are of pages of the buffer, which stays pinned until the command has ended or the
                    // device was silenced (DEV-9, DEV-28).
                    unsafe { memory.store(list + 8 * index as usize, entry(index)?.to_le()) };
                }
                memory.bus + list as u64
            }
            _ => return Err(SubmitError::Length),
        };
        self.point(format, 0, part.bus);
        self.point(format, 1, second);
        Ok(())
    }
}
