//! Registers and doorbells.

use super::Machine;

const DOORBELLS: usize = 0x1000;

impl Machine {
    fn capabilities(&self) -> u64 {
        let shape = &self.controller.shape;
        u64::from(shape.command_sets) << 37
            | u64::from(shape.doorbell_stride) << 32
            | u64::from(shape.timing.timeout_units) << 24
            | u64::from(shape.queue_entries.wrapping_sub(1))
    }

    fn status(&self) -> u32 {
        let (switches, life) = (&self.switches, &self.controller.life);
        let ready = life.says_ready(self.now) && !switches.never_ready || switches.never_idle;
        let done = life.says_shut_down(self.now) && !switches.never_shut_down;
        let fatal = switches.fatal || life.says_fatal();
        u32::from(ready) | u32::from(fatal) << 1 | u32::from(done) << 3
    }

    fn is_absent(&self) -> bool {
        self.switches.removed || self.now < self.switches.blind_until || !self.config.decodes()
    }

    /// Counts one more register access, for the switches that take effect after a number of accesses.
    fn count_down(&mut self) {
        let (now, switches) = (self.now, &mut self.switches);
        if let Some(left) = switches.removed_after {
            switches.removed_after = left.checked_sub(1);
            switches.removed |= left == 0;
        }
        if let Some((left, nanos)) = switches.blind_after {
            switches.blind_after = left.checked_sub(1).map(|left| (left, nanos));
            if left == 0 {
                switches.blind_until = now + nanos;
                switches.blind_after = switches.blind_again.take();
            }
        }
    }

    pub(super) fn register(&mut self, offset: usize) -> u32 {
        self.count_down();
        if self.is_absent() {
            return u32::MAX;
        }
        self.controller.life.touch(self.now);
        if let Some(silence) = self.controller.life.silence(self.now) {
            return silence;
        }
        match offset {
            0x00 => self.capabilities() as u32,
            0x04 => (self.capabilities() >> 32) as u32,
            0x08 => self.controller.shape.version,
            0x14 => self.controller.cc,
            0x1C => self.status(),
            0x24 => self.controller.aqa,
            0x28 => self.controller.asq as u32,
            0x2C => (self.controller.asq >> 32) as u32,
            0x30 => self.controller.acq as u32,
            0x34 => (self.controller.acq >> 32) as u32,
            _ => 0,
        }
    }

    pub(super) fn set_register(&mut self, offset: usize, value: u32) {
        self.count_down();
        if self.is_absent() || self.switches.lost_writes.next() {
            return;
        }
        self.controller.life.touch(self.now);
        if self.controller.life.silence(self.now).is_some() {
            return;
        }
        let half = |old: u64, high: bool| {
            if high {
                old & 0xFFFF_FFFF | u64::from(value) << 32
            } else {
                old >> 32 << 32 | u64::from(value)
            }
        };
        let controller = &mut self.controller;
        match offset {
            0x14 => self.configure(value),
            0x24 => {
                controller.aqa = value;
                controller.kept = None;
            }
            0x28 | 0x2C => controller.asq = half(controller.asq, offset == 0x2C),
            0x30 | 0x34 => controller.acq = half(controller.acq, offset == 0x34),
            _ if offset >= DOORBELLS => self.doorbell(offset - DOORBELLS, value),
            _ => {}
        }
    }

    fn configure(&mut self, value: u32) {
        let (was, now) = (self.controller.cc, self.now);
        if was & 1 != 0 && value & 1 == 0 {
            self.counts.resets += 1;
            self.switches.fatal = false;
            self.controller.disable(now);
        }
        self.controller.cc = value;
        if was & 1 == 0 && value & 1 != 0 {
            let left = self.switches.fatal_enables.checked_sub(1);
            self.switches.fatal_enables = left.unwrap_or(0);
            self.controller.enable(now, left.is_some());
        }
        if value >> 14 & 0b11 == 0b01 && was >> 14 & 0b11 == 0 {
            self.counts.shutdowns += 1;
            let dies = self.controller.shape.fatal_after_shutdown;
            self.controller.life.notify_shutdown(now, dies);
        }
    }

    fn doorbell(&mut self, offset: usize, value: u32) {
        let index = offset / (4 << self.controller.shape.doorbell_stride);
        let (queue, is_head) = (index / 2, index % 2 == 1);
        let controller = &mut self.controller;
        let rung = if is_head {
            let queue = controller
                .completions
                .get_mut(queue)
                .and_then(Option::as_mut);
            queue
                .filter(|queue| value < u32::from(queue.size))
                .map(|queue| queue.head = value as u16)
        } else {
            let queue = controller
                .submissions
                .get_mut(queue)
                .and_then(Option::as_mut);
            queue
                .filter(|queue| value < u32::from(queue.size))
                .map(|queue| queue.tail = value as u16)
        };
        if rung.is_none() {
            self.counts.bad_doorbells += 1;
        }
        self.work(false);
    }
}
