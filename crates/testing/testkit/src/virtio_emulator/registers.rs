//! Dispatches accesses to the BARs to their registers. All such accesses go through [`Machine::read`] and
//! [`Machine::write`].

use super::Machine;
use super::backend::Backend;
use super::config_space::{MSIX_BAR, STRUCTURES_BAR};
use super::counts::Violation;
use super::transport::{DRIVER_OK, is_natural};

/// Returns `bytes` bytes, 4 at most, from `offset` on as a little-endian number. Bytes past the end are 0.
pub(super) fn cut(structure: &[u8], offset: u32, bytes: u32) -> u32 {
    let at = |i: u32| structure.get(offset.checked_add(i)? as usize).copied();
    (0..bytes.min(4)).fold(0, |value, i| {
        value | u32::from(at(i).unwrap_or(0)) << (8 * i)
    })
}

impl Machine {
    /// Counts one register access for the switches `removed_after` and `blind_after`. Applies the switches that are
    /// due.
    fn count_down(&mut self) {
        if let Some(left) = self.switches.removed_after {
            self.switches.removed_after = left.checked_sub(1);
            self.switches.removed |= left == 0;
        }
        if let Some((left, pauses)) = self.switches.blind_after {
            self.switches.blind_after = left.checked_sub(1).map(|left| (left, pauses));
            if left == 0 {
                self.blind = pauses;
                self.switches.blind_after = self.switches.blind_again.take();
            }
        }
    }

    /// Whether the device answers accesses to this BAR.
    fn answers(&self, bar: u8) -> bool {
        !self.switches.removed && self.blind == 0 && self.config.decodes(bar)
    }

    /// Reads `bytes`, 1, 2 or 4, at `offset` of a BAR. Returns all ones if nothing answers.
    pub(super) fn read(&mut self, bar: u8, offset: u32, bytes: u32) -> u32 {
        self.count_down();
        if !self.answers(bar) || !matches!(bytes, 1 | 2 | 4) {
            return u32::MAX >> (32 - 8 * bytes.clamp(1, 4));
        }
        if bar == MSIX_BAR {
            return self.read_msix(offset, bytes);
        }
        let layout = self.shape.layout;
        if let Some(at) = layout.common.relative(offset) {
            self.read_common(at, bytes)
        } else if let Some(at) = layout.device.relative(offset) {
            self.read_device(at, bytes)
        } else if layout.isr.relative(offset) == Some(0) {
            if bytes != 1 {
                self.violate(Violation::Width);
            }
            // The read clears the ISR status (§4.1.4.5).
            core::mem::take(&mut self.interrupts.isr).into()
        } else {
            if layout.notify.relative(offset).is_none() && layout.isr.relative(offset).is_none() {
                self.violate(Violation::Outside);
            }
            0
        }
    }

    /// Writes the lowest `bytes`, 1, 2 or 4, of `value` at `offset` of a BAR.
    pub(super) fn write(&mut self, bar: u8, offset: u32, bytes: u32, value: u32) {
        self.count_down();
        let is_lost = self.answers(bar) && self.switches.lost_writes.next();
        if is_lost || !self.answers(bar) || !matches!(bytes, 1 | 2 | 4) {
            return;
        }
        let value = value & u32::MAX >> (32 - 8 * bytes);
        if bar == MSIX_BAR {
            return self.write_msix(offset, bytes, value);
        }
        debug_assert_eq!(bar, STRUCTURES_BAR);
        let layout = self.shape.layout;
        if let Some(at) = layout.common.relative(offset) {
            self.write_common(at, bytes, value);
        } else if let Some(at) = layout.notify.relative(offset) {
            self.notify(at, bytes, value);
        } else if layout.device.relative(offset).is_some() || layout.isr.relative(offset).is_some()
        {
            self.violate(Violation::ReadOnly);
        } else {
            self.violate(Violation::Outside);
        }
    }

    fn read_msix(&mut self, offset: u32, bytes: u32) -> u32 {
        if bytes != 4 || !offset.is_multiple_of(4) {
            self.violate(Violation::Width);
        }
        self.interrupts.read(offset)
    }

    fn write_msix(&mut self, offset: u32, bytes: u32, value: u32) {
        if bytes != 4 || !offset.is_multiple_of(4) {
            return self.violate(Violation::Width);
        }
        self.interrupts.write(offset, value);
        self.send_messages();
    }

    /// Reads from the device-specific configuration (§4.1.4.6).
    fn read_device(&mut self, offset: u32, bytes: u32) -> u32 {
        if !is_natural(self.backend.fields(), offset, bytes) {
            self.violate(Violation::Width);
        }
        if let Some((left, sectors)) = self.switches.capacity_turns {
            self.switches.capacity_turns = left.checked_sub(1).map(|left| (left, sectors));
            if left == 0 {
                self.set_capacity(sectors);
            }
        }
        // The generation changes at the first read after a change of the configuration, because only from this read
        // on can a driver have read both old and new fields (§4.1.4.3.1).
        if core::mem::take(&mut self.config_is_changed) {
            self.generation = self.generation.wrapping_add(1);
        }
        cut(&self.backend.config(), offset, bytes)
    }

    /// Takes an available buffer notification: a write of a queue's index, 16 bits wide, at the queue's address
    /// (§4.1.5.2).
    fn notify(&mut self, offset: u32, bytes: u32, value: u32) {
        if bytes != 2 {
            self.violate(Violation::Width);
        }
        let index = value as u16;
        let address =
            u64::from(self.notify_offset(index)) * u64::from(self.shape.notify_multiplier);
        let is_live = self.transport.status & DRIVER_OK != 0;
        let queue = self.transport.queues.get_mut(usize::from(index));
        match queue.filter(|queue| queue.enabled && is_live && address == u64::from(offset)) {
            Some(queue) => queue.notified = true,
            None => return self.violate(Violation::Notify),
        }
        self.work();
    }

    /// Changes the capacity while the device runs, and tells the driver (§5.2.6.2). Does nothing on a network device.
    pub(super) fn set_capacity(&mut self, sectors: u64) {
        if let Backend::Block(_) = self.backend {
            self.backend.set_capacity(sectors);
            self.change_config();
        }
    }
}
