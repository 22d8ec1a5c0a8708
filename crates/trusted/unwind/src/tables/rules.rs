//! What an entry says at one instruction, in a form that can be used without the table.

use super::common::Common;
use super::entry::Entry;
use super::row::{Row, Rule};
use super::{TableError, program};
use crate::cut::registers::{RETURN_ADDRESS, Registers};
use crate::cut::stack::Stack;

/// How the caller's registers are found from those at one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules(Form);

/// Nearly all are of the first form.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Common(Common),
    Other {
        row: Row,
        /// The caller was interrupted: its address is that of an instruction not yet executed.
        interrupted: bool,
    },
}

impl From<Common> for Rules {
    #[inline]
    fn from(common: Common) -> Self {
        Self(Form::Common(common))
    }
}

impl Rules {
    #[inline]
    pub(super) fn of(entry: &Entry<'_>, pc: usize) -> Result<Self, TableError> {
        if entry.return_address != RETURN_ADDRESS {
            return Err(TableError::Unsupported);
        }
        let mut row = Row::NEW;
        program::run(entry, pc, &mut row)?;
        if row.base().is_none() {
            return Err(TableError::Unsupported);
        }
        let interrupted = entry.interrupted;
        Ok(Self(match Common::of(&row) {
            Some(common) if !interrupted => Form::Common(common),
            _ => Form::Other { row, interrupted },
        }))
    }

    #[cfg(test)]
    pub(super) fn row(&self) -> Row {
        match &self.0 {
            Form::Common(common) => common.row(),
            Form::Other { row, .. } => row.clone(),
        }
    }

    /// The same, if they are of the common form.
    #[inline]
    pub(super) const fn common(&self) -> Option<Common> {
        match self.0 {
            Form::Common(common) => Some(common),
            Form::Other { .. } => None,
        }
    }

    /// Whether the caller's address is that of an instruction it has not executed yet, rather than
    /// the one behind its call.
    pub(crate) const fn caller_was_interrupted(&self) -> bool {
        match self.0 {
            Form::Common(_) => false,
            Form::Other { interrupted, .. } => interrupted,
        }
    }

    /// The frame's base: the caller's stack pointer, as a rule.
    ///
    /// # Errors
    /// [`TableError::Damaged`] if it is counted from no register of ours.
    #[inline]
    pub(crate) fn base(&self, registers: &Registers) -> Result<u64, TableError> {
        match &self.0 {
            Form::Common(common) => common.base(registers),
            Form::Other { row, .. } => {
                let (base, offset) = row.base().ok_or(TableError::Unsupported)?;
                let base = registers.get(base.into()).ok_or(TableError::Damaged)?;
                Ok(base.wrapping_add_signed(offset.into()))
            }
        }
    }

    /// Makes `registers` the caller's, as they will be when it is returned to. False, and nothing is
    /// changed, for the outermost frame.
    ///
    /// # Errors
    /// [`TableError::OutOfStack`] if a saved register stands outside the stack. Then some have changed.
    #[inline]
    pub(crate) fn apply(
        &self,
        registers: &mut Registers,
        stack: &Stack,
    ) -> Result<bool, TableError> {
        match &self.0 {
            Form::Common(common) => common.apply(registers, stack),
            Form::Other { row, .. } => apply(row, self.base(registers)?, registers, stack),
        }
    }
}

/// Rules of any form, for a frame with that base.
#[cold]
fn apply(
    row: &Row,
    base: u64,
    registers: &mut Registers,
    stack: &Stack,
) -> Result<bool, TableError> {
    let mut caller = *registers;
    // The frame's base is the caller's stack pointer, unless the table says otherwise (signals).
    caller.rsp = base;
    // A table that does not say where its caller is has none.
    if matches!(row.get(RETURN_ADDRESS), Rule::Same | Rule::Undefined) {
        return Ok(false);
    }
    let mut left = row.named;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        left &= left - 1;
        let value = match row.get(at) {
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
    if caller.rip == 0 {
        return Ok(false);
    }
    *registers = caller;
    Ok(true)
}
