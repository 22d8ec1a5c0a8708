//! A cache of rows that were computed recently. It is worth its cost, because a cut reads each frame's row again for
//! the backtrace, and a call that dies once often dies again.
//!
//! Each place is a sequence lock on which no thread waits: a reader or writer that finds it held skips the place. So
//! a trap handler may interrupt either. Only rows of the common form are kept. Each takes two words, and a third for
//! the landing pad once that was computed. They are valid until an image is registered or unregistered, which begins
//! a new [`epoch`].
//!
//! A write takes some nanoseconds. A thread that is cut during a write leaves that one place unusable forever.

use super::common::Common;
use super::{LandingPad, Rules};
use crate::primitive::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// The number of places for addresses with the same hash. A walk visits some dozens of calls, and with a single place,
/// two of them with the same hash would evict each other again and again.
const WAYS: usize = 4;
/// A power of two.
const SETS: usize = 64;

#[repr(align(64))]
struct Set {
    /// The addresses of all places, side by side so that a search reads one cache line. Only a hint: the place itself
    /// decides.
    pcs: [AtomicU64; WAYS],
    places: [Place; WAYS],
}

#[repr(align(64))]
struct Place {
    /// Odd while a thread writes.
    sequence: AtomicU64,
    epoch: AtomicU64,
    pc: AtomicU64,
    row: [AtomicU64; 2],
    /// The packed landing pad; 0 if it is not known.
    pad: AtomicU64,
}

static CACHE: [Set; SETS] = [const {
    Set {
        pcs: [const { AtomicU64::new(0) }; WAYS],
        places: [const { Place::new() }; WAYS],
    }
}; SETS];

/// The current epoch. Starts at one, so that an empty place belongs to no epoch.
static EPOCH: AtomicUsize = AtomicUsize::new(1);

/// Returns the current epoch: the time between one change of the registered images and the next.
#[inline]
pub(super) fn epoch() -> u64 {
    EPOCH.load(Ordering::Acquire) as u64
}

/// Begins a new epoch, because an image was registered or unregistered.
pub(super) fn begin_epoch() {
    EPOCH.fetch_add(1, Ordering::SeqCst);
}

#[inline]
fn set(pc: usize) -> &'static Set {
    let hash = (pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    &CACHE[hash as usize % SETS]
}

/// Returns the row at `pc` if it was put in this epoch, and the landing pad if that is known.
#[inline]
pub(super) fn get(pc: usize) -> Option<(Common, Option<LandingPad>)> {
    let set = set(pc);
    let at = set
        .pcs
        .iter()
        .position(|at| at.load(Ordering::Relaxed) == pc as u64)?;
    set.places[at].read(pc)
}

/// Keeps the rules and the landing pad at `pc`, which were computed after `epoch` was read.
pub(super) fn put(pc: usize, epoch: u64, rules: &Rules, pad: Option<LandingPad>) {
    let Some(row) = rules.common() else {
        return;
    };
    let pad = pad.and_then(|pad| pad.pack(pc)).unwrap_or(0);
    // Prefers the place that `pc` already has, then one whose row is of an old epoch, then the one that was written
    // least often.
    let set = set(pc);
    let at = set.places.iter().enumerate().min_by_key(|(_, place)| {
        let sequence = place.sequence.load(Ordering::Relaxed);
        let is_current = place.epoch.load(Ordering::Relaxed) == epoch;
        let is_own = place.pc.load(Ordering::Relaxed) == pc as u64;
        (!is_own, is_current, sequence)
    });
    if let Some((at, place)) = at
        && place.write(pc, epoch, row, pad)
    {
        set.pcs[at].store(pc as u64, Ordering::Relaxed);
    }
}

impl Place {
    const fn new() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            pc: AtomicU64::new(0),
            row: [const { AtomicU64::new(0) }; 2],
            pad: AtomicU64::new(0),
        }
    }

    /// Returns the row and the landing pad of `pc`, if the place has them for this epoch.
    #[inline]
    fn read(&self, pc: usize) -> Option<(Common, Option<LandingPad>)> {
        let sequence = self.sequence.load(Ordering::Acquire);
        let known = self.pc.load(Ordering::Relaxed) == pc as u64
            && self.epoch.load(Ordering::Relaxed) == epoch();
        if !known || sequence % 2 == 1 {
            return None;
        }
        let row = self.row.each_ref().map(|word| word.load(Ordering::Relaxed));
        let pad = self.pad.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let is_whole = self.sequence.load(Ordering::Relaxed) == sequence;
        is_whole.then(|| (Common::from_words(row), LandingPad::unpack(pad, pc)))
    }

    /// Writes a row to the place, unless another thread is writing there. Returns whether it did.
    fn write(&self, pc: usize, epoch: u64, row: Common, pad: u64) -> bool {
        let sequence = self.sequence.load(Ordering::Relaxed);
        let (acquire, relaxed) = (Ordering::Acquire, Ordering::Relaxed);
        let claimed = sequence.is_multiple_of(2)
            && self
                .sequence
                .compare_exchange(sequence, sequence + 1, acquire, relaxed)
                .is_ok();
        if !claimed {
            return false;
        }
        fence(Ordering::Release);
        self.epoch.store(epoch, Ordering::Relaxed);
        self.pc.store(pc as u64, Ordering::Relaxed);
        for (place, word) in self.row.iter().zip(row.words()) {
            place.store(word, Ordering::Relaxed);
        }
        self.pad.store(pad, Ordering::Relaxed);
        self.sequence.store(sequence + 2, Ordering::Release);
        true
    }
}
