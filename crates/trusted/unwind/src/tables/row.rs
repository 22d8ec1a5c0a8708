//! What an entry says at one instruction: a rule for each register.

use super::TableError;
use crate::cut::registers::NUMBERED;

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
