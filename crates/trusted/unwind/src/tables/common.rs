//! Rules of the common form, which nearly all rules have. They fit into two words, are remembered, and are quick to
//! apply.
//!
//! In this form the frame's base is a register plus an offset. Each register that a call preserves was saved in a word
//! near the base, or not at all, and so was the return address.

use super::TableError;
use super::row::{Row, Rule};
use crate::cut::registers::{RETURN_ADDRESS, Registers};
use crate::cut::stack::Stack;

const RBP: u8 = 6;
const RSP: u8 = 7;

/// The DWARF numbers of the registers that may have been saved: rbx, rbp, r12 to r15, and the return address.
const SAVED: [usize; 7] = [3, 6, 12, 13, 14, 15, RETURN_ADDRESS];

/// One row of the common form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Common {
    /// A byte for each of [`SAVED`]: where it was saved, in words from the frame's base; 0 if it was not saved.
    saved: u64,
    /// The register from which the base is computed in the upper half, and the offset in the lower half.
    base: u64,
}

impl Common {
    /// Returns the row in this form, if it has it.
    #[inline]
    pub(super) fn of(row: &Row) -> Option<Self> {
        let mut bytes = [0_u8; 8];
        let mut known = 0_u32;
        for (byte, register) in bytes.iter_mut().zip(SAVED) {
            known |= 1 << register;
            *byte = match row.get(register) {
                Rule::Same => 0,
                Rule::At(offset) if offset != 0 && offset % 8 == 0 => {
                    i8::try_from(offset / 8).ok()? as u8
                }
                _ => return None,
            };
        }
        let (base, offset) = row.base()?;
        (row.named & !known == 0).then_some(Self {
            saved: u64::from_le_bytes(bytes),
            base: u64::from(base) << 32 | u64::from(offset as u32),
        })
    }

    pub(super) const fn words(self) -> [u64; 2] {
        [self.saved, self.base]
    }

    /// Makes a row of the words that [`words`](Self::words) returned.
    #[inline]
    pub(super) const fn from_words([saved, base]: [u64; 2]) -> Self {
        Self { saved, base }
    }

    #[cfg(test)]
    pub(super) fn row(self) -> Row {
        let mut row = Row::NEW;
        let set = row.set_base((self.base >> 32) as usize, (self.base as u32 as i32).into());
        set.expect("it was one before");
        for (byte, register) in self.saved.to_le_bytes().into_iter().zip(SAVED) {
            if byte != 0 {
                row.set(register, Rule::At(i32::from(byte as i8) * 8));
            }
        }
        row
    }

    /// Returns the frame's base.
    #[inline]
    pub(super) fn base(self, registers: &Registers) -> Result<u64, TableError> {
        let base = match (self.base >> 32) as u8 {
            RSP => registers.rsp,
            RBP => registers.rbp,
            other => registers.get(other.into()).ok_or(TableError::Damaged)?,
        };
        Ok(base.wrapping_add_signed((self.base as u32 as i32).into()))
    }

    /// As [`Rules::apply`](super::Rules::apply). Works in place, register by register, because a copy of all registers
    /// would wait for the stores of the step before.
    #[inline]
    pub(super) fn apply(
        self,
        registers: &mut Registers,
        stack: &Stack,
    ) -> Result<bool, TableError> {
        let base = self.base(registers)?;
        let [rbx, rbp, r12, r13, r14, r15, rip, _] = self.saved.to_le_bytes();
        let word = |place: u8| {
            let place = base.wrapping_add_signed(i64::from(place as i8) * 8);
            stack.word(place).ok_or(TableError::OutOfStack)
        };
        // If a frame's table does not say where the return address is, the frame has no caller.
        if rip == 0 {
            return Ok(false);
        }
        let rip = word(rip)?;
        if rip == 0 {
            return Ok(false);
        }
        if rbx != 0 {
            registers.rbx = word(rbx)?;
        }
        if rbp != 0 {
            registers.rbp = word(rbp)?;
        }
        if r12 != 0 {
            registers.r12 = word(r12)?;
        }
        if r13 != 0 {
            registers.r13 = word(r13)?;
        }
        if r14 != 0 {
            registers.r14 = word(r14)?;
        }
        if r15 != 0 {
            registers.r15 = word(r15)?;
        }
        registers.rsp = base;
        registers.rip = rip;
        Ok(true)
    }
}
