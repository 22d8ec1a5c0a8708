//! The link's state, which the device does not always tell at once.
//!
//! Right after a change LINKS may tell once more what was before it; and where there's no link it may tell of one, by crosstalk. So
//! a change counts only if it's still there a little later.

use crate::registers::{Function, LINKS};

/// LINKS bit 30: the link is up.
const UP: u32 = 1 << 30;
/// How long a change must last.
const SETTLE_MILLIS: u64 = 5;

/// LINKS, decoded (section 8.2.3.22.20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkStatus(u32);

impl LinkStatus {
    fn now(function: &Function) -> Self {
        Self(function.read(LINKS))
    }

    /// A look on the way, where the link was `up` at the last one: one register read if nothing has changed. It may be a look
    /// late.
    pub(crate) fn glance(function: &Function, up: bool) -> Self {
        match Self::now(function) {
            status if status.is_absent() || status.is_up() == up => status,
            _ => Self::settled(function),
        }
    }

    /// The state for one who asks for it.
    pub(crate) fn read(function: &Function, up: bool) -> Self {
        let first = Self::now(function);
        match Self::glance(function, up) {
            status if status.is_absent() || first.is_up() == status.is_up() => status,
            _ => Self::settled(function),
        }
    }

    /// The state a little later. Two looks that differ count as down.
    fn settled(function: &Function) -> Self {
        function.deadline(SETTLE_MILLIS).sleep();
        let first = Self::now(function);
        match Self::now(function) {
            status if status.is_absent() || first.is_up() => status,
            Self(links) => Self(links & !UP),
        }
    }

    /// All ones: nothing answers.
    pub(crate) const fn is_absent(self) -> bool {
        self.0 == u32::MAX
    }

    /// Whether frames flow.
    pub(crate) const fn is_up(self) -> bool {
        self.0 & UP != 0
    }

    /// Bits 29:28, in megabits per second; 0 if reserved.
    pub(crate) const fn mbps(self) -> u32 {
        match self.0 >> 28 & 0b11 {
            0b01 => 100,
            0b10 => 1_000,
            0b11 => 10_000,
            _ => 0,
        }
    }
}
