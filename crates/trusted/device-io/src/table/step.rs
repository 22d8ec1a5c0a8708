//! Steps: accesses and checks of registers that the engine makes one after the other.

use super::register::Width;

/// The place of a register.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub(crate) window: usize,
    pub(crate) offset: usize,
    pub(crate) width: Width,
    /// Bytes from one queue's register to the next queue's.
    pub(crate) stride: usize,
    /// Drivers may write the register, too.
    pub(crate) is_shared: bool,
}

/// Names the register `offset` bytes from the start of a window.
pub const fn at(window: usize, offset: usize, width: Width) -> At {
    At {
        window,
        offset,
        width,
        stride: 0,
        is_shared: false,
    }
}

impl At {
    /// The same place for queue 0; the register of each further queue is `stride` bytes after the one before.
    pub const fn each(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// The same register, which a rule lets drivers write, too. So drivers decide whether a check of this register
    /// holds that a start [requires](Step::Require). And a step of a reset that writes this register does not reset
    /// the device by itself.
    pub const fn shared(self) -> Self {
        Self {
            is_shared: true,
            ..self
        }
    }

    /// Whether both are the same registers.
    pub(crate) const fn is_same(&self, other: &Self) -> bool {
        self.window == other.window
            && self.offset == other.offset
            && self.width.bytes() == other.width.bytes()
            && self.stride == other.stride
    }

    /// Returns the offset of queue `number`'s register.
    pub(crate) const fn of(&self, number: u16) -> usize {
        self.offset + number as usize * self.stride
    }
}

/// A condition on a register, or on each register of an array: `value & mask == equals`. A check never holds for a
/// register that reads as all ones, because such a read means that no device answers.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub(crate) at: At,
    pub(crate) count: usize,
    pub(crate) stride: usize,
    pub(crate) mask: u64,
    pub(crate) equals: u64,
    /// Whether the bits must be equal, or must differ.
    pub(crate) wanted: bool,
}

impl Check {
    /// The check that `at & mask == equals`.
    pub const fn new(at: At, mask: u64, equals: u64) -> Self {
        Self {
            at,
            count: 1,
            stride: 0,
            mask,
            equals,
            wanted: true,
        }
    }

    /// The same check of `count` registers, one every `stride` bytes.
    pub const fn times(self, count: usize, stride: usize) -> Self {
        Self {
            count,
            stride,
            ..self
        }
    }

    /// The check that the bits differ.
    pub const fn not(self) -> Self {
        Self {
            wanted: false,
            ..self
        }
    }

    pub(crate) const fn holds(&self, value: u64) -> bool {
        let is_equal = value & self.mask == self.equals;
        value != self.at.width.all_ones() && is_equal == self.wanted
    }
}

/// How long a wait may take.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// This many milliseconds.
    Millis(u64),
    /// The time that a field of a register states. 0 counts as 1. The fields are the register, the field's lowest
    /// bit, its number of bits, at most 8, and the milliseconds of a unit.
    Field(At, u32, u32, u64),
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Writes a register. Before the last step of a start, the engine reads back every address and size that the
    /// start wrote. The start fails if one differs.
    Write(At, Value),
    /// Clears the bits of the first mask in a register and sets the bits of the second. Fails if the register reads
    /// as all ones.
    Update(At, u64, u64),
    /// Fails unless this check holds at this moment.
    Require(Check),
    /// Fails unless the register holds at least this value.
    AtLeast(At, Value),
    /// Waits until one of these checks holds; fails if none does in time.
    Await(&'static [Check], Limit),
    /// Waits until one of these checks holds or the time is over, and does not fail.
    Settle(&'static [Check], Limit),
    /// Waits this many milliseconds.
    Sleep(u64),
}

/// The half of a bus address that a register or a word takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Low,
    High,
    Both,
}

/// A value that a step or a command writes: a sum of known properties of a queue, or an address of its memory or half
/// of one.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    plus: u64,
    entries: u64,
    less: u64,
    number: u64,
    unit: u64,
    pub(crate) chosen: u64,
    pub(crate) address: Option<(usize, Half)>,
}

/// The properties of a queue from which values are computed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) number: u16,
    pub(crate) entries: u32,
    /// The length of each buffer in bytes, if the device writes into buffers.
    pub(crate) buffer: usize,
    /// The bus addresses of the parts of its memory.
    pub(crate) parts: [u64; 3],
}

impl Known {
    /// The properties of a queue that has no memory yet.
    pub(crate) fn of(number: u16, entries: u32, buffer: usize) -> Self {
        Self {
            number,
            entries,
            buffer,
            parts: [0; 3],
        }
    }
}

/// The value `plus` alone.
pub const fn only(plus: u64) -> Value {
    Value {
        plus,
        entries: 0,
        less: 0,
        number: 0,
        unit: 0,
        chosen: 0,
        address: None,
    }
}

/// Bits that the driver chooses within `mask`.
pub const fn chosen(mask: u64) -> Value {
    only(0).chosen(mask)
}

/// `times` times the number of entries.
pub const fn entries(times: u64) -> Value {
    Value {
        entries: times,
        ..only(0)
    }
}

/// `times` times the number of entries less one.
pub const fn last_entry(times: u64) -> Value {
    Value {
        less: 1,
        ..entries(times)
    }
}

/// `times` times the queue's number.
pub const fn number(times: u64) -> Value {
    only(0).number(times)
}

/// The address of part `part` of the queue's memory, all 64 bits.
pub const fn address(part: usize) -> Value {
    half(part, Half::Both)
}

/// Bits 31:0 of the address of part `part` of the queue's memory.
pub const fn low(part: usize) -> Value {
    half(part, Half::Low)
}

/// Bits 63:32 of the address of part `part` of the queue's memory.
pub const fn high(part: usize) -> Value {
    half(part, Half::High)
}

const fn half(part: usize, half: Half) -> Value {
    Value {
        address: Some((part, half)),
        ..only(0)
    }
}

impl Value {
    /// The same, plus this constant.
    pub const fn plus(self, plus: u64) -> Self {
        Self { plus, ..self }
    }

    /// The same, plus `times` times the queue's number.
    pub const fn number(self, times: u64) -> Self {
        Self {
            number: times,
            ..self
        }
    }

    /// The same, plus the bytes of a buffer in units of `unit` bytes.
    pub const fn buffer(self, unit: u64) -> Self {
        Self { unit, ..self }
    }

    /// The same, with bits that the driver chooses within `mask`.
    pub const fn chosen(self, mask: u64) -> Self {
        Self {
            chosen: mask,
            ..self
        }
    }

    /// Whether the value tells the device the number of entries.
    pub(crate) const fn tells_size(&self) -> bool {
        self.entries != 0
    }

    /// Whether the value tells the device an address, a number of entries or the size of buffers.
    pub(crate) const fn tells(&self) -> bool {
        self.address.is_some() || self.entries != 0 || self.unit != 0
    }

    /// Whether the value is an address and nothing else. If a value has an address, its other parts are not written.
    pub(crate) const fn is_address(&self) -> bool {
        let constant = Self {
            address: None,
            ..*self
        };
        self.address.is_some() && constant.is_constant() && self.plus == 0
    }

    /// Whether the value is the same for all queues and drivers.
    pub(crate) const fn is_constant(&self) -> bool {
        let rest = self.entries | self.number | self.unit | self.chosen;
        self.address.is_none() && rest == 0
    }

    /// Whether the value is a constant, or a constant with bits that the driver chooses.
    pub(crate) const fn is_choice(&self) -> bool {
        Self { chosen: 0, ..*self }.is_constant()
    }

    /// Returns the bits that are set for every queue.
    pub(crate) const fn constant(&self) -> u64 {
        self.plus
    }

    /// Whether the value tells the device the length of buffers.
    pub(crate) const fn tells_buffer(&self) -> bool {
        self.unit != 0
    }

    /// Whether a buffer of `bytes` bytes is a whole number of the value's units.
    pub(crate) const fn is_whole(&self, bytes: usize) -> bool {
        (bytes as u64).is_multiple_of(self.unit)
    }

    /// Whether both values are equal for every queue. Addresses are never equal.
    pub(crate) const fn is_same(&self, other: &Self) -> bool {
        self.plus == other.plus
            && self.entries == other.entries
            && self.less == other.less
            && self.number == other.number
            && self.unit == other.unit
            && self.chosen == other.chosen
            && self.address.is_none()
            && other.address.is_none()
    }

    /// Whether the value depends on the queue's number.
    pub(crate) const fn names_queue(&self) -> bool {
        self.number != 0
    }

    /// Returns the bits that the engine may set for any queue. `most` holds the greatest value of each property. Also
    /// returns whether two parts of the sum share a bit.
    pub(crate) const fn filled(&self, most: &Known) -> (u128, bool) {
        match self.address {
            Some((_, Half::Both)) => return (u64::MAX as u128, false),
            Some(_) => return (u32::MAX as u128, false),
            None => {}
        }
        let entries = (most.entries as u64).saturating_sub(self.less);
        let units = match (most.buffer as u64).checked_div(self.unit) {
            Some(units) => units,
            None => 0,
        };
        let parts = [
            (self.entries, entries),
            (self.number, most.number as u64),
            (1, units),
        ];
        let (mut bits, mut sum) = (self.plus as u128, self.plus as u128);
        let mut meet = false;
        let mut part = 0;
        while part < parts.len() {
            let (factor, count) = parts[part];
            let counts = (1u128 << (u64::BITS - count.leading_zeros())) - 1;
            let mut bit = 0;
            while bit < u64::BITS {
                if factor >> bit & 1 != 0 {
                    meet |= bits & counts << bit != 0;
                    bits |= counts << bit;
                }
                bit += 1;
            }
            sum = sum.saturating_add((factor as u128).saturating_mul(count as u128));
            part += 1;
        }
        if meet {
            bits = u128::MAX >> sum.leading_zeros();
        }
        (bits, meet)
    }

    /// Returns the value for a queue's properties and the driver's choice. Bits of the choice outside the mask are
    /// dropped.
    #[inline]
    pub(crate) const fn of(&self, known: &Known, chosen: u64) -> u64 {
        if let Some((part, half)) = self.address {
            let address = known.parts[part];
            return match half {
                Half::Low => address & 0xFFFF_FFFF,
                Half::High => address >> 32,
                Half::Both => address,
            };
        }
        let entries = (known.entries as u64).wrapping_sub(self.less);
        let buffer = match (known.buffer as u64).checked_div(self.unit) {
            Some(units) => units,
            None => 0,
        };
        self.plus
            .wrapping_add(entries.wrapping_mul(self.entries))
            .wrapping_add((known.number as u64).wrapping_mul(self.number))
            .wrapping_add(buffer)
            | chosen & self.chosen
    }
}
