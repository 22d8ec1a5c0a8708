//! Coverage: counts the events that must happen before a hole can show. If an event never happens, the suite cannot
//! find the holes behind it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The events that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Milestone {
    Claims,
    Deaths,
    Resets,
    Silences,
    BuffersBegun,
    BuffersFinished,
    Loans,
    UnitsLearned,
    IoQueuesMade,
    CommandsPut,
    LentCommandsPut,
    CommandsCompleted,
    RingsStarted,
    PacketsInRings,
    PacketsOutOfRings,
    PacketsTraded,
    RequestsPut,
    LentRequestsPut,
    RequestsUsed,
    PacketsPut,
    PacketsUsed,
    TakenBack,
    Faults,
    ReadsCompared,
}

/// All milestones, by their numbers.
const ALL: [Milestone; 24] = [
    Milestone::Claims,
    Milestone::Deaths,
    Milestone::Resets,
    Milestone::Silences,
    Milestone::BuffersBegun,
    Milestone::BuffersFinished,
    Milestone::Loans,
    Milestone::UnitsLearned,
    Milestone::IoQueuesMade,
    Milestone::CommandsPut,
    Milestone::LentCommandsPut,
    Milestone::CommandsCompleted,
    Milestone::RingsStarted,
    Milestone::PacketsInRings,
    Milestone::PacketsOutOfRings,
    Milestone::PacketsTraded,
    Milestone::RequestsPut,
    Milestone::LentRequestsPut,
    Milestone::RequestsUsed,
    Milestone::PacketsPut,
    Milestone::PacketsUsed,
    Milestone::TakenBack,
    Milestone::Faults,
    Milestone::ReadsCompared,
];

static COUNTS: [AtomicU64; ALL.len()] = [const { AtomicU64::new(0) }; ALL.len()];

/// Counts one more event of this kind.
pub(crate) fn note(what: Milestone) {
    COUNTS[what as usize].fetch_add(1, Relaxed);
}

/// Returns the events so far, with their counts.
pub fn coverage() -> impl Iterator<Item = (String, u64)> {
    let told = |what: Milestone| (format!("{what:?}"), COUNTS[what as usize].load(Relaxed));
    ALL.into_iter().map(told)
}
