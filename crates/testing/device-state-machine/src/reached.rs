//! How far runs come: how often what happened that holes lie behind. A suite that never comes there finds nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum What {
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

/// All, by their numbers.
const ALL: [What; 24] = [
    What::Claims,
    What::Deaths,
    What::Resets,
    What::Silences,
    What::BuffersBegun,
    What::BuffersFinished,
    What::Loans,
    What::UnitsLearned,
    What::IoQueuesMade,
    What::CommandsPut,
    What::LentCommandsPut,
    What::CommandsCompleted,
    What::RingsStarted,
    What::PacketsInRings,
    What::PacketsOutOfRings,
    What::PacketsTraded,
    What::RequestsPut,
    What::LentRequestsPut,
    What::RequestsUsed,
    What::PacketsPut,
    What::PacketsUsed,
    What::TakenBack,
    What::Faults,
    What::ReadsCompared,
];

static COUNTS: [AtomicU64; ALL.len()] = [const { AtomicU64::new(0) }; ALL.len()];

/// It happened once more.
pub(crate) fn note(what: What) {
    COUNTS[what as usize].fetch_add(1, Relaxed);
}

/// What happened so far, and how often.
pub fn reached() -> impl Iterator<Item = (String, u64)> {
    let told = |what: What| (format!("{what:?}"), COUNTS[what as usize].load(Relaxed));
    ALL.into_iter().map(told)
}
