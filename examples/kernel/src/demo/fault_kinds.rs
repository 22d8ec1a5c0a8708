//! The manners in which the demo makes the driver die, and the manner that explains a death.

use arrayvec::ArrayVec;
use samara::{ExitKind, ExitReason};
use samara_fault::Manner;

/// The manners that the command line names, at least one.
#[derive(Clone)]
pub(super) struct Manners(ArrayVec<Manner, { Manner::ALL.len() }>);

impl Manners {
    /// Parses names that are separated by commas. Returns `None` if a name is unknown, or if there is no name.
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

    /// Returns the manner of a fault. Faults are numbered from 0, and the manners take turns.
    pub(super) fn nth(&self, number: usize) -> Manner {
        let at = number % self.0.len().max(1);
        self.0.get(at).copied().unwrap_or_default()
    }
}

/// Returns the manner of a death, or `None` if no manner explains it. `given_up` says whether the kernel has given up
/// the frames of a panic that could not unwind.
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
