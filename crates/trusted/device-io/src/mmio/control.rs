//! The lock that orders what is done to a device as a whole.

use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use samara_shared_heap::{NoCutMutex, thread};

/// What identifies one claim of one function; DMA memory carries it, so that memory of one claim
/// can't be used with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimId {
    pub(crate) slot: usize,
    pub(crate) number: u64,
}

/// One for each claim.
pub(crate) struct Control {
    claim: ClaimId,
    /// Twice how often everything has ended: the device was silenced or reset. One more while that is being done, or wasn't
    /// finished.
    epoch: AtomicU64,
    /// One more than what the device has said in this epoch of the distance of its doorbells; 0 if nothing.
    stride: AtomicU8,
    state: NoCutMutex<State>,
}

/// How far the device can be relied on to do what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It is being silenced or reset, or a reset of it failed: nothing is told to it.
    Changing,
    /// It wasn't reset since it was claimed, or since it was silenced without one: it may hold back what it was told before, for
    /// memory that was given back since. Nothing in its registers shows that.
    Inherited,
    /// It was reset, and not silenced since.
    Reset,
}

/// What is being done to the device, and was.
struct State {
    /// Threads that are silencing it now.
    silencing: u32,
    /// How many resets were begun: the number of the newest.
    resets: u32,
    /// The newest isn't over: the device may forget what it is told. So it stays if the thread is cut, until the next one.
    resetting: bool,
    /// It was reset, and not silenced since but by a reset.
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
            // SAFETY: a few register accesses, of this crate's.
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

    /// The claim whose registers these are.
    #[inline]
    pub(crate) const fn claim(&self) -> ClaimId {
        self.claim
    }

    /// The epoch: an odd one has no queue that the device is told of anything.
    #[inline]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Nothing is told to the device from here on. Under the lock.
    fn ending(&self) {
        self.epoch.fetch_or(1, Ordering::AcqRel);
        self.stride.store(0, Ordering::Relaxed);
    }

    /// Whether the device says the same of the distance of its doorbells as of the queues that it was started with before.
    pub(crate) fn is_stride(&self, field: u8) -> bool {
        let said = field + 1;
        let first = self
            .stride
            .compare_exchange(0, said, Ordering::Relaxed, Ordering::Relaxed);
        first.is_ok() || first == Err(said)
    }

    /// Nothing is in flight: the device is silent, or was reset. Under the lock.
    fn ended(&self) {
        self.ending();
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Runs `f`, code of this crate, a few register accesses long, while no other thread changes registers by the table's
    /// rules, starts a queue, or lets the device be bus master.
    pub(crate) fn with<R>(&self, f: impl FnOnce(Phase) -> R) -> R {
        let state = self.state.lock();
        f(state.phase())
    }

    /// Begins a reset, whose number it gives. Nothing is started until the newest one is over.
    pub(crate) fn begin_reset(&self) -> u32 {
        let mut state = self.state.lock();
        state.resets = state.resets.wrapping_add(1);
        state.resetting = true;
        self.ending();
        state.resets
    }

    /// Runs `f`, a few register accesses of reset `number`, unless a newer one was begun: that one's device is left alone.
    pub(crate) fn in_reset<R>(&self, number: u32, f: impl FnOnce() -> R) -> Option<R> {
        let state = self.state.lock();
        (state.resets == number).then(f)
    }

    /// Ends reset `number`, and what was in flight, if `f` finds that the device was reset; whether that is so, and `None` if a
    /// newer one was begun.
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

    /// Runs `f`, code of this crate, which silences the device and says whether it was reset; until that is done nothing is
    /// started, and then nothing is in flight. For the host, as a thread that is cut in between would leave a claim in which
    /// nothing ever starts again, also to its lender.
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
            // Ends also by a panic of a host, in its part of `f`.
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
        // SAFETY: `f` is code of this crate, which runs none of a domain's.
        unsafe { thread::as_host(silence) }
    }
}
