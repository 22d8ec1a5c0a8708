//! Single steps, for tests: a tick between any two instructions.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use super::cut;
use super::switch::Interrupted;

/// The trap flag of rflags.
const TRAP: u64 = 1 << 8;

/// Steps until the tick; 0 when nobody steps.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Runs `action` and, behind its `steps`-th instruction (from 1 on, a few of this function's own
/// included), a tick that uses up every budget. Returns false if it had fewer.
pub(crate) fn tick_after(steps: u32, action: impl FnOnce()) -> bool {
    LEFT.store(steps, SeqCst);
    // SAFETY: from the instruction behind this on each traps, until the handler or the code below ends
    // it; the handler changes nothing else.
    unsafe { asm!("pushfq", "or qword ptr [rsp], {trap}", "popfq", trap = const TRAP) };
    action();
    // SAFETY: no further steps.
    unsafe {
        asm!("pushfq", "and qword ptr [rsp], {others}", "popfq", others = const !(TRAP as i32))
    };
    LEFT.swap(0, SeqCst) == 0
}

/// Handles a debug exception; false if it is no step of a test's.
pub(crate) fn handle(interrupted: &mut Interrupted<'_>) -> bool {
    let step = |left: u32| left.checked_sub(1);
    match LEFT.fetch_update(SeqCst, SeqCst, step) {
        Ok(1) => {
            interrupted.frame.rflags &= !TRAP;
            cut::check(interrupted, Duration::from_secs(3600));
            true
        }
        // The steps are over, but for those on the way to where they are ended.
        Ok(_) => true,
        Err(_) => interrupted.frame.rflags & TRAP != 0,
    }
}
