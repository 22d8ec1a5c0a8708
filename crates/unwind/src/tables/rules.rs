//! What an entry says at one instruction, in a form that can be used without the table.

use super::entry::Entry;
use super::{TableError, program};
use crate::cut::registers::{NUMBERED, RETURN_ADDRESS, Registers};
use crate::cut::stack::Stack;

/// Where the caller's value of a register is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Still in the register.
    Same,
    /// Nowhere.
    Undefined,
    /// In memory, so far from the frame's base.
    At(i32),
    /// It is the frame's base plus this.
    Value(i32),
    /// In another register.
    In(u8),
    /// A program says, which is not supported.
    Expression,
}

/// A base that a program computes, which is not supported; so does an entry begin.
const COMPUTED: u8 = u8::MAX;

/// Where the caller's registers are, at some instructions. Small and flat: one is made for each frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The frame's base is this register plus the offset, or [`COMPUTED`].
    base: u8,
    offset: i32,
    /// A bit for each register that has a rule; those without are [`Rule::Same`].
    named: u32,
    kinds: [Kind; NUMBERED],
    values: [i32; NUMBERED],
}

/// A [`Rule`] without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Same,
    Undefined,
    At,
    Value,
    In,
    Expression,
}

impl Row {
    /// Says nothing, which is where every entry begins.
    pub(super) const NEW: Self = Self {
        base: COMPUTED,
        offset: 0,
        named: 0,
        kinds: [Kind::Same; NUMBERED],
        values: [0; NUMBERED],
    };

    /// Vector registers, which nobody needs, are passed over.
    #[inline]
    pub(super) fn set(&mut self, register: usize, rule: Rule) {
        let (kind, value) = match rule {
            Rule::Same => (Kind::Same, 0),
            Rule::Undefined => (Kind::Undefined, 0),
            Rule::At(offset) => (Kind::At, offset),
            Rule::Value(offset) => (Kind::Value, offset),
            Rule::In(other) => (Kind::In, other.into()),
            Rule::Expression => (Kind::Expression, 0),
        };
        if register < NUMBERED {
            self.kinds[register] = kind;
            self.values[register] = value;
            self.named |= 1 << register;
        }
    }

    /// The rule of a register of ours.
    #[inline]
    pub(super) fn get(&self, register: usize) -> Rule {
        let value = self.values[register];
        match self.kinds[register] {
            Kind::Same => Rule::Same,
            Kind::Undefined => Rule::Undefined,
            Kind::At => Rule::At(value),
            Kind::Value => Rule::Value(value),
            Kind::In => Rule::In(value as u8),
            Kind::Expression => Rule::Expression,
        }
    }

    /// The frame's base is `register` plus `offset` from here on.
    #[inline]
    pub(super) fn set_base(&mut self, register: usize, offset: i64) -> Result<(), TableError> {
        self.base = match u8::try_from(register) {
            Ok(register) if usize::from(register) < NUMBERED => register,
            _ => return Err(TableError::Unsupported),
        };
        self.offset = i32::try_from(offset).map_err(|_| TableError::Damaged)?;
        Ok(())
    }

    /// What the base is, if a register and an offset say so.
    #[inline]
    pub(super) fn base(&self) -> Option<(u8, i32)> {
        (self.base != COMPUTED).then_some((self.base, self.offset))
    }

    /// A program says from here on.
    pub(super) fn compute_base(&mut self) {
        self.base = COMPUTED;
    }
}

/// How the caller's registers are found from those at one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    row: Row,
    /// The caller was interrupted: its address is that of an instruction not yet executed.
    interrupted: bool,
}

impl Rules {
    #[inline]
    pub(super) fn of(entry: &Entry<'_>, pc: usize) -> Result<Self, TableError> {
        if entry.return_address != RETURN_ADDRESS {
            return Err(TableError::Unsupported);
        }
        let mut rules = Self {
            row: Row::NEW,
            interrupted: entry.interrupted,
        };
        program::run(entry, pc, &mut rules.row)?;
        if rules.row.base().is_none() {
            return Err(TableError::Unsupported);
        }
        Ok(rules)
    }

    #[cfg(test)]
    pub(super) const fn row(&self) -> &Row {
        &self.row
    }

    /// The registers of the common form, each saved in memory or not at all.
    const COMMON: [usize; 7] = [3, 6, 12, 13, 14, 15, RETURN_ADDRESS];

    /// The rules in two words, if they are of the common form: a byte for each register, in words from
    /// the frame's base, 0 if it was not saved; the base and its offset.
    #[inline]
    pub(super) fn pack(&self) -> Option<[u64; 2]> {
        let mut bytes = [0_u8; 8];
        let mut known = 0_u32;
        for (byte, register) in bytes.iter_mut().zip(Self::COMMON) {
            known |= 1 << register;
            *byte = match self.row.get(register) {
                Rule::Same => 0,
                Rule::At(offset) if offset != 0 && offset % 8 == 0 => {
                    i8::try_from(offset / 8).ok()? as u8
                }
                _ => return None,
            };
        }
        let (base, offset) = self.row.base()?;
        let is_common = self.row.named & !known == 0 && !self.interrupted;
        is_common.then_some([
            u64::from_le_bytes(bytes),
            u64::from(base) << 32 | u64::from(offset as u32),
        ])
    }

    /// What [`pack`](Self::pack) has packed.
    #[inline]
    pub(super) fn unpack([saved, base]: [u64; 2]) -> Self {
        let mut row = Row {
            base: (base >> 32) as u8,
            offset: base as u32 as i32,
            ..Row::NEW
        };
        for (byte, register) in saved.to_le_bytes().into_iter().zip(Self::COMMON) {
            if byte != 0 {
                row.set(register, Rule::At(i32::from(byte as i8) * 8));
            }
        }
        Self {
            row,
            interrupted: false,
        }
    }

    /// Whether the caller's address is that of an instruction it has not executed yet, rather than
    /// the one behind its call.
    #[must_use]
    pub const fn caller_was_interrupted(&self) -> bool {
        self.interrupted
    }

    /// The caller's registers, as they will be when it is returned to. `None` for the outermost frame.
    ///
    /// # Errors
    /// [`TableError::OutOfStack`] if a saved register stands outside the stack.
    pub(crate) fn caller(
        &self,
        registers: &Registers,
        stack: &Stack,
    ) -> Result<Option<Registers>, TableError> {
        let (base, offset) = self.row.base().ok_or(TableError::Unsupported)?;
        let base = registers
            .get(base.into())
            .ok_or(TableError::Damaged)?
            .wrapping_add_signed(offset.into());
        let mut caller = *registers;
        // The frame's base is the caller's stack pointer, unless the table says otherwise (signals).
        caller.rsp = base;
        // A table that does not say where its caller is has none.
        if matches!(self.row.get(RETURN_ADDRESS), Rule::Same | Rule::Undefined) {
            return Ok(None);
        }
        let mut left = self.row.named;
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            left &= left - 1;
            let value = match self.row.get(at) {
                Rule::Same | Rule::Undefined => continue,
                Rule::At(offset) => stack
                    .word(base.wrapping_add_signed(offset.into()))
                    .ok_or(TableError::OutOfStack)?,
                Rule::Value(offset) => base.wrapping_add_signed(offset.into()),
                Rule::In(other) => registers.get(other.into()).ok_or(TableError::Damaged)?,
                Rule::Expression => return Err(TableError::Unsupported),
            };
            caller.set(at, value);
        }
        Ok((caller.rip != 0).then_some(caller))
    }
}
