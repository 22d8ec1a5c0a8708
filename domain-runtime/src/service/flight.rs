//! Single flight: one restart or stop of a service at a time, whoever asks for it, and each in turn.
//!
//! Who waits belongs to a batch. One that has its turn is served to the end before the next, which those belong to
//! who came meanwhile: nobody gets the flight twice while another waits for it once. A supervisor does not wait. It
//! leaves a [`Claim`], the first of its batch, and looks again.

use crate::reason::this_thread;
use crate::{host, shortage};
use samara_shared_heap::NoCutMutex;
use samara_shared_heap::thread::Wait;

/// Nanoseconds that a claim keeps others from a flight that is free: who does not look again meanwhile has lost it.
const CLAIM_NS: u64 = 1_000_000_000;

/// Who asks for a flight and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The host itself: behind those that wait, but not behind a supervisor that does not.
    Host,
    /// Anybody, for a call.
    Caller,
}

/// What a supervisor has that looks for a flight again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Claim(u64);

#[derive(Clone, Copy, Debug)]
struct Claimed {
    by: Claim,
    batch: u64,
    /// When it is lost, from the moment on at which it could have been had.
    until: Option<u64>,
}

#[derive(Debug)]
struct State {
    /// The address of the thread slot of whoever restarts or stops the service now; 0 when nobody does.
    holder: usize,
    /// The batch that has its turn.
    turn: u64,
    /// How many of it wait.
    now: u32,
    /// How many of the next one wait.
    next: u32,
    claimed: Option<Claimed>,
    claims: u64,
}

impl State {
    const FREE: Self = Self {
        holder: 0,
        turn: 0,
        now: 0,
        next: 0,
        claimed: None,
        claims: 0,
    };

    /// Ends what is over at `time`.
    fn look(&mut self, time: u64) {
        self.claimed
            .take_if(|claimed| claimed.until.is_some_and(|until| time > until));
        if self.now == 0 && !self.has_claim_now() && (self.next > 0 || self.claimed.is_some()) {
            self.turn = self.turn.wrapping_add(1);
            self.now = core::mem::take(&mut self.next);
        }
        if self.holder == 0
            && self.has_claim_now()
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

    /// Begins one for `thread`, which has not waited, or puts it in line: the batch that it belongs to then.
    fn begin(&mut self, thread: usize, asker: Asker, time: u64) -> Result<(), u64> {
        self.look(time);
        let is_behind =
            self.now > 0 || self.next > 0 || asker == Asker::Caller && self.claimed.is_some();
        if self.holder == 0 && !is_behind {
            self.holder = thread;
            return Ok(());
        }
        self.next = self.next.saturating_add(1);
        Err(self.turn.wrapping_add(1))
    }

    /// Begins one for `thread`, which waits in `batch`, if it is its turn.
    fn go_on(&mut self, thread: usize, asker: Asker, batch: u64, time: u64) -> bool {
        self.look(time);
        let has_turn = match asker {
            Asker::Host => batch == self.turn || self.now == 0,
            Asker::Caller => batch == self.turn && !self.has_claim_now(),
        };
        if self.holder != 0 || !has_turn {
            return false;
        }
        self.leave(batch);
        self.holder = thread;
        true
    }

    /// One of those that wait in `batch` does so no more.
    fn leave(&mut self, batch: u64) {
        let of_batch = if batch == self.turn {
            &mut self.now
        } else {
            &mut self.next
        };
        *of_batch = of_batch.saturating_sub(1);
    }

    /// Begins one for the supervisor with `claim` on `thread`, if it is its turn; else it has claimed one, unless
    /// another supervisor has.
    fn begin_claimed(&mut self, thread: usize, claim: &mut Claim, time: u64) -> bool {
        self.look(time);
        let is_its_turn = match self.claimed {
            Some(claimed) => claimed.by == *claim && claimed.batch == self.turn,
            None => self.now == 0 && self.next == 0,
        };
        let begins = self.holder == 0 && is_its_turn;
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
        if begins {
            self.holder = thread;
        }
        begins
    }

    /// Ends the claim, if it is not lost.
    fn withdraw(&mut self, claim: Claim) {
        self.claimed.take_if(|claimed| claimed.by == claim);
    }
}

/// Who restarts or stops a service now, and who is to be next.
#[derive(Debug)]
pub(super) struct Flight(NoCutMutex<State>);

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
    asker: Asker,
    /// `None` once it has had its turn.
    batch: Option<u64>,
}

impl Waiting<'_> {
    /// Begins a flight if it is its turn.
    fn go_on(&mut self) -> bool {
        let (me, time) = (this_thread(), host::now_ns());
        let mut state = self.flight.0.lock();
        let goes_on = self
            .batch
            .is_none_or(|batch| state.go_on(me, self.asker, batch, time));
        if goes_on {
            self.batch = None;
        }
        goes_on
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch {
            self.flight.0.lock().leave(batch);
        }
    }
}

impl Flight {
    pub(super) const fn new() -> Self {
        // SAFETY: numbers are compared and counted.
        Self(unsafe { NoCutMutex::new(State::FREE) })
    }

    fn end(&self) {
        self.0.lock().holder = 0;
    }

    /// Whether this thread has begun it.
    pub(super) fn is_mine(&self) -> bool {
        self.0.lock().holder == this_thread()
    }

    /// Begins one, in turn. `None` past `deadline`, when there `is_nothing_to_do` any more, and at once if this
    /// thread has begun it already.
    pub(super) fn begin(
        &self,
        asker: Asker,
        deadline: u64,
        is_nothing_to_do: impl Fn() -> bool,
    ) -> Option<Ending<'_>> {
        let (me, time) = (this_thread(), host::now_ns());
        let begun = { self.0.lock().begin(me, asker, time) };
        let mut waiting = Waiting {
            flight: self,
            asker,
            batch: begun.err(),
        };
        while !waiting.go_on() {
            if self.is_mine() || is_nothing_to_do() || host::now_ns() > deadline {
                return None;
            }
            shortage::note_wait(Wait::Long);
            host::yield_now();
        }
        Some(Ending(self))
    }

    /// Begins one for a supervisor, without waiting. One that may not yet has its turn next, before all others that
    /// come from now on. Whoever got true calls [`end_claimed`](Self::end_claimed).
    pub(super) fn try_begin(&self, claim: &mut Claim) -> bool {
        let time = host::now_ns();
        self.0.lock().begin_claimed(this_thread(), claim, time)
    }

    /// Ends what a supervisor has begun, which has its turn still.
    pub(super) fn step_back(&self) {
        self.end();
    }

    /// Ends what a supervisor has begun.
    pub(super) fn end_claimed(&self, claim: Claim) {
        let mut state = self.0.lock();
        state.holder = 0;
        state.withdraw(claim);
    }

    /// Ends a claim that came to nothing.
    pub(super) fn withdraw(&self, claim: Claim) {
        self.0.lock().withdraw(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::{Asker::*, CLAIM_NS, Claim, State};

    const SUPERVISOR: usize = 1;

    /// Threads that ask again as soon as they have had the flight.
    struct Hammers(Vec<Option<u64>>);

    extern crate std;
    use std::vec::Vec;

    impl Hammers {
        fn new(state: &mut State, count: usize) -> Self {
            let line = (0..count).map(|at| state.begin(100 + at, Caller, 0).err());
            Self(line.collect())
        }

        /// Whoever has it ends it, and asks again; then all look, that one first.
        fn turn(&mut self, state: &mut State, time: u64) {
            let had = state.holder;
            state.holder = 0;
            if had >= 100 {
                self.0[had - 100] = state.begin(had, Caller, time).err();
            }
            for (at, place) in self.0.iter_mut().enumerate() {
                if place.is_some_and(|batch| state.go_on(100 + at, Caller, batch, time)) {
                    *place = None;
                }
            }
        }
    }

    #[test]
    fn nobody_has_it_twice_while_another_waits_once() {
        let mut state = State::FREE;
        let mut hammers = Hammers::new(&mut state, 5);
        for asker in [Caller, Host] {
            let batch = state.begin(7, asker, 0).unwrap_err();
            let mut turns = 0;
            while !state.go_on(7, asker, batch, 0) {
                hammers.turn(&mut state, 0);
                turns += 1;
                assert!(turns <= 10, "{state:?}");
            }
            assert_eq!(state.holder, 7);
        }
    }

    #[test]
    fn a_claim_has_its_turn_before_whoever_comes_later() {
        let mut state = State::FREE;
        let mut hammers = Hammers::new(&mut state, 5);
        let mut claim = Claim::default();
        let mut looks = 0;
        while !state.begin_claimed(SUPERVISOR, &mut claim, 0) {
            (0..7).for_each(|_| hammers.turn(&mut state, 0));
            looks += 1;
            assert!(looks < 3, "{state:?}");
        }
        // It has its turn still when it steps back.
        state.holder = 0;
        hammers.turn(&mut state, CLAIM_NS);
        assert_eq!(state.holder, 0);
        assert!(state.begin_claimed(SUPERVISOR, &mut claim, CLAIM_NS));
        state.withdraw(claim);
        hammers.turn(&mut state, CLAIM_NS);
        assert!(state.holder >= 100);
    }

    #[test]
    fn a_claim_is_lost_by_who_does_not_come() {
        let mut state = State::FREE;
        let mut claim = Claim::default();
        assert!(state.begin_claimed(SUPERVISOR, &mut claim, 0));
        state.holder = 0;
        let batch = state.begin(100, Caller, 0).unwrap_err();
        assert!(!state.go_on(100, Caller, batch, CLAIM_NS));
        // The host does not wait for it.
        assert_eq!(state.begin(101, Host, 0), Err(batch));
        assert!(state.go_on(101, Host, batch, 0));
        state.holder = 0;
        assert!(state.go_on(100, Caller, batch, CLAIM_NS + 1));
        // Another claim comes behind those that wait.
        let turn = state.begin(100, Caller, 0).unwrap_err();
        state.holder = 0;
        assert!(!state.begin_claimed(SUPERVISOR, &mut claim, CLAIM_NS + 1));
        assert!(!state.begin_claimed(SUPERVISOR, &mut claim, CLAIM_NS + 1));
        assert!(state.go_on(100, Caller, turn, CLAIM_NS + 1), "{state:?}");
        state.holder = 0;
        assert!(state.begin_claimed(SUPERVISOR, &mut claim, CLAIM_NS + 1));
    }
}
