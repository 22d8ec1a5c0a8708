//! Single steps, for tests: a tick between any two instructions.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use core::time::Duration;

use super::cut;
use super::saved::Interrupted;

/// The trap flag of rflags.
const TRAP: u64 = 1 << 8;

/// Steps until the tick; 0 when nobody steps.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Where the last step ended. A repeated string instruction traps at each turn, which counts as one step.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Turns beyond the first.
static TURNS: AtomicU32 = AtomicU32::new(0);

/// What something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Steps {
    /// Instructions, each once.
    pub(crate) instructions: u32,
    /// Traps.
    pub(crate) traps: u32,
}

/// Runs `action` and, behind its `steps`-th instruction (from 1 on, a few of this function's own
/// included), a tick that uses up every budget. Returns false if it had fewer.
pub(crate) fn tick_after(steps: u32, action: impl FnOnce()) -> bool {
    LEFT.store(steps, SeqCst);
    step(action);
    LEFT.swap(0, SeqCst) == 0
}

/// Counts the instructions of `action`.
pub(crate) fn count(action: impl FnOnce()) -> Steps {
    LEFT.store(u32::MAX, SeqCst);
    TURNS.store(0, SeqCst);
    step(action);
    let instructions = u32::MAX - LEFT.swap(0, SeqCst);
    let traps = instructions + TURNS.load(SeqCst);
    Steps {
        instructions,
        traps,
    }
}

fn step(action: impl FnOnce()) {
    // SAFETY: from the instruction behind this on each traps, until the handler or the code below ends
    // it; the handler changes nothing else.
    unsafe { asm!("pushfq", "or qword ptr [rsp], {trap}", "popfq", trap = const TRAP) };
    action();
    // SAFETY: no further steps.
    unsafe {
        asm!("pushfq", "and qword ptr [rsp], {others}", "popfq", others = const !(TRAP as i32))
    };
}

/// Handles a debug exception; false if it is no step of a test's.
pub(crate) fn handle(interrupted: &mut Interrupted<'_>) -> bool {
    let at = interrupted.frame.rip;
    if LAST.swap(at, SeqCst) == at && LEFT.load(SeqCst) != 0 {
        TURNS.fetch_add(1, SeqCst);
        return true;
    }
    let step = |left: u32| left.checked_sub(1);
    match LEFT.fetch_update(SeqCst, SeqCst, step) {
        Ok(1) => {
            interrupted.frame.rflags &= !TRAP;
            cut::check_after(interrupted, Duration::from_secs(3600));
            true
        }
        // The steps are over, but for those on the way to where they are ended.
        Ok(_) => true,
        Err(_) => interrupted.frame.rflags & TRAP != 0,
    }
}
