//! Quotas: limits on the bytes and the objects of shared memory that a domain may have.
//!
//! A domain with a limit has *credit* ([`Ledger`]). When the credit is used up, a scan counts the objects that the
//! domain really owns, and the rest of the limit becomes the new credit. So frees and changes of owner cost nothing
//! for accounting, a domain's own allocations never take it beyond its limit, and a domain without a limit pays for
//! one load.
//!
//! How long a count takes depends on the objects of all other domains. So this module holds neither the owner's lock
//! nor a no-cut mark throughout a count, and the domain that causes the count pays only a small share of it
//! (`census::for_quota`).
//!
//! Objects that others hand to a domain are checked only where the sender asks ([`is_limited`], then [`admit`]): a
//! receiver that would exceed twice its limit is refused.

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

    /// A limit on bytes, and none on objects.
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

/// How many of the owner's own allocations, and of the transfers to it, were refused since its limits were set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Refused allocations of its own.
    pub allocations: usize,
    /// Refused transfers from others to it.
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
    // SAFETY: only arithmetic on the account, and an allocation that was granted (`Grant`), run under the lock
    // (ORDER-54).
    unsafe { NoCutMutex::new(account) }
}; MAX_OWNERS];

/// Sets the limits of `owner`, and its count of refusals to zero. Its objects are counted at its next allocation; that
/// count includes allocations that have meanwhile begun on another CPU.
///
/// # Safety
/// The caller has authority over `owner`: it is the host, which limits the domains that it started.
pub unsafe fn set_limits(owner: Owner, limits: Limits) {
    let mut account = ACCOUNTS[owner.index()].lock();
    account.ledger = Ledger::new(Load {
        bytes: limits.bytes.unwrap_or(usize::MAX),
        objects: limits.objects.unwrap_or(usize::MAX),
    });
    account.refused = Refused::default();
    if account.ledger.limit() == Load::MAX {
        // SAFETY: this module keeps the limits, and the account has none now (HEAP-39).
        unsafe { slow_path_flags::clear(owner, slow_path_flags::LIMITED) };
    } else {
        // SAFETY: this module keeps the limits, and the account has one now (HEAP-39).
        unsafe { slow_path_flags::set(owner, slow_path_flags::LIMITED) };
    }
}

/// Returns the limit of `owner` in bytes, if it has one.
#[must_use]
pub fn limit(owner: Owner) -> Option<usize> {
    limits(owner).bytes
}

/// Returns the limits of `owner`.
#[must_use]
pub fn limits(owner: Owner) -> Limits {
    let limit = ACCOUNTS[owner.index()].lock().ledger.limit();
    let given = |value| (value != usize::MAX).then_some(value);
    Limits {
        bytes: given(limit.bytes),
        objects: given(limit.objects),
    }
}

/// Returns how many allocations of `owner`, and transfers to it, were refused since its limits were set.
#[must_use]
pub fn refused(owner: Owner) -> Refused {
    ACCOUNTS[owner.index()].lock().refused
}

/// Whether `owner` has a limit. Costs one load of a cache line that is rarely written.
#[inline]
#[must_use]
pub fn is_limited(owner: Owner) -> bool {
    slow_path_flags::of(owner) & slow_path_flags::LIMITED != 0
}

/// Whether `load` may be handed to `owner`. It may unless the owner would then exceed twice its limit. If it may,
/// takes `load` from the owner's credit. Call it *before* the change of owner, and only for an owner that
/// [`is_limited`].
///
/// The answer is approximate. CPUs that hand over at the same time take their loads from the credit before the
/// objects arrive, and the credit does not grow when the owner frees objects: the next count notices that. Cost: a
/// lock of the owner, and a scan of all owner words when the credit is used up.
///
/// # Safety
/// The caller is about to hand `load` to `owner`, whose credit it uses up.
#[cold]
#[must_use]
pub unsafe fn admit(owner: Owner, load: Load) -> bool {
    receives(owner, |ledger| ledger.receive(load))
}

/// Whether `owner`, which [`is_limited`], may make a call whose result cannot be refused once the call returns. An
/// owner that has reached twice its limit may not. Use it before that call. Cost: as [`admit`].
#[cold]
#[must_use]
pub fn has_room(owner: Owner) -> bool {
    receives(owner, |ledger| ledger.has_room())
}

/// Takes from the credit for objects that others hand over, after a count if that is necessary. If the credit does
/// not allow it, counts a refusal. No thread is cut on its way into a call. So the count runs on behalf of the
/// calling domain, which pays its share of the time.
fn receives(owner: Owner, take: impl Fn(&mut Ledger) -> bool) -> bool {
    let (mut account, fits) = settled(owner, take, || census::for_quota(owner));
    account.refused.transfers = account.refused.transfers.wrapping_add(usize::from(!fits));
    fits
}

/// Takes `load`, the result of a call, from the credit of `owner`, which cannot refuse it. So the owner's own
/// allocations stay within its limit.
///
/// # Safety
/// `load` was handed to `owner`, whose credit it uses up.
#[cold]
pub unsafe fn note(owner: Owner, load: Load) {
    ACCOUNTS[owner.index()].lock().ledger.note(load);
}

/// A granted allocation, which holds the owner's account. It is kept until the object's owner word is set. A count in
/// between would miss the object and grant the same credit again.
pub(crate) struct Grant {
    _account: NoCutGuard<'static, Account>,
}

/// Takes `load` from the credit of `owner`, which has a limit. Returns `None` if the credit does not allow it.
///
/// The calling thread holds no lock of the heap. It also should not be under a no-cut mark, because a count may take
/// long.
#[cold]
pub(crate) fn charge(owner: Owner, load: Load) -> Option<Grant> {
    // The count runs on behalf of the host, which is not cut: a cut would skip the walk's destructor, and its slab
    // would be kept forever.
    // SAFETY: only the heap's own code runs on behalf of the host (HEAP-40).
    let count = || unsafe { thread::as_host(|| census::for_quota(owner)) };
    let (mut account, fits) = settled(owner, |ledger| ledger.allocate(load), count);
    if fits {
        return Some(Grant { _account: account });
    }
    account.refused.allocations = account.refused.allocations.wrapping_add(1);
    None
}

/// The most counts that one request makes until a count is exact.
const COUNTS: usize = 4;

/// Tries `take`, and while it fails counts and tries again. A count runs without the account's lock. If something was
/// taken meanwhile, the credits are not exact and a refusal is not final, so another count follows, up to [`COUNTS`]. A
/// count begins under the lock, so no thread of this owner is then between its grant and the store of its owner word.
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
