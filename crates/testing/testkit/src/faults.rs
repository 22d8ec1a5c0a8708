//! The switches of fault points, for hosts: tests and demonstrations arm fault points through them.
#![expect(unsafe_code, reason = "takes the host's switches")]

use samara_fault::{FaultPoint, Manner, Switches};

// SAFETY: the switches stay with the host, because a domain may not be linked with this crate.
const SWITCHES: Switches = unsafe { Switches::of_the_host() };

/// Makes `point` panic once, after `after` passes without effect.
pub fn arm(point: FaultPoint, after: u32) {
    SWITCHES.arm(point, after);
}

/// Makes `point` fire once in this manner, after `after` passes without effect.
pub fn arm_with(point: FaultPoint, after: u32, manner: Manner) {
    SWITCHES.arm_with(point, after, manner);
}

/// Disarms every point.
pub fn disarm_all() {
    SWITCHES.disarm_all();
}

/// Whether `point` is still to fire.
pub fn is_armed(point: FaultPoint) -> bool {
    SWITCHES.is_armed(point)
}
