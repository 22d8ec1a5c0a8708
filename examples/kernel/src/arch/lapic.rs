//! The local APIC of a CPU and its timer (Intel SDM volume 3, chapter 11), accessed through memory-mapped registers.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;

use spin::Once;
use x86_64::registers::model_specific::Msr;

use crate::mm::window;
use crate::time;

/// The vector of the timer interrupt.
pub(crate) const TIMER: u8 = 0x40;
/// The vector of the spurious interrupt, which is delivered if an interrupt is withdrawn before its delivery. It must
/// not be acknowledged.
pub(crate) const SPURIOUS: u8 = 0xff;

const BASE_MSR: u32 = 0x1b;
const BASE_ENABLED: u64 = 1 << 11;
const BASE_X2APIC: u64 = 1 << 10;
const BASE_ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const ID: usize = 0x020;
const END_OF_INTERRUPT: usize = 0x0b0;
const SPURIOUS_VECTOR: usize = 0x0f0;
const SOFTWARE_ENABLE: u32 = 1 << 8;
const LVT_TIMER: usize = 0x320;
const LVT_LINT0: usize = 0x350;
const MASKED: u32 = 1 << 16;
const INITIAL_COUNT: usize = 0x380;
const CURRENT_COUNT: usize = 0x390;
const DIVIDE: usize = 0x3e0;
const DIVIDE_BY_16: u32 = 0b0011;

/// The time over which the timer is calibrated. It is long compared with the resolution of the clock and with the
/// short pauses of an emulated machine.
const CALIBRATION: Duration = Duration::from_millis(20);

/// The address of the registers. Every CPU reaches its own registers at the same address.
struct Registers(NonNull<u8>);

// SAFETY: an access reaches the controller of the CPU that executes it, in whichever thread.
unsafe impl Send for Registers {}
// SAFETY: as above.
unsafe impl Sync for Registers {}

static REGISTERS: Once<Registers> = Once::new();

/// Timer counts in a second, as calibrated; 0 before that.
static FREQUENCY: AtomicU64 = AtomicU64::new(0);

/// Switches the controller of this CPU on, and measures its timer by the clock. Returns false if there is no controller
/// with memory-mapped registers, or if its timer does not count.
pub(crate) fn init() -> bool {
    // SAFETY: every CPU in 64-bit mode has this register.
    let base = unsafe { Msr::new(BASE_MSR).read() };
    if base & BASE_ENABLED == 0 || base & BASE_X2APIC != 0 {
        return false;
    }
    let Ok(registers) = window::map_device(base & BASE_ADDRESS, 0x1000) else {
        return false;
    };
    let registers = REGISTERS.call_once(|| Registers(registers));
    registers.write(SPURIOUS_VECTOR, SOFTWARE_ENABLE | u32::from(SPURIOUS));
    registers.write(LVT_LINT0, MASKED);
    registers.write(DIVIDE, DIVIDE_BY_16);
    registers.write(LVT_TIMER, MASKED | u32::from(TIMER));
    calibrate(registers)
}

/// Measures the frequency of the timer by the clock and unmasks the timer. Returns whether the timer counts at all.
fn calibrate(registers: &Registers) -> bool {
    let start = time::since_boot();
    registers.write(INITIAL_COUNT, u32::MAX);
    let mut took = Duration::ZERO;
    while took < CALIBRATION {
        core::hint::spin_loop();
        took = time::since_boot() - start;
    }
    let counted = u32::MAX - registers.read(CURRENT_COUNT);
    registers.write(INITIAL_COUNT, 0);
    let frequency = u128::from(counted) * 1_000_000_000 / took.as_nanos().max(1);
    FREQUENCY.store(frequency as u64, Relaxed);
    registers.write(LVT_TIMER, u32::from(TIMER));
    frequency != 0
}

/// Returns the timer counts in a second; 0 before [`init`].
pub(crate) fn frequency() -> u64 {
    FREQUENCY.load(Relaxed)
}

/// Arms the timer to interrupt once, `after` from now. The counter has 32 bits, which limits `after` to about a minute.
pub(crate) fn arm(after: Duration) {
    let Some(registers) = REGISTERS.get() else {
        return;
    };
    let counts = u128::from(frequency()) * after.as_nanos() / 1_000_000_000;
    let counts = u32::try_from(counts).unwrap_or(u32::MAX).max(1); // 0 would stop the timer
    registers.write(INITIAL_COUNT, counts);
}

/// Returns the time until the timer's interrupt, or zero if the interrupt has occurred.
pub(crate) fn left() -> Duration {
    let counts = REGISTERS
        .get()
        .map_or(0, |registers| registers.read(CURRENT_COUNT));
    let nanoseconds = u64::from(counts).saturating_mul(1_000_000_000);
    Duration::from_nanos(nanoseconds.checked_div(frequency()).unwrap_or_default())
}

/// Returns the number by which devices address this CPU; 0 before [`init`].
pub(crate) fn id() -> u8 {
    let registers = REGISTERS.get();
    registers.map_or(0, |registers| (registers.read(ID) >> 24) as u8)
}

/// Sends this CPU an interrupt, as a device would. It is delivered soon after, once interrupts are enabled.
#[cfg(feature = "kernel-tests")]
pub(crate) fn interrupt_self(vector: u8) {
    const COMMAND: usize = 0x300;
    const TO_SELF: u32 = 0b01 << 18;
    if let Some(registers) = REGISTERS.get() {
        registers.write(COMMAND, TO_SELF | u32::from(vector));
    }
}

/// Signals the end of the interrupt to the controller.
pub(crate) fn acknowledge() {
    if let Some(registers) = REGISTERS.get() {
        registers.write(END_OF_INTERRUPT, 0);
    }
}

impl Registers {
    fn read(&self, offset: usize) -> u32 {
        let register = self.0.as_ptr().wrapping_add(offset).cast::<u32>();
        // SAFETY: an aligned register inside the mapped page. Reading it has no side effect.
        unsafe { register.read_volatile() }
    }

    fn write(&self, offset: usize, value: u32) {
        let register = self.0.as_ptr().wrapping_add(offset).cast::<u32>();
        // SAFETY: as in `read`; all vectors that are written here have an entry in the interrupt table.
        unsafe { register.write_volatile(value) }
    }
}
