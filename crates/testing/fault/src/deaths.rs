//! The ways in which a domain can be made to die.

use core::hint::black_box;

/// A way to die.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// A panic.
    #[default]
    Panic,
    /// A CPU exception. Each time it is the next of six kinds.
    Fault,
    /// Recursion without end.
    Overflow,
    /// A loop without end.
    Hang,
    /// A panic in a destructor that runs while another panic unwinds.
    DoublePanic,
}

impl Manner {
    /// All ways.
    pub const ALL: [Self; 5] = [
        Self::Panic,
        Self::Fault,
        Self::Overflow,
        Self::Hang,
        Self::DoublePanic,
    ];

    /// Returns its name on a command line.
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

/// Raises a CPU exception, each time the next of six kinds. Panics on processors other than x86_64, where this crate
/// raises no exceptions.
#[inline(never)]
pub fn cpu_fault() {
    #[cfg(target_arch = "x86_64")]
    {
        use core::sync::atomic::{AtomicU32, Ordering};

        use crate::cpu::{Trap, strike};

        const TURNS: [Trap; 6] = [
            Trap::ReadNull,
            Trap::WriteConstant,
            Trap::Divide,
            Trap::Undefined,
            Trap::NonCanonical,
            Trap::ExecuteData,
        ];
        static TURN: AtomicU32 = AtomicU32::new(0);
        let turn = TURN.fetch_add(1, Ordering::Relaxed) as usize;
        strike(TURNS[turn % TURNS.len()]);
    }
    #[cfg(not(target_arch = "x86_64"))]
    panic!("this crate raises no exceptions on this processor");
}

/// Recurses until the stack is used up. Panics on processors other than x86_64.
pub fn overflow_stack() {
    #[cfg(target_arch = "x86_64")]
    crate::cpu::strike(crate::cpu::Trap::StackOverflow);
    #[cfg(not(target_arch = "x86_64"))]
    panic!("the stack has no guard page on this processor");
}

/// Never returns.
pub fn hang() {
    // The value is opaque to the compiler, which therefore keeps the loop.
    while black_box(true) {
        core::hint::spin_loop();
    }
}
