//! How many bytes of shared objects a domain may still allocate.
//!
//! A domain with a limit has *credit*: bytes it may allocate before anybody counts again. When the
//! credit is used up the objects that it really owns are counted (a scan), and what is left of the
//! limit becomes the new credit. So a change of owner costs nothing for accounting, and a domain's
//! own allocations never take it beyond its limit; what others hand to it may.

use crate::heap;
use crate::owner::{MAX_OWNERS, Owner};
use crate::primitive::Mutex;
use crate::primitive::atomic::{AtomicUsize, Ordering};

const UNLIMITED: usize = usize::MAX;

struct Account {
    limit: AtomicUsize,
    credit: AtomicUsize,
}

static ACCOUNTS: [Account; MAX_OWNERS] = [const {
    Account {
        limit: AtomicUsize::new(UNLIMITED),
        credit: AtomicUsize::new(0),
    }
}; MAX_OWNERS];

/// One settlement at a time: two at once would hand out the same rest twice.
static SETTLE: Mutex<()> = Mutex::new(());

/// Sets the limit of `owner` in bytes of slots; `None` for no limit. Counted at once.
pub fn set_limit(owner: Owner, limit: Option<usize>) {
    let account = &ACCOUNTS[owner.index()];
    let _settle = SETTLE.lock();
    account.credit.store(0, Ordering::Relaxed);
    account
        .limit
        .store(limit.unwrap_or(UNLIMITED), Ordering::Relaxed);
}

/// The limit of `owner` in bytes, if it has one.
#[must_use]
pub fn limit(owner: Owner) -> Option<usize> {
    let limit = ACCOUNTS[owner.index()].limit.load(Ordering::Relaxed);
    (limit != UNLIMITED).then_some(limit)
}

/// Takes `bytes` from the credit of `owner`; `false` if its limit does not allow them.
#[inline]
pub(crate) fn charge(owner: Owner, bytes: usize) -> bool {
    let account = &ACCOUNTS[owner.index()];
    account.limit.load(Ordering::Relaxed) == UNLIMITED || charge_limited(account, owner, bytes)
}

#[cold]
fn charge_limited(account: &Account, owner: Owner, bytes: usize) -> bool {
    let take = |credit: usize| credit.checked_sub(bytes);
    let (set, get) = (Ordering::Relaxed, Ordering::Relaxed);
    if account.credit.try_update(set, get, take).is_ok() {
        return true;
    }
    let _settle = SETTLE.lock();
    if account.credit.try_update(set, get, take).is_ok() {
        return true;
    }
    // Nobody draws on the old credit while the objects are counted.
    account.credit.store(0, Ordering::Relaxed);
    let owned = heap::census(owner).bytes;
    let limit = account.limit.load(Ordering::Relaxed);
    match limit
        .checked_sub(owned)
        .and_then(|rest| rest.checked_sub(bytes))
    {
        Some(rest) => {
            account.credit.store(rest, Ordering::Relaxed);
            true
        }
        None => false,
    }
}
