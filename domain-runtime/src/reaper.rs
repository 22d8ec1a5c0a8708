//! Draining and reclaiming dead domains.
//!
//! The functions here check whether a dead slot has drained. A thread on its way out of the domain does not check
//! this; it wakes the reaper. The reaper releases everything that the generation had: capabilities are quiesced, then
//! released; shared objects are freed as plain bytes; everything that the host keeps on its behalf is ended; the
//! private heap is returned as a whole. Then it frees the slot. No code of the domain runs.

#[cfg(feature = "alloc")]
use crate::call::Target;
use crate::control::{self, ControlBlock};
use crate::event::Event;
use crate::state::{State, Word};
use crate::{arena, exports, host, host_charges, host_time};
use samara_shared_heap::heap;
use samara_shared_heap::quota::{self, Limits};
use samara_shared_heap::thread;

/// Reclaims every dead domain that has drained. Returns how many.
pub fn poll() -> usize {
    control::blocks()
        .iter()
        .filter(|block| try_reclaim(block))
        .count()
}

/// Reclaims the slot if it is dead and drained.
pub(crate) fn try_reclaim(block: &ControlBlock) -> bool {
    let word = block.word();
    if word.state() != State::Stopping || !block.is_drained() {
        return false;
    }
    block.report_condemned(word.generation());
    let Some(word) = block.step(word, State::Reclaiming) else {
        return false;
    };
    on_nobodys_time(|| reclaim(block, word));
    true
}

/// Reclaims the generation behind `target` if it has drained. If another thread reclaims it, waits for that thread,
/// until `deadline` at most, since that thread may get no processor. The dead domain has chosen how long its reclaim
/// takes, so the wait is charged to nobody.
#[cfg(feature = "alloc")]
pub(crate) fn reclaim_drained(target: Target, deadline: u64) {
    try_reclaim(target.block());
    if !target.is_being_reclaimed() {
        return;
    }
    on_nobodys_time(|| {
        while target.is_being_reclaimed() && host::now_ns() <= deadline {
            host::yield_now();
        }
    });
}

fn on_nobodys_time(f: impl FnOnce()) {
    // SAFETY: a reclaim is work of the host's, and runs no code of a domain (AUTH-8).
    let ((), _) = host_time::exclude_time(|| unsafe { thread::as_host_uncharged(f) });
}

fn reclaim(block: &ControlBlock, word: Word) {
    let owner = block.owner();
    // SAFETY: the generation refuses entries, and after that was seen without any in flight. So no thread runs for
    // it, and none can hand it anything. The slot is claimed by this reclaim alone (LIFE-2, ORDER-1).
    let released = unsafe { heap::reclaim(owner) };
    host_charges::end(owner);
    exports::forget(owner);
    // SAFETY: as above; nothing outside a domain points into its private heap (HEAP-2, CROSS-1).
    let private_bytes = unsafe { arena::release(owner) };
    // SAFETY: the limits are those of a dead generation.
    unsafe { quota::set_limits(owner, Limits::NONE) };
    let name = block.label().name;
    host::event(&Event::Reclaimed {
        id: owner.index(),
        generation: word.generation(),
        name: name.as_str(),
        objects: released.objects,
        capabilities: released.capabilities,
        private_bytes,
    });
    block.finish_reclaim(word);
}
