//! Threads that domains spawned: a table of fixed size, so that a death finds and wakes them.
//!
//! A domain's thread holds a root activation: it counts as a call inside its domain, which is neither reclaimed nor
//! stopped in an orderly way while the thread runs. A panic in it is its domain's death. It learns of a death at its
//! next boundary: where a call of its own returns, and in [`api`]'s functions.

pub mod api;
mod signal;
mod start;

pub use signal::Signal;
pub use start::DomainThread;

use crate::host;
use crate::primitive::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering::SeqCst};
use core::ptr;
use samara_shared_heap::Owner;
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::thread::{self, ThreadSlot};

/// How many threads all domains together may have at a time.
pub const MAX_THREADS: usize = 128;

/// One thread's place in the table. The host parks and wakes the thread by the place's index.
struct Place {
    /// The owner's index; 0, which is the host's, marks a free place.
    owner: AtomicU32,
    /// The number of threads that have had this place.
    serial: AtomicU32,
    /// The thread's slot while it runs, by which a thread finds its own place.
    slot: AtomicPtr<ThreadSlot>,
    /// The index of the owner in which the thread waits for a [`Signal`]; 0 is none.
    waits_in: AtomicU32,
}

static PLACES: [Place; MAX_THREADS] = [const {
    Place {
        owner: AtomicU32::new(0),
        serial: AtomicU32::new(0),
        slot: AtomicPtr::new(ptr::null_mut()),
        waits_in: AtomicU32::new(0),
    }
}; MAX_THREADS];

/// How many threads an owner has, and how many all generations of its name may have together.
struct Account {
    live: AtomicU32,
    limit: AtomicU32,
    /// A number that all generations of a name share; 0 for a generation without one.
    name: AtomicUsize,
}

static ACCOUNTS: [Account; MAX_OWNERS] = [const {
    Account {
        live: AtomicU32::new(0),
        limit: AtomicU32::new(0),
        name: AtomicUsize::new(0),
    }
}; MAX_OWNERS];

/// Limits the threads that `owner` may have at a time. Threads of other generations of its `name` count too. Those
/// generations are dead, so their threads only become fewer.
pub(crate) fn set_limit(owner: Owner, threads: u32, name: usize) {
    let account = &ACCOUNTS[owner.index()];
    account.limit.store(threads, SeqCst);
    account.name.store(name, SeqCst);
}

/// Counts the threads of other generations of `owner`'s name.
fn of_its_name(owner: Owner) -> u32 {
    let name = ACCOUNTS[owner.index()].name.load(SeqCst);
    if name == 0 {
        return 0;
    }
    let others = ACCOUNTS.iter().enumerate();
    let others =
        others.filter(|(at, other)| *at != owner.index() && other.name.load(SeqCst) == name);
    others.fold(0, |sum, (_, other)| {
        sum.saturating_add(other.live.load(SeqCst))
    })
}

/// How many threads `owner` has.
pub(crate) fn live(owner: Owner) -> u32 {
    ACCOUNTS[owner.index()].live.load(SeqCst)
}

/// Whether any thread ever waited for a signal in a domain. In most programs none does, and then a death is cheaper.
static VISITED: AtomicBool = AtomicBool::new(false);

/// Notes that the thread at `index` is about to wait in `owner`, to which it may or may not belong.
fn visit(index: usize, owner: Owner) {
    PLACES[index].waits_in.store(owner.index() as u32, SeqCst);
    VISITED.store(true, SeqCst);
}

/// Wakes all parked threads of `owner`, and those of other domains that wait in it. The caller has changed the
/// domain's state before: a thread that parks from then on sees that state first.
pub(crate) fn wake_all(owner: Owner) {
    if live(owner) == 0 && !VISITED.load(SeqCst) {
        return;
    }
    for (index, place) in PLACES.iter().enumerate() {
        let concerned = [&place.owner, &place.waits_in];
        if concerned
            .iter()
            .any(|at| at.load(SeqCst) as usize == owner.index())
        {
            host::wake_thread(index);
        }
    }
}

/// A claimed place; free again when dropped.
#[derive(Debug)]
struct Claim {
    index: usize,
    owner: Owner,
}

impl Claim {
    /// Claims a place. Returns `None` at the limit of the owner's name, and when the table is full.
    fn new(owner: Owner) -> Option<Self> {
        let account = &ACCOUNTS[owner.index()];
        let limit = account
            .limit
            .load(SeqCst)
            .saturating_sub(of_its_name(owner));
        let one_more = |live: u32| (live < limit).then(|| live.wrapping_add(1));
        account.live.fetch_update(SeqCst, SeqCst, one_more).ok()?;
        let index = PLACES.iter().position(|place| {
            let to = owner.index() as u32;
            place.owner.compare_exchange(0, to, SeqCst, SeqCst).is_ok()
        });
        if index.is_none() {
            account.live.fetch_sub(1, SeqCst);
        }
        Some(Self {
            index: index?,
            owner,
        })
    }

    fn serial(&self) -> u32 {
        PLACES[self.index].serial.load(SeqCst)
    }

    /// Gives the place to the running thread.
    fn occupy(&self) {
        let me = ptr::from_ref(thread::current()).cast_mut();
        PLACES[self.index].slot.store(me, SeqCst);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let place = &PLACES[self.index];
        place.slot.store(ptr::null_mut(), SeqCst);
        place.waits_in.store(0, SeqCst);
        place.serial.fetch_add(1, SeqCst);
        ACCOUNTS[self.owner.index()].live.fetch_sub(1, SeqCst);
        place.owner.store(0, SeqCst);
    }
}

/// Returns the place of the running thread, if `owner` spawned it.
fn own_place(owner: Owner) -> Option<usize> {
    let me = thread::current();
    PLACES.iter().position(|place| {
        place.owner.load(SeqCst) as usize == owner.index() && ptr::eq(place.slot.load(SeqCst), me)
    })
}

/// Returns the place of the running thread if a domain spawned it, whichever domain it now runs for.
fn running_place() -> Option<usize> {
    let me = thread::current();
    PLACES
        .iter()
        .position(|place| ptr::eq(place.slot.load(SeqCst), me))
}
