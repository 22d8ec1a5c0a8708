//! Groups: objects that change owner together, with one store.
//!
//! The members' owner words name the group, and the group's own word names the owner. So a batch of
//! any size is handed over by one store, and every word still leads to the true owner. Groups are
//! few and numbered: when there is none left, members keep words of their own and are visited one
//! by one.

use crate::free_list::{self, GROUPED, Words};
use crate::no_cut_mutex::NoCutMutex;
use crate::owner::{MAX_OWNERS, Owner};
use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::thread;
use core::num::NonZero;

/// How many groups exist at once: 1024 (feature `small`: 16).
pub const GROUPS: usize = if cfg!(feature = "small") { 16 } else { 1024 };

/// Words on one line: groups opened one after the other stand on different lines.
const PER_LINE: usize = 16;
const LINES: usize = GROUPS / PER_LINE;

/// The number of the `position`-th group of a fresh table.
const fn spread(position: usize) -> usize {
    (position & (LINES - 1))
        .strict_mul(PER_LINE)
        .strict_add(position / LINES)
}

/// A group, open until [`close`]d: the owner word of its members, which is never zero, so that an optional one
/// is as wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(NonZero<u32>);

impl Group {
    /// The owner word of a member.
    #[inline]
    pub(crate) const fn word(self) -> u32 {
        self.0.get()
    }

    /// Its number, below [`GROUPS`].
    #[inline]
    const fn index(self) -> usize {
        self.word() as usize & (GROUPS - 1)
    }
}

/// The words: an owner where a group is open, else a link of the free list (see [`free_list`]).
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

/// How many groups a domain may have opened once fewer than half are left, whoever has them now: so no domain takes
/// all, nor hands all to another, and as long as there are many nobody counts. All generations of a name count as one
/// [`Opener`].
pub const SHARE: usize = GROUPS / 16;

/// For whom groups count. An owner is a slot, and who has that next is a stranger; a name may have several slots at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opener(u32);

impl Opener {
    /// The host, or nobody yet.
    const NONE: Self = Self(0);

    /// One that was not there before.
    #[must_use]
    pub fn fresh() -> Self {
        FREE.lock().fresh()
    }
}

/// The groups that are closed, and who opened the others.
struct Free {
    /// Head of the list of the closed ones.
    head: u32,
    left: usize,
    /// Who opened it.
    openers: [Opener; GROUPS],
    /// For whom groups count that an owner opens.
    of: [Opener; MAX_OWNERS],
    /// The one made last. Beyond the last number all are one.
    newest: Opener,
}

impl Free {
    fn fresh(&mut self) -> Opener {
        self.newest = Opener(self.newest.0.saturating_add(1));
        self.newest
    }

    /// For whom what `owner` opens counts: a number of its own, if nobody gave it that of its name.
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
    // SAFETY: links are followed, and tables of fixed size are scanned.
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

/// Counts the groups that `owner` opens from now on, to its reclaim, for `opener`.
///
/// # Safety
/// Whoever calls it has the authority over `owner`, and over its name.
pub unsafe fn count_for(owner: Owner, opener: Opener) {
    FREE.lock().of[owner.index()] = opener;
}

/// Forgets for whom groups of `owner` count, which is dead: who has its slot next begins anew.
pub(crate) fn forget(owner: Owner) {
    FREE.lock().of[owner.index()] = Opener::NONE;
}

/// A new group of whom the thread runs for; `None` when all are open, or when few are left and a domain has its
/// [`SHARE`]. Cost: a lock; a scan of all groups' words when fewer than half are left.
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
/// The caller opened it and it has no member any more.
pub unsafe fn close(group: Group) {
    put_back(&mut FREE.lock(), group.index());
}

/// Hands the group with all its members to `owner`. One store.
///
/// # Safety
/// The group is open; the caller moves the right to use all members to `owner` in the same breath.
#[inline]
pub unsafe fn set_owner(group: Group, owner: Owner) {
    TABLE.0[group.index()].store(owner.word(), Ordering::Relaxed);
}

/// The owner of the group, which is open.
#[inline]
#[must_use]
pub fn owner(group: Group) -> Owner {
    Owner::from_index(word_of(group.word()) as usize).unwrap_or(Owner::HOST)
}

/// The word of the owner of the group with this number (more may stand above it), or a free word.
#[inline]
pub(crate) fn word_of(number: u32) -> u32 {
    TABLE.0[number as usize & (GROUPS - 1)].load(Ordering::Relaxed)
}

/// The owner word that `word`, live, stands for: its own, or that of its group.
#[inline]
pub(crate) fn resolve(word: u32) -> u32 {
    match free_list::group_of(word) {
        Some(number) => word_of(number),
        None => word,
    }
}

/// Whether `owner` has a group.
pub(crate) fn any_of(owner: u32) -> bool {
    TABLE
        .0
        .iter()
        .any(|word| word.load(Ordering::Relaxed) == owner)
}

/// Closes all groups of `owner`.
///
/// # Safety
/// No live word names one of them any more.
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
    fn every_group_is_in_the_fresh_list_once_and_neighbours_share_no_line() {
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
