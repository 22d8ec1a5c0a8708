//! A queue's doorbell: found where the table says, and rung.

use crate::error::QueueError;
use crate::mmio::Cell;
use crate::pci::PciFunction;
use crate::table::{Doorbell, Rung, Stride, Table, Width};

/// A queue's doorbell.
#[derive(Clone, Copy)]
pub(crate) struct DoorbellRegister {
    cell: Cell,
    /// The queue's number, if the device takes the number at this doorbell and not a position.
    number: Option<u16>,
}

impl DoorbellRegister {
    /// Finds the doorbell of queue `number`. If the device itself states the doorbell's place, the queue must have
    /// been started before.
    pub(crate) fn find<D: Table>(
        function: &PciFunction<D>,
        doorbell: &Doorbell,
        number: u16,
    ) -> Result<Self, QueueError> {
        let cell = |window, offset, width| {
            let cell = function.cell(window, offset, width);
            cell.ok_or(QueueError::NoDoorbell)
        };
        // These numbers come from the table and the device. On a 32-bit machine their product could overflow.
        let number_of = usize::from(number).saturating_mul(doorbell.index.0);
        let index = number_of.saturating_add(doorbell.index.1);
        let mut is_known = true;
        let distance = match doorbell.stride {
            Stride::Bytes(bytes) => index.saturating_mul(bytes),
            Stride::Shifted(at, shift, unit) => {
                let field = cell(at.window, at.of(0), at.width)?.load() >> shift & 0xF;
                is_known = function.claim().control.is_stride(field as u8);
                index.saturating_mul(unit.saturating_mul(1 << field))
            }
            Stride::Listed(at) => {
                let index = cell(at.window, at.of(0), Width::W16)?.load() as usize;
                let multiplier = function.multiplier(doorbell.window);
                let multiplier = multiplier.ok_or(QueueError::NoDoorbell)?;
                index.saturating_mul(multiplier as usize)
            }
        };
        let offset = doorbell.offset.saturating_add(distance);
        // If the distance has changed, this place may be the doorbell of another queue. A ring of that doorbell would
        // make the device read entries that nobody put into that queue.
        if !is_known {
            return Err(QueueError::NoDoorbell);
        }
        Ok(Self {
            cell: cell(doorbell.window, offset, doorbell.width)?,
            number: (doorbell.value == Rung::Number).then_some(number),
        })
    }

    /// Tells the device that all entries before `position` are written.
    ///
    /// # Safety
    ///
    /// All entries before `position` are whole, and their memory stays pinned until the device is done with them.
    #[inline]
    pub(crate) unsafe fn ring(&self, position: u32) {
        let value = self.number.map_or(position, u32::from);
        // SAFETY: the caller's promise. The doorbell belongs to a queue that runs on this memory, or that is disabled
        // and ignores the doorbell (DEV-13).
        unsafe { self.cell.store(value.into()) };
    }
}
