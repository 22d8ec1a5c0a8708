//! The processor's own interrupt controller and its timer (Intel SDM volume 3, chapter 11), through
//! its registers in memory.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;

use spin::Once;
use x86_64::registers::model_specific::Msr;

use crate::mm::window;
use crate::time;

/// The timer's vector.
pub(crate) const TIMER: u8 = 0x40;
/// Delivered when an interrupt went away meanwhile; not to be acknowledged.
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

/// Long against the clock's resolution and against a hiccup of a machine that is emulated.
const CALIBRATION: Duration = Duration::from_millis(20);

/// Where the registers are. Every processor finds its own there.
struct Registers(NonNull<u8>);

// SAFETY: an access reaches the controller of the processor that makes it.
unsafe impl Send for Registers {}
// SAFETY: as above.
unsafe impl Sync for Registers {}

static REGISTERS: Once<Registers> = Once::new();

/// Timer counts in a second, as calibrated.
static FREQUENCY: AtomicU64 = AtomicU64::new(0);

/// Switches this processor's controller on and measures its timer by the clock; false if there is no
/// controller that can be reached this way.
pub(crate) fn init() -> bool {
    // SAFETY: every processor in 64-bit mode has this register.
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

/// Whether the timer counts at all.
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

/// Timer counts in a second; 0 before [`init`].
pub(crate) fn frequency() -> u64 {
    FREQUENCY.load(Relaxed)
}

/// Has the timer interrupt once, `after` from now. At most about a minute.
pub(crate) fn arm(after: Duration) {
    let Some(registers) = REGISTERS.get() else {
        return;
    };
    let counts = u128::from(frequency()) * after.as_nanos() / 1_000_000_000;
    let counts = u32::try_from(counts).unwrap_or(u32::MAX).max(1); // 0 would stop it
    registers.write(INITIAL_COUNT, counts);
}

/// How long the timer still waits; nothing once it has struck.
pub(crate) fn left() -> Duration {
    let counts = REGISTERS
        .get()
        .map_or(0, |registers| registers.read(CURRENT_COUNT));
    let nanoseconds = u64::from(counts).saturating_mul(1_000_000_000);
    Duration::from_nanos(nanoseconds.checked_div(frequency()).unwrap_or_default())
}

/// Which of the processors this is to devices; 0 before [`init`].
pub(crate) fn id() -> u8 {
    let registers = REGISTERS.get();
    registers.map_or(0, |registers| (registers.read(ID) >> 24) as u8)
}

/// Sends this processor an interrupt, as a device would. It comes with interrupts on, soon.
#[cfg(feature = "kernel-tests")]
pub(crate) fn interrupt_self(vector: u8) {
    const COMMAND: usize = 0x300;
    const TO_SELF: u32 = 0b01 << 18;
    if let Some(registers) = REGISTERS.get() {
        registers.write(COMMAND, TO_SELF | u32::from(vector));
    }
}

/// Tells the controller that the interrupt is taken care of.
pub(crate) fn acknowledge() {
    if let Some(registers) = REGISTERS.get() {
        registers.write(END_OF_INTERRUPT, 0);
    }
}

impl Registers {
    fn read(&self, offset: usize) -> u32 {
        let register = self.0.as_ptr().wrapping_add(offset).cast::<u32>();
        // SAFETY: an aligned register inside the mapped page, readable without effect.
        unsafe { register.read_volatile() }
    }

    fn write(&self, offset: usize, value: u32) {
        let register = self.0.as_ptr().wrapping_add(offset).cast::<u32>();
        // SAFETY: as in `read`; what is written here asks for vectors that the table has.
        unsafe { register.write_volatile(value) }
    }
}
