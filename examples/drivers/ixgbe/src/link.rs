//! The link's state, which the device may report wrongly for a moment.
//!
//! The first read of LINKS after a change may still give the earlier state. Without a link, crosstalk may make LINKS
//! report one. So the driver accepts a change only if LINKS still shows it a little later.

use crate::registers::{Function, LINKS};

/// LINKS bit 30: the link is up.
const UP: u32 = 1 << 30;
/// The number of milliseconds after which LINKS must still show a change.
const SETTLE_MILLIS: u64 = 5;

/// LINKS, decoded (section 8.2.3.22.20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkStatus(u32);

impl LinkStatus {
    fn now(function: &Function) -> Self {
        Self(function.read(LINKS))
    }

    /// Reads the link's state for a call that serves another purpose. `up` is the state at the last look. Costs one
    /// register read if nothing has changed. A change may be noticed only at the next look, because LINKS may still
    /// give the earlier state.
    pub(crate) fn glance(function: &Function, up: bool) -> Self {
        match Self::now(function) {
            status if status.is_absent() || status.is_up() == up => status,
            _ => Self::settled(function),
        }
    }

    /// Reads the link's state for a caller that asks for it. `up` is the state at the last look. Reads LINKS at least
    /// twice, because the first read may still give an earlier state.
    pub(crate) fn read(function: &Function, up: bool) -> Self {
        let first = Self::now(function);
        match Self::glance(function, up) {
            status if status.is_absent() || first.is_up() == status.is_up() => status,
            _ => Self::settled(function),
        }
    }

    /// Waits a little and then reads the state twice. The link counts as up only if both reads say so.
    fn settled(function: &Function) -> Self {
        function.deadline(SETTLE_MILLIS).sleep();
        let first = Self::now(function);
        match Self::now(function) {
            status if status.is_absent() || first.is_up() => status,
            Self(links) => Self(links & !UP),
        }
    }

    /// Whether LINKS reads as all ones, because no device answers.
    pub(crate) const fn is_absent(self) -> bool {
        self.0 == u32::MAX
    }

    /// Whether frames flow.
    pub(crate) const fn is_up(self) -> bool {
        self.0 & UP != 0
    }

    /// Returns the speed, bits 29:28, in megabits per second; 0 if the value is reserved.
    pub(crate) const fn mbps(self) -> u32 {
        match self.0 >> 28 & 0b11 {
            0b01 => 100,
            0b10 => 1_000,
            0b11 => 10_000,
            _ => 0,
        }
    }
}
