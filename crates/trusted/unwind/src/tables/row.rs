//! The row of an entry at one instruction: a rule for each register.

use super::TableError;
use crate::cut::registers::NUMBERED;

/// Where the caller's value of a register is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Still in the register.
    Same,
    /// Nowhere: the value is lost.
    Undefined,
    /// In memory, at this offset from the frame's base.
    At(i32),
    /// The value is the frame's base plus this offset.
    Value(i32),
    /// In another register.
    In(u8),
    /// A DWARF expression computes it, which is not supported.
    Expression,
}

/// The base that a DWARF expression computes, which is not supported. Also the base before an entry has set one.
const COMPUTED: u8 = u8::MAX;

/// Where the caller's registers are found at an instruction. It is small and flat, because one is made for each frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The register from which the frame's base is computed, with the offset; or [`COMPUTED`].
    base: u8,
    offset: i32,
    /// A bit for each register that has a rule; those without are [`Rule::Same`].
    pub(super) named: u32,
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
    /// The row without rules, with which every entry begins.
    pub(super) const NEW: Self = Self {
        base: COMPUTED,
        offset: 0,
        named: 0,
        kinds: [Kind::Same; NUMBERED],
        values: [0; NUMBERED],
    };

    /// Sets the rule of a register. Ignores vector registers, which are never needed.
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

    /// Returns the rule of a register, whose number is below [`NUMBERED`].
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

    /// Sets the frame's base to `register` plus `offset`.
    #[inline]
    pub(super) fn set_base(&mut self, register: usize, offset: i64) -> Result<(), TableError> {
        self.base = match u8::try_from(register) {
            Ok(register) if usize::from(register) < NUMBERED => register,
            _ => return Err(TableError::Unsupported),
        };
        self.offset = i32::try_from(offset).map_err(|_| TableError::Damaged)?;
        Ok(())
    }

    /// Returns the register and the offset of the base, unless a DWARF expression computes it.
    #[inline]
    pub(super) fn base(&self) -> Option<(u8, i32)> {
        (self.base != COMPUTED).then_some((self.base, self.offset))
    }

    /// Notes that a DWARF expression computes the base.
    pub(super) fn compute_base(&mut self) {
        self.base = COMPUTED;
    }
}
