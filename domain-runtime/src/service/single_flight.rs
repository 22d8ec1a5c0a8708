//! Single flight: one restart or stop of a service at a time, and each asker in turn.
//!
//! Waiting askers form batches. The batch that has its turn is served to its end; askers that come meanwhile wait in
//! the next batch. So no asker gets the flight twice during one wait of another asker. A supervisor does not wait. It
//! leaves a [`Claim`], which comes first in its batch, and tries again later.

use crate::exit_reason::this_thread;
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::{blame, host};
use samara_shared_heap::NoCutMutex;
use samara_shared_heap::thread::Wait;

/// Nanoseconds for which a claim keeps others from a free flight. A supervisor that does not try again within that
/// time loses its claim.
const CLAIM_NS: u64 = 1_000_000_000;

/// An asker that waits for a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlightWaiter {
    /// The host itself: it comes after askers that wait, but does not wait for a supervisor's claim.
    Host,
    /// A caller that needs the service.
    Caller,
}

/// A supervisor's claim to a flight, which it tries to begin again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Claim(u64);

#[derive(Clone, Copy, Debug)]
struct Claimed {
    by: Claim,
    batch: u64,
    /// The time at which the claim is lost. Set once the claim has its turn and the flight is free.
    until: Option<u64>,
}

/// The order in which waiting askers get the flight.
#[derive(Debug)]
struct Line {
    /// The batch that has its turn.
    turn: u64,
    /// The number of its askers that wait.
    now: u32,
    /// The number of the next batch's askers that wait.
    next: u32,
    claimed: Option<Claimed>,
    claims: u64,
}

impl Line {
    const EMPTY: Self = Self {
        turn: 0,
        now: 0,
        next: 0,
        claimed: None,
        claims: 0,
    };

    /// Ends a claim that is lost at `time`, and begins the next batch if the present one is over. If a claim then has
    /// its turn and the flight is free, the claim's time begins.
    fn look(&mut self, flight: &Holder, time: u64) {
        self.claimed
            .take_if(|claimed| claimed.until.is_some_and(|until| time > until));
        if self.now == 0 && !self.has_claim_now() && (self.next > 0 || self.claimed.is_some()) {
            self.turn = self.turn.wrapping_add(1);
            self.now = core::mem::take(&mut self.next);
        }
        if self.has_claim_now()
            && flight.is_free()
            && let Some(claimed) = &mut self.claimed
        {
            let until = time.saturating_add(CLAIM_NS);
            claimed.until.get_or_insert(until);
        }
    }

    fn has_claim_now(&self) -> bool {
        self.claimed
            .is_some_and(|claimed| claimed.batch == self.turn)
    }

    /// Begins a flight for `thread`, which has not waited. If it may not begin yet, puts it in line and returns its
    /// batch.
    fn begin(
        &mut self,
        flight: &Holder,
        thread: usize,
        asker: FlightWaiter,
        time: u64,
    ) -> Result<(), u64> {
        self.look(flight, time);
        let is_behind = self.now > 0
            || self.next > 0
            || asker == FlightWaiter::Caller && self.claimed.is_some();
        if !is_behind && flight.take(thread) {
            return Ok(());
        }
        self.next = self.next.saturating_add(1);
        Err(self.turn.wrapping_add(1))
    }

    /// Begins a flight for `thread`, which waits in `batch`, if it is its turn.
    fn go_on(
        &mut self,
        flight: &Holder,
        thread: usize,
        asker: FlightWaiter,
        batch: u64,
        time: u64,
    ) -> bool {
        self.look(flight, time);
        let has_turn = match asker {
            FlightWaiter::Host => batch == self.turn || self.now == 0,
            FlightWaiter::Caller => batch == self.turn && !self.has_claim_now(),
        };
        let begins = has_turn && flight.take(thread);
        if begins {
            self.leave(batch);
        }
        begins
    }

    /// Takes one asker of `batch` out of the line: it waits no more.
    fn leave(&mut self, batch: u64) {
        let of_batch = if batch == self.turn {
            &mut self.now
        } else {
            &mut self.next
        };
        *of_batch = of_batch.saturating_sub(1);
    }

    /// Begins a flight for the supervisor with `claim` on `thread`, if it is its turn. Otherwise it has a claim
    /// afterwards, unless another supervisor has one.
    fn begin_claimed(
        &mut self,
        flight: &Holder,
        thread: usize,
        claim: &mut Claim,
        time: u64,
    ) -> bool {
        self.look(flight, time);
        let is_its_turn = match self.claimed {
            Some(claimed) => claimed.by == *claim && claimed.batch == self.turn,
            None => self.now == 0 && self.next == 0,
        };
        let begins = is_its_turn && flight.take(thread);
        if self.claimed.is_none() {
            self.claims = self.claims.wrapping_add(1);
            *claim = Claim(self.claims);
            let ahead = u64::from(!begins);
            self.claimed = Some(Claimed {
                by: *claim,
                batch: self.turn.wrapping_add(ahead),
                until: None,
            });
        }
        begins
    }

    /// Ends the claim, if it is not lost.
    fn withdraw(&mut self, claim: Claim) {
        self.claimed.take_if(|claimed| claimed.by == claim);
    }
}

/// The thread that restarts or stops a service now, or 0.
#[derive(Debug)]
struct Holder(AtomicUsize);

impl Holder {
    const NOBODY: usize = 0;

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn is_free(&self) -> bool {
        self.get() == Self::NOBODY
    }

    fn take(&self, thread: usize) -> bool {
        self.0
            .compare_exchange(Self::NOBODY, thread, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    fn release(&self) {
        self.0.store(Self::NOBODY, Ordering::Release);
    }
}

/// The holder of a service's flight, and the line of askers.
#[derive(Debug)]
pub(super) struct Flight {
    holder: Holder,
    line: NoCutMutex<Line>,
}

/// Ends a flight when dropped.
#[derive(Debug)]
pub(super) struct Ending<'a>(&'a Flight);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A place in line, given up when dropped.
struct Waiting<'a> {
    flight: &'a Flight,
    asker: FlightWaiter,
    /// `None` once the asker has had its turn.
    batch: Option<u64>,
}

impl Waiting<'_> {
    /// Begins a flight if it is its turn.
    fn go_on(&mut self) -> bool {
        let Flight { holder, line } = self.flight;
        let Some(batch) = self.batch else {
            return false;
        };
        let (me, time) = (this_thread(), host::now_ns());
        let begins = line.lock().go_on(holder, me, self.asker, batch, time);
        if begins {
            self.batch = None;
        }
        begins
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch {
            self.flight.line.lock().leave(batch);
        }
    }
}

impl Flight {
    pub(super) const fn new() -> Self {
        // SAFETY: the lock is held while numbers are compared and counted (ORDER-54).
        let line = unsafe { NoCutMutex::new(Line::EMPTY) };
        Self {
            holder: Holder(AtomicUsize::new(Holder::NOBODY)),
            line,
        }
    }

    fn end(&self) {
        self.holder.release();
    }

    /// Whether this thread has begun the flight.
    pub(super) fn is_mine(&self) -> bool {
        self.holder.get() == this_thread()
    }

    /// Begins a flight, in turn. Returns `None` after `deadline`, as soon as the asker `is_answered` without a
    /// flight, and at once if this thread has already begun it.
    pub(super) fn begin(
        &self,
        asker: FlightWaiter,
        deadline: u64,
        is_answered: &impl Fn() -> bool,
    ) -> Option<Ending<'_>> {
        let (me, time) = (this_thread(), host::now_ns());
        let begun = { self.line.lock().begin(&self.holder, me, asker, time) };
        let Err(batch) = begun else {
            return Some(Ending(self));
        };
        let mut waiting = Waiting {
            flight: self,
            asker,
            batch: Some(batch),
        };
        loop {
            let holder = self.holder.get();
            if holder == Holder::NOBODY && waiting.go_on() {
                return Some(Ending(self));
            }
            if holder == me || is_answered() || host::now_ns() > deadline {
                return None;
            }
            blame::note_wait(Wait::Long);
            host::yield_now();
        }
    }

    /// Begins a flight for a supervisor, without waiting. A supervisor that may not begin yet has its turn next,
    /// before all askers that come from now on. After `true` the supervisor calls [`end_claimed`](Self::end_claimed),
    /// or [`step_back`](Self::step_back).
    pub(super) fn try_begin(&self, claim: &mut Claim) -> bool {
        let (me, time) = (this_thread(), host::now_ns());
        let mut line = self.line.lock();
        line.begin_claimed(&self.holder, me, claim, time)
    }

    /// Ends a supervisor's flight; the supervisor keeps its turn.
    pub(super) fn step_back(&self) {
        self.end();
    }

    /// Ends a supervisor's flight and its claim.
    pub(super) fn end_claimed(&self, claim: Claim) {
        self.withdraw(claim);
        self.end();
    }

    /// Ends a claim that came to nothing.
    pub(super) fn withdraw(&self, claim: Claim) {
        self.line.lock().withdraw(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::{AtomicUsize, CLAIM_NS, Claim, FlightWaiter, FlightWaiter::*, Holder, Line};

    extern crate std;
    use std::vec::Vec;

    const SUPERVISOR: usize = 1;

    /// A flight that needs no host.
    struct Model(Line, Holder);

    impl Model {
        fn new() -> Self {
            Self(Line::EMPTY, Holder(AtomicUsize::new(Holder::NOBODY)))
        }
        fn holder(&self) -> usize {
            self.1.get()
        }
        fn end(&self) {
            self.1.release();
        }
        fn begin(&mut self, thread: usize, asker: FlightWaiter, time: u64) -> Option<u64> {
            self.0.begin(&self.1, thread, asker, time).err()
        }
        fn go_on(&mut self, thread: usize, asker: FlightWaiter, batch: u64, time: u64) -> bool {
            self.0.go_on(&self.1, thread, asker, batch, time)
        }
        fn claim(&mut self, claim: &mut Claim, time: u64) -> bool {
            self.0.begin_claimed(&self.1, SUPERVISOR, claim, time)
        }
    }

    /// Threads that ask again as soon as they have had the flight.
    struct Hammers(Vec<Option<u64>>);

    impl Hammers {
        fn new(flight: &mut Model, count: usize) -> Self {
            let line = (0..count).map(|at| flight.begin(100 + at, Caller, 0));
            Self(line.collect())
        }

        /// The holder ends its flight and asks again. Then all threads check whether it is their turn, the former
        /// holder first.
        fn turn(&mut self, flight: &mut Model, time: u64) {
            let had = flight.holder();
            flight.end();
            if had >= 100 {
                self.0[had - 100] = flight.begin(had, Caller, time);
            }
            for (at, place) in self.0.iter_mut().enumerate() {
                if place.is_some_and(|batch| flight.go_on(100 + at, Caller, batch, time)) {
                    *place = None;
                }
            }
        }
    }

    /// Invariant: THREAD-5
    #[test]
    fn no_asker_is_served_twice_before_another() {
        let mut flight = Model::new();
        let mut hammers = Hammers::new(&mut flight, 5);
        for asker in [Caller, Host] {
            let batch = flight.begin(7, asker, 0).unwrap();
            let mut turns = 0;
            while !flight.go_on(7, asker, batch, 0) {
                hammers.turn(&mut flight, 0);
                turns += 1;
                assert!(turns <= 10, "{:?}", flight.0);
            }
            assert_eq!(flight.holder(), 7);
        }
    }

    /// Invariant: THREAD-5
    #[test]
    fn a_claim_comes_before_later_askers() {
        let mut flight = Model::new();
        let mut hammers = Hammers::new(&mut flight, 5);
        let mut claim = Claim::default();
        let mut looks = 0;
        while !flight.claim(&mut claim, 0) {
            (0..7).for_each(|_| hammers.turn(&mut flight, 0));
            looks += 1;
            assert!(looks < 3, "{:?}", flight.0);
        }
        // The supervisor still has its turn after it has stepped back.
        flight.end();
        hammers.turn(&mut flight, CLAIM_NS);
        assert_eq!(flight.holder(), Holder::NOBODY);
        assert!(flight.claim(&mut claim, CLAIM_NS));
        flight.0.withdraw(claim);
        hammers.turn(&mut flight, CLAIM_NS);
        assert!(flight.holder() >= 100);
    }

    /// Invariant: THREAD-5
    #[test]
    fn an_unused_claim_is_lost() {
        let mut flight = Model::new();
        let mut claim = Claim::default();
        assert!(flight.claim(&mut claim, 0));
        flight.end();
        let batch = flight.begin(100, Caller, 0).unwrap();
        assert!(!flight.go_on(100, Caller, batch, CLAIM_NS));
        // The host does not wait for the claim.
        assert_eq!(flight.begin(101, Host, 0), Some(batch));
        assert!(flight.go_on(101, Host, batch, 0));
        flight.end();
        assert!(flight.go_on(100, Caller, batch, CLAIM_NS + 1));
        // A second claim comes after the askers that wait.
        let turn = flight.begin(100, Caller, 0).unwrap();
        flight.end();
        assert!(!flight.claim(&mut claim, CLAIM_NS + 1));
        assert!(!flight.claim(&mut claim, CLAIM_NS + 1));
        assert!(flight.go_on(100, Caller, turn, CLAIM_NS + 1));
        flight.end();
        assert!(flight.claim(&mut claim, CLAIM_NS + 1));
    }
}
