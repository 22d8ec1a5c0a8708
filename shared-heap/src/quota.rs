//! How many bytes of shared objects a domain may still allocate.
//!
//! A domain with a limit has *credit*: bytes it may allocate before anybody counts again. When the
//! credit is used up the objects that it really owns are counted (a scan), and what is left of the
//! limit becomes the new credit. So a change of owner costs nothing for accounting, and a domain's
//! own allocations never take it beyond its limit; what others hand to it may.

use crate::heap;
use crate::owner::{MAX_OWNERS, Owner};
use crate::primitive::atomic::{AtomicUsize, Ordering};
use crate::primitive::{Mutex, MutexGuard};

const UNLIMITED: usize = usize::MAX;

struct Account {
    limit: AtomicUsize,
    credit: Mutex<usize>,
}

static ACCOUNTS: [Account; MAX_OWNERS] = [const {
    Account {
        limit: AtomicUsize::new(UNLIMITED),
        credit: Mutex::new(0),
    }
}; MAX_OWNERS];

/// Sets the limit of `owner` in bytes of slots; `None` for no limit. Counted at once.
pub fn set_limit(owner: Owner, limit: Option<usize>) {
    let account = &ACCOUNTS[owner.index()];
    let mut credit = account.credit.lock();
    *credit = 0;
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

/// Bytes granted. Kept until the object bears its owner's mark: a count in between would miss it,
/// and grant them again.
pub(crate) struct Grant {
    _credit: Option<MutexGuard<'static, usize>>,
}

/// Takes `bytes` from the credit of `owner`; `None` if its limit does not allow them.
#[inline]
pub(crate) fn charge(owner: Owner, bytes: usize) -> Option<Grant> {
    let account = &ACCOUNTS[owner.index()];
    if account.limit.load(Ordering::Relaxed) == UNLIMITED {
        return Some(Grant { _credit: None });
    }
    charge_limited(account, owner, bytes)
}

#[cold]
fn charge_limited(account: &'static Account, owner: Owner, bytes: usize) -> Option<Grant> {
    let mut credit = account.credit.lock();
    if *credit < bytes {
        // Stays nothing if the limit is passed already.
        *credit = 0;
        let limit = account.limit.load(Ordering::Relaxed);
        *credit = limit.checked_sub(heap::census(owner).bytes)?;
    }
    *credit = credit.checked_sub(bytes)?;
    Some(Grant {
        _credit: Some(credit),
    })
}
