//! Groups: objects that change owner together, with one store.
//!
//! The owner words of the members name the group, and the group's own word names the owner. So one store hands over a
//! batch of any size, and every owner word still leads to the true owner. There is a fixed number of groups. When none
//! is left, the objects keep owner words of their own, and a change of owner visits them one by one.

use crate::free_list::{self, GROUPED, Words};
use crate::no_cut_mutex::NoCutMutex;
use crate::owner::{MAX_OWNERS, Owner};
use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::thread;
use core::num::NonZero;

/// The number of groups: 1024 (feature `small`: 16).
pub const GROUPS: usize = if cfg!(feature = "small") { 16 } else { 1024 };

/// Words on one cache line. Groups that are opened one after the other lie on different lines.
const PER_LINE: usize = 16;
const LINES: usize = GROUPS / PER_LINE;

/// Returns the number of the group at `position` in the initial free list.
const fn spread(position: usize) -> usize {
    (position & (LINES - 1))
        .strict_mul(PER_LINE)
        .strict_add(position / LINES)
}

/// A group, which is open until it is [`close`]d. It is stored as the owner word of its members. That is never zero, so
/// `Option<Group>` has the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(NonZero<u32>);

impl Group {
    /// The owner word of a member.
    #[inline]
    pub(crate) const fn word(self) -> u32 {
        self.0.get()
    }

    /// Returns the group's number, below [`GROUPS`].
    #[inline]
    const fn index(self) -> usize {
        self.word() as usize & (GROUPS - 1)
    }
}

/// The words of all groups: an owner while the group is open, otherwise a link of the free list (see [`free_list`]).
#[repr(align(64))]
struct Table([AtomicU32; GROUPS]);

static TABLE: Table = {
    let mut words = [const { AtomicU32::new(free_list::END) }; GROUPS];
    let mut position = 0;
    while position + 1 < GROUPS {
        words[spread(position)] = AtomicU32::new(free_list::FREE | spread(position + 1) as u32);
        position += 1;
    }
    Table(words)
};

/// Once fewer than half of the groups are left, a domain that has this many opened groups gets no more. A group
/// counts for the domain that opened it, whichever domain owns it now. So a domain cannot use up all groups, whether
/// it keeps them or hands them to others. While at least half are left, [`open`] does not count. The runtime counts
/// all generations of a name as one [`Opener`].
pub const SHARE: usize = GROUPS / 16;

/// The identity for which opened groups are counted. An [`Owner`] would not do: it is a slot, which an unrelated domain
/// may occupy next, and one name may have several slots at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opener(u32);

impl Opener {
    /// The host, or not assigned yet.
    const NONE: Self = Self(0);

    /// Returns an opener that was not in use before.
    #[must_use]
    pub fn fresh() -> Self {
        FREE.lock().fresh()
    }
}

/// The free list of the closed groups, and the openers of the open ones.
struct Free {
    /// The head of the list of closed groups.
    head: u32,
    left: usize,
    /// The opener of each open group.
    openers: [Opener; GROUPS],
    /// For each owner, the opener for which the groups of that owner count.
    of: [Opener; MAX_OWNERS],
    /// The opener made last. Once the numbers are used up, all new openers share the last number and count as the
    /// same opener.
    newest: Opener,
}

impl Free {
    fn fresh(&mut self) -> Opener {
        self.newest = Opener(self.newest.0.saturating_add(1));
        self.newest
    }

    /// Returns the opener for which the groups of `owner` count. If [`count_for`] has set none, `owner` gets a fresh
    /// one.
    fn opener(&mut self, owner: Owner) -> Opener {
        let known = self.of[owner.index()];
        if owner.is_host() || known != Opener::NONE {
            return known;
        }
        let fresh = self.fresh();
        self.of[owner.index()] = fresh;
        fresh
    }
}

static FREE: NoCutMutex<Free> = {
    let all = Free {
        head: free_list::FREE | spread(0) as u32,
        left: GROUPS,
        openers: [Opener::NONE; GROUPS],
        of: [Opener::NONE; MAX_OWNERS],
        newest: Opener::NONE,
    };
    // SAFETY: the code under the lock follows links and scans tables of fixed size, and no domain's code runs there
    // (ORDER-54).
    unsafe { NoCutMutex::new(all) }
};

impl Words for Table {
    fn get(&self, index: usize) -> u32 {
        self.0[index].load(Ordering::Relaxed)
    }
    fn set(&self, index: usize, word: u32) {
        self.0[index].store(word, Ordering::Relaxed);
    }
}

/// Counts the groups that `owner` opens from now on, until its reclaim, for `opener`.
///
/// # Safety
/// The caller has authority over `owner` and over its name.
pub unsafe fn count_for(owner: Owner, opener: Opener) {
    FREE.lock().of[owner.index()] = opener;
}

/// Forgets the opener of `owner`, which is dead, so that the next domain in its slot does not inherit it.
pub(crate) fn forget(owner: Owner) {
    FREE.lock().of[owner.index()] = Opener::NONE;
}

/// Opens a group for the owner on whose behalf the thread runs. Returns `None` when all groups are open, or when fewer
/// than half are left and a domain has opened its [`SHARE`]. Cost: a lock, and a scan of the openers of all groups when
/// fewer than half are left.
#[must_use]
pub fn open() -> Option<Group> {
    let owner = thread::current().owner();
    let mut free = FREE.lock();
    let scarce = free.left < GROUPS / 2;
    let opener = free.opener(owner);
    let opened = || free.openers.iter().filter(|of| **of == opener).count();
    if scarce && !owner.is_host() && opened() >= SHARE {
        return None;
    }
    let (index, next) = free_list::pop(&TABLE, free.head)?;
    free.head = next;
    free.left = free.left.saturating_sub(1);
    free.openers[index] = opener;
    TABLE.set(index, owner.word());
    NonZero::new(GROUPED | index as u32).map(Group)
}

/// Closes the group.
///
/// # Safety
/// The group is open, the caller has the right to close it, and no object is its member any more.
pub unsafe fn close(group: Group) {
    put_back(&mut FREE.lock(), group.index());
}

/// Hands the group with all its members to `owner`, with one store.
///
/// # Safety
/// The group is open. The caller transfers the right to use all members to `owner` together with this store.
#[inline]
pub unsafe fn set_owner(group: Group, owner: Owner) {
    TABLE.0[group.index()].store(owner.word(), Ordering::Relaxed);
}

/// Returns the owner of the group, which is open.
#[inline]
#[must_use]
pub fn owner(group: Group) -> Owner {
    Owner::from_index(word_of(group.word()) as usize).unwrap_or(Owner::HOST)
}

/// Returns the word of the group with this number: its owner's word, or a free word if it is closed. Bits of `number`
/// above [`GROUPS`] are ignored.
#[inline]
pub(crate) fn word_of(number: u32) -> u32 {
    TABLE.0[number as usize & (GROUPS - 1)].load(Ordering::Relaxed)
}

/// Resolves the word of a live object: returns the owner word of the group that it names, or `word` itself.
#[inline]
pub(crate) fn resolve(word: u32) -> u32 {
    match free_list::group_of(word) {
        Some(number) => word_of(number),
        None => word,
    }
}

/// Whether `owner` has an open group.
pub(crate) fn any_of(owner: u32) -> bool {
    TABLE
        .0
        .iter()
        .any(|word| word.load(Ordering::Relaxed) == owner)
}

/// Closes all groups of `owner`.
///
/// # Safety
/// The owner word of no live object names one of them any more.
pub(crate) unsafe fn close_all(owner: u32) {
    let mut free = FREE.lock();
    for index in 0..GROUPS {
        if TABLE.get(index) == owner {
            put_back(&mut free, index);
        }
    }
}

fn put_back(free: &mut Free, index: usize) {
    free.head = free_list::push(&TABLE, free.head, index);
    free.left = free.left.saturating_add(1);
    free.openers[index] = Opener::NONE;
}

const _: () = assert!(GROUPS.is_power_of_two() && LINES > 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fresh_list_has_each_group_once() {
        let mut seen = [false; GROUPS];
        for position in 0..GROUPS {
            let at = spread(position);
            assert!(!seen[at]);
            seen[at] = true;
            if position > 0 && LINES > 1 {
                assert_ne!(at / PER_LINE, spread(position - 1) / PER_LINE);
            }
        }
    }
}
