//! The instructions of an entry (DWARF 5, 6.4.2), executed up to one address.

use super::TableError;
use super::entry::Entry;
use super::reader::Cursor;
use super::row::{Row, Rule};
use crate::cut::registers::NUMBERED;

/// The most rows that may be remembered at a time. Compilers remember one.
const REMEMBERED: usize = 2;

/// Turns the new `row` into the row for `pc`, an address that the entry contains.
#[inline]
pub(super) fn run(entry: &Entry<'_>, pc: usize, row: &mut Row) -> Result<(), TableError> {
    let mut program = Program {
        entry,
        row,
        initial: None,
        remembered: [const { None }; REMEMBERED],
        depth: 0,
    };
    // The shared instructions apply from the start of the function.
    program.execute(entry.shared, 0)?;
    program.execute(entry.own, pc.wrapping_sub(entry.start))
}

struct Program<'a, 'r> {
    entry: &'a Entry<'a>,
    row: &'r mut Row,
    /// The row after the shared instructions; computed when it is first needed.
    initial: Option<Row>,
    remembered: [Option<Row>; REMEMBERED],
    depth: usize,
}

impl Program<'_, '_> {
    /// Executes instructions until the next row would begin beyond `until`, an offset from the function's start.
    #[inline]
    fn execute(&mut self, instructions: &[u8], until: usize) -> Result<(), TableError> {
        let mut at = Cursor(instructions);
        let mut here = 0_usize;
        while let Ok(instruction) = at.byte() {
            let operand = usize::from(instruction & 0x3f);
            let advance = match instruction >> 6 {
                1 => operand,
                2 => {
                    let offset = at.uleb()?;
                    self.set_offset(operand, offset as i64, Rule::At)?;
                    continue;
                }
                3 => {
                    self.restore(operand)?;
                    continue;
                }
                _ => match instruction {
                    0x02 => at.byte()?.into(),
                    0x03 => at.half()?.into(),
                    0x04 => at.word()? as usize,
                    _ => {
                        self.extended(instruction, &mut at)?;
                        continue;
                    }
                },
            };
            here = here.saturating_add(advance.saturating_mul(self.entry.code_factor));
            if here > until {
                break;
            }
        }
        Ok(())
    }

    fn extended(&mut self, instruction: u8, at: &mut Cursor<'_>) -> Result<(), TableError> {
        match instruction {
            // A no-op, and the size of arguments, which is not needed.
            0x00 => {}
            0x2e => {
                at.uleb()?;
            }
            0x05 => {
                let (register, offset) = (at.uleb()?, at.uleb()?);
                self.set_offset(register, offset as i64, Rule::At)?;
            }
            0x06 => {
                let register = at.uleb()?;
                self.restore(register)?;
            }
            0x07 => self.row.set(at.uleb()?, Rule::Undefined),
            0x08 => self.row.set(at.uleb()?, Rule::Same),
            0x09 => {
                let (register, other) = (at.uleb()?, at.uleb()?);
                let other = u8::try_from(other).map_err(|_| TableError::Unsupported)?;
                self.row.set(register, Rule::In(other));
            }
            0x0a => {
                let place = self.remembered.get_mut(self.depth);
                *place.ok_or(TableError::Unsupported)? = Some(self.row.clone());
                self.depth += 1;
            }
            0x0b => {
                let last = self.depth.checked_sub(1).ok_or(TableError::Damaged)?;
                self.depth = last;
                *self.row = self.remembered[last].take().ok_or(TableError::Damaged)?;
            }
            0x0c => {
                let (register, offset) = (at.uleb()?, at.uleb()?);
                self.row.set_base(register, offset as i64)?;
            }
            0x12 => {
                let (register, offset) = (at.uleb()?, at.sleb()?);
                self.row.set_base(register, self.scaled(offset)?.into())?;
            }
            0x0d => {
                let register = at.uleb()?;
                let (_, offset) = self.row.base().ok_or(TableError::Damaged)?;
                self.row.set_base(register, offset.into())?;
            }
            0x0e | 0x13 => {
                let offset = match instruction {
                    0x0e => at.uleb()? as i64,
                    _ => {
                        let offset = at.sleb()?;
                        self.scaled(offset)?.into()
                    }
                };
                let (register, _) = self.row.base().ok_or(TableError::Damaged)?;
                self.row.set_base(register.into(), offset)?;
            }
            0x0f => {
                let length = at.uleb()?;
                at.take(length)?;
                self.row.compute_base();
            }
            0x10 | 0x16 => {
                let (register, length) = (at.uleb()?, at.uleb()?);
                at.take(length)?;
                self.row.set(register, Rule::Expression);
            }
            0x11 => {
                let (register, offset) = (at.uleb()?, at.sleb()?);
                self.set_offset(register, offset, Rule::At)?;
            }
            0x14 => {
                let (register, offset) = (at.uleb()?, at.uleb()?);
                self.set_offset(register, offset as i64, Rule::Value)?;
            }
            0x15 => {
                let (register, offset) = (at.uleb()?, at.sleb()?);
                self.set_offset(register, offset, Rule::Value)?;
            }
            _ => return Err(TableError::Unsupported),
        }
        Ok(())
    }

    fn scaled(&self, offset: i64) -> Result<i32, TableError> {
        let offset = offset.checked_mul(self.entry.data_factor);
        offset
            .and_then(|offset| i32::try_from(offset).ok())
            .ok_or(TableError::Damaged)
    }

    #[inline]
    fn set_offset(
        &mut self,
        register: usize,
        offset: i64,
        rule: fn(i32) -> Rule,
    ) -> Result<(), TableError> {
        let offset = self.scaled(offset)?;
        self.row.set(register, rule(offset));
        Ok(())
    }

    /// Restores the rule that the shared instructions give to a register. This is rare, so their row is computed only
    /// here.
    #[cold]
    fn restore(&mut self, register: usize) -> Result<(), TableError> {
        if self.initial.is_none() {
            let mut row = Row::NEW;
            Program {
                entry: self.entry,
                row: &mut row,
                // The shared instructions themselves have no earlier rules to restore.
                initial: Some(Row::NEW),
                remembered: [const { None }; REMEMBERED],
                depth: 0,
            }
            .execute(self.entry.shared, 0)?;
            self.initial = Some(row);
        }
        if let (Some(initial), true) = (&self.initial, register < NUMBERED) {
            self.row.set(register, initial.get(register));
        }
        Ok(())
    }
}
