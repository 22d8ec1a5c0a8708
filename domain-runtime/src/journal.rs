//! Recorded calls, which are made again after a restart, in order: `#[replay]`.
//!
//! A recorded call belongs to the domain that made it: it is charged to that domain, counts against that domain's own
//! limit, and ends with it. So no client fills the journal for the others, or leaves anything in it after its death.
//! The host's calls stay as long as the journal.
//!
//! Each domain has a list of its own here. A search on the domain's behalf, and the work at its end, take time in
//! proportion to that list or to the table of domains. The time never depends on the lists of other domains.

use crate::blame::Watch;
use crate::error::RpcError;
use crate::exit_reason::{ExitKind, this_thread};
use crate::generation_end::Ending;
use crate::host_charges::{self, Charge, HostResource, Payer, Principal};
use crate::instance::Instance;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::{fmt, mem};
use samara_shared_heap::NoCutMutex;

/// A recorded call.
///
/// # Safety
/// Trusted code: it runs a domain's code only behind an entry, and neither it nor its `Drop` panics. A reclaim may
/// drop the last handle on a service, and the journal with it.
pub unsafe trait Replay<I: ?Sized>: Send + Sync {
    /// Makes the call on `instance`.
    ///
    /// # Errors
    /// If the call failed: the state that it had made is not restored.
    fn replay(&self, instance: Instance<I>) -> Result<(), RpcError>;

    /// Bytes of stack that it takes to move the call's arguments and its result: [`to_move`](crate::stack::to_move).
    /// A thread that makes the call again is promised them.
    fn moves(&self) -> usize;
}

struct Entry<I: ?Sized> {
    number: u64,
    call: Arc<dyn Replay<I>>,
    charge: Charge,
}

/// The calls that one domain, or the host, has recorded.
struct Share<I: ?Sized> {
    /// Pays for the place here, and for the block with the list's first entry. Each entry also pays for its own part of
    /// the list.
    charge: Charge,
    /// Sorted by number.
    calls: Vec<Entry<I>>,
    /// The largest [`moves`](Replay::moves) of one call.
    moves: usize,
    /// Whether one of the calls could not be made again. If so, no more calls are recorded.
    is_given_up: bool,
}

struct State<I: ?Sized> {
    /// One entry for each party that was ever admitted and has not ended. So there are at most as many entries as
    /// owners.
    shares: Vec<Share<I>>,
    next: u64,
    replays: usize,
}

/// The shared part of a journal, which its charges refer to.
struct Log<I: ?Sized> {
    state: NoCutMutex<State<I>>,
    limit: usize,
}

/// A bounded log of calls. All its memory is the host's, and is charged to the domains that recorded the calls.
pub struct Journal<I: ?Sized>(Arc<Log<I>>);

/// The permission to make a call and then to [record](Journal::record) it.
#[derive(Debug)]
pub struct Admission {
    charge: Charge,
    /// How many replays had begun when the call was admitted.
    replays: usize,
}

/// A recorded call could not be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The party that had recorded the call.
    pub recorder: Principal,
    /// How it failed.
    pub error: RpcError,
    /// Whether the call was made and failed through its own fault. It did not if it lacked something that others
    /// have, or if a kill or another thread inside ended the instance meanwhile.
    pub is_its_own: bool,
}

impl<I: ?Sized> Log<I> {
    fn locked<R>(&self, action: impl FnOnce(&mut State<I>) -> R) -> R {
        action(&mut self.state.lock())
    }
}

impl<I: ?Sized> Share<I> {
    /// Bytes that a share costs: both lists grow by doubling.
    const BYTES: usize = 2 * size_of::<Self>() + host_charges::list::<Entry<I>>();
}

impl<I: ?Sized> State<I> {
    fn share_of(&mut self, party: Principal) -> Option<&mut Share<I>> {
        let mut shares = self.shares.iter_mut();
        shares.find(|share| share.charge.principal() == party)
    }

    /// Takes everything of `party` out, to be dropped without the lock.
    fn take_share_of(&mut self, party: Principal) -> Option<(Share<I>, Vec<Share<I>>)> {
        let mut shares = self.shares.iter();
        let at = shares.position(|share| share.charge.principal() == party)?;
        let share = self.shares.swap_remove(at);
        // Keeps no more room than the remaining shares have paid for. If there is no memory for a smaller list, the
        // large one stays.
        let mut spare = Vec::new();
        let is_half_empty = self.shares.len() <= self.shares.capacity() / 2;
        if is_half_empty && spare.try_reserve_exact(self.shares.len()).is_ok() {
            spare.append(&mut self.shares);
            mem::swap(&mut spare, &mut self.shares);
        }
        Some((share, spare))
    }

    /// The first call from number `from` on.
    fn first_from(&self, from: u64) -> Option<&Entry<I>> {
        let firsts = self.shares.iter().filter_map(|share| {
            let at = share.calls.partition_point(|entry| entry.number < from);
            share.calls.get(at)
        });
        firsts.min_by_key(|entry| entry.number)
    }
}

// SAFETY: this only drops calls, which is trusted code (`Replay`) (AUTH-5).
unsafe impl<I: ?Sized> HostResource for Log<I> {
    fn end(&self, dead: Principal) {
        let of_the_dead = self.locked(|state| state.take_share_of(dead));
        drop(of_the_dead);
    }
}

impl<I: ?Sized + 'static> Journal<I> {
    /// Bytes that an empty journal takes of the host's heap.
    pub const BYTES: usize = host_charges::shared::<Log<I>>();

    /// A journal of at most `limit` calls of each domain, and as many of the host's. A list may exceed the limit only
    /// while several threads record at the same time.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let state = State {
            shares: Vec::new(),
            next: 0,
            replays: 0,
        };
        // SAFETY: the lock is held while calls are looked up, added and taken out. No call is made or dropped under
        // it (ORDER-54).
        let state = unsafe { NoCutMutex::new(state) };
        Self(Arc::new(Log { state, limit }))
    }

    /// Admits a call that is to be recorded on behalf of `payer`. To be called as the host, before the call is made
    /// and before its instance is looked up. The record will be a block of `bytes` ([`host_charges::shared`]). Cost:
    /// proportional to the number of domains that record here, and independent of how many calls they have recorded.
    ///
    /// # Errors
    /// The call must not be made: [`RpcError::ReplayLogFull`], [`RpcError::HostQuota`],
    /// [`RpcError::OutOfMemory`]; [`RpcError::RecoveryFailed`] for a domain whose calls were given up.
    pub fn admit(&self, payer: Payer, bytes: usize) -> Result<Admission, RpcError> {
        // The list grows by doubling, so an entry pays for two.
        let entry = 2 * size_of::<Entry<I>>();
        let charge = payer.charge(bytes.saturating_add(entry))?;
        let party = payer.principal();
        if !self.0.locked(|state| state.share_of(party).is_some()) {
            self.begin_share(payer)?;
        }
        let replays = self.0.locked(|state| {
            // The share is missing only if the payer's domain has ended.
            let share = state.share_of(party).ok_or(RpcError::Dead)?;
            if share.is_given_up {
                return Err(RpcError::RecoveryFailed);
            }
            let calls = &mut share.calls;
            if calls.len() >= self.0.limit {
                return Err(RpcError::ReplayLogFull);
            }
            if calls.len() == calls.capacity() {
                // Grows by doubling from the first entry on: `Vec` itself would begin with four.
                let room = calls.try_reserve_exact(calls.len().max(1));
                room.map_err(|_| RpcError::OutOfMemory)?;
            }
            Ok(state.replays)
        })?;
        Ok(Admission { charge, replays })
    }

    fn begin_share(&self, payer: Payer) -> Result<(), RpcError> {
        let charge = payer.charge(Share::<I>::BYTES)?;
        let ends = Arc::downgrade(&self.0);
        charge.ends(ends);
        let share = Share {
            charge,
            calls: Vec::new(),
            moves: 0,
            is_given_up: false,
        };
        // A share that is not kept is dropped without the lock.
        let spare = self.0.locked(|state| {
            if state.share_of(payer.principal()).is_some() {
                return Ok(Some(share));
            }
            let shares = &mut state.shares;
            if shares.len() == shares.capacity()
                && shares.try_reserve_exact(shares.len().max(1)).is_err()
            {
                return Err(share);
            }
            shares.push(share);
            Ok(None)
        });
        spare.map(drop).map_err(|_| RpcError::OutOfMemory)
    }

    /// Records a call that was admitted here and has succeeded. Returns false if a replay has begun since the
    /// admission: that replay did not include this call, so the call must be made again. Also returns false if the
    /// recorder has no share here any more.
    #[must_use]
    pub fn record(&self, admission: Admission, call: Arc<dyn Replay<I>>) -> bool {
        let Admission { charge, replays } = admission;
        let moves = call.moves();
        // A call that is not recorded is dropped without the lock.
        let late = self.0.locked(|state| {
            let (number, is_late) = (state.next, state.replays != replays);
            let share = match state.share_of(charge.principal()) {
                Some(share) if !is_late => share,
                _ => return Some((call, charge)),
            };
            share.calls.push(Entry {
                number,
                call,
                charge,
            });
            share.moves = share.moves.max(moves);
            state.next = number.saturating_add(1);
            None
        });
        late.is_none()
    }

    /// Makes all recorded calls on `instance`, in order.
    ///
    /// # Errors
    /// The error of the first call that failed; the calls after it were not made.
    pub fn replay(&self, instance: Instance<I>) -> Result<(), Failed> {
        let mut from = 0;
        self.0
            .locked(|state| state.replays = state.replays.wrapping_add(1));
        // Looked up before the first call, because after a call the slot may belong to another generation.
        let ending = Ending::of(instance.target());
        let promised = instance.target().block().stack.to_start();
        loop {
            // No lock is held over a call. The loop goes by numbers, since the calls of a domain that ends meanwhile
            // are taken out.
            let next = self.0.locked(|state| {
                let entry = state.first_from(from)?;
                Some((
                    entry.number,
                    entry.charge.principal(),
                    Arc::clone(&entry.call),
                ))
            });
            let Some((number, recorder, call)) = next else {
                return Ok(());
            };
            let watch = Watch::begin(promised.saturating_add(call.moves()));
            let done = call.replay(instance);
            done.map_err(|error| Failed {
                recorder,
                error,
                is_its_own: was_made(error) && !is_anothers_doing(&ending, &watch),
            })?;
            from = number.saturating_add(1);
        }
    }

    /// Gives up all calls of the domain whose call `failed`, and refuses further ones until that domain has ended.
    /// The state that its calls had made cannot be restored, and the other domains must not lose the service because
    /// of that. Returns true also if that domain has ended since, because its calls have ended with it. Returns false
    /// if the call was the host's, was never let in, or was cut short by a kill or by another thread's fault.
    #[must_use]
    pub fn give_up(&self, failed: Failed) -> bool {
        if failed.recorder.is_host() || !failed.is_its_own {
            return false;
        }
        let given_up = self.0.locked(|state| {
            let share = state.share_of(failed.recorder)?;
            share.is_given_up = true;
            share.moves = 0;
            Some(mem::take(&mut share.calls))
        });
        drop(given_up);
        true
    }

    /// Bytes of stack that a start is promised for the recorded calls, beside those that it is promised without any.
    pub(crate) fn moves(&self) -> usize {
        let most = |state: &mut State<I>| state.shares.iter().map(|share| share.moves).max();
        self.0.locked(most).unwrap_or_default()
    }

    /// How many calls the journal holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.locked(|state| {
            let of_each = state.shares.iter().map(|share| share.calls.len());
            of_each.fold(0, usize::saturating_add)
        })
    }

    /// Whether the journal holds no calls.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whether a recorded call that failed with `error` was let in.
const fn was_made(error: RpcError) -> bool {
    matches!(error, RpcError::Crashed | RpcError::RecoveryFailed)
}

/// Whether a call that this thread has made failed for lack of something that others had, or because others ended its
/// instance.
fn is_anothers_doing(ending: &Ending, watch: &Watch) -> bool {
    let end = ending.end();
    let kind = end.map_or(ExitKind::None, |end| end.reason.kind);
    let is_others = end.is_some_and(|end| end.by != this_thread()) || kind == ExitKind::Killed;
    is_others || watch.lacked().is_some() || watch.missed_another(kind)
}

impl<I: ?Sized + 'static> fmt::Debug for Journal<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("calls", &self.len())
            .field("limit", &self.0.limit)
            .finish()
    }
}
