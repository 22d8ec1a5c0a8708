//! Registers: nothing may be read or written unless a rule lists it.

/// Bytes of a register, which is accessed as a whole and in no other width.
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
    /// Its number of bytes.
    pub const fn bytes(self) -> usize {
        self as usize
    }

    /// That of a single access.
    pub(crate) const fn narrow(self) -> Self {
        match self {
            Self::W64 => Self::W32,
            width => width,
        }
    }

    /// What a register of this width reads as when nothing answers (PCI Express Base 5.0 §2.3.2).
    pub const fn all_ones(self) -> u64 {
        u64::MAX >> (64 - 8 * self.bytes())
    }
}

/// What a driver may write to a register.
#[derive(Clone, Copy, Debug)]
pub enum Write {
    /// Nothing.
    Never,
    /// Any value.
    Any,
    /// Values that have no other bits than these.
    Bits(u64),
    /// These bits; the others are kept as they are read.
    Merge(u64),
    /// Values that have no other bits than these, and one of them at least: none has another meaning.
    Nonzero(u64),
    /// One of these values.
    Values(&'static [u64]),
    /// The second value of one of these pairs, while the register reads as the first: nobody writes a bit again that the device
    /// has lost meanwhile.
    Exchange(&'static [(u64, u64)]),
    /// Values that have no other bits than the mask of the index that [selects](Rule::behind) the register, of masks from 0 on.
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

/// A register that selects which of several another one is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Select {
    pub(crate) offset: usize,
    pub(crate) width: Width,
    /// Indexes are below this.
    pub(crate) count: u32,
}

impl Rule {
    /// The register `offset` bytes from the start of a window. It may neither be read nor written yet.
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

    /// This rule for each of several registers.
    pub const fn each<const N: usize>(self, offsets: [usize; N]) -> [Self; N] {
        let mut rules = [self; N];
        let mut index = 0;
        while index < N {
            rules[index].offset = offsets[index];
            index += 1;
        }
        rules
    }

    /// It may be read.
    pub const fn read(self) -> Self {
        Self { read: true, ..self }
    }

    /// It may be written so.
    pub const fn write(self, write: Write) -> Self {
        Self { write, ..self }
    }

    /// `count` of them, one every `stride` bytes.
    pub const fn times(self, count: usize, stride: usize) -> Self {
        Self {
            count,
            stride,
            ..self
        }
    }

    /// It stands for `count` registers: which, says an index that is written before to the register at `offset`. No rule may list
    /// that one.
    pub const fn behind(self, offset: usize, width: Width, count: u32) -> Self {
        let select = Some(Select {
            offset,
            width,
            count,
        });
        Self { select, ..self }
    }

    /// Bytes from the start of the window to the end of the last register; `None` if that is no number.
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

    /// Whether both are the same registers.
    pub(crate) const fn is_same(&self, other: &Self) -> bool {
        self.window == other.window
            && self.offset == other.offset
            && self.width.bytes() == other.width.bytes()
            && self.count == other.count
            && (self.stride == other.stride || self.count == 1)
    }

    /// Whether it may be written at all.
    pub(crate) const fn is_written(&self) -> bool {
        !matches!(self.write, Write::Never)
    }

    /// The first of its registers that ends behind `offset`, or that there's none of its count.
    pub(crate) const fn behind_offset(&self, offset: usize) -> usize {
        // No loop: the lint asks for each register of each rule.
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

    /// Whether `bytes` bytes at `offset` of `window` share any with one of its registers.
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
