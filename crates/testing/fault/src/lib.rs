//! Fault injection for domains. The host arms a fault point with its [`Switches`]. When a domain's code passes the
//! point, it asks whether it must die there, and in which manner. The crate also raises CPU exceptions on request.
//!
//! The crate is on the list of trusted crates for two reasons. First, the switches are statics, which a domain may
//! not have. Second, the crate raises exceptions that a domain's safe code cannot raise. A point fires once and is
//! then disarmed, so that the recovery after it runs undisturbed.

#![no_std]

#[cfg(target_arch = "x86_64")]
pub mod cpu;
mod deaths;
mod switches;

pub use deaths::{Manner, PanicsOnDrop, cpu_fault, hang, overflow_stack};
pub use switches::Switches;

use core::sync::atomic::{AtomicU32, Ordering};

/// A place where a driver can be made to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultPoint {
    /// In `init`, after the device was enabled and DMA memory was allocated.
    Init,
    /// Between putting a buffer in flight and ringing the doorbell.
    Submit,
    /// On taking a completion, before the buffer is out of flight.
    Completion,
    /// While holding a buffer that was moved in.
    Moved,
    /// While holding a borrowed buffer.
    Borrowed,
    /// With commands submitted and the device at work on them.
    InFlight,
    /// In a `Drop`, outside any unwinding.
    Drop,
}

impl FaultPoint {
    /// All points.
    pub const ALL: [Self; 7] = [
        Self::Init,
        Self::Submit,
        Self::Completion,
        Self::Moved,
        Self::Borrowed,
        Self::InFlight,
        Self::Drop,
    ];

    /// Returns the point's name, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "in init",
            Self::Submit => "in submit",
            Self::Completion => "in completion",
            Self::Moved => "holding a moved RRef",
            Self::Borrowed => "holding a borrowed RRef",
            Self::InFlight => "with DMA in flight",
            Self::Drop => "in a Drop",
        }
    }
}

/// For each point, the number of passes up to and including the one at which it fires. 0 means that it is disarmed.
static LEFT: [AtomicU32; FaultPoint::ALL.len()] =
    [const { AtomicU32::new(0) }; FaultPoint::ALL.len()];

/// The way in which each point fires: an index into [`Manner::ALL`].
static MANNER: [AtomicU32; FaultPoint::ALL.len()] =
    [const { AtomicU32::new(0) }; FaultPoint::ALL.len()];

/// Counts a pass of `point`. If the point fires now, returns the manner in which the caller must die.
pub fn fires(point: FaultPoint) -> Option<Manner> {
    let step = |left: u32| left.checked_sub(1);
    let left = LEFT[point as usize].fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
    let manner = MANNER[point as usize].load(Ordering::Relaxed) as usize;
    (left == Ok(1)).then(|| Manner::ALL.get(manner).copied().unwrap_or_default())
}

/// Dies here if the host has armed the point. If the manner is a panic, the macro panics in the caller's own code, so
/// the message has the caller's file and line.
#[macro_export]
macro_rules! fault_point {
    ($point:expr) => {
        if let Some(manner) = $crate::fires($point) {
            match manner {
                $crate::Manner::Panic => panic!("injected fault {}", $point.name()),
                $crate::Manner::DoublePanic => {
                    let _second = $crate::PanicsOnDrop;
                    panic!("injected fault {}", $point.name());
                }
                $crate::Manner::Fault => $crate::cpu_fault(),
                $crate::Manner::Overflow => $crate::overflow_stack(),
                $crate::Manner::Hang => $crate::hang(),
            }
        }
    };
}
