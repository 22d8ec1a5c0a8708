//! Private heaps: each domain allocates from an arena of its own, which is released as a whole when the domain dies.
//!
//! The arenas lie in one window of address space, one stripe for each slot, so `dealloc` computes the arena from the
//! address, whichever domain calls it. Inside an arena `talc` allocates. Only requests that have passed the checks of
//! `arena_limits` reach `talc`.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use crate::arena_limits::{self, Request};
use crate::host::{self, Window};
use crate::primitive::atomic::{AtomicPtr, AtomicUsize, Ordering};
use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::ptr::{self, NonNull};
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::thread::{self, NoCut};
use samara_shared_heap::{NoCutMutex, Owner};
use spin::Once;
use talc::{ErrOnOom, Span, Talc};

struct Arena {
    talc: Talc<ErrOnOom>,
    /// The span that `talc` manages; empty before the first growth.
    span: Span,
    committed: usize,
    quota: usize,
}

// SAFETY: the raw pointers inside refer to the arena's own memory, reached only under its lock.
unsafe impl Send for Arena {}

impl Arena {
    const NEW: Self = Self {
        talc: Talc::new(ErrOnOom),
        span: Span::empty(),
        committed: 0,
        quota: usize::MAX,
    };

    /// An arena that never grows.
    const CLOSED: Self = Self {
        quota: 0,
        ..Self::NEW
    };
}

static ARENAS: [NoCutMutex<Arena>; MAX_OWNERS] = [const {
    // SAFETY: the lock is held over the allocator's own code and the host's commits (ORDER-54).
    unsafe { NoCutMutex::new(Arena::NEW) }
}; MAX_OWNERS];

/// The layout of the host's window, which is asked for once. The window's base and length are in atomics of their
/// own, because `dealloc` reads them on each call.
static WINDOW: Once<Option<Stripes>> = Once::new();
static BASE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static LENGTH: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Copy)]
struct Stripes {
    stride: usize,
    stripes: usize,
}

fn stripes() -> Option<Stripes> {
    if let Some(found) = WINDOW.get() {
        return *found;
    }
    // This may be a domain's allocation. A cut in here would leave the cell half initialized, and all other threads
    // would wait for ever.
    // SAFETY: released at the end of this function, which asks for the host's window (ORDER-54).
    let _no_cut = unsafe { NoCut::begin(thread::current()) };
    *WINDOW.call_once(|| {
        let Window {
            base,
            stride,
            stripes,
        } = host::arena_window()?;
        let stripes = stripes.min(MAX_OWNERS);
        let length = arena_limits::window_length(base.addr().get(), stride, stripes)?;
        BASE.store(base.as_ptr(), Ordering::Relaxed);
        LENGTH.store(length, Ordering::Release);
        Some(Stripes { stride, stripes })
    })
}

/// The start and length of the stripe of `owner`.
fn stripe(owner: Owner) -> Option<(NonNull<u8>, usize)> {
    let Stripes { stride, stripes } = stripes()?;
    if owner.index() >= stripes {
        return None;
    }
    let base = NonNull::new(BASE.load(Ordering::Relaxed))?;
    let offset = owner.index().checked_mul(stride)?;
    // SAFETY: the window holds `stripes` stripes of `stride` bytes; the index is below (HEAP-41).
    Some((unsafe { base.add(offset) }, stride))
}

/// Returns the owner of the stripe that `address` lies in, if any.
fn owner_of(address: *mut u8) -> Option<Owner> {
    let length = LENGTH.load(Ordering::Acquire);
    let offset = address
        .addr()
        .wrapping_sub(BASE.load(Ordering::Relaxed).addr());
    if offset >= length {
        return None;
    }
    Owner::from_index(offset.checked_div(stripes()?.stride)?)
}

/// Checks a request for `size` bytes aligned to `align` from the arena of `owner`: returns the checked request if the
/// owner's stripe could ever hold it.
fn request(owner: Owner, size: usize, align: usize) -> Option<Request> {
    let (_, stride) = stripe(owner)?;
    Request::new(size, align, stride)
}

/// Commits enough memory for `wanted`; false at the quota, at the stripe's end or when memory is short.
fn grow(arena: &mut Arena, owner: Owner, wanted: Request) -> bool {
    let Some((start, stride)) = stripe(owner) else {
        return false;
    };
    let left = arena.quota.min(stride).saturating_sub(arena.committed);
    let Some(more) = wanted.growth(left) else {
        return false;
    };
    let Some(total) = arena.committed.checked_add(more) else {
        return false;
    };
    // SAFETY: `committed` is at most `stride` (HEAP-41).
    let end = unsafe { start.add(arena.committed) };
    if !host::arena_commit(owner, end, more) {
        return false;
    }
    arena.committed = total;
    let span = Span::from_base_size(start.as_ptr(), total);
    arena.span = if arena.span.is_empty() {
        // SAFETY: the span has just been committed, and only this arena uses it (HEAP-41).
        match unsafe { arena.talc.claim(span) } {
            Ok(claimed) => claimed,
            Err(()) => return false,
        }
    } else {
        // SAFETY: the old heap is a prefix of the span, all of it committed and used by this arena alone (HEAP-41).
        unsafe { arena.talc.extend(arena.span, span) }
    };
    true
}

/// Allocates from the arena of `owner`; null when there is no room.
fn alloc(owner: Owner, layout: Layout) -> *mut u8 {
    match request(owner, layout.size(), layout.align()) {
        Some(wanted) => take(owner, wanted),
        None => ptr::null_mut(),
    }
}

/// Allocates a checked request from the arena of `owner`; null when there is no room.
fn take(owner: Owner, wanted: Request) -> *mut u8 {
    let mut arena = ARENAS[owner.index()].lock();
    loop {
        if !arena.span.is_empty() {
            // SAFETY: a request's size is not zero (HEAP-3).
            if let Ok(found) = unsafe { arena.talc.malloc(wanted.layout()) } {
                return found.as_ptr();
            }
        }
        if !grow(&mut arena, owner, wanted) {
            return ptr::null_mut();
        }
    }
}

/// # Safety
/// `at` was allocated from the arena of `owner` with `layout` and is not used any more.
unsafe fn free(owner: Owner, at: NonNull<u8>, layout: Layout) {
    let mut arena = ARENAS[owner.index()].lock();
    // A committed arena is released only when its domain has died. After that nothing in it may be freed: this is the
    // caller's contract.
    // SAFETY: handed on.
    unsafe { arena.talc.free(at, layout) };
}

/// Resizes an allocation in the arena of `owner`, whichever domain the thread runs for; null when there is no room.
///
/// # Safety
/// As [`free`], if the result is not null.
unsafe fn resize(owner: Owner, at: NonNull<u8>, layout: Layout, new_size: usize) -> *mut u8 {
    let Some(wanted) = request(owner, new_size, layout.align()) else {
        return ptr::null_mut();
    };
    {
        let mut arena = ARENAS[owner.index()].lock();
        if new_size <= layout.size() {
            // SAFETY: the caller's allocation. The new size is a request's, so it is not zero, and it is no larger
            // than the old one.
            unsafe { arena.talc.shrink(at, layout, new_size) };
            return at.as_ptr();
        }
        // SAFETY: the caller's allocation. The new size is larger, and the address of its end does not wrap: it lies
        // at most a stride behind the stripe (HEAP-3).
        if let Ok(grown) = unsafe { arena.talc.grow_in_place(at, layout, new_size) } {
            return grown.as_ptr();
        }
    }
    // The copy is made without the lock.
    let moved = take(owner, wanted);
    if !moved.is_null() {
        // SAFETY: both hold `layout.size()` bytes, and nothing else refers to the new one yet.
        unsafe { moved.copy_from_nonoverlapping(at.as_ptr(), layout.size()) };
        // SAFETY: the caller's allocation, given up for the new one.
        unsafe { free(owner, at, layout) };
    }
    moved
}

/// Limits the arena of `owner` to `bytes` of committed memory.
pub(crate) fn set_quota(owner: Owner, bytes: Option<usize>) {
    ARENAS[owner.index()].lock().quota = bytes.unwrap_or(usize::MAX);
}

/// Whether allocations of the domain that the thread acts for come from its arena. They do if the domain has an arena
/// and the program's global allocator uses it. Nothing else tells which global allocator the program has, so this
/// tries an allocation. Called inside the domain.
pub(crate) fn is_private() -> bool {
    let owner = thread::current().owner();
    let layout = Layout::new::<u64>();
    // SAFETY: the size is not zero.
    let at = black_box(unsafe { alloc::alloc::alloc(layout) });
    if at.is_null() {
        // Such a small allocation fails only in an arena, at its quota.
        return stripe(owner).is_some();
    }
    let is_private = owner_of(at) == Some(owner);
    // SAFETY: allocated above with this layout.
    unsafe { alloc::alloc::dealloc(at, layout) };
    is_private
}

/// Bytes that the arena of `owner` has committed.
#[must_use]
pub fn committed(owner: Owner) -> usize {
    ARENAS[owner.index()].lock().committed
}

/// Gives the whole arena of `owner` back to the host and returns its size in bytes. The time that this takes depends
/// on the owner's allocations, so this does not hold the arena's lock, which includes a no-cut mark, while it returns
/// the pages. Meanwhile the arena grants nothing.
///
/// # Safety
/// The owner is dead: nothing refers to its private memory. The thread acts for the host, which is not cut.
pub(crate) unsafe fn release(owner: Owner) -> usize {
    let bytes = {
        let mut arena = ARENAS[owner.index()].lock();
        let bytes = arena.committed;
        *arena = Arena::CLOSED;
        bytes
    };
    if let (Some((start, _)), true) = (stripe(owner), bytes > 0) {
        // SAFETY: exactly this range was committed for `owner`, and the caller vouches that nothing refers to it
        // (HEAP-2).
        unsafe { host::arena_decommit(owner, start, bytes) };
    }
    *ARENAS[owner.index()].lock() = Arena::NEW;
    bytes
}

/// The global allocator: a domain's allocations come from its arena, the host's from `H`.
/// The final binary declares it: `#[global_allocator] static ALLOC: DomainAlloc<System> = …`.
#[derive(Debug, Default)]
pub struct DomainAlloc<H>(H);

impl<H> DomainAlloc<H> {
    /// An allocator whose host side is `host`: the system's, or [`HostArena`].
    pub const fn new(host: H) -> Self {
        Self(host)
    }
}

// SAFETY: every address comes from one arena or from `H`. The window tells them apart, and each goes back where it
// came from with the same layout (HEAP-1).
unsafe impl<H: GlobalAlloc> GlobalAlloc for DomainAlloc<H> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let owner = thread::current().owner();
        if owner.is_host() || stripe(owner).is_none() {
            // SAFETY: handed on.
            return unsafe { self.0.alloc(layout) };
        }
        alloc(owner, layout)
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        match (owner_of(at), NonNull::new(at)) {
            // SAFETY: an address in the stripe of `owner` came from its arena (HEAP-1).
            (Some(owner), Some(at)) if !owner.is_host() => unsafe { free(owner, at, layout) },
            // SAFETY: any other address came from the host's allocator (HEAP-1).
            _ => unsafe { self.0.dealloc(at, layout) },
        }
    }

    // The address determines the allocator, as in `dealloc`. An allocation of the host's stays the host's even if it
    // grows on a domain's behalf. It then grows no larger than an allocation in the domain's own arena could be.
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        match (owner_of(at), NonNull::new(at)) {
            (Some(owner), Some(at)) if !owner.is_host() => {
                // SAFETY: an address in the stripe of `owner` came from its arena (HEAP-1).
                unsafe { resize(owner, at, layout, new_size) }
            }
            _ => {
                let asker = thread::current().owner();
                let bounded = || request(asker, new_size, layout.align()).is_some();
                if asker.is_host() || stripe(asker).is_none() || bounded() {
                    // SAFETY: any other address came from the host's allocator (HEAP-1).
                    unsafe { self.0.realloc(at, layout, new_size) }
                } else {
                    ptr::null_mut()
                }
            }
        }
    }
}

/// Takes the host's own allocations from the stripe of slot 0: for kernels without another allocator.
#[derive(Debug, Default)]
pub struct HostArena;

// SAFETY: as `DomainAlloc`, with the one arena of the host (HEAP-1).
unsafe impl GlobalAlloc for HostArena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        alloc(Owner::HOST, layout)
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if let Some(at) = NonNull::new(at) {
            // SAFETY: the host's allocations come from its arena (HEAP-1).
            unsafe { free(Owner::HOST, at, layout) };
        }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        match NonNull::new(at) {
            // SAFETY: the host's allocations come from its arena (HEAP-1).
            Some(at) => unsafe { resize(Owner::HOST, at, layout, new_size) },
            None => ptr::null_mut(),
        }
    }
}
