//! Calls that find too little room go on elsewhere: a stack segment for the callee, and back.

use super::{reserve, thread as bounds};
use crate::authority;
use samara_domain_runtime::host::StackProbe;
use samara_shared_heap::thread;
use std::arch::asm;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// How many segments there may be at a time.
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// From now on calls may go on in segments, up to so many at a time in the whole process. Beyond that
/// they are refused.
///
/// # Panics
/// On a thread that acts for a domain: it has no such authority.
pub fn allow_segments(count: usize) {
    authority::demand("contained::allow_segments");
    LEFT.store(count, SeqCst);
}

/// The probe of every program that contains what strikes.
pub(super) struct Probe;

// SAFETY: `extend` calls once, on a segment with as much room, which the slot tells meanwhile.
unsafe impl StackProbe for Probe {
    fn extend(&self, needed: usize, _: usize, callee: &mut dyn FnMut()) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        if LEFT.fetch_update(SeqCst, SeqCst, one_less).is_err() {
            return false;
        }
        let segment = Segment::new(needed);
        let called = segment.as_ref().is_some_and(|segment| {
            segment.run(callee);
            true
        });
        drop(segment);
        LEFT.fetch_add(1, SeqCst);
        called
    }

    fn close_reserve(&self) {
        reserve::close();
    }
}

const PAGE: usize = 4096;

/// A stack above a page that guards it.
struct Segment {
    start: *mut libc::c_void,
    bytes: usize,
}

impl Segment {
    /// One with room for `needed` bytes below its first frames, those of the switch.
    fn new(needed: usize) -> Option<Self> {
        let bytes = needed
            .checked_add(3 * PAGE)?
            .checked_next_multiple_of(PAGE)?;
        let memory = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches nothing of ours.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, memory, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        let segment = Self { start, bytes };
        // SAFETY: the lowest page of the mapping, not used yet.
        let guarded = unsafe { libc::mprotect(start, PAGE, libc::PROT_NONE) };
        (guarded == 0).then_some(segment)
    }

    /// Calls `callee` on it.
    fn run(&self, mut callee: &mut dyn FnMut()) {
        let lowest = self.start.addr();
        let (start, end) = (lowest.strict_add(PAGE), lowest.strict_add(self.bytes));
        let slot = thread::current();
        let (stack, guard) = (slot.stack(), bounds::guard());
        bounds::set_guard(self.start.addr()..start);
        // SAFETY: where the callee runs. In between the thread acts for the host: it is not cut.
        unsafe { slot.set_stack(start..end) };
        let callee = &raw mut callee;
        // SAFETY: switches to the segment's upper end, which is aligned, calls, and switches back; what
        // it calls keeps the register and does not unwind.
        unsafe {
            asm!(
                "mov r12, rsp",
                "mov rsp, {end}",
                "call {call}",
                "mov rsp, r12",
                end = in(reg) end,
                call = sym call,
                in("rdi") callee,
                out("r12") _,
                clobber_abi("C"),
            );
        }
        // SAFETY: as it was.
        unsafe { slot.set_stack(stack) };
        bounds::set_guard(guard);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: this one's mapping; nobody runs on it.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}

extern "C" fn call(callee: *mut &mut dyn FnMut()) {
    // SAFETY: the closure that `run` was given, which waits for this to return.
    let callee = unsafe { &mut *callee };
    callee();
}
