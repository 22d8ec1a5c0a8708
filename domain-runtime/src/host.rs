//! What the runtime needs from its host, bound once by the final binary with
//! [`set_runtime_host!`](crate::set_runtime_host).

use crate::event::Event;
use crate::spent::{self, Spent};
use crate::threads::DomainThread;
use core::ptr::NonNull;
use core::time::Duration;
use samara_shared_heap::{Owner, thread};

/// A monotonic clock.
///
/// # Safety
/// [`now_ns`](Self::now_ns) is called on threads of domains, on their behalf, half-way out of a domain, and by
/// [`contain::tick`](crate::contain) wherever that interrupts one, in [`now_ns`](Self::now_ns) too: it does not panic, calls
/// into no domain, takes no lock, and allocates nothing, which a domain's death would release.
pub unsafe trait Clock {
    /// Nanoseconds since some fixed point.
    fn now_ns() -> u64;
}

/// Where events go. Called as the host, with no lock held, on the thread that caused the event; it may
/// be inside the domain's last call still. So a sink may look at domains and reap, but must not call
/// into a domain, or wait for one (restart, stop): the wait would last to its deadline. A panic ends
/// here, after the host's panic hook has seen it.
pub trait Events {
    /// Something happened to a domain.
    fn event(event: &Event<'_>);
}

/// What a host keeps of what a [`DomainSpec`](crate::DomainSpec) asks for. What it does not keep is refused
/// when the domain is spawned: [`NotKept`](crate::NotKept).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeps {
    /// A domain that goes beyond its private quota where it can't be told dies of it, and nobody else: the
    /// host hands such an abort to [`contain`](crate::contain).
    pub heap_quota: bool,
    /// There is a periodic tick, which asks [`contain::tick`](crate::contain).
    pub budget: bool,
    /// Threads that call into domains have told where their stacks are, and one that runs over is handed to
    /// [`contain`](crate::contain).
    pub stack: bool,
}

impl Keeps {
    /// No handlers, no tick.
    pub const NOTHING: Self = Self {
        heap_quota: false,
        budget: false,
        stack: false,
    };
    /// A kernel that has [`contain`](crate::contain) asked by its trap handlers.
    pub const EVERYTHING: Self = Self {
        heap_quota: true,
        budget: true,
        stack: true,
    };
}

/// Threads.
///
/// # Safety
/// All of it is called on threads of domains, some half-way out of a domain: nothing panics or calls into a
/// domain. Where it is not called as the host, it allocates nothing, which a domain's death would release.
/// [`spawn`](Self::spawn) gives back nothing but what it was given by the same call.
pub unsafe trait Threads {
    /// Lets other threads run: called in bounded waits.
    fn yield_now();

    /// A domain may be ready to be reclaimed: have some thread call
    /// [`reaper::poll`](crate::reaper::poll) soon. A host where nothing pre-empts need do nothing: whoever
    /// waits for the reclaim polls.
    fn wake_reaper() {}

    /// Starts a thread that calls [`DomainThread::run`]. Called as the host.
    ///
    /// # Errors
    /// Gives `thread` back on a host without threads, or without room for another.
    fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
        Err(thread)
    }

    /// Blocks the running thread, whose [`index`](DomainThread::index) it is, until it is woken or
    /// `timeout` has passed. A wake that came before is not lost; returning early is allowed.
    fn park(index: usize, timeout: Option<Duration>) {
        let _ = (index, timeout);
        Self::yield_now();
    }

    /// What the host keeps of what specs ask for. What it has once kept it goes on keeping.
    fn keeps() -> Keeps {
        Keeps::NOTHING
    }

    /// Ends the park of the thread with this index, or its next one. Called for a signal on the thread
    /// that raises it: a host whose interrupt handlers do needs a `wake` that they may call.
    fn wake(index: usize) {
        let _ = index;
    }
}

/// For whom a thread asks for more stack: the host, or the domain that it entered first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker(Option<usize>);

impl Asker {
    pub(crate) const fn new(segments: Option<usize>) -> Self {
        Self(segments)
    }

    /// How many segments the threads of the domain, and of all generations of its name, have with the one that is asked
    /// for; `None` for the host.
    #[must_use]
    pub const fn segments(self) -> Option<usize> {
        self.0
    }

    /// Whether it may have one of the `left` segments of `total`. While half of them are left everybody may. Then a
    /// domain may have a 16th of all, and one at least; the host may have all.
    #[must_use]
    pub const fn may_have(self, left: usize, total: usize) -> bool {
        let share = if total < 16 { 1 } else { total / 16 };
        match self.0 {
            _ if left == 0 => false,
            None => true,
            Some(segments) => left >= total.div_ceil(2) || segments <= share,
        }
    }
}

/// What a host may do about stacks that are short. Optional, set with
/// [`Runtime::set_stack_probe`](crate::Runtime::set_stack_probe): without one a call that finds too little
/// room is refused.
///
/// # Safety
/// [`extend`](Self::extend) calls what it is given at most once, on the running thread, with at least as
/// much room as is needed; while that runs, the thread's slot tells the stack that it runs on.
pub unsafe trait StackProbe: Sync {
    /// The running thread is to enter a domain which needs `needed` bytes of stack; it has only `left`.
    /// Either calls `callee`, on a fresh segment or where the stack was made longer, comes back to the
    /// old one and returns true; or returns false, which refuses the call. Called as the host; `callee`
    /// does not unwind.
    /// A host with so many segments asks `asker` whether it [may have](Asker::may_have) one.
    fn extend(&self, needed: usize, left: usize, asker: Asker, callee: &mut dyn FnMut()) -> bool {
        let _ = (needed, left, asker, callee);
        false
    }

    /// The running thread has left a domain that died on it, so its stack's reserve, if
    /// [`Verdict::Reserve`](crate::contain) had it opened, may be closed: nothing lies there,
    /// unless trusted code that has come that far called the domain. Then, and where closing it has no room above it, it
    /// is asked again further up.
    fn close_reserve(&self) {}
}

/// A stretch of address space cut into one stripe per owner: where private heaps live.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Start of the stripe of slot 0.
    pub base: NonNull<u8>,
    /// Bytes of a stripe, a multiple of 64 KiB.
    pub stride: usize,
    /// Number of stripes.
    pub stripes: usize,
}

/// Memory for private heaps.
///
/// # Safety
/// The window is address space that nobody else uses, the same at every call; there is none if less than a
/// stride and a page of address space lies behind it. A committed range is
/// zeroed or not, but readable, writable and backed until it is decommitted.
pub unsafe trait Arenas {
    /// The window, or `None` on a host that gives domains no private heaps: then everything is
    /// allocated as the host.
    fn window() -> Option<Window>;

    /// Backs `bytes` (whole pages) from `start` (page aligned), inside the stripe of `owner`.
    /// Returns false when there is no memory.
    fn commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool;

    /// Takes a committed range back.
    ///
    /// # Safety
    /// The range was committed for `owner` and nobody refers to it any more.
    unsafe fn decommit(owner: Owner, start: NonNull<u8>, bytes: usize);
}

unsafe extern "Rust" {
    fn __samara_now_ns() -> u64;
    fn __samara_event(event: &Event<'_>);
    fn __samara_yield_now();
    fn __samara_wake_reaper();
    fn __samara_spawn_thread(thread: DomainThread) -> Result<(), DomainThread>;
    fn __samara_park_thread(index: usize, timeout: Option<Duration>);
    fn __samara_wake_thread(index: usize);
    fn __samara_keeps() -> Keeps;
    fn __samara_arena_window() -> Option<Window>;
    fn __samara_arena_commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool;
    fn __samara_arena_decommit(owner: Owner, start: NonNull<u8>, bytes: usize);
}

pub(crate) fn now_ns() -> u64 {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_now_ns() }
}

pub(crate) fn event(event: &Event<'_>) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let sink = || unsafe { __samara_event(event) };
    // A sink's panic must not reach its reporter: an exit that is not counted, or a reclaim that does not end, would
    // keep the slot for ever.
    let deliver = || {
        if let Err(payload) = samara_unwind::catch(sink) {
            payload.dispose();
        }
    };
    // A domain chooses neither how slow the sink is nor how many events there are: a generation has one or two.
    // SAFETY: a log sink is trusted code of the host.
    let ((), _) = unsafe { thread::as_host_uncharged(deliver) };
}

pub(crate) fn yield_now() {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_yield_now() }
}

pub(crate) fn wake_reaper() {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_wake_reaper() }
}

/// Returns also what that took, uncharged.
pub(crate) fn spawn_thread(body: DomainThread) -> (Result<(), DomainThread>, Spent) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let spawn = || unsafe { __samara_spawn_thread(body) };
    // SAFETY: starting a thread is trusted code of the host; the domain's code runs on the new one.
    unsafe { spent::uncharged(spawn) }
}

/// Parks the thread, uncharged: the caller measures the time. Returns the microseconds that ticks have counted meanwhile.
pub(crate) fn park_thread(index: usize, timeout: Option<Duration>) -> u32 {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let park = || unsafe { __samara_park_thread(index, timeout) };
    let is_told = thread::current().is_told();
    let park = || {
        park();
        if is_told {
            thread::current().tell(now_ns(), false);
        }
    };
    // SAFETY: waiting is trusted code of the host.
    let ((), ticks) = unsafe { thread::as_host_uncharged(park) };
    ticks
}

pub(crate) fn wake_thread(index: usize) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let wake = || unsafe { __samara_wake_thread(index) };
    // SAFETY: waking is trusted code of the host.
    unsafe { thread::as_host(wake) }
}

/// As [`wake_thread`], for interrupt handlers: nothing is pushed on the interrupted thread's chain.
pub(crate) fn wake_from_handler(index: usize) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_wake_thread(index) }
}

pub(crate) fn keeps() -> Keeps {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_keeps() }
}

pub(crate) fn arena_window() -> Option<Window> {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_arena_window() }
}

pub(crate) fn arena_commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_arena_commit(owner, start, bytes) }
}

/// # Safety
/// As [`Arenas::decommit`].
pub(crate) unsafe fn arena_decommit(owner: Owner, start: NonNull<u8>, bytes: usize) {
    // SAFETY: the symbol is defined by `set_runtime_host!`; the rest is the caller's.
    unsafe { __samara_arena_decommit(owner, start, bytes) }
}

/// Binds a type that implements [`Clock`], [`Events`], [`Threads`] and [`Arenas`] as the runtime's
/// host, for the whole program.
#[macro_export]
macro_rules! set_runtime_host {
    ($host:ty) => {
        const _: () = {
            use $crate::host::__samara_bind::*;
            #[unsafe(no_mangle)]
            fn __samara_now_ns() -> u64 {
                <$host as Clock>::now_ns()
            }
            #[unsafe(no_mangle)]
            fn __samara_event(event: &Event<'_>) {
                <$host as Events>::event(event)
            }
            #[unsafe(no_mangle)]
            fn __samara_yield_now() {
                <$host as Threads>::yield_now()
            }
            #[unsafe(no_mangle)]
            fn __samara_wake_reaper() {
                <$host as Threads>::wake_reaper()
            }
            #[unsafe(no_mangle)]
            fn __samara_spawn_thread(thread: DomainThread) -> Result<(), DomainThread> {
                <$host as Threads>::spawn(thread)
            }
            #[unsafe(no_mangle)]
            fn __samara_park_thread(index: usize, timeout: Option<Duration>) {
                <$host as Threads>::park(index, timeout)
            }
            #[unsafe(no_mangle)]
            fn __samara_wake_thread(index: usize) {
                <$host as Threads>::wake(index)
            }
            #[unsafe(no_mangle)]
            fn __samara_keeps() -> Keeps {
                <$host as Threads>::keeps()
            }
            #[unsafe(no_mangle)]
            fn __samara_arena_window() -> Option<Window> {
                <$host as Arenas>::window()
            }
            #[unsafe(no_mangle)]
            fn __samara_arena_commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool {
                <$host as Arenas>::commit(owner, start, bytes)
            }
            #[unsafe(no_mangle)]
            unsafe fn __samara_arena_decommit(owner: Owner, start: NonNull<u8>, bytes: usize) {
                // SAFETY: handed on from the runtime, which upholds the trait's contract.
                unsafe { <$host as Arenas>::decommit(owner, start, bytes) }
            }
        };
    };
}

/// The names that [`set_runtime_host!`](crate::set_runtime_host) uses.
#[doc(hidden)]
pub mod __samara_bind {
    pub use super::{Arenas, Clock, Events, Keeps, Threads, Window};
    pub use crate::event::Event;
    pub use crate::threads::DomainThread;
    pub use core::ptr::NonNull;
    pub use core::time::Duration;
    pub use samara_shared_heap::{Owner, thread};
}
