//! A domain that crashes in the way that a call selects.

use alloc::vec::Vec;
use core::fmt;
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use samara::prelude::*;
use spin::Mutex;

use super::middle_domain::Middle;
use crate::host::runtime;

/// A domain that crashes or uses up memory when it is called.
#[interface]
pub(super) trait Victim {
    /// Allocates private memory and keeps it. Returns false if the allocation is refused.
    fn hoard(&self, bytes: u64) -> Result<bool, RpcError>;
    /// Keeps a shared object.
    fn keep(&self, object: RRef<u64>) -> Result<(), RpcError>;
    /// Panics in the fourth of four nested frames. Each frame that is unwound adds 1 to `drops`.
    fn crash(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
    /// Panics with a message whose `Display` panics.
    fn crash_unspeakably(&self) -> Result<(), RpcError>;
    /// Kills the domain in [`CALLER`].
    fn kill_caller(&self) -> Result<(), RpcError>;
    /// Works without a fault.
    #[idempotent]
    fn work(&self) -> Result<u32, RpcError>;
}

/// The domain that [`Victim::kill_caller`] kills. A real domain would not have this authority.
pub(super) static CALLER: Mutex<Option<Domain<dyn Middle>>> = Mutex::new(None);

/// Adds 1 to the counter when it is dropped.
pub(super) struct Counted<'a>(pub(super) &'a AtomicU32);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) struct State {
    private: Mutex<Vec<Vec<u8>>>,
    shared: Mutex<Vec<RRef<u64>>>,
}

pub(super) fn init((): ()) -> Result<State, RpcError> {
    Ok(State {
        private: Mutex::new(Vec::new()),
        shared: Mutex::new(Vec::new()),
    })
}

#[inline(never)]
fn index_deep(depth: u32, drops: &AtomicU32, bytes: &[u8]) -> u8 {
    let _counted = Counted(drops);
    match depth {
        0 => bytes[black_box(7)],
        _ => index_deep(depth - 1, drops, bytes).wrapping_add(1),
    }
}

struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("{}", Self)
    }
}

impl Victim for State {
    fn hoard(&self, bytes: u64) -> Result<bool, RpcError> {
        let mut memory = Vec::new();
        if memory.try_reserve_exact(bytes as usize).is_err() {
            return Ok(false);
        }
        memory.resize(bytes as usize, 0xa5);
        self.private.lock().push(memory);
        Ok(true)
    }

    fn keep(&self, object: RRef<u64>) -> Result<(), RpcError> {
        self.shared.lock().push(object);
        Ok(())
    }

    fn crash(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
        index_deep(3, drops, &[1, 2, 3]);
        Ok(())
    }

    fn crash_unspeakably(&self) -> Result<(), RpcError> {
        panic!("{}", Unspeakable)
    }

    fn kill_caller(&self) -> Result<(), RpcError> {
        let caller = CALLER.lock().take();
        assert!(caller.is_some_and(|caller| caller.kill()));
        Ok(())
    }

    fn work(&self) -> Result<u32, RpcError> {
        Ok(42)
    }
}

pub(super) fn spawn(spec: DomainSpec) -> Domain<dyn Victim> {
    runtime()
        .spawn(spec, init, Mint::nothing())
        .expect("a domain")
}

pub(super) fn spawn_restartable(times: u32) -> Domain<dyn Victim> {
    let policy = Restart::limited(times, Duration::from_secs(3600));
    spawn(DomainSpec::new("victim").restart(policy))
}

pub(super) fn counter() -> RRef<AtomicU32> {
    RRef::new(AtomicU32::new(0))
}

pub(super) fn count(drops: &RRef<AtomicU32>) -> u32 {
    drops.load(Ordering::Relaxed)
}

pub(super) fn stop<I: ?Sized + samara::runtime::Interface>(domain: &Domain<I>) {
    domain
        .stop(Duration::from_secs(1))
        .expect("no thread is inside");
}
