//! Memory that the host keeps on a domain's behalf, outside both of its heaps: charged to the domain, bounded, and
//! released with it.
//!
//! A recorded call and the way back to an opened object lie in the host's memory, which neither the quota of the
//! private heap nor that of the exchange heap counts. So each of them holds a [`Charge`] on the domain that asked for
//! it: a share of its [`host_quota`](crate::DomainSpec::host_quota), and a place in a list that the reaper works
//! through when it reclaims the domain.

use crate::error::RpcError;
use alloc::sync::Weak;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem;
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::{NoCutMutex, Owner, thread};

/// Bytes that each charge costs beside those that it names: its place in the list, which grows by doubling.
const OVERHEAD: usize = 2 * size_of::<Place>();

/// Bytes that a block of `bytes` takes of the host's heap. Allocators put a header before a block and round the block
/// up. If a block's alignment is larger than the allocator's, up to as many bytes as that alignment may stay unused
/// before the block.
const fn block_of(bytes: usize, align: usize) -> usize {
    const GRAIN: usize = 2 * size_of::<usize>();
    let bytes = bytes.saturating_add(2 * GRAIN - 1) / GRAIN * GRAIN;
    bytes.saturating_add(if align > GRAIN { align } else { 0 })
}

/// Bytes that a `T` takes of the host's heap in a block of its own.
#[must_use]
pub const fn block<T>() -> usize {
    block_of(size_of::<T>(), align_of::<T>())
}

/// [`block`] with reference counts, as in an `Arc`.
#[must_use]
pub const fn shared<T>() -> usize {
    /// As `Arc` lays it out.
    #[repr(C)]
    struct Counted<T> {
        counts: [usize; 2],
        value: T,
    }
    block::<Counted<T>>()
}

/// Bytes that the first entry of a list takes: the list's block, which has room for two.
pub(crate) const fn list<T>() -> usize {
    block::<[T; 2]>()
}

/// Something of the host's that exists on behalf of domains.
///
/// # Safety
/// Trusted code, called by the reaper as the host: it ends in bounded time, does not panic, and runs no code
/// of a domain.
pub unsafe trait HostResource: Send + Sync {
    /// Gives up everything that is kept on behalf of `dead`.
    fn end(&self, dead: Principal);
}

/// The party on whose behalf something is kept: the host, or one generation in a slot. The next generation in the
/// slot is a different principal, so a principal that was kept for any length of time still compares correctly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    owner: Owner,
    /// The number of this generation, counted over the generations that the account of `owner` has had.
    serial: u32,
}

impl Principal {
    /// Whether this is the host, which never ends.
    #[must_use]
    pub const fn is_host(&self) -> bool {
        self.owner.is_host()
    }
}

/// A place of an account's list. Free places are linked, so that a charge ends without allocating.
enum Place {
    Free { next: usize },
    Charged(Option<Weak<dyn HostResource>>),
}

/// The end of the list of free places.
const NONE: usize = usize::MAX;

struct Account {
    /// Counts the generations that this account had.
    serial: u32,
    limit: usize,
    bytes: usize,
    places: Vec<Place>,
    free: usize,
    /// How many of the places are charged.
    charged: usize,
}

static ACCOUNTS: [NoCutMutex<Account>; MAX_OWNERS] = [const {
    let account = Account {
        serial: 0,
        limit: usize::MAX,
        bytes: 0,
        places: Vec::new(),
        free: NONE,
        charged: 0,
    };
    // SAFETY: the lock is held while places are taken and given back. Their values are dropped without the lock
    // (ORDER-54).
    unsafe { NoCutMutex::new(account) }
}; MAX_OWNERS];

impl Account {
    fn charge(&mut self, bytes: usize) -> Result<usize, RpcError> {
        let total = self.bytes.checked_add(bytes);
        let kept = total.and_then(|total| total.checked_add(self.unpaid(self.charged + 1)));
        let (Some(total), Some(kept)) = (total, kept) else {
            return Err(RpcError::HostQuota);
        };
        if kept > self.limit {
            return Err(RpcError::HostQuota);
        }
        let place = Place::Charged(None);
        let at = if let Some(Place::Free { next }) = self.places.get(self.free) {
            let at = mem::replace(&mut self.free, *next);
            self.places[at] = place;
            at
        } else {
            let room = self.places.try_reserve(1);
            room.map_err(|_| RpcError::OutOfMemory)?;
            self.places.push(place);
            self.places.len() - 1
        };
        self.bytes = total;
        self.charged += 1;
        Ok(at)
    }

    /// The bytes of the list for which `charged` charges do not pay. There are some if the list was longer once,
    /// since it keeps its room.
    const fn unpaid(&self, charged: usize) -> usize {
        let list = self.places.capacity().saturating_mul(size_of::<Place>());
        list.saturating_sub(charged.saturating_mul(OVERHEAD))
    }

    /// Returns the value of the place, and the list if nothing is left in it: both are to be dropped without the
    /// lock.
    fn release(&mut self, at: usize, bytes: usize) -> (Place, Vec<Place>) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.charged = self.charged.saturating_sub(1);
        let next = mem::replace(&mut self.free, at);
        let place = mem::replace(&mut self.places[at], Place::Free { next });
        // Every charge has bytes, so without bytes no place is charged.
        if self.bytes > 0 {
            return (place, Vec::new());
        }
        self.free = NONE;
        (place, mem::take(&mut self.places))
    }
}

/// Runs `action` on the account of `owner`, as the host: the list is the host's.
fn with<R>(owner: Owner, action: impl FnOnce(&mut Account) -> R) -> R {
    let locked = || action(&mut ACCOUNTS[owner.index()].lock());
    // SAFETY: the accounts are the host's; nothing of a domain runs in here (AUTH-8).
    unsafe { thread::as_host(locked) }
}

/// As [`with`], and drops the value that `action` returns: as the host, and with the account unlocked. So a thread
/// that is cut afterwards holds no part of that value.
fn with_and_drop<R>(owner: Owner, action: impl FnOnce(&mut Account) -> R) {
    let and_drop = || {
        let taken = action(&mut ACCOUNTS[owner.index()].lock());
        drop(taken);
    };
    // SAFETY: as in `with`; kept values and their destructors are the host's (HEAP-40).
    unsafe { thread::as_host(and_drop) }
}

/// The payer for a value that the host is about to keep. It is the domain that the running thread acts for, or the
/// host, which has no limit and never ends.
#[derive(Clone, Copy, Debug)]
pub struct Payer {
    party: Principal,
    /// Keeps the payer on its thread, whose activation keeps the domain from being reclaimed.
    thread: PhantomData<*const ()>,
}

impl Payer {
    /// The party that the running thread acts for.
    #[must_use]
    pub fn current() -> Self {
        let owner = thread::current().owner();
        let serial = if owner.is_host() {
            0
        } else {
            with(owner, |account| account.serial)
        };
        Self {
            party: Principal { owner, serial },
            thread: PhantomData,
        }
    }

    /// The party that pays.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.party
    }

    /// Charges `bytes`, which are those of whole [`block`]s, and a place in the payer's list. Cost: a lock of the
    /// payer's own.
    ///
    /// # Errors
    /// [`RpcError::HostQuota`], [`RpcError::OutOfMemory`]; [`RpcError::Dead`] if the payer is gone.
    pub fn charge(&self, bytes: usize) -> Result<Charge, RpcError> {
        let bytes = bytes.checked_add(OVERHEAD).ok_or(RpcError::HostQuota)?;
        let at = if self.party.is_host() {
            NONE
        } else {
            with(self.party.owner, |account| {
                if account.serial == self.party.serial {
                    account.charge(bytes)
                } else {
                    Err(RpcError::Dead)
                }
            })?
        };
        Ok(Charge {
            party: self.party,
            at,
            bytes,
        })
    }
}

/// A domain's payment for one thing that the host keeps on its behalf. Given back when dropped.
#[derive(Debug)]
pub struct Charge {
    party: Principal,
    at: usize,
    bytes: usize,
}

impl Charge {
    /// The party that pays.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.party
    }

    /// Has [`HostResource::end`] of `kept` called when the payer is reclaimed.
    pub fn ends(&self, kept: Weak<dyn HostResource>) {
        let Principal { owner, serial } = self.party;
        if owner.is_host() {
            return;
        }
        with_and_drop(owner, |account| {
            let place = account.places.get_mut(self.at);
            match place {
                Some(Place::Charged(ends)) if account.serial == serial => ends.replace(kept),
                _ => None,
            }
        });
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let Principal { owner, serial } = self.party;
        if owner.is_host() {
            return;
        }
        with_and_drop(owner, |account| {
            // After the payer's end its places are gone. The places of the next generation in the slot do not belong
            // to this charge.
            (account.serial == serial).then(|| account.release(self.at, self.bytes))
        });
    }
}

/// Limits the memory that the host keeps on behalf of `owner` to `bytes`.
pub(crate) fn set_limit(owner: Owner, bytes: usize) {
    with(owner, |account| account.limit = bytes);
}

/// Bytes that the host keeps on behalf of `owner`.
pub(crate) fn bytes(owner: Owner) -> usize {
    with(owner, |account| account.bytes)
}

/// Ends everything that the host keeps on behalf of `owner`, which is dead and has drained.
pub(crate) fn end(owner: Owner) {
    let end = || {
        let (dead, places) = with(owner, |account| {
            let serial = account.serial;
            account.serial = serial.wrapping_add(1);
            account.bytes = 0;
            account.free = NONE;
            account.charged = 0;
            (Principal { owner, serial }, mem::take(&mut account.places))
        });
        for place in &places {
            if let Place::Charged(Some(kept)) = place
                && let Some(kept) = kept.upgrade()
            {
                kept.end(dead);
            }
        }
    };
    // SAFETY: everything that is kept is the host's, and ends by trusted code (`HostResource`) (HEAP-40).
    unsafe { thread::as_host(end) };
}

#[cfg(all(test, not(samara_model)))]
mod tests {
    use super::{Account, NONE, OVERHEAD, Place, block, block_of, shared};
    use crate::error::RpcError;
    use alloc::vec::Vec;

    const fn account(limit: usize) -> Account {
        Account {
            serial: 0,
            limit,
            bytes: 0,
            places: Vec::new(),
            free: NONE,
            charged: 0,
        }
    }

    /// Invariant: HEAP-10
    #[test]
    fn the_last_byte_is_granted_and_no_more() {
        let mut account = account(10 * OVERHEAD);
        assert_eq!(account.charge(10 * OVERHEAD), Ok(0));
        assert_eq!(account.charge(1), Err(RpcError::HostQuota));
        assert_eq!(account.charge(usize::MAX), Err(RpcError::HostQuota));
        let (_, list) = account.release(0, 10 * OVERHEAD);
        assert_eq!((account.bytes, list.len()), (0, 1), "nothing is left");
        assert_eq!(account.charge(1), Ok(0));
    }

    /// Invariant: HEAP-11
    #[test]
    fn the_spare_room_of_a_list_is_paid() {
        let mut account = account(64 * OVERHEAD);
        let at: Vec<_> = (0..64)
            .map_while(|_| account.charge(OVERHEAD).ok())
            .collect();
        for at in &at[1..] {
            account.release(*at, OVERHEAD);
        }
        let kept = |account: &Account| account.bytes + account.unpaid(account.charged);
        assert!(kept(&account) >= account.places.capacity() * size_of::<Place>());
        let rest = account.limit - kept(&account);
        let refused = account.charge(rest + OVERHEAD + 1);
        assert_eq!(refused, Err(RpcError::HostQuota), "beside the list");
        let last = account.charge(rest + OVERHEAD);
        assert!(
            last.is_ok() && kept(&account) <= account.limit,
            "a place is paid again"
        );
    }

    #[test]
    fn a_block_has_room_for_its_header() {
        let word = size_of::<usize>();
        for bytes in 0..100 {
            let block = block_of(bytes, word);
            assert!(block.is_multiple_of(2 * word) && block >= bytes + 2 * word);
            assert!(block < bytes + 4 * word);
        }
        assert!(block_of(usize::MAX, 1) > usize::MAX / 2);
        assert_eq!(block_of(usize::MAX, 4096), usize::MAX);
    }

    /// Invariant: HEAP-11
    #[test]
    fn a_block_has_room_for_its_alignment() {
        #[repr(align(4096))]
        struct Page(#[expect(dead_code, reason = "of that size")] u8);
        assert!(block::<Page>() >= 2 * 4096);
        assert!(shared::<Page>() >= 3 * 4096, "the counts take a page, too");
        assert_eq!(shared::<u64>(), block::<[usize; 3]>());
    }

    #[test]
    fn places_are_used_again() {
        let mut account = account(usize::MAX);
        let at: Vec<_> = (0..5).map(|_| account.charge(1).unwrap()).collect();
        assert_eq!(at, [0, 1, 2, 3, 4]);
        for at in [3, 0, 4] {
            account.release(at, 1);
        }
        let mut again: Vec<_> = (0..4).map(|_| account.charge(1).unwrap()).collect();
        again.sort_unstable();
        assert_eq!((again, account.bytes), ([0, 3, 4, 5].to_vec(), 6));
    }
}
