//! Fault injection for domains: the host arms a point, the domain asks there whether to panic; and
//! CPU exceptions to order.
//!
//! The switches are statics, which a domain may not have; this crate is on the list of trusted ones. A
//! point fires once and is then disarmed, so that the recovery after it runs undisturbed.

#![no_std]

#[cfg(target_arch = "x86_64")]
pub mod cpu;

use core::sync::atomic::{AtomicU32, Ordering};

/// Where a driver can be made to panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultPoint {
    /// In `init`, with the device enabled and DMA memory allocated.
    Init,
    /// Between putting a buffer in flight and ringing the doorbell.
    Submit,
    /// On taking a completion, before the buffer is out of flight.
    Completion,
    /// While holding a buffer that was moved in.
    Moved,
    /// While holding a borrowed buffer.
    Borrowed,
    /// With commands rung in and the device at work on them.
    InFlight,
    /// In a `Drop`, outside any unwinding.
    Drop,
}

impl FaultPoint {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Init,
        Self::Submit,
        Self::Completion,
        Self::Moved,
        Self::Borrowed,
        Self::InFlight,
        Self::Drop,
    ];

    /// Its name, for messages.
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

/// Passes left until each point fires; 0 is disarmed.
static LEFT: [AtomicU32; FaultPoint::ALL.len()] =
    [const { AtomicU32::new(0) }; FaultPoint::ALL.len()];

/// Makes `point` fire once, after it was passed `after` times.
pub fn arm(point: FaultPoint, after: u32) {
    LEFT[point as usize].store(after.saturating_add(1), Ordering::Relaxed);
}

/// Disarms every point.
pub fn disarm_all() {
    for left in &LEFT {
        left.store(0, Ordering::Relaxed);
    }
}

/// Whether `point` is still to fire.
pub fn is_armed(point: FaultPoint) -> bool {
    LEFT[point as usize].load(Ordering::Relaxed) != 0
}

/// Counts a pass of `point`; whether to panic there now.
pub fn should_fire(point: FaultPoint) -> bool {
    let step = |left: u32| left.checked_sub(1);
    LEFT[point as usize].fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) == Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_fires_once_after_its_count() {
        assert!(!should_fire(FaultPoint::Submit));
        arm(FaultPoint::Submit, 2);
        let fired: [bool; 5] = core::array::from_fn(|_| should_fire(FaultPoint::Submit));
        assert_eq!(fired, [false, false, true, false, false]);
        assert!(!is_armed(FaultPoint::Submit));
    }
}
