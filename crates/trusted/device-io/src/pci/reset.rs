//! Silencing a function: after this, memory that it could reach may be reused.
//!
//! Configuration space only, no lock: it runs during a reclaim, when the domain's threads are gone and
//! whatever they held is still held.

use super::config::{BUS_MASTER, Config, INTX_DISABLE, MEMORY_SPACE, PciId};
use crate::host::{Clock, contained};
use crate::time::Deadline;

/// Device Control (PCI Express Base 5.0 §7.5.3.4), bit 15: initiate the reset. Device Status is its high half.
const DEVICE_CONTROL: u16 = 0x08;
const INITIATE_FLR: u32 = 1 << 15;
/// Device Status (§7.5.3.5), bit 5: transactions pending.
const TRANSACTIONS_PENDING: u32 = 1 << (16 + 5);
/// The write-1-to-clear bits of Device Status, kept out of a read-modify-write.
const CONTROL_HALF: u32 = 0x0000_FFFF;

/// How long to wait for outstanding requests. Completion timeouts are at most 50 ms by default
/// (§2.8); the implementation note in §6.6.2 allows the reset to follow regardless.
const DRAIN_MILLIS: u64 = 100;
/// A function completes its reset within 100 ms (§6.6.2); it may not be accessed earlier.
const FLR_MILLIS: u64 = 100;
/// How long a function that does not answer may be about to, and miss what is written to it meanwhile.
const BLIND_MILLIS: u64 = 10;
/// How long it may answer "retry", which reads as all ones, after that (§2.3.1).
const READY_MILLIS: u64 = 1000;

/// How a function was silenced. In every case it issues no more memory requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Silenced {
    /// Bus mastering off, Function Level Reset done, base addresses restored.
    Reset,
    /// Bus mastering off; the function offers no reset, so its internal state is as it was.
    BusMasterOff,
    /// The function was reset and did not come back in time, or the host's clock failed meanwhile: silence it
    /// again, or claim it anew; if it stays so it needs a power cycle.
    Lost,
    /// Nothing answers: the function was unplugged.
    Absent,
}

/// What a reset must put back: base address registers are cleared by it (§6.6.2).
#[derive(Clone, Copy)]
pub(crate) struct Restore {
    /// That of the function that was claimed: no other one in its place gets its addresses.
    pub(crate) id: PciId,
    pub(crate) express: Option<(u16, bool)>,
    pub(crate) bars: [u32; 6],
}

impl Restore {
    /// Whether the function is that which was claimed: one without the addresses that the claim knows was put in since.
    pub(crate) fn is_of(&self, config: &Config, is_lost: bool) -> bool {
        config.id() == Some(self.id) && (is_lost || config.bars() == self.bars)
    }
}

/// Clears bus mastering, resets the function if it can be, restores its base addresses. Takes up to
/// 2.2 s if the device misbehaves, 100 ms if it doesn't, microseconds where there's no reset. A panic of the
/// clock ends here: its callers are destructors.
pub(crate) fn silence(
    config: &Config,
    restore: &Restore,
    is_lost: bool,
    clock: &'static dyn Clock,
) -> Silenced {
    if !restore.is_of(config, is_lost) {
        // Unplugged, or another is in its place; or it only says so, and is back in a moment.
        turn_off(config, INTX_DISABLE, BLIND_MILLIS, clock);
        return Silenced::Absent;
    }
    // One that was begun before has ended since. Another would take as long.
    let was_reset = is_lost && config.command() == 0;
    let command = if is_lost { 0 } else { MEMORY_SPACE } | INTX_DISABLE;
    turn_off(config, command, READY_MILLIS, clock);
    let Some((express, has_reset)) = restore.express else {
        return Silenced::BusMasterOff;
    };
    let mut control = 0;
    let drained = contained(|| {
        Deadline::after(clock, DRAIN_MILLIS).poll(|| {
            control = config.read(express + DEVICE_CONTROL);
            control & TRANSACTIONS_PENDING == 0
        })
    });
    // Without a clock nobody knows when a reset is over; and all ones are no control.
    if drained.is_none() || !has_reset || control == u32::MAX {
        return Silenced::BusMasterOff;
    }
    if !was_reset {
        let begin = control & CONTROL_HALF | INITIATE_FLR;
        config.write(express + DEVICE_CONTROL, begin);
    }
    let reset_ends = || {
        Deadline::after(clock, FLR_MILLIS).sleep();
        // A reset has turned memory decoding off, too.
        let is_reset = || restore.is_of(config, true) && config.command() == 0;
        Deadline::after(clock, READY_MILLIS).poll(is_reset)
    };
    let is_back = was_reset || contained(reset_ends) == Some(true);
    if !is_back || !config.set_bars(&restore.bars) {
        return Silenced::Lost;
    }
    config.set_command(MEMORY_SPACE | INTX_DISABLE);
    Silenced::Reset
}

/// Has the function issue no more requests: writes its command register until it reads so, for so long at most.
fn turn_off(config: &Config, command: u16, millis: u64, clock: &'static dyn Clock) {
    let is_off = || {
        config.set_command(command);
        // The read's completion pushes memory writes that the function had already issued ahead of it
        // (ordering rules, §2.4.1), so none is under way when it returns.
        config.command() & BUS_MASTER == 0
    };
    if !is_off() {
        contained(|| Deadline::after(clock, millis).poll(is_off));
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

    use super::super::config::{BUS_MASTER, Config, PciId};
    use super::{Restore, Silenced, silence};
    use crate::host::{Clock, ConfigSpace, PciAddress};

    /// A function that reads as all ones, and takes writes.
    struct Mute {
        is_mute: AtomicBool,
        command: AtomicU32,
    }

    // SAFETY: a model: nothing is reached.
    unsafe impl ConfigSpace for Mute {
        fn read(&self, _: PciAddress, offset: u16) -> u32 {
            match offset {
                4 if !self.is_mute.load(Relaxed) => self.command.load(Relaxed),
                _ => u32::MAX,
            }
        }

        unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
            if offset == 4 {
                self.command.store(value, Relaxed);
            }
        }
    }

    /// A millisecond for each look.
    struct Looks(AtomicU64);

    // SAFETY: allocates nothing.
    unsafe impl Clock for Looks {
        fn now(&self) -> u64 {
            self.0.fetch_add(1_000_000, Relaxed)
        }

        fn relax(&self) {}
    }

    #[test]
    fn who_reads_as_absent_is_no_bus_master_when_it_is_back() {
        static MUTE: Mute = Mute {
            is_mute: AtomicBool::new(true),
            command: AtomicU32::new(BUS_MASTER as u32),
        };
        let address = PciAddress {
            segment: 0,
            bus: 0,
            device: 1,
            function: 0,
        };
        static BLIND: AtomicBool = AtomicBool::new(false);
        let config = Config {
            space: &MUTE,
            address,
            blind: &BLIND,
        };
        let id = PciId {
            vendor: 1,
            device: 2,
            class: [1, 8, 2],
        };
        let restore = Restore {
            id,
            express: None,
            bars: [0; 6],
        };
        static CLOCK: Looks = Looks(AtomicU64::new(0));
        assert_eq!(silence(&config, &restore, false, &CLOCK), Silenced::Absent);
        MUTE.is_mute.store(false, Relaxed);
        assert_eq!(config.command() & BUS_MASTER, 0);
    }
}
