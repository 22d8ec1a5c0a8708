//! What a call or an allocation on behalf of an owner must look at first: one byte for each owner, read
//! often and written seldom, so that nothing to look at costs one load.

use crate::owner::{MAX_OWNERS, Owner};
use crate::primitive::atomic::{AtomicU8, Ordering};

/// The owner has a quota.
pub const LIMITED: u8 = 1;
/// Exported objects wait to be dropped by the owner. For the runtime, which keeps them.
pub const POSTED: u8 = 2;

static MARKS: [AtomicU8; MAX_OWNERS] = [const { AtomicU8::new(0) }; MAX_OWNERS];

const _: () = assert!(MAX_OWNERS.is_power_of_two());

/// The marks of `owner`. One load of a line that hardly ever changes.
#[inline]
#[must_use]
pub fn of(owner: Owner) -> u8 {
    at(owner).load(Ordering::Relaxed)
}

/// Sets `mark`; what was done before is seen by who [`clear`]s it.
///
/// # Safety
/// What the mark says of `owner` is so: the caller keeps its quota, or the list of its exported objects.
pub unsafe fn set(owner: Owner, mark: u8) {
    at(owner).fetch_or(mark, Ordering::Release);
}

/// Clears `mark`.
///
/// # Safety
/// As for [`set`]: a mark that is missing hides a quota, or objects that nobody drops then.
pub unsafe fn clear(owner: Owner, mark: u8) {
    at(owner).fetch_and(!mark, Ordering::Acquire);
}

#[inline]
fn at(owner: Owner) -> &'static AtomicU8 {
    // The mask tells the optimiser what every owner fulfils, so indexing needs no check.
    &MARKS[owner.index() & (MAX_OWNERS - 1)]
}
