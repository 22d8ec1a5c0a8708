//! The owner on whose behalf a thread runs: the thread slot and its chain of frames.

use crate::host;
use crate::owner::Owner;
use core::cell::Cell;
use core::mem;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering, compiler_fence};

/// The number of shards over which per-CPU state is spread (caches, in-flight counters): 16 (feature `small`: 1).
pub const SHARDS: usize = if cfg!(samara_model) {
    2
} else if cfg!(feature = "small") {
    1
} else {
    16
};

/// One link of a thread's chain. While it is on top, the thread acts for `owner`.
///
/// The runtime's activation record begins with a frame, and the heap reads only this part. In a program with the
/// runtime, every frame whose owner is not the host begins such a record, because the runtime also reads the rest.
#[derive(Debug)]
#[repr(C)]
pub struct Frame {
    prev: *const Frame,
    owner: Owner,
}

impl Frame {
    /// Makes a frame for `owner` on top of `prev`.
    #[inline]
    #[must_use]
    pub const fn new(owner: Owner, prev: *const Self) -> Self {
        Self { prev, owner }
    }

    /// Returns the frame below, or null.
    #[inline]
    #[must_use]
    pub const fn prev(&self) -> *const Self {
        self.prev
    }

    /// Returns the owner on whose behalf the thread runs while this frame is on top.
    #[inline]
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }
}

/// A failed request for room on a stack: its depth and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Bytes of stack that the thread had in use.
    pub depth: usize,
    /// Bytes that were required in addition to those.
    pub needed: usize,
}

impl Shortage {
    /// No shortage. It counts as deeper than any real shortage, so that each of those replaces it.
    pub const NONE: Self = Self {
        depth: usize::MAX,
        needed: 0,
    };
}

/// The worst kind of wait for another domain that a thread has had, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// The thread has not waited.
    None,
    /// The thread has waited, which took time.
    Long,
    /// The domain could not be had now, but may be available later.
    Vain,
}

/// The state that the crates keep for each thread. The host gives every thread one slot, for its whole life.
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
    accounted_until: Cell<u64>,
    uncharged: Cell<*const Frame>,
    spared: Cell<u32>,
    awaited: Cell<*const ()>,
}

impl ThreadSlot {
    /// Makes a slot for a thread that acts for the host. `shard` is reduced modulo [`SHARDS`]; threads that run on
    /// different CPUs should have different shards.
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
            accounted_until: Cell::new(0),
            uncharged: Cell::new(ptr::null()),
            spared: Cell::new(0),
            awaited: Cell::new(ptr::null()),
        }
    }

    /// Moves the thread to another shard (reduced modulo [`SHARDS`]).
    pub fn set_shard(&self, shard: usize) {
        self.shard.set((shard & (SHARDS - 1)) as u32);
    }

    /// Returns the thread's shard, below [`SHARDS`].
    #[inline]
    #[must_use]
    pub fn shard(&self) -> usize {
        // The setters keep the shard below `SHARDS`. The mask tells the optimiser so, and an index needs no bounds check.
        self.shard.get() as usize & (SHARDS - 1)
    }

    /// Returns the topmost frame. Null means that the thread acts for the host.
    #[inline]
    #[must_use]
    pub fn top(&self) -> *const Frame {
        self.top.get()
    }

    /// Replaces the topmost frame.
    ///
    /// # Safety
    /// `top` is null, or points to a frame that stays valid, with all frames below it, until the top is replaced again.
    /// The thread has the right to act for the frame's owner. A frame whose owner is not the host begins an activation
    /// record of the runtime, or no code of the runtime looks at the thread's chain while the frame is there.
    #[inline]
    pub unsafe fn set_top(&self, top: *const Frame) {
        self.top.set(top);
    }

    /// Returns the owner on whose behalf the thread runs now.
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

    /// Whether the thread is under a [`NoCut`] mark: in trusted code that must be neither cut nor pre-empted.
    #[inline]
    #[must_use]
    pub fn in_no_cut(&self) -> bool {
        self.no_cut.get() & !(RECHECK | LOOK) != 0
    }

    /// Requests that the thread calls `again` as soon as it can be cut: when a thread under no-cut marks releases the
    /// outermost one, and when a stretch of [`as_host`] ends. From now on the thread calls `again` at the end of every
    /// such stretch, until [`look_after_host`](Self::look_after_host) switches that off.
    ///
    /// For handlers that have interrupted the thread of this slot. A request that comes between the load and the
    /// store of a nested mark's count may be lost; repeat it with the next tick.
    ///
    /// # Safety
    /// `again` may be called wherever a mark ends. That includes the entry into a domain and the exit out of one,
    /// where `again` must not panic: the unwinding would discard the frame that the chain's top points to.
    pub unsafe fn recheck_later(&self, again: fn()) {
        RECHECK_FN.store(again as *mut (), Ordering::Release);
        self.no_cut.set(self.no_cut.get() | RECHECK | LOOK);
    }

    /// Sets whether the thread, after a [request](Self::recheck_later), calls the requested function at the end of
    /// every stretch of [`as_host`].
    pub fn look_after_host(&self, looks: bool) {
        let others = self.no_cut.get() & !LOOK;
        self.no_cut.set(if looks { others | LOOK } else { others });
    }

    /// Returns the thread's stack, from its lowest address to its end. Empty if the host has not [set](Self::set_stack)
    /// it.
    #[inline]
    #[must_use]
    pub fn stack(&self) -> Range<usize> {
        self.stack.get().0..self.stack.get().1
    }

    /// Returns the address from which the room for entries is measured. It is the lowest address of the stack, or the
    /// end of the stack while its reserve is open (`open_reserve`), so that the room comes out negative. If the host
    /// has not set a stack, the address lies far below every stack.
    #[inline]
    #[must_use]
    pub fn floor(&self) -> usize {
        self.floor.get()
    }

    /// Whether the stack's reserve is open, in which case no domain is entered on this stack.
    #[must_use]
    pub fn has_open_reserve(&self) -> bool {
        let (start, end) = self.stack.get();
        start != end && self.floor.get() == end
    }

    /// Returns the shortage of stack at the least depth that was [noted](Self::note_shortage) since it was last set. An
    /// operation that failed meanwhile may have failed only because of that shortage.
    #[must_use]
    pub fn shortage(&self) -> Shortage {
        self.shortage.get()
    }

    /// Replaces the noted shortage by this one.
    pub fn set_shortage(&self, shortage: Shortage) {
        self.shortage.set(shortage);
    }

    /// Notes that the entry of a domain, or the start of one, found too little room on the thread's stack. The shortage
    /// at the least depth is kept.
    pub fn note_shortage(&self, shortage: Shortage) {
        if shortage.depth < self.shortage.get().depth {
            self.shortage.set(shortage);
        }
    }

    /// Returns how many bytes are in use on other stacks: those that the thread has left to run on [this
    /// one](Self::stack), and to which it will return.
    #[must_use]
    pub fn below(&self) -> usize {
        self.below.get()
    }

    /// Sets [`below`](Self::below).
    pub fn set_below(&self, bytes: usize) {
        self.below.set(bytes);
    }

    /// Returns the worst wait that was [noted](Self::note_wait) since it was last set. An operation that failed
    /// meanwhile may have failed only because of that wait.
    #[must_use]
    pub fn wait(&self) -> Wait {
        self.wait.get()
    }

    /// Replaces the noted wait by this one.
    pub fn set_wait(&self, wait: Wait) {
        self.wait.set(wait);
    }

    /// Notes that the thread waits for another domain. The worst wait is kept.
    pub fn note_wait(&self, wait: Wait) {
        self.wait.set(self.wait.get().max(wait));
    }

    /// Returns how many nanoseconds of the innermost [uncharged stretch](as_host_uncharged) are not the host's work
    /// for the domain that the stretch serves. These are the time of domains that were entered in the stretch, which
    /// pay for themselves, and time that counts for no domain.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others.get()
    }

    /// Sets [`others`](Self::others) to `ns`. The time up to `now`, in nanoseconds, is then accounted for.
    pub fn set_others(&self, ns: u64, now: u64) {
        self.others.set(ns);
        self.accounted_until.set(now);
    }

    /// Accounts for the time since the last call of this or of [`set_others`](Self::set_others), up to `now`, in
    /// nanoseconds. If `is_others`, that time is added to [`others`](Self::others); otherwise it counts as the host's
    /// work in the innermost uncharged stretch. Time in which the thread did not run counts for the same side as the
    /// moment at which the thread stopped.
    pub fn tell(&self, now: u64, is_others: bool) {
        let accounted_until = self.accounted_until.get();
        // 0 means that no clock was read since the stretch began, so the stretch is not measured.
        if is_others && accounted_until != 0 {
            let more = now.saturating_sub(accounted_until);
            self.others.set(self.others.get().wrapping_add(more));
        }
        self.accounted_until.set(now.max(accounted_until));
    }

    /// Whether the thread's time must be accounted for, because the thread is in an uncharged stretch, or in a domain
    /// that was entered in such a stretch.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.uncharged.get().is_null()
    }

    /// Whether the thread acts for the host in an uncharged stretch ([`as_host_uncharged`]), outside of any domain that
    /// was entered there.
    #[must_use]
    pub fn is_uncharged(&self) -> bool {
        let mark = self.uncharged.get();
        let mut at = self.top.get();
        // SAFETY: a frame on the chain is valid while it is there (`set_top`).
        while let Some(frame) = unsafe { at.as_ref() } {
            if ptr::eq(at, mark) {
                return true;
            }
            if !frame.owner.is_host() {
                // A domain that was entered in an uncharged stretch pays for the host's work that it requests.
                return false;
            }
            at = frame.prev;
        }
        false
    }

    /// Returns the microseconds that ticks have counted in the innermost uncharged stretch and charged to no domain.
    #[must_use]
    pub fn spared(&self) -> u32 {
        self.spared.get()
    }

    /// Sets [`spared`](Self::spared).
    pub fn set_spared(&self, us: u32) {
        self.spared.set(us);
    }

    /// Returns the innermost wait for a domain's destructors that was [noted](Self::set_awaited), or null.
    #[must_use]
    pub fn awaited(&self) -> *const () {
        self.awaited.get()
    }

    /// Notes a wait for a domain's destructors. Only the runtime knows the type behind the pointer.
    ///
    /// # Safety
    /// `wait` is null, or points to a wait of the runtime that stays valid until the next one is noted.
    pub unsafe fn set_awaited(&self, wait: *const ()) {
        self.awaited.set(wait);
    }

    /// Sets the range of the thread's stack, without its guard pages. A cut reads only there, and a call measures its
    /// room by that range.
    ///
    /// # Safety
    /// The range is mapped and readable while the thread runs. The stack pointer is in the range while a domain's code
    /// runs on the thread.
    pub unsafe fn set_stack(&self, stack: Range<usize>) {
        self.floor.set(stack.start);
        self.stack.set((stack.start, stack.end));
    }

    /// Sets that the stack's reserve was opened, down to the start of `stack`, for trusted code that began above it.
    /// Calls find no room anywhere on this stack until the next [`set_stack`](Self::set_stack): a callee that
    /// overflowed the open reserve would find no second one.
    ///
    /// # Safety
    /// As for [`set_stack`](Self::set_stack).
    // Only on 64-bit targets: elsewhere the room is compared as an unsigned number, which cannot be negative.
    #[cfg(target_pointer_width = "64")]
    pub unsafe fn open_reserve(&self, stack: Range<usize>) {
        self.floor.set(stack.end);
        self.stack.set((stack.start, stack.end));
    }
}

/// The floor of a thread whose host has not set a stack. On 64-bit targets, addresses are in the lower and the upper
/// half of the address space. Read as signed numbers they lie around zero, and this address is below all of them.
const NO_FLOOR: usize = if cfg!(target_pointer_width = "64") {
    !(usize::MAX / 16)
} else {
    0
};

const _: () = assert!(SHARDS.is_power_of_two());

/// Returns the running thread's slot. The reference cannot leave the thread, because a slot is not `Sync`.
#[inline]
#[must_use]
pub fn current() -> &'static ThreadSlot {
    // SAFETY: `HeapHost::thread_slot` returns this thread's slot, which is valid while the thread runs. The reference
    // cannot be sent to another thread, so it is not used after this one has ended.
    unsafe { host::thread_slot().as_ref() }
}

/// The bit beside the count of marks that requests one call of [`RECHECK_FN`], when the outermost mark or a stretch of
/// [`as_host`] ends.
const RECHECK: u32 = 1 << 31;
/// The bit beside the count of marks that requests a call of [`RECHECK_FN`] at the end of every stretch of
/// [`as_host`]. A dead domain may be further down the chain, and the thread leaves that domain at the end of such a
/// stretch.
const LOOK: u32 = 1 << 30;

/// The function that a thread calls when it has released its marks and a recheck was requested.
static RECHECK_FN: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Marks a stretch of trusted code (heap, allocator) that must run to its end once begun: a host that pre-empts checks
/// [`ThreadSlot::in_no_cut`] first. Costs two plain additions.
///
/// A handler that finds the mark on a thread that it would cut calls [`ThreadSlot::recheck_later`]. The thread then
/// checks by itself when it releases the outermost mark.
#[derive(Debug)]
pub struct NoCut<'a>(&'a ThreadSlot);

impl<'a> NoCut<'a> {
    /// Begins a no-cut stretch on the running thread.
    ///
    /// # Safety
    /// `slot` is the running thread's. Only trusted code that ends in bounded time runs until the mark is dropped, and
    /// the mark is not forgotten: a thread under a mark is never cut.
    #[inline]
    #[must_use]
    pub unsafe fn begin(slot: &'a ThreadSlot) -> Self {
        slot.no_cut.set(slot.no_cut.get().wrapping_add(1));
        // The compiler moves nothing that follows before this fence, so a handler on this thread sees the mark.
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

/// The slow path of releasing a mark: another mark is still held, or a recheck was requested.
#[cold]
#[inline(never)]
fn released(slot: &ThreadSlot) {
    if slot.no_cut.get() & !LOOK == RECHECK {
        look(slot);
    }
}

/// The slow path at the end of a stretch of [`as_host`], for which a recheck was requested.
#[cold]
#[inline(never)]
fn left_host(slot: &ThreadSlot) {
    if !slot.in_no_cut() {
        look(slot);
    }
}

fn look(slot: &ThreadSlot) {
    slot.no_cut.set(slot.no_cut.get() & !RECHECK);
    let again = RECHECK_FN.load(Ordering::Acquire);
    if !again.is_null() {
        // SAFETY: only `recheck_later` stores there, and it stores only functions of this type (AUTH-4).
        let again = unsafe { mem::transmute::<*mut (), fn()>(again) };
        again();
    }
}

/// Runs `f` on behalf of the host: objects that it allocates belong to the host. Its time is charged to the domain on
/// whose behalf the thread acted before.
///
/// For trusted code that a domain's thread reaches: releasing a capability, reading a table of the host, a panic hook.
/// The chain is restored even if `f` panics.
///
/// # Safety
/// `f` is trusted code of the host. A domain's code runs in it only with a frame of that domain on top.
pub unsafe fn as_host<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(&'static ThreadSlot, *const Frame);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: this was the top before, and the frames that it leads to are still there.
            unsafe { self.0.set_top(self.1) };
            if self.0.no_cut.get() >= LOOK {
                left_host(self.0);
            }
        }
    }
    let slot = current();
    let frame = Frame::new(Owner::HOST, slot.top());
    let _restore = Restore(slot, slot.top());
    // SAFETY: `frame` outlives `_restore`, which takes it off the chain again. The caller vouches for acting for the
    // host (AUTH-8).
    unsafe { slot.set_top(&raw const frame) };
    f()
}

/// Runs `f` as [`as_host`] does, but ticks charge no domain meanwhile. Also returns the microseconds that ticks have
/// counted.
///
/// Use it for time that a clock measures instead of ticks. Also use it for work whose length the charged domain does
/// not choose: a reclaim, whose length the dead domain has chosen, or the start of a service that other domains need,
/// too. Do not use it for an answer that a domain can request again and again.
///
/// # Safety
/// As for [`as_host`].
pub unsafe fn as_host_uncharged<R>(f: impl FnOnce() -> R) -> (R, u32) {
    struct Restore {
        slot: &'static ThreadSlot,
        uncharged: *const Frame,
        spared: u32,
        /// The `others` and `accounted_until` of the enclosing stretch. `None` if this stretch is accounted as a part
        /// of the enclosing one.
        around: Option<(u64, u64)>,
    }
    impl Drop for Restore {
        fn drop(&mut self) {
            let Self { slot, .. } = self;
            slot.uncharged.set(self.uncharged);
            slot.spared.set(self.spared);
            if let Some((others, accounted_until)) = self.around {
                let now = slot.accounted_until.get();
                slot.set_others(others, accounted_until);
                // The enclosing stretch counts all time of this one as `others`, because it belongs to the domain on
                // whose behalf this one ran.
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
            around: is_apart.then(|| (slot.others.get(), slot.accounted_until.get())),
        };
        if is_apart {
            slot.set_others(0, 0);
        }
        slot.spared.set(0);
        slot.uncharged.set(slot.top());
        let result = f();
        (result, slot.spared.get())
    };
    // SAFETY: upheld by the caller.
    unsafe { as_host(uncharged) }
}
