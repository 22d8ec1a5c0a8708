//! What an entry says at one instruction, in a form that can be used without the table.

use super::TableError;
use crate::cut::registers::{NUMBERED, RETURN_ADDRESS, RSP, Registers};
use crate::cut::stack::Stack;
use gimli::{
    BaseAddresses, CfaRule, EhFrame, EndianSlice, FrameDescriptionEntry, NativeEndian, Register,
    RegisterRule, UnwindContext, UnwindContextStorage, UnwindTableRow,
};

type Slice<'a> = EndianSlice<'a, NativeEndian>;

/// Room for the rows of one entry, on the stack: about 2 KiB.
struct OnStack;

impl UnwindContextStorage<usize> for OnStack {
    // Six preserved registers, the stack pointer and the return address are what compilers name.
    type Rules = [(Register, RegisterRule<usize>); 16];
    type Stack = [UnwindTableRow<usize, Self>; 3];
}

/// Where the caller's value of a register is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Still in the register.
    Same,
    /// Nowhere.
    Undefined,
    /// In memory, so far from the frame's base.
    At(i64),
    /// It is the frame's base plus this.
    Value(i64),
    /// In another register.
    In(u8),
}

/// How the caller's registers are found from those at one instruction.
#[derive(Clone, Debug)]
pub struct Rules {
    base: u8,
    offset: i64,
    saved: [Rule; NUMBERED],
    /// The caller was interrupted: its address is that of an instruction not yet executed.
    interrupted: bool,
}

impl Rules {
    pub(crate) fn of(
        section: &EhFrame<Slice<'_>>,
        bases: &BaseAddresses,
        entry: &FrameDescriptionEntry<Slice<'_>>,
        pc: u64,
    ) -> Result<Self, TableError> {
        if usize::from(entry.cie().return_address_register().0) != RETURN_ADDRESS {
            return Err(TableError::Unsupported);
        }
        let mut context = UnwindContext::<usize, OnStack>::new_in();
        let row = entry
            .unwind_info_for_address(section, bases, &mut context, pc)
            .map_err(|_| TableError::Damaged)?;
        let CfaRule::RegisterAndOffset { register, offset } = *row.cfa() else {
            return Err(TableError::Unsupported);
        };
        let mut rules = Self {
            base: number(register)?,
            offset,
            saved: [Rule::Same; NUMBERED],
            interrupted: entry.is_signal_trampoline(),
        };
        // A table that does not say where its caller is has none.
        rules.saved[RETURN_ADDRESS] = Rule::Undefined;
        for (register, rule) in row.registers() {
            let Ok(at) = number(*register) else {
                // A vector register: nobody needs it.
                continue;
            };
            rules.saved[usize::from(at)] = match *rule {
                RegisterRule::Undefined => Rule::Undefined,
                RegisterRule::SameValue => Rule::Same,
                RegisterRule::Offset(offset) => Rule::At(offset),
                RegisterRule::ValOffset(offset) => Rule::Value(offset),
                RegisterRule::Register(register) => Rule::In(number(register)?),
                _ => return Err(TableError::Unsupported),
            };
        }
        Ok(rules)
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
        let base = registers
            .get(self.base.into())
            .ok_or(TableError::Damaged)?
            .wrapping_add_signed(self.offset);
        let mut caller = *registers;
        caller.rsp = base;
        for (at, rule) in self.saved.iter().enumerate() {
            let value = match *rule {
                Rule::Same => continue,
                Rule::Undefined if at == RETURN_ADDRESS => return Ok(None),
                Rule::Undefined => continue,
                Rule::At(offset) => stack
                    .word(base.wrapping_add_signed(offset))
                    .ok_or(TableError::OutOfStack)?,
                Rule::Value(offset) => base.wrapping_add_signed(offset),
                Rule::In(other) => registers.get(other.into()).ok_or(TableError::Damaged)?,
            };
            caller.set(at, value);
        }
        // The frame's base is the caller's stack pointer, unless the table says otherwise (signals).
        if self.saved[RSP] == Rule::Same {
            caller.rsp = base;
        }
        Ok((caller.rip != 0).then_some(caller))
    }
}

fn number(register: Register) -> Result<u8, TableError> {
    match u8::try_from(register.0) {
        Ok(number) if usize::from(number) < NUMBERED => Ok(number),
        _ => Err(TableError::Unsupported),
    }
}
