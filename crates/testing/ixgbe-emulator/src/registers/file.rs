//! The values of the registers.

use alloc::vec::Vec;

use super::{Access, Register, SIZE, TABLE, canonical};

/// Marks an offset at which the register table has no register.
const NONE: u16 = u16::MAX;

/// The bits of a wide counter's high half. A wide counter has 36 bits in all.
const WIDE_HIGH: u32 = 0xf;

/// The value at every offset of the BAR and, if the table has a register there, the register's index in the table.
#[derive(Clone, Debug)]
pub(crate) struct RegisterFile {
    values: Vec<u32>,
    entries: Vec<&'static Register>,
    index: Vec<u16>,
    noted: Vec<bool>,
}

impl RegisterFile {
    pub(crate) fn new() -> Self {
        let words = (SIZE / 4) as usize;
        let entries: Vec<_> = TABLE.iter().copied().flatten().collect();
        let mut index = alloc::vec![NONE; words];
        for (number, register) in entries.iter().enumerate() {
            for element in 0..u32::from(register.count) {
                // The cast does not truncate: the table is far shorter than 65535 entries.
                index[(register.at(element) / 4) as usize] = number as u16;
            }
        }
        let mut file = RegisterFile {
            values: alloc::vec![0; words],
            noted: alloc::vec![false; words],
            entries,
            index,
        };
        file.reset();
        file
    }

    /// Gives every register its value after reset. Registers whose first use was reported are not reported again.
    pub(crate) fn reset(&mut self) {
        self.values.fill(0);
        for register in &self.entries {
            if register.reset != 0 {
                for element in 0..u32::from(register.count) {
                    self.values[(register.at(element) / 4) as usize] = register.reset;
                }
            }
        }
    }

    /// Returns the register at a canonical offset.
    pub(crate) fn register(&self, offset: u32) -> Option<&'static Register> {
        let index = *self.index.get((offset / 4) as usize)?;
        self.entries.get(usize::from(index)).copied()
    }

    /// Returns true at the first call for this offset's register.
    pub(crate) fn first_use(&mut self, offset: u32) -> bool {
        let first = self.register(offset).map_or(offset, |r| r.offset);
        match self.noted.get_mut((first / 4) as usize) {
            Some(noted) => !core::mem::replace(noted, true),
            None => false,
        }
    }

    /// Returns the value at `offset`, zero beyond the BAR.
    pub(crate) fn get(&self, offset: u32) -> u32 {
        self.values.get((offset / 4) as usize).copied().unwrap_or(0)
    }

    /// Sets the value at `offset`. Beyond the BAR it does nothing.
    pub(crate) fn set(&mut self, offset: u32, value: u32) {
        if let Some(slot) = self.values.get_mut((offset / 4) as usize) {
            *slot = value;
        }
    }

    /// Whether all of `bits` are set at `offset`.
    pub(crate) fn has(&self, offset: u32, bits: u32) -> bool {
        self.get(offset) & bits == bits
    }

    /// Adds `by` to a statistic. The statistic does not wrap: it stays at its largest value.
    pub(crate) fn count(&mut self, offset: u32, by: u32) {
        self.set(offset, self.get(offset).saturating_add(by));
    }

    /// Adds `by` to the 36-bit statistic whose low half is at `offset`.
    pub(crate) fn count_wide(&mut self, offset: u32, by: u32) {
        let (low, carry) = self.get(offset).overflowing_add(by);
        self.set(offset, low);
        if carry {
            let high = self.get(offset + 4).saturating_add(1).min(WIDE_HIGH);
            self.set(offset + 4, high);
        }
    }

    /// Reads a register as software does. The only side effects are those of the register's access class.
    pub(crate) fn bus_read(&mut self, offset: u32) -> u32 {
        let offset = canonical(offset);
        let value = self.get(offset);
        match self.register(offset).map(|register| register.access) {
            Some(Access::ReadClear) => self.set(offset, 0),
            Some(Access::WriteOnly) => return 0,
            _ => {}
        }
        value
    }

    /// Writes a register as software does. The only side effects are those of the register's access class.
    pub(crate) fn bus_write(&mut self, offset: u32, value: u32) {
        let offset = canonical(offset);
        match self.register(offset).map(|register| register.access) {
            Some(Access::ReadWrite | Access::Unmodelled) => self.set(offset, value),
            Some(Access::SelfClear(bits)) => self.set(offset, value & !bits),
            Some(Access::WriteOneClear) => self.set(offset, self.get(offset) & !value),
            Some(Access::ReadOnly | Access::ReadClear | Access::WriteOnly) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::offset as at;
    use super::RegisterFile;

    #[test]
    fn statistic_saturates_and_clears_by_reading() {
        let mut file = RegisterFile::new();
        file.count(at::GPRC, u32::MAX);
        file.count(at::GPRC, 7);
        file.bus_write(at::GPRC, 3);
        assert_eq!(file.bus_read(at::GPRC), u32::MAX);
        assert_eq!(file.bus_read(at::GPRC), 0);
    }

    #[test]
    fn a_carry_between_the_halves_is_not_lost() {
        let mut file = RegisterFile::new();
        file.count_wide(at::GORCL, u32::MAX);
        assert_eq!(file.bus_read(at::GORCL), u32::MAX);
        file.count_wide(at::GORCL, u32::MAX);
        file.count_wide(at::GORCL, 5);
        assert_eq!(file.bus_read(at::GORCL + 4), 1);
        assert_eq!(file.bus_read(at::GORCL), 4);
    }

    #[test]
    fn unknown_offsets_hold_nothing() {
        let mut file = RegisterFile::new();
        file.bus_write(0x1_fff0, 5);
        assert_eq!(file.bus_read(0x1_fff0), 0);
        assert!(file.first_use(0x1_fff0));
        assert!(!file.first_use(0x1_fff0));
    }
}
