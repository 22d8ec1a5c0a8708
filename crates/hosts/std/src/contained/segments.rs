//! Stack segments: a call that finds too little room continues on a segment, and then returns to the old stack.

use super::bounds;
use super::reserve::{self, RESERVE};
use crate::authority;
use samara_domain_runtime::host::{SegmentRequester, StackProbe};
use std::arch::asm;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// The number of segments that may exist at a time.
static TOTAL: AtomicUsize = AtomicUsize::new(0);
/// The number of segments that may still be made.
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// Allows calls to continue on stack segments from now on, with at most `count` segments at a time in the whole
/// process. Further calls that need a segment are refused. When fewer than half of the segments are left, calls of a
/// domain that already has its share are refused, too
/// ([`SegmentRequester::may_have`](samara_domain_runtime::host::SegmentRequester::may_have)).
///
/// # Panics
/// On a thread that acts for a domain, which has no such authority.
pub fn allow_segments(count: usize) {
    authority::demand("contained::allow_segments");
    TOTAL.store(count, SeqCst);
    LEFT.store(count, SeqCst);
}

/// The stack probe of every program that contains faults.
pub(super) struct Probe;

// SAFETY: `extend` calls `callee` at most once, on a segment with at least the room that was asked for. The thread's
// slot records the segment while `callee` runs.
unsafe impl StackProbe for Probe {
    fn extend(
        &self,
        needed: usize,
        _: usize,
        asker: SegmentRequester,
        callee: &mut dyn FnMut(),
    ) -> bool {
        let total = TOTAL.load(SeqCst);
        let one_less = |left: usize| left.checked_sub(1).filter(|_| asker.may_have(left, total));
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

/// A stack segment. From its lowest address upwards, it consists of a guard page, a closed reserve, and the part that
/// is usually used.
struct Segment {
    start: *mut libc::c_void,
    bytes: usize,
}

impl Segment {
    /// Makes a segment with room for the frames of the switch, and for `needed` bytes below them.
    fn new(needed: usize) -> Option<Self> {
        let usual = needed
            .checked_add(2 * PAGE)?
            .checked_next_multiple_of(PAGE)?;
        let bytes = usual.checked_add(PAGE + RESERVE)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: an anonymous mapping at an address of the kernel's choice touches no memory of ours.
        let start = unsafe { libc::mmap(ptr::null_mut(), bytes, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        let segment = Self { start, bytes };
        let lowest = segment.start.wrapping_byte_add(PAGE + RESERVE);
        // SAFETY: the upper part of the mapping, which is not used yet.
        let code = unsafe { libc::mprotect(lowest, usual, libc::PROT_READ | libc::PROT_WRITE) };
        (code == 0).then_some(segment)
    }

    /// Returns the guard page.
    fn guard(&self) -> Range<usize> {
        let lowest = self.start.addr();
        lowest..lowest.strict_add(PAGE)
    }

    /// Returns the segment's stack, including the reserve.
    fn stack(&self) -> Range<usize> {
        self.guard().end..self.start.addr().strict_add(self.bytes)
    }

    /// Calls `callee` on the segment. Between the two stacks the thread acts for the host, so it is not cut
    /// there.
    fn run(&self, callee: &mut dyn FnMut()) {
        let mut run = Run {
            segment: self,
            callee,
        };
        // SAFETY: switches to the segment's upper end, which is aligned, calls, and switches back. The called
        // function preserves `r12` and does not unwind.
        unsafe {
            asm!(
                "mov r12, rsp",
                "mov rsp, {end}",
                "call {call}",
                "mov rsp, r12",
                end = in(reg) self.stack().end,
                call = sym call,
                in("rdi") &raw mut run,
                out("r12") _,
                clobber_abi("C"),
            );
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: this segment's own mapping; no thread runs on it.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}

/// The argument of [`call`].
struct Run<'a> {
    segment: &'a Segment,
    callee: &'a mut dyn FnMut(),
}

/// Runs on the segment. Until the guard and the reserve are set, and again after `on_segment` has returned, an
/// overflow is taken for an overflow of the stack that the thread came from.
extern "C" fn call(run: *mut Run<'_>) {
    // SAFETY: the value of `Segment::run`, which waits until this returns.
    let run = unsafe { &mut *run };
    let guard = bounds::guard();
    bounds::set_guard(run.segment.guard());
    reserve::on_segment(&run.segment.stack(), || (run.callee)());
    bounds::set_guard(guard);
}
