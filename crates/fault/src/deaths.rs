//! How to die.

use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};

/// A manner of dying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// A panic.
    #[default]
    Panic,
    /// A fault of the processor: each time another one.
    Fault,
    /// Recursion without end.
    Overflow,
    /// A loop without end.
    Hang,
    /// A panic in a destructor that a panic runs.
    DoublePanic,
}

impl Manner {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Panic,
        Self::Fault,
        Self::Overflow,
        Self::Hang,
        Self::DoublePanic,
    ];

    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Fault => "fault",
            Self::Overflow => "overflow",
            Self::Hang => "hang",
            Self::DoublePanic => "double-panic",
        }
    }
}

/// Panics when it is dropped.
#[derive(Debug)]
pub struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("injected fault while unwinding");
    }
}

/// Raises an exception of the processor: a read of nothing, a write to code, and on x86_64 a division
/// by zero and an undefined instruction, in turn.
#[inline(never)]
pub fn cpu_fault() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    match TURN.fetch_add(1, Ordering::Relaxed) % 4 {
        0 => read(0x18),
        1 => write(cpu_fault as fn() as usize),
        2 => divide(),
        _ => undefined(),
    }
}

#[inline(never)]
fn read(address: usize) {
    let pointer = core::ptr::without_provenance::<u8>(black_box(address));
    // SAFETY: not a valid pointer: the fault is the purpose.
    black_box(unsafe { pointer.read_volatile() });
}

#[inline(never)]
fn write(address: usize) {
    let pointer = core::ptr::with_exposed_provenance_mut::<u8>(black_box(address));
    // SAFETY: read-only memory: the fault is the purpose.
    unsafe { pointer.write_volatile(0) };
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn divide() {
    // SAFETY: raises a divide error, which is the purpose.
    unsafe {
        core::arch::asm!(
            "div {zero:e}",
            zero = in(reg) 0_u32, inout("eax") 1 => _, inout("edx") 0 => _
        )
    };
}

#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn undefined() {
    // SAFETY: raises an undefined instruction exception, which is the purpose.
    unsafe { core::arch::asm!("ud2") };
}

#[cfg(not(target_arch = "x86_64"))]
use {read_nothing as divide, read_nothing as undefined};

#[cfg(not(target_arch = "x86_64"))]
fn read_nothing() {
    read(0x18);
}

/// Recurses until the stack is used up.
pub fn overflow_stack() {
    black_box(deeper(1));
}

#[inline(never)]
#[expect(unconditional_recursion, reason = "the purpose")]
fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    deeper(depth + 1) + frame[(depth % 16) as usize]
}

/// Never returns.
pub fn hang() {
    // What the compiler cannot see may change: it must not take the loop for one that ends.
    while black_box(true) {
        core::hint::spin_loop();
    }
}
