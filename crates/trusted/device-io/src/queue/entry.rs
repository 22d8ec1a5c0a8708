//! One entry of a submission queue: a command as the table has it, with its data pointers.

use super::pages;
use crate::dma::{Memory, Part};
use crate::error::SubmitError;
use crate::mmio::ClaimId;
use crate::table::command::WORDS;
use crate::table::step::Known;
use crate::table::{Command, PairFormat};

/// How many bytes a unit has in which commands count, and whose unit it is: what the device said, in a page that the engine read.
///
/// A driver makes none up:
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
    /// The word by which commands name it: for a disk, the namespace.
    pub const fn key(&self) -> u32 {
        self.key
    }

    /// The logarithm of its number of bytes to base 2.
    pub const fn shift(&self) -> u8 {
        self.shift
    }
}

/// An entry that is being made: 64 bytes.
pub(super) struct Entry(pub(super) [u32; 16]);

impl Entry {
    /// The command with its operation code and its words; the driver chooses bits of them.
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

    /// Points at exactly `part`, by the list at `list` in `memory` where it needs one, which is the command's own.
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
        // It lies inside the part: `pages` counted it.
        let entry = |index| pages::entry(part.bus, index, page).ok_or(SubmitError::Length);
        let second = match pages - 1 {
            0 => 0,
            1 => entry(0)?,
            entries if entries <= format.list as u64 => {
                for index in 0..entries {
                    // SAFETY: inside the list, of `format.list` addresses; no other command in flight has it. The addresses are of
                    // pages of the buffer, which stays pinned until the command has ended or the device was silenced.
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
