//! The High Precision Event Timer's main counter (IA-PC HPET Specification 1.0a, section 2.3).

use core::ptr::NonNull;
use core::time::Duration;

use super::ticks::ticks_to_duration;
use crate::mm::window;

/// The size of the registers that are used, in bytes.
const REGISTERS: u64 = 0x100;

/// General capabilities: the period of the counter in femtoseconds, from bit 32 on. Bit 13 is set if the counter has 64
/// bits.
const CAPABILITIES: usize = 0x00;
const COUNTER_IS_64_BIT: u64 = 1 << 13;

/// General configuration: bit 0 starts the counter.
const CONFIGURATION: usize = 0x10;
const ENABLE: u64 = 1;

const COUNTER: usize = 0xf0;

/// The longest period that the specification allows, 100 ns.
const MAX_PERIOD: u64 = 100_000_000;

const FEMTOSECONDS_PER_NANOSECOND: u64 = 1_000_000;

pub(super) struct Hpet {
    registers: NonNull<u8>,
    /// In femtoseconds.
    period: u64,
    origin: u64,
}

// SAFETY: any CPU may read the registers at any time, and nothing is written after `start`.
unsafe impl Send for Hpet {}
// SAFETY: as above.
unsafe impl Sync for Hpet {}

impl Hpet {
    /// Starts the counter of the HPET at the physical address `base`. Returns `None` if there is no HPET, or if its
    /// counter has only 32 bits, which would wrap within minutes.
    pub(super) fn start(base: u64) -> Option<Self> {
        let registers = window::map_device(base, REGISTERS).ok()?;
        let mut hpet = Self {
            registers,
            period: 0,
            origin: 0,
        };
        let capabilities = hpet.read(CAPABILITIES);
        hpet.period = capabilities >> 32;
        if capabilities & COUNTER_IS_64_BIT == 0 || hpet.period == 0 || hpet.period > MAX_PERIOD {
            return None;
        }
        hpet.write(CONFIGURATION, hpet.read(CONFIGURATION) | ENABLE);
        hpet.origin = hpet.read(COUNTER);
        Some(hpet)
    }

    pub(super) fn elapsed(&self) -> Duration {
        let ticks = self.read(COUNTER).wrapping_sub(self.origin);
        ticks_to_duration(ticks, self.period, FEMTOSECONDS_PER_NANOSECOND)
    }

    fn read(&self, offset: usize) -> u64 {
        let register = self.registers.as_ptr().wrapping_add(offset).cast::<u64>();
        // SAFETY: an aligned register inside the mapped block. Reading it has no side effect.
        unsafe { register.read_volatile() }
    }

    fn write(&self, offset: usize, value: u64) {
        let register = self.registers.as_ptr().wrapping_add(offset).cast::<u64>();
        // SAFETY: as in `read`; only the bit that starts the counter is ever changed.
        unsafe { register.write_volatile(value) }
    }
}
