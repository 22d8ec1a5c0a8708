//! The manners in which the driver is made to die, and how a death is assigned to one of them.

use arrayvec::ArrayVec;
use samara::{ExitKind, ExitReason};
use samara_fault::Manner;

/// The manners that were asked for, at least one.
#[derive(Clone)]
pub(super) struct Manners(ArrayVec<Manner, { Manner::ALL.len() }>);

impl Manners {
    /// Parses names that are separated by commas. Returns `None` if one is unknown, or if there is none.
    pub(super) fn parse(names: &str) -> Option<Self> {
        let mut manners = ArrayVec::new();
        for name in names.split(',') {
            let manner = Manner::ALL
                .into_iter()
                .find(|manner| manner.name() == name)?;
            if !manners.contains(&manner) {
                manners.push(manner);
            }
        }
        Some(Self(manners))
    }

    /// Returns the manner of the fault with this number, from 0 on.
    pub(super) fn nth(&self, number: usize) -> Manner {
        let at = number % self.0.len().max(1);
        self.0.get(at).copied().unwrap_or_default()
    }
}

/// Returns the manner of a death, if it is one of the manners. `given_up` says whether the kernel has given up a panic
/// that could not unwind.
pub(super) fn of(reason: &ExitReason, given_up: bool) -> Option<Manner> {
    match reason.kind {
        ExitKind::Panic if given_up => Some(Manner::DoublePanic),
        ExitKind::Panic => Some(Manner::Panic),
        ExitKind::Fault if reason.message.as_str().starts_with("stack overflow") => {
            Some(Manner::Overflow)
        }
        ExitKind::Fault => Some(Manner::Fault),
        ExitKind::Overrun => Some(Manner::Hang),
        _ => None,
    }
}
