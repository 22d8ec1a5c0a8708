//! On whose behalf a thread runs: the thread slot and its chain of frames.

use crate::host;
use crate::owner::Owner;
use core::cell::Cell;
use core::mem;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering, compiler_fence};

/// Number of shards over which per-CPU state is spread (caches, in-flight counters): 16 (feature
/// `small`: 1).
pub const SHARDS: usize = if cfg!(samara_model) {
    2
} else if cfg!(feature = "small") {
    1
} else {
    16
};

/// One link of a thread's chain: from here on the thread acts for `owner`.
///
/// The runtime's activation record begins with a frame; the heap itself reads only this part. Where there is a
/// runtime, every frame that is not the host's begins such a record: it reads on behind it.
#[derive(Debug)]
#[repr(C)]
pub struct Frame {
    prev: *const Frame,
    owner: Owner,
}

impl Frame {
    /// A frame for `owner` on top of `prev`.
    #[inline]
    #[must_use]
    pub const fn new(owner: Owner, prev: *const Self) -> Self {
        Self { prev, owner }
    }

    /// The frame below, or null.
    #[inline]
    #[must_use]
    pub const fn prev(&self) -> *const Self {
        self.prev
    }

    /// On whose behalf the thread runs from here.
    #[inline]
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }
}

/// Where room on a stack was missed, and how much was asked for there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Bytes of stack that the thread had in use.
    pub depth: usize,
    /// Bytes that it was to have beside those.
    pub needed: usize,
}

impl Shortage {
    /// None: deeper than all others.
    pub const NONE: Self = Self {
        depth: usize::MAX,
        needed: 0,
    };
}

/// A wait for what others have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// There was none.
    None,
    /// It took its time.
    Long,
    /// It was given up.
    Vain,
}

/// What the crates keep for each thread. The host gives every thread one, for its whole life.
#[derive(Debug)]
#[repr(C)]
pub struct ThreadSlot {
    top: Cell<*const Frame>,
    shard: Cell<u32>,
    no_cut: Cell<u32>,
    floor: Cell<usize>,
    stack: Cell<(usize, usize)>,
    shortage: Cell<Shortage>,
    below: Cell<usize>,
    wait: Cell<Wait>,
    others: Cell<u64>,
    told: Cell<u64>,
    uncharged: Cell<*const Frame>,
    spared: Cell<u32>,
}

impl ThreadSlot {
    /// A slot for a thread that acts for the host. `shard` is reduced modulo [`SHARDS`]; threads
    /// that run on different CPUs should have different ones.
    #[must_use]
    pub const fn new(shard: usize) -> Self {
        Self {
            top: Cell::new(ptr::null()),
            shard: Cell::new((shard & (SHARDS - 1)) as u32),
            no_cut: Cell::new(0),
            floor: Cell::new(NO_FLOOR),
            stack: Cell::new((0, 0)),
            shortage: Cell::new(Shortage::NONE),
            below: Cell::new(0),
            wait: Cell::new(Wait::None),
            others: Cell::new(0),
            told: Cell::new(0),
            uncharged: Cell::new(ptr::null()),
            spared: Cell::new(0),
        }
    }

    /// Moves the thread to another shard (reduced modulo [`SHARDS`]).
    pub fn set_shard(&self, shard: usize) {
        self.shard.set((shard & (SHARDS - 1)) as u32);
    }

    /// The thread's shard, below [`SHARDS`].
    #[inline]
    #[must_use]
    pub fn shard(&self) -> usize {
        // The mask tells the optimiser what the setters guarantee, so indexing needs no check.
        self.shard.get() as usize & (SHARDS - 1)
    }

    /// The topmost frame, or null for a thread that acts for the host.
    #[inline]
    #[must_use]
    pub fn top(&self) -> *const Frame {
        self.top.get()
    }

    /// Replaces the topmost frame.
    ///
    /// # Safety
    /// `top` is null or points to a frame that stays valid, with all frames below it, until the top
    /// is replaced again; its owner is one on whose behalf this thread may really act. One that is not the host's
    /// begins a record of the runtime's, or nothing asks the runtime meanwhile.
    #[inline]
    pub unsafe fn set_top(&self, top: *const Frame) {
        self.top.set(top);
    }

    /// On whose behalf the thread runs now.
    #[inline]
    #[must_use]
    pub fn owner(&self) -> Owner {
        let top = self.top.get();
        if top.is_null() {
            Owner::HOST
        } else {
            // SAFETY: `set_top` requires the frame to stay valid while it is on top.
            unsafe { (*top).owner }
        }
    }

    /// Whether the thread is inside trusted code that must not be cut or pre-empted in between.
    #[inline]
    #[must_use]
    pub fn in_no_cut(&self) -> bool {
        self.no_cut.get() & !(RECHECK | LOOK) != 0
    }

    /// Has the thread, which is under a mark, call `again` when it releases the outermost one; or, acting
    /// for the host, when it does so no more. Then it is to [look](Self::look_after_host) wherever a stretch of the host's ends. For
    /// handlers that interrupt this very thread. One that comes between load and store of a nested mark's count may be forgotten: ask
    /// again with the next tick.
    ///
    /// # Safety
    /// `again` may be called wherever a mark ends, on the way into a domain and out of it too, where it must
    /// not panic: the frame on top would be gone.
    pub unsafe fn recheck_later(&self, again: fn()) {
        AGAIN.store(again as *mut (), Ordering::Release);
        self.no_cut.set(self.no_cut.get() | RECHECK | LOOK);
    }

    /// Whether the thread, of which a recheck was asked, calls what it was told wherever a stretch of the host's ends.
    pub fn look_after_host(&self, looks: bool) {
        let others = self.no_cut.get() & !LOOK;
        self.no_cut.set(if looks { others | LOOK } else { others });
    }

    /// The thread's stack, lowest address and end; empty if the host has not told.
    #[inline]
    #[must_use]
    pub fn stack(&self) -> Range<usize> {
        self.stack.get().0..self.stack.get().1
    }

    /// The address that the room for entries is counted from: the stack's lowest, or its end while its reserve is
    /// open (`open_reserve`), so that there is less than none. Far below every stack if the host has not told.
    #[inline]
    #[must_use]
    pub fn floor(&self) -> usize {
        self.floor.get()
    }

    /// Whether the stack's reserve is open: nobody is let in on it.
    #[must_use]
    pub fn has_open_reserve(&self) -> bool {
        let (start, end) = self.stack.get();
        start != end && self.floor.get() == end
    }

    /// The least deep shortage of stack that was [noted](Self::note_shortage) since this was last set. What failed
    /// meanwhile may have failed for that alone.
    #[must_use]
    pub fn shortage(&self) -> Shortage {
        self.shortage.get()
    }

    /// Forgets all shortages but this one.
    pub fn set_shortage(&self, shortage: Shortage) {
        self.shortage.set(shortage);
    }

    /// Notes that an entry, or a start, found no room on the thread's stack.
    pub fn note_shortage(&self, shortage: Shortage) {
        if shortage.depth < self.shortage.get().depth {
            self.shortage.set(shortage);
        }
    }

    /// Bytes in use of the stacks that the thread has left for [the one that it runs on](Self::stack), and comes
    /// back to.
    #[must_use]
    pub fn below(&self) -> usize {
        self.below.get()
    }

    /// See [`below`](Self::below).
    pub fn set_below(&self, bytes: usize) {
        self.below.set(bytes);
    }

    /// The worst wait that was [noted](Self::note_wait) since this was last set. What failed meanwhile may have failed
    /// for that alone.
    #[must_use]
    pub fn wait(&self) -> Wait {
        self.wait.get()
    }

    /// Forgets all waits but this one.
    pub fn set_wait(&self, wait: Wait) {
        self.wait.set(wait);
    }

    /// Notes that the thread waits for what others have.
    pub fn note_wait(&self, wait: Wait) {
        self.wait.set(self.wait.get().max(wait));
    }

    /// Nanoseconds, since the innermost [uncharged stretch](as_host_uncharged) began, that are not the host's for whom it works
    /// there: those of domains that are entered in it, which pay for themselves, and those of nobody.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others.get()
    }

    /// Tells that they are `ns` at the time `now`, in nanoseconds.
    pub fn set_others(&self, ns: u64, now: u64) {
        self.others.set(ns);
        self.told.set(now);
    }

    /// Tells whose the time is since this was last told, up to `now`: the host's in the innermost uncharged stretch, or
    /// others'. A time at which the thread did not run is theirs who had it when it stopped.
    pub fn tell(&self, now: u64, is_others: bool) {
        let told = self.told.get();
        // Nobody measures what began at no known time.
        if is_others && told != 0 {
            let more = now.saturating_sub(told);
            self.others.set(self.others.get().wrapping_add(more));
        }
        self.told.set(now.max(told));
    }

    /// Whether the thread is in an uncharged stretch, or in a domain that was entered in one.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.uncharged.get().is_null()
    }

    /// Whether the thread is in a stretch of the host's whose time is charged to no domain: [`as_host_uncharged`].
    #[must_use]
    pub fn is_uncharged(&self) -> bool {
        let mark = self.uncharged.get();
        let mut at = self.top.get();
        // SAFETY: frames on the chain are valid while the thread is above them.
        while let Some(frame) = unsafe { at.as_ref() } {
            if ptr::eq(at, mark) {
                return true;
            }
            if !frame.owner.is_host() {
                // A domain that was entered in such a stretch pays for its own requests.
                return false;
            }
            at = frame.prev;
        }
        false
    }

    /// Microseconds that ticks have counted in the innermost uncharged stretch, and charged to nobody.
    #[must_use]
    pub fn spared(&self) -> u32 {
        self.spared.get()
    }

    /// Sets [`spared`](Self::spared).
    pub fn set_spared(&self, us: u32) {
        self.spared.set(us);
    }

    /// Tells where the thread's stack is: what may be read of it when the thread is cut, and what
    /// room a call finds. Without the pages that guard it.
    ///
    /// # Safety
    /// The range is mapped and readable while the thread runs, and is where its stack pointer is
    /// while a domain's code runs on it.
    pub unsafe fn set_stack(&self, stack: Range<usize>) {
        self.floor.set(stack.start);
        self.stack.set((stack.start, stack.end));
    }

    /// Tells that the stack's reserve was opened, down to the start of `stack`, for trusted code that began above it.
    /// Calls find no room anywhere on this stack until the next [`set_stack`](Self::set_stack): whoever ran over in
    /// the open reserve in turn would find no other.
    ///
    /// # Safety
    /// As for [`set_stack`](Self::set_stack).
    // Where addresses are shorter the room is compared without a sign: there is no less than none.
    #[cfg(target_pointer_width = "64")]
    pub unsafe fn open_reserve(&self, stack: Range<usize>) {
        self.floor.set(stack.end);
        self.stack.set((stack.start, stack.end));
    }
}

/// The floor of a stack that the host has not told: with addresses of 64 bits those that are used lie around zero, in
/// the lower and the upper half, and this lies below both.
const NO_FLOOR: usize = if cfg!(target_pointer_width = "64") {
    !(usize::MAX / 16)
} else {
    0
};

const _: () = assert!(SHARDS.is_power_of_two());

/// The running thread's slot. The reference cannot leave the thread: a slot is not `Sync`.
#[inline]
#[must_use]
pub fn current() -> &'static ThreadSlot {
    // SAFETY: `HeapHost::thread_slot` returns this thread's slot, valid while the thread runs; the
    // reference cannot be sent to another thread, so it does not outlive it.
    unsafe { host::thread_slot().as_ref() }
}

/// Set beside the count of marks: the thread is to look again whether it must be cut, where a mark or a stretch of the host's ends.
const RECHECK: u32 = 1 << 31;
/// So where a stretch of the host's ends. Below, dead domains may wait for it.
const LOOK: u32 = 1 << 30;

/// What a thread that was to be cut under a mark does when the mark is released.
static AGAIN: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Marks a stretch of trusted code (heap, allocator) that must run to its end once begun: a host
/// that pre-empts looks at [`ThreadSlot::in_no_cut`] first. Costs two plain additions.
///
/// Whoever finds the mark where it would have cut calls [`ThreadSlot::recheck_later`]: then the thread
/// looks again itself when the outermost mark is released.
#[derive(Debug)]
pub struct NoCut<'a>(&'a ThreadSlot);

impl<'a> NoCut<'a> {
    /// Begins a no-cut stretch on the running thread.
    ///
    /// # Safety
    /// `slot` is the running thread's. What runs until the mark is dropped is trusted code that ends in bounded
    /// time, and the mark is not forgotten: a thread under one is never cut.
    #[inline]
    #[must_use]
    pub unsafe fn begin(slot: &'a ThreadSlot) -> Self {
        slot.no_cut.set(slot.no_cut.get().wrapping_add(1));
        // What follows is not moved before: a handler on this thread sees the mark.
        compiler_fence(Ordering::SeqCst);
        Self(slot)
    }
}

impl Drop for NoCut<'_> {
    #[inline]
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        let left = self.0.no_cut.get().wrapping_sub(1);
        self.0.no_cut.set(left);
        if left != 0 {
            released(self.0);
        }
    }
}

/// A mark was released and another is held, or a look was asked for.
#[cold]
#[inline(never)]
fn released(slot: &ThreadSlot) {
    if slot.no_cut.get() & !LOOK == RECHECK {
        look(slot);
    }
}

/// A stretch of the host's has ended, and a look was asked for.
#[cold]
#[inline(never)]
fn left_host(slot: &ThreadSlot) {
    if !slot.in_no_cut() {
        look(slot);
    }
}

fn look(slot: &ThreadSlot) {
    slot.no_cut.set(slot.no_cut.get() & !RECHECK);
    let again = AGAIN.load(Ordering::Acquire);
    if !again.is_null() {
        // SAFETY: only `recheck_later` stores there, and what it stores are such functions.
        let again = unsafe { mem::transmute::<*mut (), fn()>(again) };
        again();
    }
}

/// Runs `f` on behalf of the host: what it allocates belongs to the host. The time that it takes is charged to the domain
/// that the thread acted for.
///
/// For trusted code that a domain's thread reaches: releasing a capability, a look at a table of the host's, a panic
/// hook. Panics of `f` leave the chain as it was.
///
/// # Safety
/// `f` is trusted code of the host's side: a domain's code runs in it only behind a frame of that domain's own.
pub unsafe fn as_host<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(&'static ThreadSlot, *const Frame);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: this was the top before, and nothing that it points to has ended since.
            unsafe { self.0.set_top(self.1) };
            if self.0.no_cut.get() >= LOOK {
                left_host(self.0);
            }
        }
    }
    let slot = current();
    let frame = Frame::new(Owner::HOST, slot.top());
    let _restore = Restore(slot, slot.top());
    // SAFETY: `frame` outlives `_restore`, which takes it off again; acting for the host is what
    // the caller vouches for.
    unsafe { slot.set_top(&raw const frame) };
    f()
}

/// [`as_host`], with ticks that charge no domain. For time that a clock measures instead, and for work that the domain has not
/// chosen: a reclaim, whose length the dead have chosen, or a start of a service that others need, too. Not for an answer
/// that a domain may ask for again and again. Also returns the microseconds that ticks have counted.
///
/// # Safety
/// As for [`as_host`].
pub unsafe fn as_host_uncharged<R>(f: impl FnOnce() -> R) -> (R, u32) {
    struct Restore {
        slot: &'static ThreadSlot,
        uncharged: *const Frame,
        spared: u32,
        /// Of the stretch around, if this one is not part of it: what had been told there.
        around: Option<(u64, u64)>,
    }
    impl Drop for Restore {
        fn drop(&mut self) {
            let Self { slot, .. } = self;
            slot.uncharged.set(self.uncharged);
            slot.spared.set(self.spared);
            if let Some((others, told)) = self.around {
                let now = slot.told.get();
                slot.set_others(others, told);
                // All of this one is there the time of the domain that it was begun for.
                slot.tell(now, true);
            }
        }
    }
    let uncharged = || {
        let slot = current();
        let is_apart = !slot.is_uncharged();
        let _restore = Restore {
            slot,
            uncharged: slot.uncharged.get(),
            spared: slot.spared.get(),
            around: is_apart.then(|| (slot.others.get(), slot.told.get())),
        };
        if is_apart {
            slot.set_others(0, 0);
        }
        slot.spared.set(0);
        slot.uncharged.set(slot.top());
        let result = f();
        (result, slot.spared.get())
    };
    // SAFETY: handed on.
    unsafe { as_host(uncharged) }
}
