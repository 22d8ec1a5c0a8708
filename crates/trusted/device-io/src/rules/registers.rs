//! A driver's accesses to registers, as far as the table's rules allow.

use crate::mmio::{Cell, Phase, Readable, Register, Value, Writable, WriteError};
use crate::pci::PciFunction;
use crate::table::{Rule, Table, Width, Write};

impl<D: Table> PciFunction<D> {
    /// Returns a register of the table; `None` if it is outside the mapped window.
    pub(crate) fn cell(&self, window: usize, offset: usize, width: Width) -> Option<Cell> {
        self.claim()
            .windows
            .get(window)?
            .as_ref()?
            .cell(offset, width)
    }

    /// Returns the distance between the doorbells in `window`, if its capability gives one.
    pub(crate) fn multiplier(&self, window: usize) -> Option<u32> {
        let window = self.claim().windows.get(window)?.as_ref()?;
        window.multiplier
    }

    fn found<T: Value, A>(&self, register: &Register<D, T, A>) -> Result<Cell, WriteError> {
        let cell = self.cell(register.rule.window, register.offset, T::WIDTH);
        cell.ok_or(WriteError::OutOfBounds)
    }

    /// Reads a register. Returns all ones in three cases: the device was unplugged (PCI Express Base 5.0 §2.3.2),
    /// which drivers must expect of any read; the device has fewer registers of an array; or the register must be
    /// [selected](Self::read_selected) by an index. Costs one bus access, two for 64 bits.
    pub fn read<T: Value, A: Readable>(&self, register: Register<D, T, A>) -> T {
        let cell = self.found(&register).ok();
        let cell = cell.filter(|_| register.rule.select.is_none());
        T::truncated(cell.map_or(u64::MAX, |cell| cell.load()))
    }

    /// Reads register `index` of the registers behind an [index register](Rule::behind). A lock keeps the selection
    /// and the read together. Returns all ones if there's no such register, or the device is being silenced or reset.
    pub fn read_selected<T: Value, A: Readable>(
        &self,
        register: Register<D, T, A>,
        index: u32,
    ) -> T {
        let value = self.found(&register).and_then(|cell| {
            self.unless_changing(|| {
                self.select(register.rule, Some(index))?;
                Ok(cell.load())
            })
        });
        T::truncated(value.unwrap_or(u64::MAX))
    }

    /// Writes a register, as its rule allows. The device sees earlier stores to DMA memory before it sees the write.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; then nothing was written.
    pub fn write<T: Value, A: Writable>(
        &self,
        register: Register<D, T, A>,
        value: T,
    ) -> Result<(), WriteError> {
        let value = value.into();
        let allowed = match register.rule.write {
            Write::Any => true,
            Write::Bits(mask) => value & !mask == 0,
            Write::Nonzero(mask) => value & !mask == 0 && value != 0,
            Write::Values(values) => values.contains(&value),
            Write::Exchange(pairs) => pairs.iter().any(|&(_, to)| to == value),
            Write::Merge(_) | Write::Never | Write::Masks(_) => false,
        };
        self.change(register, None, allowed, |cell| {
            let Write::Exchange(pairs) = register.rule.write else {
                return Ok(value);
            };
            match cell.load() {
                now if pairs.contains(&(now, value)) => Ok(value),
                now if now == T::WIDTH.all_ones() => Err(WriteError::Absent),
                _ => Err(WriteError::Other),
            }
        })
    }

    /// Sets the bits of `mask` to those of `value`; the register's rule must allow [merging](Write::Merge) all of
    /// them. Reads and writes the register under a lock, so that concurrent updates do not lose bits.
    ///
    /// # Errors
    ///
    /// [`WriteError`]; then nothing was written.
    pub fn update<T: Value, A: Writable>(
        &self,
        register: Register<D, T, A>,
        mask: T,
        value: T,
    ) -> Result<(), WriteError> {
        let (mask, value) = (mask.into(), value.into());
        // Rules of other kinds allow no update. An update writes the bits outside the mask back as they were read,
        // and such rules may forbid those values.
        let bits = match register.rule.write {
            Write::Merge(bits) => Some(bits),
            Write::Any => Some(u64::MAX),
            _ => None,
        };
        let allowed = bits.is_some_and(|bits| mask & !bits == 0) && value & !mask == 0;
        self.change(register, None, allowed, |cell| match cell.load() {
            // The device does not answer, so the bits outside the mask are unknown.
            now if now == T::WIDTH.all_ones() => Err(WriteError::Absent),
            now => Ok(now & !mask | value),
        })
    }

    /// Writes register `index` of the registers behind an [index register](Rule::behind).
    ///
    /// # Errors
    ///
    /// [`WriteError`]; then nothing was written to that register.
    pub fn write_selected<T: Value, A: Writable>(
        &self,
        register: Register<D, T, A>,
        index: u32,
        value: T,
    ) -> Result<(), WriteError> {
        let value = value.into();
        let allowed = match register.rule.write {
            Write::Masks(masks) => masks
                .get(index as usize)
                .is_some_and(|mask| value & !mask == 0),
            _ => false,
        };
        self.change(register, Some(index), allowed, |_| Ok(value))
    }

    /// Writes the index that selects a register, if the rule has an index register.
    fn select(&self, rule: &Rule, index: Option<u32>) -> Result<(), WriteError> {
        match (rule.select, index) {
            (None, None) => Ok(()),
            (Some(select), Some(index)) if index < select.count => {
                let cell = self.cell(rule.window, select.offset, select.width);
                let cell = cell.ok_or(WriteError::OutOfBounds)?;
                // SAFETY: the value is an index, which names no memory (DEV-21).
                unsafe { cell.store(index.into()) };
                // The index is read back, because the next write would reach another register if the device did not
                // take the index.
                let is_taken = cell.load() == index.into();
                is_taken.then_some(()).ok_or(WriteError::Absent)
            }
            _ => Err(WriteError::OutOfBounds),
        }
    }

    /// Runs `access`, unless the device is being silenced or reset. A driver's write between two steps of a reset
    /// could undo the first of them.
    fn unless_changing<R>(
        &self,
        access: impl FnOnce() -> Result<R, WriteError>,
    ) -> Result<R, WriteError> {
        self.claim().control.with(|phase| match phase {
            Phase::Changing => Err(WriteError::Resetting),
            _ => access(),
        })
    }

    /// Stores the result of `value`, if that is `allowed`.
    fn change<T: Value, A>(
        &self,
        register: Register<D, T, A>,
        index: Option<u32>,
        allowed: bool,
        value: impl FnOnce(&Cell) -> Result<u64, WriteError>,
    ) -> Result<(), WriteError> {
        let rule = register.rule;
        let cell = self.found(&register)?;
        if !allowed {
            return Err(WriteError::Forbidden);
        }
        self.unless_changing(|| {
            self.select(rule, index)?;
            let value = value(&cell)?;
            // SAFETY: the table's rule allows the value, so it names no memory (`PciSlot::with_table`) (DEV-21).
            unsafe { cell.store(value) };
            Ok(())
        })
    }
}
