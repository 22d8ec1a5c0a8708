//! Calls that are made again after a restart, in order: `#[replay]`.

use crate::error::RpcError;
use crate::generation::Instance;
use crate::primitive::Mutex;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use samara_shared_heap::thread::{self, NoCut};

/// A recorded call.
///
/// # Safety
/// Trusted code: it runs no code of a domain but behind an entry, and neither it nor its `Drop` panics. The
/// last handle on a service may go in a reclaim, and the journal with it.
pub unsafe trait Replay<I: ?Sized>: Send + Sync {
    /// Makes the call on `instance`.
    ///
    /// # Errors
    /// It failed: the state that it had made is not restored.
    fn replay(&self, instance: Instance<I>) -> Result<(), RpcError>;
}

struct State<I: ?Sized> {
    calls: Vec<Arc<dyn Replay<I>>>,
    replays: usize,
}

/// A bounded log of calls. All its memory is the host's.
pub struct Journal<I: ?Sized> {
    state: Mutex<State<I>>,
    limit: usize,
}

/// Which replay a call that is being made comes after.
#[derive(Clone, Copy, Debug)]
pub struct Epoch(usize);

impl<I: ?Sized> Journal<I> {
    /// A log of at most `limit` calls, and as many more as threads are recording at the same time.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        let state = State {
            calls: Vec::new(),
            replays: 0,
        };
        Self {
            state: Mutex::new(state),
            limit,
        }
    }

    /// Asked before a call that is to be recorded, and before its instance is looked up.
    ///
    /// # Errors
    /// [`RpcError::ReplayLogFull`], and [`RpcError::OutOfMemory`]: the call must not be made.
    pub fn admit(&self) -> Result<Epoch, RpcError> {
        let _no_cut = NoCut::begin(thread::current());
        let mut state = self.state.lock();
        if state.calls.len() >= self.limit {
            return Err(RpcError::ReplayLogFull);
        }
        if state.calls.try_reserve(1).is_err() {
            return Err(RpcError::OutOfMemory);
        }
        Ok(Epoch(state.replays))
    }

    /// Records a call that succeeded. False if a replay began since `epoch`: it went without this
    /// call, which must be made again.
    #[must_use]
    pub fn record(&self, epoch: Epoch, call: Arc<dyn Replay<I>>) -> bool {
        let _no_cut = NoCut::begin(thread::current());
        let mut state = self.state.lock();
        if state.replays != epoch.0 {
            return false;
        }
        state.calls.push(call);
        true
    }

    /// Makes all recorded calls on `instance`, in order.
    ///
    /// # Errors
    /// Of the first call that failed; those after it were not made.
    pub fn replay(&self, instance: Instance<I>) -> Result<(), RpcError> {
        {
            let _no_cut = NoCut::begin(thread::current());
            let mut state = self.state.lock();
            state.replays = state.replays.wrapping_add(1);
        }
        let mut at = 0;
        loop {
            // No lock is held over a call.
            let next = {
                let _no_cut = NoCut::begin(thread::current());
                self.state.lock().calls.get(at).cloned()
            };
            let Some(call) = next else {
                return Ok(());
            };
            call.replay(instance)?;
            at += 1;
        }
    }

    /// How many calls it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        let _no_cut = NoCut::begin(thread::current());
        self.state.lock().calls.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<I: ?Sized> fmt::Debug for Journal<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("calls", &self.len())
            .field("limit", &self.limit)
            .finish()
    }
}
