//! Checks a table in the compiler. The lint finds contradictions that a reviewer could miss.
//!
//! - *Gaps*: a part of a queue's memory whose address is told to the device only in half, or not at all; a size that
//!   the device is not told, or that drivers can't state; a ring's position that a start does not clear; a check that
//!   reads no bit, or that can't hold.
//! - *Bits with two owners*: each bit of each register has one owner, which is a step of one kind of queue, a
//!   doorbell, an index, or drivers by a rule. A driver can't make a check of the engine hold, except where the
//!   check's register is shared with drivers. Each bit of an entry and each operation code has one owner, too.
//! - *Overlaps*: two windows in one place; a register that two rules list.
//! - *Ranges*: a number of a window, register, word, bit, shift, queue or command that is out of range; a value that
//!   does not fit its register.
//!
//! | file | what of a table it checks |
//! |---|---|
//! | `rules` | windows, and what drivers may do with registers |
//! | `steps` | steps and checks, and the values that steps write |
//! | `queues` | queues: steps, doorbells, formats |
//! | `formats` | descriptors and entries |
//! | `accesses` | lists the engine's accesses to registers |
//! | `owners` | each bit in that list has one owner |
//! | `commands` | entries that drivers may put |

use super::Table;

/// Runs the body for each rule of a table, with the rule's number.
macro_rules! each_rule {
    ($table:ty, |$rule:ident, $number:ident| $body:block) => {
        let (mut group, mut $number) = (0, 0usize);
        while group < <$table>::REGISTERS.len() {
            let mut index = 0;
            while index < <$table>::REGISTERS[group].len() {
                let $rule = &<$table>::REGISTERS[group][index];
                $body
                index += 1;
                $number += 1;
            }
            group += 1;
        }
    };
}

mod accesses;
mod commands;
mod formats;
mod owners;
mod queues;
mod rules;
mod steps;

/// Checks a table. It is meant for constants, so that it runs in the compiler.
///
/// # Panics
///
/// If the table contradicts itself.
pub const fn lint<D: Table>() {
    rules::windows::<D>();
    rules::rules::<D>();
    assert!(!D::IDLE.is_empty(), "a table without an idle test");
    steps::checks::<D>(D::IDLE, None);
    steps::reset::<D>(D::RESET);
    steps::reset::<D>(D::SILENT_RESET);
    let mut index = 0;
    while index < D::QUEUES.len() {
        queues::queue::<D>(index);
        index += 1;
    }
    index = 0;
    while index < D::COMMANDS.len() {
        commands::command::<D>(index);
        index += 1;
    }
    // A device without queues reaches no memory, so drivers may reset it.
    if !D::QUEUES.is_empty() {
        owners::owners::<D>();
    }
}
