//! Operations of the hardware that take time or must be repeated, and the faults of such operations.

use alloc::vec::Vec;

use crate::nic::Nic;
use crate::registers::bits::{
    CTRL_MASTER_DISABLE, CTRL_RESET, EEC_AUTO_READ_DONE, GCR_EXT_FLUSH, HLREG0_LOOPBACK, LINKS_10G,
    LINKS_UP, QUEUE_ENABLE, RDRXCTL_DMA_INIT_DONE, RXCTRL_ENABLE, SECRXCTRL_HALT, SECRXSTAT_READY,
};
use crate::registers::offset as at;

/// Nanoseconds for which software must not access the device after a reset (section 8.2.3.1.1).
const QUIET: u64 = 1_000_000;

/// The two resets that a stuck device needs must be more than this many nanoseconds apart (clarification 9).
const BETWEEN: u64 = 1_000;

/// The state of bus requests that stay pending (fault `master_stuck`). Two resets end them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Pending {
    #[default]
    None,
    Stuck,
    /// The first of the two resets was done, at this time.
    HalfReset(u64),
}

/// The operations that are under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quirks {
    /// `reset_at` is the time of the last reset. It is `None` once an access too soon after that reset was counted.
    /// `reset_until` is the end of the reset. `eeprom_until` is the time at which the EEPROM is loaded.
    reset_at: Option<u64>,
    reset_until: u64,
    eeprom_until: u64,
    /// Values of RXDCTL and TXDCTL that have not taken effect yet: the time at which the value takes effect, the
    /// register's offset, and the value.
    queues: Vec<(u64, u32, u32)>,
    pending: Pending,
    flushed: bool,
    /// Whether receive DMA hangs. It hangs until the next reset.
    pub(crate) receive_hangs: bool,
    /// The value of LINKS at its last read, without injected faults; and, in `looks`, the number of reads.
    links: u32,
    looks: u32,
    /// The numbers of interrupt messages and of received packets so far. The faults that hit every n-th message or
    /// packet use them.
    pub(crate) messages: u32,
    pub(crate) received: u32,
}

impl Quirks {
    /// Ends all operations, as power-on does.
    pub(crate) fn power_on(&mut self) {
        *self = Quirks {
            messages: self.messages,
            received: self.received,
            ..Quirks::default()
        };
    }
}

/// Returns when an operation that begins at `now` and takes `time` is over.
fn after(now: u64, time: u64) -> u64 {
    now.saturating_add(time)
}

impl Nic {
    /// Handles a software reset by CTRL.
    pub(crate) fn software_reset(&mut self) {
        let (now, faults, quirks) = (self.now, *self.faults(), &mut self.quirks);
        if quirks.pending != Pending::None && !quirks.flushed {
            self.omissions.reset_unflushed += 1;
        }
        quirks.pending = match quirks.pending {
            Pending::HalfReset(at) if now > after(at, BETWEEN) => Pending::None,
            Pending::None => Pending::None,
            _ => Pending::HalfReset(now),
        };
        quirks.reset_at = Some(now);
        quirks.reset_until = after(now, faults.reset_time);
        quirks.eeprom_until = after(now, faults.eeprom_time);
        self.reset();
    }

    /// Ends the operations that a reset of any kind ends.
    pub(crate) fn end_of_work(&mut self) {
        self.quirks.queues.clear();
        self.quirks.receive_hangs = false;
        if self.faults().filters_undefined {
            // The datasheet does not say that a reset initialises these memories, so the fault fills them with values
            // that let everything through.
            for (place, count, value) in [
                (at::MTA, 128, u32::MAX),
                (at::UTA, 128, u32::MAX),
                (at::MPSAR, 256, u32::MAX),
                (at::FTQF, 128, u32::MAX),
                (at::L34TIMIR, 128, 0x55 << 21),
            ] {
                for index in 0..count {
                    self.file.set(place + index * 4, value);
                }
            }
        }
    }

    /// Handles a write of CTRL. With the fault `master_stuck`, disabling the bus master leaves requests pending.
    pub(crate) fn master_disabled(&mut self, control: u32) {
        let disabled = control & CTRL_MASTER_DISABLE != 0;
        if disabled && self.faults().master_stuck && self.quirks.pending == Pending::None {
            self.quirks.pending = Pending::Stuck;
            self.quirks.flushed = false;
        }
    }

    /// Handles a write of GCR_EXT. A flush of the PCIe buffers counts only in loopback mode and with receive
    /// disabled, when nothing can be sent or received.
    pub(crate) fn flush_buffers(&mut self, control: u32) {
        if control & GCR_EXT_FLUSH != 0
            && self.file.has(at::HLREG0, HLREG0_LOOPBACK)
            && !self.file.has(at::RXCTRL, RXCTRL_ENABLE)
        {
            self.quirks.flushed = true;
        }
    }

    /// Whether the fault `master_stuck` keeps bus requests pending, which end only by two resets.
    pub(crate) fn requests_pending(&self) -> bool {
        self.quirks.pending != Pending::None
    }

    /// Whether a reset is half done, which leaves the device without DMA.
    pub(crate) fn half_reset(&self) -> bool {
        matches!(self.quirks.pending, Pending::HalfReset(_))
    }

    /// Counts an access that comes too soon after a reset. Accesses to CTRL do not count.
    pub(crate) fn note_haste(&mut self, offset: u32) {
        let recent = |at: u64| self.now < after(at, QUIET);
        let control = matches!(offset, at::CTRL | 0x4);
        if !control && self.quirks.reset_at.is_some_and(recent) {
            self.omissions.access_after_reset += 1;
            // Of the early accesses after one reset, only the first is counted.
            self.quirks.reset_at = None;
        }
    }

    /// Returns the register at `offset` as software reads it. `value` is the stored value. If a reset or the loading
    /// of the EEPROM still runs, the bits that report this are changed in the result.
    pub(crate) fn timed(&self, offset: u32, value: u32) -> u32 {
        let resetting = self.now < self.quirks.reset_until;
        match offset {
            at::CTRL | 0x4 if resetting => value | CTRL_RESET,
            at::RDRXCTL if resetting => value & !RDRXCTL_DMA_INIT_DONE,
            at::EEC if self.now < self.quirks.eeprom_until => value & !EEC_AUTO_READ_DONE,
            _ => value,
        }
    }

    /// Whether this write to RXDCTL or TXDCTL takes effect only later. If so, stores the value until then.
    pub(crate) fn holds_later(&mut self, offset: u32, value: u32) -> bool {
        let changes = self.file.get(offset) & QUEUE_ENABLE != value & QUEUE_ENABLE;
        self.quirks.queues.retain(|&(_, at, _)| at != offset);
        if !changes || self.faults().queue_time == 0 {
            return false;
        }
        let until = after(self.now, self.faults().queue_time);
        self.quirks.queues.push((until, offset, value));
        true
    }

    /// Applies the values of RXDCTL and TXDCTL that take effect by now.
    pub(crate) fn settle_queues(&mut self) {
        let now = self.now;
        let due = |&(until, ..): &(u64, u32, u32)| until <= now;
        while let Some(index) = self.quirks.queues.iter().position(due) {
            let (_, offset, value) = self.quirks.queues.remove(index);
            self.set_queue_control(offset, value);
        }
    }

    /// Whether the security engine's receive path is halted.
    pub(crate) fn path_halted(&self) -> bool {
        self.file.has(at::SECRXCTRL, SECRXCTRL_HALT) && !self.faults().security_busy
    }

    /// Returns SECRXSTAT.
    pub(crate) fn security_status(&self) -> u32 {
        if self.path_halted() {
            SECRXSTAT_READY
        } else {
            0
        }
    }

    /// Handles the change of RXCTRL.RXEN from clear to set.
    pub(crate) fn receive_enabled(&mut self) {
        let halted = self.path_halted();
        self.omissions.receive_enabled(&self.file, halted);
        if !halted && self.faults().rx_enable_hangs {
            self.quirks.receive_hangs = true;
        }
    }

    /// Returns LINKS as software reads it when the link's state is `links`.
    pub(crate) fn look_at_links(&mut self, links: u32) -> u32 {
        let before = core::mem::replace(&mut self.quirks.links, links);
        self.quirks.looks = self.quirks.looks.wrapping_add(1);
        if self.faults().links_stale && before != links {
            return before;
        }
        if self.faults().links_ghost && links & LINKS_UP == 0 && self.quirks.looks % 2 == 1 {
            return LINKS_UP | LINKS_10G;
        }
        links
    }
}
