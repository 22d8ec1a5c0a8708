//! What each processor has for itself, found through the `gs` segment. One is started; nothing here
//! assumes that.

use core::arch::asm;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::Relaxed};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::GsBase;

use super::limits::MAX_CPUS;
use super::table::MAIN;
use super::tcb::Thread;

/// One processor's own.
#[repr(C)]
pub(crate) struct Cpu {
    /// The running thread. The first field: `current` reads it at `gs:0`.
    thread: AtomicPtr<Thread>,
    /// Its place in [`CPUS`].
    pub(crate) index: usize,
    /// Ticks in a row that found the running thread under the no-cut mark.
    pub(crate) deferred: AtomicU32,
    /// Nanoseconds from the last tick to the next.
    pub(crate) armed: AtomicU64,
    /// How many of them had passed when the running thread came on, or its time was last counted.
    pub(crate) counted: AtomicU64,
    /// Ticks taken.
    pub(crate) ticks: AtomicU32,
    /// Changes of the running thread.
    pub(crate) switches: AtomicU32,
}

/// All of them, by index.
static CPUS: [Cpu; MAX_CPUS] = {
    let mut cpus = [const {
        Cpu {
            thread: AtomicPtr::new((&raw const MAIN).cast_mut()),
            index: 0,
            deferred: AtomicU32::new(0),
            armed: AtomicU64::new(0),
            counted: AtomicU64::new(0),
            ticks: AtomicU32::new(0),
            switches: AtomicU32::new(0),
        }
    }; MAX_CPUS];
    let mut at = 0;
    while at < MAX_CPUS {
        cpus[at].index = at;
        at += 1;
    }
    cpus
};

/// Makes this processor number `index`. Before this nothing may ask for the current thread.
pub(crate) fn init(index: usize) {
    GsBase::write(VirtAddr::from_ptr(&raw const CPUS[index]));
}

/// The running thread. One load: a call across domains asks for it.
#[inline]
pub(crate) fn current() -> &'static Thread {
    let thread: *const Thread;
    // SAFETY: `init` made `gs` point to a `Cpu`, which begins with this pointer. What
    // switches threads writes memory in between, so nothing is reused across that.
    unsafe {
        asm!("mov {}, gs:[0]", out(reg) thread, options(pure, readonly, nostack, preserves_flags));
    }
    // SAFETY: always one of the static threads.
    unsafe { &*thread }
}

/// This processor. Only with interrupts off: a thread may go on elsewhere.
pub(crate) fn this() -> &'static Cpu {
    let base = GsBase::read();
    // SAFETY: `init` made it point into `CPUS`.
    unsafe { &*base.as_ptr() }
}

impl Cpu {
    /// The thread that runs here. Unlike [`current`] read anew each time: what switches asks this.
    pub(crate) fn current(&self) -> &'static Thread {
        let thread = self.thread.load(Relaxed);
        // SAFETY: always one of the static threads.
        unsafe { &*thread }
    }

    /// From here on `thread` runs here.
    pub(crate) fn set_current(&self, thread: &'static Thread) {
        self.thread
            .store(core::ptr::from_ref(thread).cast_mut(), Relaxed);
        self.switches.fetch_add(1, Relaxed);
    }
}
