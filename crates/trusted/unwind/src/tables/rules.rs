//! The rules of an entry at one instruction, in a form that can be used without the table.

use super::common::Common;
use super::entry::Entry;
use super::row::{Row, Rule};
use super::{TableError, program};
use crate::cut::registers::{RETURN_ADDRESS, Registers};
use crate::cut::stack::Stack;

/// The rules that compute the caller's registers from those at one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules(Form);

/// The form of rules. Nearly all rules have the common form.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    Common(Common),
    Other {
        row: Row,
        /// Whether the caller was interrupted. Its address is then that of an instruction that has not executed yet.
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

    /// Returns the rules in the common form, if they have it.
    #[inline]
    pub(super) const fn common(&self) -> Option<Common> {
        match self.0 {
            Form::Common(common) => Some(common),
            Form::Other { .. } => None,
        }
    }

    /// Whether the caller's address is that of an interrupted instruction, which has not executed yet, and not a return
    /// address.
    pub(crate) const fn caller_was_interrupted(&self) -> bool {
        match self.0 {
            Form::Common(_) => false,
            Form::Other { interrupted, .. } => interrupted,
        }
    }

    /// Returns the frame's base, which is the caller's stack pointer unless the table says otherwise.
    ///
    /// # Errors
    /// [`TableError::Damaged`] if it is computed from a register that [`Registers`] does not have.
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

    /// Turns `registers` into the caller's, as they will be on return to it. Returns false, and changes nothing, for
    /// the outermost frame.
    ///
    /// # Errors
    /// [`TableError::OutOfStack`] if a saved register lies outside the stack. Some registers may have changed then.
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

/// Applies rules of any form to a frame with the base `base`.
#[cold]
fn apply(
    row: &Row,
    base: u64,
    registers: &mut Registers,
    stack: &Stack,
) -> Result<bool, TableError> {
    let mut caller = *registers;
    // The frame's base is the caller's stack pointer, unless the table says otherwise (signal trampolines).
    caller.rsp = base;
    // If a frame's table does not say where the return address is, the frame has no caller.
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
