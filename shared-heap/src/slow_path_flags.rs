//! Flags that send calls and allocations of an owner to a slow path: one byte for each owner. They are read often and
//! written rarely, so an owner without flags costs one load.

use crate::owner::{MAX_OWNERS, Owner};
use crate::primitive::atomic::{AtomicU8, Ordering};

/// The owner has a quota.
pub const LIMITED: u8 = 1;
/// Exported objects wait for the owner to drop them. The runtime, which keeps their list, sets this.
pub const POSTED: u8 = 2;

static MARKS: [AtomicU8; MAX_OWNERS] = [const { AtomicU8::new(0) }; MAX_OWNERS];

const _: () = assert!(MAX_OWNERS.is_power_of_two());

/// Returns the flags of `owner`. Costs one load of a cache line that is rarely written.
#[inline]
#[must_use]
pub fn of(owner: Owner) -> u8 {
    at(owner).load(Ordering::Relaxed)
}

/// Sets the flag `mark`. A thread that [`clear`]s the flag sees everything that this thread did before.
///
/// # Safety
/// The flag says the truth about `owner`: the caller keeps the owner's quota, or the list of its exported objects.
pub unsafe fn set(owner: Owner, mark: u8) {
    at(owner).fetch_or(mark, Ordering::Release);
}

/// Clears the flag `mark`.
///
/// # Safety
/// As for [`set`]: a missing flag hides a quota, or exported objects, which then nothing drops.
pub unsafe fn clear(owner: Owner, mark: u8) {
    at(owner).fetch_and(!mark, Ordering::Acquire);
}

#[inline]
fn at(owner: Owner) -> &'static AtomicU8 {
    // An owner's index is always below `MAX_OWNERS`. The mask tells the optimiser so, and the index needs no bounds
    // check.
    &MARKS[owner.index() & (MAX_OWNERS - 1)]
}
