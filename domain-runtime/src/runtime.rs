//! The authority over domains, and descriptions of them.

use crate::control::{self, ControlBlock};
use crate::host::StackProbe;
use crate::state::State;
use crate::text::Text;
use crate::{arena, exports, host, host_charges, reaper, stack, threads};
use core::time::Duration;
use samara_shared_heap::heap;

/// The authority over domains: code that has it may spawn them. The host takes one and gives it to no domain.
#[derive(Clone, Copy, Debug)]
pub struct Runtime(());

/// A description of one domain.
#[derive(Clone, Copy, Debug)]
pub struct DomainInfo {
    /// Slot index.
    pub id: usize,
    /// Generation of the slot.
    pub generation: u32,
    /// The domain's name.
    pub name: Text<32>,
    /// The state of its generation.
    pub state: State,
    /// Bytes of private heap committed.
    pub private_bytes: usize,
    /// Objects that it owns on the exchange heap.
    pub objects: usize,
    /// Capabilities that it owns.
    pub capabilities: usize,
    /// Calls into this generation so far.
    pub calls: usize,
    /// Restarts of its name so far.
    pub restarts: u32,
    /// Bytes of slots that those objects and capabilities take on the exchange heap.
    pub shared_bytes: usize,
    /// Bytes that the host keeps on its behalf: recorded calls, ways back to opened objects.
    pub host_bytes: usize,
    /// Threads that it spawned and that have not ended.
    pub threads: u32,
    /// How long this generation has lived.
    pub uptime: Duration,
}

impl Runtime {
    /// Takes the authority over domains.
    ///
    /// # Safety
    /// The caller is the host, and gives neither this nor the handles that it makes to a domain.
    #[must_use]
    pub const unsafe fn assume_host() -> Self {
        Self(())
    }

    /// Sets the hook for threads whose stack is short. The first probe stays for good. Returns false if one was set
    /// before.
    pub fn set_stack_probe(&self, probe: &'static dyn StackProbe) -> bool {
        stack::set_probe(probe)
    }

    /// All domains. A domain whose slot is being claimed at this moment may be left out.
    pub fn domains(&self) -> impl Iterator<Item = DomainInfo> + use<> {
        control::blocks()
            .iter()
            .filter(|block| !matches!(block.word().state(), State::Free | State::Retired))
            .filter_map(info)
    }

    /// Lets every domain drop the objects that it exported and whose last proxy has gone; returns how many were
    /// dropped. If the destructors of one domain have used up the time of its budget, goes on to the next domain; the
    /// rest of its objects is dropped the next time. Runs destructors of domains on this thread, which may block. A
    /// domain also drops some of its objects before the next call whose result may hold handles.
    pub fn collect_exports(&self) -> usize {
        exports::collect_all()
    }

    /// Reclaims every dead domain that has drained; returns how many.
    pub fn reap(&self) -> usize {
        reaper::poll()
    }
}

/// Returns a description of the newest generation in a slot. Returns `None` if the label still describes another
/// generation: in a free slot, and in one that is being claimed.
pub(crate) fn info(block: &ControlBlock) -> Option<DomainInfo> {
    let word = block.word();
    let label = block.label();
    if !label.is_of(word.generation()) {
        return None;
    }
    let census = heap::census(block.owner());
    Some(DomainInfo {
        id: block.owner().index(),
        generation: word.generation(),
        name: label.name,
        state: word.state(),
        private_bytes: arena::committed(block.owner()),
        objects: census.objects,
        capabilities: census.capabilities,
        calls: block.calls(),
        restarts: label.restarts,
        shared_bytes: census.bytes,
        host_bytes: host_charges::bytes(block.owner()),
        threads: threads::live(block.owner()),
        uptime: Duration::from_nanos(host::now_ns().saturating_sub(label.since)),
    })
}
