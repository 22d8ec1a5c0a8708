//! Signals, which interrupts raise and domains' threads wait for
//! (docs/design.md#d13-no-domain-code-runs-in-an-interrupt).
//!
//! A signal belongs to the host, and is a static. An interrupt that raises it late touches nothing that a domain's
//! death has released; at worst it wakes a thread for nothing.

use super::PLACES;
use crate::call;
use crate::contain;
use crate::host;
use crate::primitive::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use samara_shared_heap::thread;

/// How long a thread parks at most before it looks again, in nanoseconds. A signal wakes only one of two waiting
/// threads. The other thread then waits too long, by at most this time.
const SLICE: u64 = 50_000_000;

/// Counts occurrences; threads wait for the count to change.
#[derive(Debug)]
pub struct Signal {
    count: AtomicU32,
    /// The place of the thread that waits, plus one; 0 is none. If several wait, it is the one that came last.
    waiter: AtomicU32,
}

impl Default for Signal {
    fn default() -> Self {
        Self::new()
    }
}

impl Signal {
    /// A signal that has not been raised.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            count: AtomicU32::new(0),
            waiter: AtomicU32::new(0),
        }
    }

    /// How often the signal was raised, modulo 2^32.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.load(SeqCst)
    }

    /// Counts one more occurrence and wakes the waiting thread. May be called by interrupt handlers if the host's
    /// [`Threads::wake`](crate::host::Threads::wake) may.
    pub fn raise(&self) {
        // The count changes before the look at the waiter, and a waiter registers before it looks at the count. So no
        // occurrence is missed.
        self.count.fetch_add(1, SeqCst);
        if let Some(place) = self.waiter.load(SeqCst).checked_sub(1) {
            host::wake_from_handler(place as usize);
        }
    }

    /// Waits until the count is not `seen`, for `timeout` at most. May return early, for nothing. Returns the count
    /// at the end.
    ///
    /// A boundary: it does not return if the domain that the thread runs for has died, and that death wakes it. A
    /// thread that a domain spawned sleeps here, also while it is inside another domain. Any other thread yields.
    pub fn wait(&self, seen: u32, timeout: Duration) -> u32 {
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        call::checkpoint();
        // A wait counts against the budget: it takes half of the rest at most, so that the waiting thread can still
        // return.
        let most = contain::may_wait().map_or(u64::MAX, |left| left.as_nanos() as u64 / 2);
        let began = host::now_ns();
        let end = began.saturating_add(nanos.min(most));
        let Some(index) = super::running_place() else {
            // Ticks charge the wait.
            return self.poll(seen, end);
        };
        let (count, ticks) = self.sleep(index, seen, end);
        let took = host::now_ns().saturating_sub(began);
        contain::waited(Duration::from_nanos(took), ticks);
        call::checkpoint();
        count
    }

    /// Waits on the thread that has the place `index`. Returns the signal's count, and the microseconds that ticks
    /// have counted, uncharged.
    fn sleep(&self, index: usize, seen: u32, end: u64) -> (u32, u32) {
        let _waiting = Waiting::new(self, index);
        let mut ticks: u32 = 0;
        loop {
            // If a death comes after this check, it wakes the place, so the park ends at once.
            call::checkpoint();
            let now = host::now_ns();
            let left = end.saturating_sub(now).min(SLICE);
            if self.count() != seen || left == 0 || super::api::is_stopping() {
                return (self.count(), ticks);
            }
            let in_there = host::park_thread(index, Some(Duration::from_nanos(left)));
            ticks = ticks.saturating_add(in_there);
            if host::now_ns() < now.saturating_add(left) {
                // Woken by this signal, or by a stop or the death of the thread's domain. The checkpoint finds a
                // death.
                call::checkpoint();
                return (self.count(), ticks);
            }
        }
    }

    /// Waits on a thread that cannot be woken.
    fn poll(&self, seen: u32, end: u64) -> u32 {
        while self.count() == seen && host::now_ns() < end && !super::api::is_stopping() {
            host::yield_now();
            call::checkpoint();
        }
        self.count()
    }
}

/// Registers the running thread while it waits. A thread that is cut leaves its place registered: it is woken for
/// nothing until the next one waits.
struct Waiting<'s> {
    signal: &'s Signal,
    index: usize,
}

impl<'s> Waiting<'s> {
    fn new(signal: &'s Signal, index: usize) -> Self {
        super::visit(index, thread::current().owner());
        signal.waiter.store(index as u32 + 1, SeqCst);
        Self { signal, index }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let own = self.index as u32 + 1;
        let _ = self.signal.waiter.compare_exchange(own, 0, SeqCst, SeqCst);
        PLACES[self.index].waits_in.store(0, SeqCst);
    }
}
