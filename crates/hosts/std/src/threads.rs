//! Thread slots, the clock, and yields.

use crate::{StdHost, domain_threads, enforced_limits, reaper};
use samara_domain_runtime::host::{Clock, EnforcedLimits, Threads};
use samara_domain_runtime::threads::DomainThread;
use samara_shared_heap::host::HeapHost;
use samara_shared_heap::thread::ThreadSlot;
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

thread_local! {
    // It has no destructor and no lazy initialiser, so that the allocator can use it at any time, even at thread
    // exit.
    static LOCAL: Local = const { Local { slot: ThreadSlot::new(0), placed: Cell::new(false) } };
}

/// The state of a thread, in one thread-local since every call looks up both fields.
struct Local {
    slot: ThreadSlot,
    /// Whether the thread has its shard.
    placed: Cell<bool>,
}

static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

/// Gives the thread the next shard, when the thread's slot is used for the first time. The function is not inlined
/// and its caller calls it last, so that the caller needs no stack frame.
#[cold]
#[inline(never)]
fn place(local: &Local) -> NonNull<ThreadSlot> {
    local.placed.set(true);
    let shard = NEXT_SHARD.fetch_add(1, Ordering::Relaxed);
    local.slot.set_shard(shard);
    NonNull::from_ref(&local.slot)
}

// SAFETY: the slot is a thread-local without a destructor: it is the same for the whole life of a thread, and each
// thread has its own. The pages are mapped and unmapped by `pages`.
unsafe impl HeapHost for StdHost {
    #[inline]
    fn thread_slot() -> NonNull<ThreadSlot> {
        LOCAL.with(|local| {
            if local.placed.get() {
                NonNull::from_ref(&local.slot)
            } else {
                place(local)
            }
        })
    }

    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        crate::pages::alloc(bytes, align)
    }

    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
        // SAFETY: the caller upholds the conditions of `free`.
        unsafe { crate::pages::free(start, bytes) }
    }
}

// SAFETY: reads the system's clock, without an allocation or a lock.
unsafe impl Clock for StdHost {
    fn now_ns() -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if let Some(now) = crate::contained::controlled_clock() {
            return now;
        }
        // 584 years fit.
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

// SAFETY: the functions make system calls, and take locks whose poison they ignore. The runtime calls `spawn`, which
// allocates, as the host. `spawn` returns the thread that it was given, or none (AUTH-6).
unsafe impl Threads for StdHost {
    fn yield_now() {
        std::thread::yield_now();
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        crate::contained::turn_over();
    }

    fn wake_reaper() {
        reaper::wake();
    }

    fn spawn(thread: DomainThread) -> Result<(), DomainThread> {
        domain_threads::spawn(thread)
    }

    fn park(index: usize, timeout: Option<Duration>) {
        domain_threads::park(index, timeout);
    }

    fn wake(index: usize) {
        domain_threads::wake(index);
    }

    fn enforced_limits() -> EnforcedLimits {
        enforced_limits::now()
    }
}
