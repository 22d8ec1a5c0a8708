//! Rows that were worked out lately: a cut reads each frame's row again for the backtrace, and calls that
//! die once die often.
//!
//! Each place is a sequence lock that nobody waits for: who finds it held passes it by, reader or writer,
//! so that a trap handler may interrupt either. Only rows of the common form are kept, two words each, and
//! a third for the landing pad, once that was asked for. They are good while no image comes or goes: which
//! begins a new [`epoch`].
//!
//! A thread that is cut while it writes, some nanoseconds, leaves one place of all unused for good.

use super::common::Common;
use super::{LandingPad, Rules};
use crate::primitive::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// Places for addresses of the same hash: the calls that lead somewhere are some dozens, and two that
/// share their only place would drive each other out again and again.
const WAYS: usize = 4;
/// A power of two.
const SETS: usize = 64;

#[repr(align(64))]
struct Set {
    /// Side by side, so that a search reads one line. A guess: what counts is the place.
    pcs: [AtomicU64; WAYS],
    places: [Place; WAYS],
}

#[repr(align(64))]
struct Place {
    /// Odd while somebody writes.
    sequence: AtomicU64,
    epoch: AtomicU64,
    pc: AtomicU64,
    row: [AtomicU64; 2],
    /// 0 if it was not asked for.
    pad: AtomicU64,
}

static CACHE: [Set; SETS] = [const {
    Set {
        pcs: [const { AtomicU64::new(0) }; WAYS],
        places: [const { Place::new() }; WAYS],
    }
}; SETS];

/// Starts at one, so that an empty place is nobody's.
static EPOCH: AtomicUsize = AtomicUsize::new(1);

/// Between one change of the registered images and the next.
#[inline]
pub(super) fn epoch() -> u64 {
    EPOCH.load(Ordering::Acquire) as u64
}

/// An image has come or gone.
pub(super) fn begin_epoch() {
    EPOCH.fetch_add(1, Ordering::SeqCst);
}

#[inline]
fn set(pc: usize) -> &'static Set {
    let hash = (pc as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    &CACHE[hash as usize % SETS]
}

/// The row at `pc`, if it was put in this epoch, and the landing pad if it came with it.
#[inline]
pub(super) fn get(pc: usize) -> Option<(Common, Option<LandingPad>)> {
    let set = set(pc);
    let at = set
        .pcs
        .iter()
        .position(|at| at.load(Ordering::Relaxed) == pc as u64)?;
    set.places[at].read(pc)
}

/// Keeps what is known of `pc`, which was worked out after `epoch` was read.
pub(super) fn put(pc: usize, epoch: u64, rules: &Rules, pad: Option<LandingPad>) {
    let Some(row) = rules.common() else {
        return;
    };
    let pad = pad.and_then(|pad| pad.pack(pc)).unwrap_or(0);
    // In its own place, or that of nobody's row, or that which was written to least.
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

    /// What it has of `pc`, if that is of this epoch.
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

    /// Whether that was done: not while somebody else writes.
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
