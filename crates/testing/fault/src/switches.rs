//! The host's side: it decides which points fire, and how.
#![expect(unsafe_code, reason = "code that has the switches can end domains")]

use core::sync::atomic::Ordering;

use crate::{FaultPoint, LEFT, MANNER, Manner};

/// The right to make fault points fire and to see whether they fired. A domain with this right could end another
/// domain. It could also store bits in the switches, where they outlive the domain.
///
/// Code that forbids `unsafe` cannot make a value of this type:
///
/// ```compile_fail,E0133
/// #![forbid(unsafe_code)]
/// let switches = samara_fault::Switches::of_the_host();
/// ```
#[derive(Debug)]
pub struct Switches {
    _private: (),
}

impl Switches {
    /// Returns the host's switches.
    ///
    /// # Safety
    ///
    /// The caller is the host, and gives the switches to no domain.
    #[must_use]
    pub const unsafe fn of_the_host() -> Self {
        Self { _private: () }
    }

    /// Arms `point` to panic once. The first `after` passes have no effect, and the next one panics.
    pub fn arm(&self, point: FaultPoint, after: u32) {
        self.arm_with(point, after, Manner::Panic);
    }

    /// Arms `point` to fire once in this manner. The first `after` passes have no effect, and the next one fires.
    pub fn arm_with(&self, point: FaultPoint, after: u32, manner: Manner) {
        MANNER[point as usize].store(manner as u32, Ordering::Relaxed);
        LEFT[point as usize].store(after.saturating_add(1), Ordering::Relaxed);
    }

    /// Disarms every point.
    pub fn disarm_all(&self) {
        for left in &LEFT {
            left.store(0, Ordering::Relaxed);
        }
    }

    /// Whether `point` is armed and has not fired yet.
    #[must_use]
    pub fn is_armed(&self, point: FaultPoint) -> bool {
        LEFT[point as usize].load(Ordering::Relaxed) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::Switches;
    use crate::{FaultPoint, Manner, fires};

    /// Invariant: AUTH-14
    #[test]
    fn a_point_fires_once_after_its_count() {
        // SAFETY: this test has no domains.
        let switches = unsafe { Switches::of_the_host() };
        assert_eq!(fires(FaultPoint::Submit), None);
        switches.arm_with(FaultPoint::Submit, 2, Manner::Hang);
        let fired: [_; 5] = core::array::from_fn(|_| fires(FaultPoint::Submit));
        assert_eq!(fired, [None, None, Some(Manner::Hang), None, None]);
        assert!(!switches.is_armed(FaultPoint::Submit));
    }
}
