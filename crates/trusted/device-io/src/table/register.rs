//! Registers: nothing may be read or written unless a rule lists it.

/// The width of a register. A register is accessed only as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Width {
    /// One byte.
    W8 = 1,
    /// Two bytes.
    W16 = 2,
    /// Four bytes.
    W32 = 4,
    /// Eight bytes: two accesses of four, low half first.
    W64 = 8,
}

impl Width {
    /// Returns the number of bytes.
    pub const fn bytes(self) -> usize {
        self as usize
    }

    /// Returns the width of a single access to such a register.
    pub(crate) const fn narrow(self) -> Self {
        match self {
            Self::W64 => Self::W32,
            width => width,
        }
    }

    /// Returns the value that a read of this width has when no device answers (PCI Express Base 5.0 §2.3.2).
    pub const fn all_ones(self) -> u64 {
        u64::MAX >> (64 - 8 * self.bytes())
    }
}

/// The values that a driver may write to a register.
#[derive(Clone, Copy, Debug)]
pub enum Write {
    /// Nothing.
    Never,
    /// Any value.
    Any,
    /// Values that have no bits but these.
    Bits(u64),
    /// Any values of these bits. The other bits keep the values that were read.
    Merge(u64),
    /// Values that have at least one of these bits and no others. 0 is excluded because it has another meaning.
    Nonzero(u64),
    /// One of these values.
    Values(&'static [u64]),
    /// The second value of one of these pairs, if the register reads as the pair's first value. So a driver can't set
    /// a bit again that the device has cleared meanwhile.
    Exchange(&'static [(u64, u64)]),
    /// Values that have only bits of a mask. The index that [selects](Rule::behind) the register also selects the
    /// mask from this list.
    Masks(&'static [u64]),
}

/// What drivers may do with a register, or with an array of registers.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub(crate) window: usize,
    pub(crate) offset: usize,
    pub(crate) width: Width,
    pub(crate) count: usize,
    pub(crate) stride: usize,
    pub(crate) read: bool,
    pub(crate) write: Write,
    pub(crate) select: Option<Select>,
}

/// The index register, if one place holds several registers and an index selects one of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Select {
    pub(crate) offset: usize,
    pub(crate) width: Width,
    /// Indexes are below this.
    pub(crate) count: u32,
}

impl Rule {
    /// A rule for the register `offset` bytes from the start of a window. It allows neither reading nor writing yet.
    pub const fn new(window: usize, offset: usize, width: Width) -> Self {
        Self {
            window,
            offset,
            width,
            count: 1,
            stride: width.bytes(),
            read: false,
            write: Write::Never,
            select: None,
        }
    }

    /// Applies one rule to each of several registers.
    pub const fn each<const N: usize>(self, offsets: [usize; N]) -> [Self; N] {
        let mut rules = [self; N];
        let mut index = 0;
        while index < N {
            rules[index].offset = offsets[index];
            index += 1;
        }
        rules
    }

    /// The same rule; drivers may read the register.
    pub const fn read(self) -> Self {
        Self { read: true, ..self }
    }

    /// The same rule; drivers may write these values.
    pub const fn write(self, write: Write) -> Self {
        Self { write, ..self }
    }

    /// The same rule for `count` registers, one every `stride` bytes.
    pub const fn times(self, count: usize, stride: usize) -> Self {
        Self {
            count,
            stride,
            ..self
        }
    }

    /// The same rule for `count` registers that share one place. An index that was written to the register at
    /// `offset` before selects one of them. No rule may list the index register.
    pub const fn behind(self, offset: usize, width: Width, count: u32) -> Self {
        let select = Some(Select {
            offset,
            width,
            count,
        });
        Self { select, ..self }
    }

    /// Returns the number of bytes from the start of the window to the end of the last register. `None` if there is
    /// no register, or on overflow.
    pub(crate) const fn end(&self) -> Option<usize> {
        let Some(last) = self.count.checked_sub(1) else {
            return None;
        };
        let Some(distance) = last.checked_mul(self.stride) else {
            return None;
        };
        let Some(start) = self.offset.checked_add(distance) else {
            return None;
        };
        start.checked_add(self.width.bytes())
    }

    /// Whether both rules have the same registers.
    pub(crate) const fn is_same(&self, other: &Self) -> bool {
        self.window == other.window
            && self.offset == other.offset
            && self.width.bytes() == other.width.bytes()
            && self.count == other.count
            && (self.stride == other.stride || self.count == 1)
    }

    /// Whether drivers may write the register at all.
    pub(crate) const fn is_written(&self) -> bool {
        !matches!(self.write, Write::Never)
    }

    /// Returns the index of the first register that ends after `offset`. If no register does, returns `count` or
    /// more.
    pub(crate) const fn behind_offset(&self, offset: usize) -> usize {
        // Computed without a loop, because the lint asks for each register of each rule.
        let width = self.width.bytes();
        match offset.checked_sub(self.offset) {
            Some(distance) if distance >= width => {
                match (distance - width).checked_div(self.stride) {
                    Some(before) => before + 1,
                    None => self.count,
                }
            }
            _ => 0,
        }
    }

    /// Whether a register shares a byte with the `bytes` bytes at `offset` of `window`.
    pub(crate) const fn touches(&self, window: usize, offset: usize, bytes: usize) -> bool {
        let index = self.behind_offset(offset);
        if self.window != window || index >= self.count {
            return false;
        }
        let start = self.offset + index * self.stride;
        start <= offset || start - offset < bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Rule, Width};

    #[test]
    fn a_rule_touches_what_one_of_its_registers_does() {
        for (count, stride) in [(0, 4), (1, 4), (1, 0), (3, 4), (3, 8), (5, 12)] {
            let rule = Rule::new(1, 16, Width::W32).times(count, stride);
            for offset in 0..100 {
                for bytes in [1, 2, 4, 8, 40] {
                    let shares = |index: usize| {
                        let start = 16 + index * stride;
                        start < offset + bytes && offset < start + 4
                    };
                    let expected = (0..count).any(shares);
                    assert_eq!(
                        rule.touches(1, offset, bytes),
                        expected,
                        "{bytes} bytes at {offset}, {count} of {stride}"
                    );
                    assert!(!rule.touches(0, offset, bytes));
                }
            }
            assert_eq!(rule.touches(1, 0, usize::MAX), count > 0);
        }
    }
}
