//! The manners in which the driver is made to die, and how a death tells which it was.

use arrayvec::ArrayVec;
use samara::{ExitKind, ExitReason};
use samara_fault::Manner;

/// Those that were asked for, at least one.
#[derive(Clone)]
pub(super) struct Manners(ArrayVec<Manner, { Manner::ALL.len() }>);

impl Manners {
    /// Reads names with commas between; `None` if one is unknown, or none is there.
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

    /// The manner of the fault with this number, from 0 on.
    pub(super) fn nth(&self, number: usize) -> Manner {
        let at = number % self.0.len().max(1);
        self.0.get(at).copied().unwrap_or_default()
    }
}

/// The manner of a death, if it was one of these. `given_up` says whether a panic was given up that
/// could not unwind.
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
