//! Silences a function. Afterwards, memory that the function could reach may be reused.
//!
//! The code here touches only configuration space and takes no lock. It runs during a reclaim: then the domain's
//! threads are gone, but the locks that they held are still taken.

use super::config::{BUS_MASTER, Config, INTX_DISABLE, MEMORY_SPACE, PciId};
use crate::host::{Clock, contained};
use crate::time::Deadline;

/// Device Control (PCI Express Base 5.0 §7.5.3.4); bit 15 initiates the reset. Device Status is its high half.
const DEVICE_CONTROL: u16 = 0x08;
const INITIATE_FLR: u32 = 1 << 15;
/// Device Status (§7.5.3.5), bit 5: transactions pending.
const TRANSACTIONS_PENDING: u32 = 1 << (16 + 5);
/// Keeps the write-1-to-clear bits of Device Status out of a read-modify-write.
const CONTROL_HALF: u32 = 0x0000_FFFF;

/// How long to wait for outstanding requests. Completion timeouts are at most 50 ms by default
/// (§2.8); the implementation note in §6.6.2 allows the reset to follow regardless.
const DRAIN_MILLIS: u64 = 100;
/// A function completes its reset within 100 ms (§6.6.2). The host may not access it earlier.
const FLR_MILLIS: u64 = 100;
/// How long a function that does not answer may take to answer again. Meanwhile writes to it are lost.
const BLIND_MILLIS: u64 = 10;
/// How long a function may answer reads with "retry" after its reset (§2.3.1). Such a read returns all ones.
const READY_MILLIS: u64 = 1000;

/// How a function was silenced. In every case the function issues no more memory requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Silenced {
    /// Bus mastering off, Function Level Reset done, base addresses restored.
    Reset,
    /// Bus mastering off. The function offers no reset or could not be reset, so its internal state is as it was.
    BusMasterOff,
    /// The function was reset and did not come back in time, did not take its base addresses, or the host's clock
    /// failed meanwhile. Silence it again, or claim it anew. If the result is the same, the function needs a power
    /// cycle.
    Lost,
    /// The claimed function does not answer: it was unplugged, or replaced by another.
    Absent,
}

/// What must be put back after a reset, which clears the base address registers (§6.6.2).
#[derive(Clone, Copy)]
pub(crate) struct Restore {
    /// The identifiers of the claimed function. A function of other identifiers in its place does not get the base
    /// addresses.
    pub(crate) id: PciId,
    pub(crate) express: Option<(u16, bool)>,
    pub(crate) bars: [u32; 6],
}

impl Restore {
    /// Whether the claimed function is still in its place. If the base addresses differ from the claim's, another
    /// function was plugged in, unless a reset has cleared them (`is_lost`).
    pub(crate) fn is_of(&self, config: &Config, is_lost: bool) -> bool {
        config.id() == Some(self.id) && (is_lost || config.bars() == self.bars)
    }
}

/// Clears bus mastering, resets the function if possible, and restores its base addresses. Takes up to 2.2 s if the
/// device misbehaves, 100 ms if it doesn't, microseconds if it offers no reset. A panic of the clock is caught,
/// because destructors call this.
pub(crate) fn silence(
    config: &Config,
    restore: &Restore,
    is_lost: bool,
    clock: &'static dyn Clock,
) -> Silenced {
    if !restore.is_of(config, is_lost) {
        // The function was unplugged or replaced, or it fails to answer for a moment. Because of the second case, bus
        // mastering is turned off here, too.
        set(config, INTX_DISABLE, BUS_MASTER, BLIND_MILLIS, clock);
        return Silenced::Absent;
    }
    // If `was_reset`, a reset that was begun earlier has ended meanwhile, so no further reset is needed.
    let was_reset = is_lost && config.command() == 0;
    let command = if is_lost { 0 } else { MEMORY_SPACE } | INTX_DISABLE;
    set(config, command, BUS_MASTER, READY_MILLIS, clock);
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
    // If the clock has failed, the end of a reset can't be awaited. If the register reads as all ones, the function
    // does not answer.
    if drained.is_none() || !has_reset || control == u32::MAX {
        return Silenced::BusMasterOff;
    }
    if !was_reset {
        let begin = control & CONTROL_HALF | INITIATE_FLR;
        config.write(express + DEVICE_CONTROL, begin);
    }
    let reset_ends = || {
        Deadline::after(clock, FLR_MILLIS).sleep();
        // A reset turns memory decoding off, too.
        let is_reset = || restore.is_of(config, true) && config.command() == 0;
        Deadline::after(clock, READY_MILLIS).poll(is_reset)
    };
    let is_back = was_reset || contained(reset_ends) == Some(true);
    let (on, mask) = (MEMORY_SPACE | INTX_DISABLE, MEMORY_SPACE | BUS_MASTER);
    if is_back && config.set_bars(&restore.bars) && set(config, on, mask, BLIND_MILLIS, clock) {
        Silenced::Reset
    } else {
        Silenced::Lost
    }
}

/// Writes `command` repeatedly until the bits of `mask` read as written, for at most `millis`. Returns whether they
/// did.
fn set(config: &Config, command: u16, mask: u16, millis: u64, clock: &'static dyn Clock) -> bool {
    let is_set = || {
        config.set_command(command);
        // By the ordering rules (§2.4.1), the read's completion arrives after all memory writes that the function
        // issued before. So if `command` turns bus mastering off, no such write is under way when the read returns.
        config.command() & mask == command & mask
    };
    is_set() || contained(|| Deadline::after(clock, millis).poll(is_set)) == Some(true)
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

    use super::super::config::{BUS_MASTER, Config, MEMORY_SPACE, PciId};
    use super::{DEVICE_CONTROL, INITIATE_FLR, Restore, Silenced, silence};
    use crate::host::{Clock, ConfigSpace, PciAddress};

    /// An emulated function that reads as all ones while it is mute. It takes writes even while it is mute.
    struct Mute {
        is_mute: AtomicBool,
        command: AtomicU32,
    }

    // SAFETY: emulated, so nothing real is reached.
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

    /// An emulated function that offers a reset. After the reset it misses the first write that turns memory decoding
    /// on.
    struct Deaf {
        command: AtomicU32,
        bars: [AtomicU32; 6],
        misses: AtomicBool,
    }

    /// Where its PCI Express capability is.
    const EXPRESS: u16 = 0x40;

    // SAFETY: emulated, so nothing real is reached.
    unsafe impl ConfigSpace for Deaf {
        fn read(&self, _: PciAddress, offset: u16) -> u32 {
            match offset {
                0 => 2 << 16 | 1,
                4 => self.command.load(Relaxed),
                8 => 0x0108_0200,
                0x10..0x28 => self.bars[usize::from(offset - 0x10) / 4].load(Relaxed),
                _ => 0,
            }
        }

        unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
            const CONTROL: u16 = EXPRESS + DEVICE_CONTROL;
            match offset {
                4 if value & u32::from(MEMORY_SPACE) != 0 && self.misses.swap(false, Relaxed) => {}
                4 => self.command.store(value, Relaxed),
                0x10..0x28 => self.bars[usize::from(offset - 0x10) / 4].store(value, Relaxed),
                CONTROL if value & INITIATE_FLR != 0 => {
                    self.command.store(0, Relaxed);
                    self.bars.iter().for_each(|bar| bar.store(0, Relaxed));
                    self.misses.store(true, Relaxed);
                }
                _ => {}
            }
        }
    }

    const ADDRESS: PciAddress = PciAddress {
        segment: 0,
        bus: 0,
        device: 1,
        function: 0,
    };

    const ID: PciId = PciId {
        vendor: 1,
        device: 2,
        class: [1, 8, 2],
    };

    /// Invariant: DEV-16
    #[test]
    fn a_write_that_a_reset_function_misses_is_repeated() {
        static DEAF: Deaf = Deaf {
            command: AtomicU32::new(MEMORY_SPACE as u32),
            bars: [const { AtomicU32::new(0xFE00_0000) }; 6],
            misses: AtomicBool::new(false),
        };
        static BLIND: AtomicBool = AtomicBool::new(false);
        static CLOCK: Looks = Looks(AtomicU64::new(0));
        let config = Config {
            space: &DEAF,
            address: ADDRESS,
            blind: &BLIND,
        };
        let restore = Restore {
            id: ID,
            express: Some((EXPRESS, true)),
            bars: [0xFE00_0000; 6],
        };
        assert_eq!(silence(&config, &restore, false, &CLOCK), Silenced::Reset);
        assert_eq!(config.command() & MEMORY_SPACE, MEMORY_SPACE);
    }

    /// A clock that advances by one millisecond at each reading.
    struct Looks(AtomicU64);

    // SAFETY: allocates nothing.
    unsafe impl Clock for Looks {
        fn now(&self) -> u64 {
            self.0.fetch_add(1_000_000, Relaxed)
        }

        fn relax(&self) {}
    }

    /// Invariant: DEV-9
    #[test]
    fn absent_function_is_no_bus_master_when_back() {
        static MUTE: Mute = Mute {
            is_mute: AtomicBool::new(true),
            command: AtomicU32::new(BUS_MASTER as u32),
        };
        static BLIND: AtomicBool = AtomicBool::new(false);
        let config = Config {
            space: &MUTE,
            address: ADDRESS,
            blind: &BLIND,
        };
        let restore = Restore {
            id: ID,
            express: None,
            bars: [0; 6],
        };
        static CLOCK: Looks = Looks(AtomicU64::new(0));
        assert_eq!(silence(&config, &restore, false, &CLOCK), Silenced::Absent);
        MUTE.is_mute.store(false, Relaxed);
        assert_eq!(config.command() & BUS_MASTER, 0);
    }
}
