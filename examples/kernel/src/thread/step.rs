//! Single steps, for tests in which a tick may come between any two instructions.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use core::time::Duration;

use super::cut;
use super::saved::Interrupted;

/// The trap flag of rflags.
const TRAP: u64 = 1 << 8;

/// The number of steps until the tick. It is 0 while no test makes single steps.
static LEFT: AtomicU32 = AtomicU32::new(0);

/// The address at which the last step ended. A repeated string instruction traps at each iteration; all its iterations
/// count as one step.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The number of iterations of repeated string instructions, without the first iteration of each.
static TURNS: AtomicU32 = AtomicU32::new(0);

/// The cost of an action, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Steps {
    /// Executed instructions. A repeated string instruction counts once.
    pub(crate) instructions: u32,
    /// Traps.
    pub(crate) traps: u32,
}

/// Runs `action` with a tick after its `steps`-th instruction. The tick charges so much time that it uses up every
/// budget. `steps` counts from 1, and includes a few instructions of the code that calls `action`. Returns false if
/// `action` executed fewer instructions.
pub(crate) fn tick_after(steps: u32, action: impl FnOnce()) -> bool {
    LEFT.store(steps, SeqCst);
    step(action);
    LEFT.swap(0, SeqCst) == 0
}

/// Runs `action` and counts its instructions.
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
    // SAFETY: after this, every instruction traps until the handler or the code below clears the flag. The handler
    // changes no other state of the interrupted code, unless it cuts the thread.
    unsafe { asm!("pushfq", "or qword ptr [rsp], {trap}", "popfq", trap = const TRAP) };
    action();
    // SAFETY: this clears the flag that was set above and changes no other register.
    unsafe {
        asm!("pushfq", "and qword ptr [rsp], {others}", "popfq", others = const !(TRAP as i32))
    };
}

/// Handles a debug exception. Returns false if the exception is no single step of a test.
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
        // This is a step before the tick, or a step that `count` counts.
        Ok(_) => true,
        // The test's tick or count is over. The trap is still a single step if the trap flag is set.
        Err(_) => interrupted.frame.rflags & TRAP != 0,
    }
}
