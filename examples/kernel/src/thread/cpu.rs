//! The data of each CPU, found through the `gs` segment. Only one CPU is started, but this module does not rely on
//! that.

use core::arch::asm;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::Relaxed};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::GsBase;

use super::limits::MAX_CPUS;
use super::table::MAIN;
use super::tcb::Thread;

/// The data of one CPU.
#[repr(C)]
pub(crate) struct Cpu {
    /// The running thread. It must be the first field, since `current` reads it at `gs:0`.
    thread: AtomicPtr<Thread>,
    /// The index in [`CPUS`].
    pub(crate) index: usize,
    /// The number of successive ticks that found the running thread under the no-cut mark.
    pub(crate) deferred: AtomicU32,
    /// Nanoseconds from the last tick to the next.
    pub(crate) armed: AtomicU64,
    /// The part of `armed` that had passed when the running thread got the CPU, or when its time was last counted.
    pub(crate) counted: AtomicU64,
    /// Ticks so far.
    pub(crate) ticks: AtomicU32,
    /// The number of switches between threads so far.
    pub(crate) switches: AtomicU32,
}

/// The data of all CPUs, by index.
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

/// Gives the running CPU the number `index`. No code on this CPU may call [`current`] before.
pub(crate) fn init(index: usize) {
    GsBase::write(VirtAddr::from_ptr(&raw const CPUS[index]));
}

/// Returns the running thread. This is a single load, since every call across domains makes it.
#[inline]
pub(crate) fn current() -> &'static Thread {
    let thread: *const Thread;
    // SAFETY: `init` made `gs` point to a `Cpu`, which begins with this pointer. The `readonly` option allows the
    // compiler to reuse the value only while no memory is written. Code that switches threads writes memory in between,
    // so the value is not reused across a switch.
    unsafe {
        asm!("mov {}, gs:[0]", out(reg) thread, options(pure, readonly, nostack, preserves_flags));
    }
    // SAFETY: the pointer always refers to one of the static threads.
    unsafe { &*thread }
}

/// Returns the data of this CPU. The caller disables interrupts; otherwise the thread may resume on another CPU.
pub(crate) fn this() -> &'static Cpu {
    let base = GsBase::read();
    // SAFETY: `init` made `gs` point to an element of `CPUS`.
    unsafe { &*base.as_ptr() }
}

impl Cpu {
    /// Returns the thread that runs on this CPU. Unlike [`current`], it reads the field anew each time, as code that
    /// switches threads requires.
    pub(crate) fn current(&self) -> &'static Thread {
        let thread = self.thread.load(Relaxed);
        // SAFETY: the pointer always refers to one of the static threads.
        unsafe { &*thread }
    }

    /// Records that from here on `thread` runs on this CPU.
    pub(crate) fn set_current(&self, thread: &'static Thread) {
        self.thread
            .store(core::ptr::from_ref(thread).cast_mut(), Relaxed);
        self.switches.fetch_add(1, Relaxed);
    }
}
