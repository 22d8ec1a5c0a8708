//! Rows that were worked out lately: a cut reads each frame's row again for the backtrace, and calls that
//! die once die often.
//!
//! Each place is a sequence lock that nobody waits for: who finds it held passes it by, reader or writer,
//! so that a trap handler may interrupt either. Only rows of the common form are kept, two words each. A
//! row is good while no image comes or goes: they say so by a new [`epoch`].

use super::Rules;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// A power of two.
const PLACES: usize = 256;

#[repr(align(64))]
struct Place {
    /// Odd while somebody writes.
    sequence: AtomicU64,
    epoch: AtomicU64,
    pc: AtomicU64,
    row: [AtomicU64; 2],
}

static CACHE: [Place; PLACES] = [const {
    Place {
        sequence: AtomicU64::new(0),
        epoch: AtomicU64::new(0),
        pc: AtomicU64::new(0),
        row: [const { AtomicU64::new(0) }; 2],
    }
}; PLACES];

/// Starts at one, so that an empty place is nobody's.
static EPOCH: AtomicUsize = AtomicUsize::new(1);

/// Between one change of the registered images and the next.
#[inline]
pub(super) fn epoch() -> u64 {
    EPOCH.load(Ordering::SeqCst) as u64
}

/// An image has come or gone.
pub(super) fn begin_epoch() {
    EPOCH.fetch_add(1, Ordering::SeqCst);
}

#[inline]
fn place(pc: usize) -> &'static Place {
    let hash = (pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    &CACHE[hash as usize % PLACES]
}

/// The row at `pc`, if it was put in this epoch.
#[inline]
pub(super) fn get(pc: usize) -> Option<Rules> {
    let place = place(pc);
    let sequence = place.sequence.load(Ordering::Acquire);
    let known = place.epoch.load(Ordering::Relaxed) == epoch()
        && place.pc.load(Ordering::Relaxed) == pc as u64;
    if !known || sequence % 2 == 1 {
        return None;
    }
    let row = place
        .row
        .each_ref()
        .map(|word| word.load(Ordering::Relaxed));
    fence(Ordering::Acquire);
    (place.sequence.load(Ordering::Relaxed) == sequence).then(|| Rules::unpack(row))
}

/// Keeps the row at `pc`, which was worked out after `epoch` was read.
pub(super) fn put(pc: usize, epoch: u64, rules: &Rules) {
    let Some(row) = rules.pack() else {
        return;
    };
    let place = place(pc);
    let sequence = place.sequence.load(Ordering::Relaxed);
    let (acquire, relaxed) = (Ordering::Acquire, Ordering::Relaxed);
    let claimed = sequence.is_multiple_of(2)
        && place
            .sequence
            .compare_exchange(sequence, sequence + 1, acquire, relaxed)
            .is_ok();
    if !claimed {
        return;
    }
    fence(Ordering::Release);
    place.epoch.store(epoch, Ordering::Relaxed);
    place.pc.store(pc as u64, Ordering::Relaxed);
    for (place, word) in place.row.iter().zip(row) {
        place.store(word, Ordering::Relaxed);
    }
    place.sequence.store(sequence + 2, Ordering::Release);
}
