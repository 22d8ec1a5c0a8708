//! How much shared memory a domain may have: bytes, and objects.
//!
//! A domain with a limit has *credit* ([`Ledger`]). When it is used up, what the domain really owns
//! is counted (a scan) and the rest of the limit becomes the new credit. So frees and changes of
//! owner cost nothing for accounting, a domain's own allocations never take it beyond its limit,
//! and a domain without a limit pays one load.
//!
//! How long a count takes is up to all others, who have the objects. So it has no lock of the owner's and no mark, and
//! costs its asker a small share (`census::for_quota`).
//!
//! What others hand to it is checked only where the one who hands over asks
//! ([`is_limited`], then [`admit`]): a receiver that would pass twice its limit is refused.

use crate::ledger::{Ledger, Load};
use crate::no_cut_mutex::{NoCutGuard, NoCutMutex};
use crate::owner::{MAX_OWNERS, Owner};
use crate::{census, slow_path_flags, thread};

/// The most that an owner may have; `None` for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of slots.
    pub bytes: Option<usize>,
    /// Objects and capabilities.
    pub objects: Option<usize>,
}

impl Limits {
    /// No limit at all.
    pub const NONE: Self = Self {
        bytes: None,
        objects: None,
    };

    /// So many bytes, and any number of objects.
    #[must_use]
    pub const fn bytes(bytes: usize) -> Self {
        Self {
            bytes: Some(bytes),
            objects: None,
        }
    }
}

struct Account {
    ledger: Ledger,
    refused: Refused,
}

/// How often an owner was told no since its limits were set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Allocations of its own.
    pub allocations: usize,
    /// What others would have handed to it.
    pub transfers: usize,
}

static ACCOUNTS: [NoCutMutex<Account>; MAX_OWNERS] = [const {
    let account = Account {
        ledger: Ledger::UNLIMITED,
        refused: Refused {
            allocations: 0,
            transfers: 0,
        },
    };
    // SAFETY: arithmetic.
    unsafe { NoCutMutex::new(account) }
}; MAX_OWNERS];

/// Sets the limits of `owner`, and its count of refusals to zero. What it has is counted at its
/// next allocation; allocations that have begun meanwhile on another CPU are counted then too.
///
/// # Safety
/// The caller has authority over `owner`: it is the host, which limits whom it started.
pub unsafe fn set_limits(owner: Owner, limits: Limits) {
    let mut account = ACCOUNTS[owner.index()].lock();
    account.ledger = Ledger::new(Load {
        bytes: limits.bytes.unwrap_or(usize::MAX),
        objects: limits.objects.unwrap_or(usize::MAX),
    });
    account.refused = Refused::default();
    if account.ledger.limit() == Load::MAX {
        // SAFETY: the limits are kept here, and this is what they come to.
        unsafe { slow_path_flags::clear(owner, slow_path_flags::LIMITED) };
    } else {
        // SAFETY: as above.
        unsafe { slow_path_flags::set(owner, slow_path_flags::LIMITED) };
    }
}

/// The limit of `owner` in bytes, if it has one.
#[must_use]
pub fn limit(owner: Owner) -> Option<usize> {
    limits(owner).bytes
}

/// The limits of `owner`.
#[must_use]
pub fn limits(owner: Owner) -> Limits {
    let limit = ACCOUNTS[owner.index()].lock().ledger.limit();
    let given = |value| (value != usize::MAX).then_some(value);
    Limits {
        bytes: given(limit.bytes),
        objects: given(limit.objects),
    }
}

/// How often `owner` was refused since its limits were set.
#[must_use]
pub fn refused(owner: Owner) -> Refused {
    ACCOUNTS[owner.index()].lock().refused
}

/// Whether `owner` has a limit. One load of a line that hardly ever changes.
#[inline]
#[must_use]
pub fn is_limited(owner: Owner) -> bool {
    slow_path_flags::of(owner) & slow_path_flags::LIMITED != 0
}

/// Whether `load` may be handed to `owner`: not if that took it beyond twice its limit. To be
/// asked *before* the change of owner, and only of an owner that [`is_limited`].
///
/// Approximate: what several CPUs hand over at once is noted by each before it arrives, what is
/// consumed is seen at the next count. Cost: a lock of the owner's own; a scan of all owner words when
/// the credit is used up.
///
/// # Safety
/// The caller is about to hand `load` to `owner`, whose credit it takes.
#[cold]
#[must_use]
pub unsafe fn admit(owner: Owner, load: Load) -> bool {
    receives(owner, |ledger| ledger.receive(load))
}

/// Whether `owner`, which [`is_limited`], may be given what nobody can refuse any more: not from twice its
/// limit on. To be asked before the call that returns it. Cost as of [`admit`].
#[cold]
#[must_use]
pub fn has_room(owner: Owner) -> bool {
    receives(owner, |ledger| ledger.has_room())
}

/// Nobody is cut on the way into a call: a count is made there as who calls, whose share of the time it is.
fn receives(owner: Owner, take: impl Fn(&mut Ledger) -> bool) -> bool {
    let (mut account, fits) = settled(owner, take, || census::for_quota(owner));
    account.refused.transfers = account.refused.transfers.wrapping_add(usize::from(!fits));
    fits
}

/// Notes that `load` came to `owner` without being asked for: what a call returns. Keeps its own
/// allocations exact.
///
/// # Safety
/// `load` was handed to `owner`, whose credit it takes.
#[cold]
pub unsafe fn note(owner: Owner, load: Load) {
    ACCOUNTS[owner.index()].lock().ledger.note(load);
}

/// An allocation granted. Kept until the object bears its owner's mark: a count in between would
/// miss it, and grant the same again.
pub(crate) struct Grant {
    _account: NoCutGuard<'static, Account>,
}

/// Takes `load` from the credit of `owner`, which has a limit; `None` if that does not allow it.
///
/// The thread holds no lock of the heap's, and has no mark where it can be helped: a count lasts as long as it does.
#[cold]
pub(crate) fn charge(owner: Owner, load: Load) -> Option<Grant> {
    // SAFETY: the heap's own code. As the host, which is not cut: a walk that does not end keeps its slab.
    let count = || unsafe { thread::as_host(|| census::for_quota(owner)) };
    let (mut account, fits) = settled(owner, |ledger| ledger.allocate(load), count);
    if fits {
        return Some(Grant { _account: account });
    }
    account.refused.allocations = account.refused.allocations.wrapping_add(1);
    None
}

/// Counts after which nobody waits for an exact one any more.
const COUNTS: usize = 4;

/// Tries `take`, and again after a count, which is made without the account's lock: where something was taken meanwhile
/// a refusal says little, and another count follows. When one begins nobody of this owner is between its grant and its mark.
fn settled(
    owner: Owner,
    take: impl Fn(&mut Ledger) -> bool,
    count: impl Fn() -> Load,
) -> (NoCutGuard<'static, Account>, bool) {
    let mut account = ACCOUNTS[owner.index()].lock();
    let mut counts = 0..COUNTS;
    loop {
        if take(&mut account.ledger) {
            return (account, true);
        }
        if counts.next().is_none() {
            return (account, false);
        }
        let begun = account.ledger.begin();
        drop(account);
        let owned = count();
        account = ACCOUNTS[owner.index()].lock();
        if account.ledger.settle(owned, begun) {
            counts = COUNTS..COUNTS;
        }
    }
}
