//! The lock that orders operations on a device as a whole: starts, resets, silences.

use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use samara_shared_heap::{NoCutMutex, thread};

/// Identifies one claim of one function. DMA memory carries this identity, so that memory of one claim can't be used
/// with another claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimId {
    pub(crate) slot: usize,
    pub(crate) number: u64,
}

/// The state of one claim's device.
pub(crate) struct Control {
    claim: ClaimId,
    /// Twice the number of times that the device was silenced or reset, each of which ends everything in flight. The
    /// number is odd while a silence or reset is under way or was not finished.
    epoch: AtomicU64,
    /// One more than the doorbell distance that the device stated first in this epoch; 0 if it has stated none yet.
    stride: AtomicU8,
    state: NoCutMutex<State>,
}

/// Whether the device was reset since its last silence, or is being reset or silenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The device is being silenced or reset, or a reset of it failed. Meanwhile the engine tells the device nothing.
    Changing,
    /// The device was not reset since it was claimed, or since it was silenced without a reset. It may still hold
    /// commands for memory that was given back since then, and no register shows this.
    Inherited,
    /// The device was reset, and not silenced since.
    Reset,
}

/// The silences and resets under way, and the result of earlier ones.
struct State {
    /// The number of threads that are silencing the device now.
    silencing: u32,
    /// How many resets were begun, which is the number of the newest.
    resets: u32,
    /// The newest reset isn't over, so the device may lose values that are written to it. If the reset fails or its
    /// thread is cut, this stays set until another reset succeeds.
    resetting: bool,
    /// The device was reset, and not silenced since, unless that silence reset it.
    is_reset: bool,
}

impl State {
    const fn phase(&self) -> Phase {
        match self.silencing {
            0 if !self.resetting && self.is_reset => Phase::Reset,
            0 if !self.resetting => Phase::Inherited,
            _ => Phase::Changing,
        }
    }
}

impl Control {
    pub(crate) const fn new(claim: ClaimId) -> Self {
        Self {
            claim,
            epoch: AtomicU64::new(0),
            stride: AtomicU8::new(0),
            // SAFETY: the lock is held for a few register accesses, by code of this crate (ORDER-54).
            state: unsafe {
                NoCutMutex::new(State {
                    silencing: 0,
                    resets: 0,
                    resetting: false,
                    is_reset: false,
                })
            },
        }
    }

    /// Returns the claim whose device this is.
    #[inline]
    pub(crate) const fn claim(&self) -> ClaimId {
        self.claim
    }

    /// Returns the epoch. While the epoch is odd, the engine tells the device of no entries.
    #[inline]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Begins to end the epoch: from here on the engine tells the device of no entries. Under the lock.
    fn ending(&self) {
        self.epoch.fetch_or(1, Ordering::AcqRel);
        self.stride.store(0, Ordering::Relaxed);
    }

    /// Whether `field`, the doorbell distance that the device states now, equals the distance that it stated first in
    /// this epoch.
    pub(crate) fn is_stride(&self, field: u8) -> bool {
        let said = field + 1;
        let first = self
            .stride
            .compare_exchange(0, said, Ordering::Relaxed, Ordering::Relaxed);
        first.is_ok() || first == Err(said)
    }

    /// Ends the epoch. No command is in flight afterwards, because the device is silent or was reset. Under the lock.
    fn ended(&self) {
        self.ending();
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Runs `f` under the lock. `f` is code of this crate and makes a few register accesses. Meanwhile no other
    /// thread changes registers by the table's rules, starts a queue, or makes the device bus master.
    pub(crate) fn with<R>(&self, f: impl FnOnce(Phase) -> R) -> R {
        let state = self.state.lock();
        f(state.phase())
    }

    /// Begins a reset and returns its number. No queue is started, and bus mastering is not enabled, until the newest
    /// reset is over.
    pub(crate) fn begin_reset(&self) -> u32 {
        let mut state = self.state.lock();
        state.resets = state.resets.wrapping_add(1);
        state.resetting = true;
        self.ending();
        state.resets
    }

    /// Runs `f` under the lock; `f` makes a few register accesses of reset `number`. If a newer reset was begun, does
    /// not run `f` and returns `None`.
    pub(crate) fn in_reset<R>(&self, number: u32, f: impl FnOnce() -> R) -> Option<R> {
        let state = self.state.lock();
        (state.resets == number).then(f)
    }

    /// Ends reset `number`, and everything in flight, if `f` finds that the device was reset and no thread is
    /// silencing it. Returns whether it ended the reset; `None` if a newer reset was begun.
    pub(crate) fn end_reset(&self, number: u32, f: impl FnOnce() -> bool) -> Option<bool> {
        let mut state = self.state.lock();
        if state.resets != number {
            return None;
        }
        let is_reset = state.silencing == 0 && f();
        if is_reset {
            self.ended();
        }
        state.resetting &= !is_reset;
        state.is_reset |= is_reset;
        Some(is_reset)
    }

    /// Runs `f`, code of this crate, which silences the device and says whether it was reset. Until `f` is done, no
    /// queue is started and bus mastering is not enabled. Afterwards no command is in flight. `f` runs as the host,
    /// so its thread is not cut. A cut would leave the claim in a silence for good: no queue could be started again,
    /// not even by a domain that had lent the function out.
    pub(crate) fn silencing<R>(&self, f: impl FnOnce() -> (R, bool)) -> R {
        struct Silencing<'c> {
            control: &'c Control,
            is_reset: bool,
        }
        impl Drop for Silencing<'_> {
            fn drop(&mut self) {
                let mut state = self.control.state.lock();
                state.silencing -= 1;
                state.is_reset = self.is_reset;
            }
        }
        let silence = || {
            let mut state = self.state.lock();
            state.silencing += 1;
            self.ending();
            drop(state);
            // Ends the silence also if host code in `f` panics.
            let mut silencing = Silencing {
                control: self,
                is_reset: false,
            };
            let (result, is_reset) = f();
            silencing.is_reset = is_reset;
            let state = self.state.lock();
            self.ended();
            drop(state);
            result
        };
        // SAFETY: `f` is code of this crate, which runs no code of a domain (AUTH-8).
        unsafe { thread::as_host(silence) }
    }
}
