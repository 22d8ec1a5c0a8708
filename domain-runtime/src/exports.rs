//! Objects that a domain hands out besides the one that its `init` returned.
//!
//! An exported object lies in a slot of its exporter, together with its record: the number of proxies, and a link.
//! When the last proxy goes, or the last holder is reclaimed, the record is posted on its exporter's list; that takes
//! no memory and runs no code of the exporter. The exporter drops each object itself, in an entry for that object
//! alone: some before the next call whose result may hold handles, all when the host [collects](collect), or in its
//! orderly stop. So the exporter needs no larger budget for a larger number of objects that others let go of. If the
//! exporter dies, its slots are freed as a whole, and the records with them.

use crate::call::{self, Target};
use crate::contain;
use crate::control::{self, ControlBlock};
use crate::destructor_deadline::Patience;
use crate::host;
use crate::instance::Instance;
use crate::interface::{Implements, Interface};
use crate::primitive::atomic::{
    AtomicPtr, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
};
use crate::state::State;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::time::Duration;
use samara_shared_heap::NoCutMutex;
use samara_shared_heap::class::place;
use samara_shared_heap::heap::{self, AllocError};
use samara_shared_heap::owner::{MAX_OWNERS, Owner};
use samara_shared_heap::slow_path_flags;
use samara_shared_heap::thread::{self, NoCut};

/// The header of an exported object.
struct Record {
    /// The number of proxies. Once the last proxy is gone: [a number](contain::charged_generation) for the generation
    /// that let go of it.
    proxies: AtomicUsize,
    /// The next record on the list, which was posted before this one.
    next: AtomicPtr<Record>,
    /// Drops the object and frees the slot: the exporter's code.
    drop: unsafe fn(NonNull<Record>),
}

#[repr(C)]
struct Exported<T> {
    record: Record,
    object: T,
}

/// The records posted to each owner, the last one first.
static POSTED: [AtomicPtr<Record>; MAX_OWNERS] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_OWNERS];

/// The records that were taken off that list as a whole, to be dropped one by one.
static TAKEN: [NoCutMutex<Taken>; MAX_OWNERS] = [const {
    let taken = Taken {
        first: ptr::null_mut(),
        rounds: 0,
    };
    // SAFETY: the lock is held while records are taken off a list; none is dropped meanwhile (ORDER-54).
    unsafe { NoCutMutex::new(taken) }
}; MAX_OWNERS];

/// How many objects a call drops at most before it does its own work. Since the caller waits, the call also begins no
/// further drop once the time of one budget of the objects' domain has passed. The calls after it drop the rest.
const PIECE: usize = 64;

/// A counted reference to an exported object, which a proxy holds.
pub struct Export<I: ?Sized + Interface> {
    instance: Instance<I>,
    record: NonNull<Record>,
}

// SAFETY: the record is reached through atomics and only while its exporter lives; the object only by
// entering its exporter, and interfaces are `Send + Sync` (EXPORT-2, CROSS-9).
unsafe impl<I: ?Sized + Interface> Send for Export<I> {}
// SAFETY: as above.
unsafe impl<I: ?Sized + Interface> Sync for Export<I> {}

impl<I: ?Sized + Interface> Export<I> {
    /// Puts `object` into a slot of the domain that the thread runs for, or of the host, and returns a reference to
    /// it.
    ///
    /// # Errors
    /// Gives `object` back when the heap has no room or the quota is used up.
    pub fn try_new<T>(object: T) -> Result<Self, (AllocError, T)>
    where
        I: Implements<T>,
    {
        let (size, align) = (size_of::<Exported<T>>(), align_of::<Exported<T>>());
        // SAFETY: the place is that of `Exported<T>`. The slot is the exporter's own.
        let slot = match unsafe { heap::alloc(place(size, align), size, align) } {
            Ok(slot) => slot.cast::<Exported<T>>(),
            Err(error) => return Err((error, object)),
        };
        let record = Record {
            proxies: AtomicUsize::new(1),
            next: AtomicPtr::new(ptr::null_mut()),
            drop: drop_exported::<T>,
        };
        // SAFETY: a fresh slot of that size and alignment.
        unsafe { slot.write(Exported { record, object }) };
        // SAFETY: written just now.
        let object = unsafe { &raw mut (*slot.as_ptr()).object };
        // SAFETY: inside a slot.
        let object = unsafe { NonNull::new_unchecked(object) };
        Ok(Self {
            instance: Instance::new(call::exporter(), I::unsize(object)),
            record: slot.cast(),
        })
    }

    /// The place of the object.
    ///
    /// # Safety
    /// The instance is entered only while this reference, or a clone of it, is kept. The object is dropped after the
    /// last reference is gone, although its exporter may still live, and an entry checks only whether the exporter
    /// lives.
    #[inline]
    #[must_use]
    pub const unsafe fn instance(&self) -> Instance<I> {
        self.instance
    }

    /// Takes the object back.
    ///
    /// # Safety
    /// This was made from a `T` by this thread, which still runs for the same owner. It was neither cloned nor shown
    /// to any other code.
    pub unsafe fn take_back<T>(self) -> T
    where
        I: Implements<T>,
    {
        let this = ManuallyDrop::new(self);
        let slot = this.record.cast::<Exported<T>>();
        // SAFETY: a slot of that type, whose only reference is given up (EXPORT-1).
        let Exported { object, .. } = unsafe { slot.read() };
        let at_place = place(size_of::<Exported<T>>(), align_of::<Exported<T>>());
        // SAFETY: the value was moved out; its slot was allocated at this place.
        unsafe { heap::free(slot.cast(), at_place) };
        object
    }

    /// Gives one reference up. If it was the last and the exporter lives, the record is posted to the exporter.
    fn release(&self) {
        let target = self.instance.target();
        while_alive(target, || {
            // SAFETY: the exporter lives meanwhile, and this reference keeps the record (EXPORT-2).
            let record = unsafe { self.record.as_ref() };
            if record.proxies.fetch_sub(1, AcqRel) == 1 {
                record.proxies.store(contain::charged_generation(), Relaxed);
                post(target.owner(), record);
            }
        });
    }
}

impl<I: ?Sized + Interface> Clone for Export<I> {
    fn clone(&self) -> Self {
        // If the exporter is dead, nothing is left to count, neither now nor when the clone goes.
        while_alive(self.instance.target(), || {
            // SAFETY: the exporter lives meanwhile, and this reference keeps the record (EXPORT-2).
            let record = unsafe { self.record.as_ref() };
            record.proxies.fetch_add(1, Relaxed);
        });
        Self {
            instance: self.instance,
            record: self.record,
        }
    }
}

impl<I: ?Sized + Interface> Drop for Export<I> {
    fn drop(&mut self) {
        self.release();
    }
}

impl<I: ?Sized + Interface> fmt::Debug for Export<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("interface", &I::NAME)
            .finish_non_exhaustive()
    }
}

/// # Safety
/// `record` begins an `Exported<T>` to which no proxy refers any more. Runs inside its exporter.
unsafe fn drop_exported<T>(record: NonNull<Record>) {
    let at = record.cast::<Exported<T>>();
    // SAFETY: the record begins the slot, and is its header only.
    let object = unsafe { &raw mut (*at.as_ptr()).object };
    // Frees the slot even if the destructor panics: the exporter may be the host, which survives the panic.
    let _slot = Slot(at);
    // SAFETY: no proxy is left, so no call is inside and none gets in; the object is dropped here only (EXPORT-1).
    unsafe { ptr::drop_in_place(object) };
}

/// Frees the slot of an exported object that is gone.
struct Slot<T>(NonNull<Exported<T>>);

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        let at_place = place(size_of::<Exported<T>>(), align_of::<Exported<T>>());
        // SAFETY: the value is gone, or its destructor has panicked; its slot was allocated at this place.
        unsafe { heap::free(self.0.cast(), at_place) };
    }
}

/// Runs `action` if the generation of `target` lives, and keeps the generation from being reclaimed meanwhile: the
/// thread is counted as an entry, but does not act for the domain.
fn while_alive(target: Target, action: impl FnOnce()) {
    let block = target.block();
    let thread = thread::current();
    // SAFETY: released at the end of this function; `action` only counts and posts (ORDER-54).
    let _no_cut = unsafe { NoCut::begin(thread) };
    let counter = block.counter(thread.shard());
    counter.entries.fetch_add(1, SeqCst);
    let word = block.word();
    let living = matches!(
        word.state(),
        State::Starting | State::Running | State::Draining
    );
    if block.owner().is_host() || (living && word.generation() == target.expected().generation()) {
        action();
    }
    counter.exits.fetch_add(1, SeqCst);
    if matches!(block.word().state(), State::Stopping | State::Draining) {
        // Destructors of capabilities call this function and must not panic. It does not panic either, since
        // `host::Threads` does not.
        host::wake_reaper();
    }
}

/// Puts a record on its exporter's list.
fn post(owner: Owner, record: &Record) {
    let head = &POSTED[owner.index()];
    let mut first = head.load(Relaxed);
    loop {
        record.next.store(first, Relaxed);
        let this = ptr::from_ref(record).cast_mut();
        match head.compare_exchange_weak(first, this, Release, Relaxed) {
            Ok(_) => break,
            Err(other) => first = other,
        }
    }
    // The mark is set after the record is on the list, and cleared before the list is taken: so no record stays there
    // unseen.
    // SAFETY: the record is on that list (HEAP-39).
    unsafe { slow_path_flags::set(owner, slow_path_flags::POSTED) };
}

/// Whether objects wait to be dropped by `owner`. One load.
#[inline]
#[must_use]
pub fn has_posted(owner: Owner) -> bool {
    slow_path_flags::of(owner) & slow_path_flags::POSTED != 0
}

/// Enters the generation behind `target`, if it runs, to drop exported objects whose last proxy has gone. It enters
/// no other generation that has the slot meanwhile: a call to a dead domain runs no stranger's destructors.
#[cold]
pub fn collect_of(target: Target) -> usize {
    // If the exporter has an activation further out on this chain, that activation's budget would pay for these
    // destructors.
    if target.is_dead() || target.may_be_on_own_chain() {
        return 0;
    }
    if target.owner().is_host() {
        // SAFETY: this runs the runtime's own code, and destructors of the host's (AUTH-8).
        return unsafe { thread::as_host(collect_some_of_hosts) };
    }
    let patience = Patience::of_call(target);
    // SAFETY: this is the runtime's own code; destructors run behind entries of their own, on their domain's time
    // (AUTH-8).
    unsafe { patience.during(|| collect_some(&patience)) }
}

/// Drops some objects of the domain that is awaited. The thread runs on behalf of another domain, the caller. The
/// caller pays for the time between the entries, for objects that it has let go of itself. It does not pay for
/// objects that others have let go of, since it has not chosen their number.
fn collect_some(patience: &Patience) -> usize {
    let (who, mut own, mut all) = (contain::charged_generation(), 0_u32, 0_u32);
    let some = || {
        for at in 0..PIECE {
            if at > 0 && patience.is_over() {
                break;
            }
            let Some(let_go_by) = drop_posted(patience) else {
                break;
            };
            all = all.saturating_add(1);
            own = own.saturating_add(u32::from(who != 0 && let_go_by == who));
        }
    };
    // SAFETY: as in `collect_of`.
    let ((), ticks) = unsafe { thread::as_host_uncharged(some) };
    let owns_ticks = u64::from(ticks).saturating_mul(u64::from(own));
    let owns_ticks = owns_ticks.checked_div(u64::from(all)).unwrap_or(0);
    contain::host_worked(Duration::ZERO, owns_ticks as u32);
    all as usize
}

/// Drops some objects of the host's, on whose behalf the thread runs. The domain that has called the host pays for
/// one object of those that it has let go of itself. So a domain pays for each object if it opens objects and lets go
/// of them again and again. But a domain to which others hand many objects has chosen neither their number nor their
/// cost.
fn collect_some_of_hosts() -> usize {
    let (who, mut own) = (contain::charged_generation(), None);
    let mut spare_others = || match take(Owner::HOST) {
        None => false,
        Some(posted) if own.is_none() && posted.let_go_by() == who => {
            own = Some(posted);
            true
        }
        Some(posted) => {
            // SAFETY: the host is entered.
            unsafe { posted.drop() };
            true
        }
    };
    let some = || {
        (0..PIECE)
            .take_while(|_| has_posted(Owner::HOST) && enter_host(&mut spare_others))
            .count()
    };
    // SAFETY: this runs the runtime's own code, and destructors of the host's, for objects that others have let go
    // of (AUTH-8).
    let (count, _) = unsafe { thread::as_host_uncharged(some) };
    enter_host(|| {
        if let Some(posted) = own.take() {
            // SAFETY: the host is entered.
            unsafe { posted.drop() };
        }
        true
    });
    if let Some(Posted(record)) = own {
        // Reached if the stack has no room for that entry.
        // SAFETY: the record was taken off the list, and only the list referred to it.
        post(Owner::HOST, unsafe { record.as_ref() });
    }
    count
}

/// Runs `drops`, destructors of the host's, behind a boundary. Returns false if one panics, or the stack has no room.
fn enter_host(mut drops: impl FnMut() -> bool) -> bool {
    let host = control::block(Owner::HOST);
    // SAFETY: the closure runs the host's own code.
    unsafe { call::enter(Target::new(host, host.word()), (), |()| drops()) }.unwrap_or(false)
}

/// Enters the domain in `block`, if it runs, to drop the exported objects whose last proxy has gone by now. Returns
/// how many were dropped. For a domain with a budget, no further drop begins after the time of one budget. The
/// destructors are the domain's code: they may block, and a panic is the domain's death.
#[cold]
pub fn collect(block: &'static ControlBlock) -> usize {
    let (owner, word) = (block.owner(), block.word());
    let runs = owner.is_host() || word.state() == State::Running;
    if !runs || !has_posted(owner) {
        return 0;
    }
    // Drops the rest of the last round, and one more round. There is a limit because destructors may post without
    // end.
    let last = TAKEN[owner.index()].lock().rounds.wrapping_add(1);
    let patience = Patience::of_call(Target::new(block, word));
    let all = || {
        let mut count: usize = 0;
        while !TAKEN[owner.index()].lock().is_over(last) && drop_posted(&patience).is_some() {
            count = count.saturating_add(1);
            if patience.is_over() {
                break;
            }
        }
        count
    };
    // SAFETY: this is the runtime's own code; destructors run behind entries of their own (AUTH-8).
    unsafe { patience.during(all) }
}

/// Enters the drained domain that is awaited, until no posted object is left: a dropped object may have held the last
/// proxy to another object. Objects that still have a proxy are freed with the domain's memory. The limits of
/// `patience` end the loop, because destructors may export without end; the objects that are left then are freed with
/// the domain's memory too.
#[cfg(feature = "alloc")]
pub(crate) fn drop_all_posted(patience: &Patience) {
    while drop_posted(patience).is_some() && !patience.is_over() {}
}

/// Drops one object of the domain that is awaited, in an entry of its own, and so with a budget of its own. Returns
/// [a number](contain::charged_generation) for the generation that let go of it. Returns `None` if no object waits,
/// or if the entry failed. A panic was the domain's death, and the reclaim takes the rest.
fn drop_posted(patience: &Patience) -> Option<usize> {
    let target = patience.target();
    let owner = target.owner();
    let drop_one = |()| {
        let posted = take(owner)?;
        let let_go_by = posted.let_go_by();
        // SAFETY: the thread runs for the exporter.
        unsafe { posted.drop() };
        Some(let_go_by)
    };
    // SAFETY: dropping its objects is the domain's own code (AUTH-1).
    let enter = || unsafe { call::enter(target, (), drop_one) };
    if !has_posted(owner) {
        return None;
    }
    patience.enter(enter).ok().flatten()
}

/// The record of an object that has no proxy any more. The record was taken off its list.
struct Posted(NonNull<Record>);

impl Posted {
    /// [A number](contain::charged_generation) for the generation that let go of the object.
    fn let_go_by(&self) -> usize {
        // SAFETY: the last reference posted the record, and it was taken off the list: it is alive until it is
        // dropped (EXPORT-1).
        unsafe { self.0.as_ref() }.proxies.load(Relaxed)
    }

    /// Drops the object, and frees its slot.
    ///
    /// # Safety
    /// The thread runs for the object's exporter.
    unsafe fn drop(self) {
        // SAFETY: as above.
        let drop = unsafe { self.0.as_ref() }.drop;
        // SAFETY: no proxy refers to the object; the caller vouches for the rest (EXPORT-1).
        unsafe { drop(self.0) };
    }
}

/// Takes a record off the lists of `owner`, which is the host or has been entered. Takes constant time.
fn take(owner: Owner) -> Option<Posted> {
    let mut taken = TAKEN[owner.index()].lock();
    if taken.first.is_null() {
        // SAFETY: the list is taken after this (HEAP-39).
        unsafe { slow_path_flags::clear(owner, slow_path_flags::POSTED) };
        taken.first = POSTED[owner.index()].swap(ptr::null_mut(), Acquire);
        taken.rounds = taken.rounds.wrapping_add(1);
    }
    let record = NonNull::new(taken.first)?;
    // SAFETY: the last reference posted the record, so only the list refers to it, and the list is locked.
    taken.first = unsafe { record.as_ref() }.next.load(Relaxed);
    if !taken.first.is_null() {
        // SAFETY: more are on the list (HEAP-39).
        unsafe { slow_path_flags::set(owner, slow_path_flags::POSTED) };
    }
    Some(Posted(record))
}

/// Records that were taken off the list of their exporter and not dropped yet.
struct Taken {
    first: *mut Record,
    /// How often the list of posted records was taken.
    rounds: u32,
}

// SAFETY: the list is reached only under its lock, the records only by their exporter.
unsafe impl Send for Taken {}

impl Taken {
    /// Whether all records that were taken in round `last` are off the list.
    const fn is_over(&self, last: u32) -> bool {
        let ahead = self.rounds.wrapping_sub(last) as i32;
        ahead > 0 || ahead == 0 && self.first.is_null()
    }
}

/// Runs [`collect`] for the host and for every running domain.
pub(crate) fn collect_all() -> usize {
    let host = collect(control::block(Owner::HOST));
    control::blocks().iter().map(collect).sum::<usize>() + host
}

/// Forgets the records posted to a dead owner: its slots are freed as a whole.
pub(crate) fn forget(owner: Owner) {
    // SAFETY: the lists are emptied (HEAP-39).
    unsafe { slow_path_flags::clear(owner, slow_path_flags::POSTED) };
    TAKEN[owner.index()].lock().first = ptr::null_mut();
    POSTED[owner.index()].store(ptr::null_mut(), Relaxed);
}
