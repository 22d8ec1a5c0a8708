//! Takes an ordering away from the shipped code. A loom test that depends on the ordering must then fail.

use core::panic::Location;
use core::sync::atomic::Ordering;
use std::cell::Cell;

/// The ordering or check that is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SeqCst accesses are only AcqRel, and SeqCst fences have no effect.
    SeqCst,
    /// Release stores are relaxed, and release fences have no effect.
    Release,
    /// Acquire loads are relaxed, and acquire fences have no effect.
    Acquire,
    /// All accesses are relaxed, and fences have no effect.
    Order,
    /// Locks still exclude other threads, but taking and releasing them is relaxed and orders no accesses.
    Lock,
    /// A compare-and-swap stores its new value over any value, and reports that it found the expected one.
    Compare,
}

/// A fault in one source file of the shipped crates.
#[derive(Clone, Copy, Debug)]
pub struct Weaken {
    /// The end of the file's path.
    pub file: &'static str,
    /// The ordering or check that is taken away in that file.
    pub fault: Fault,
}

thread_local! {
    // All of loom's threads run on the one thread that runs the test.
    static NOW: Cell<Option<Weaken>> = const { Cell::new(None) };
}

pub(crate) fn set(fault: Option<Weaken>) {
    NOW.set(fault);
}

/// Whether `fault` applies to the source file of `place`.
pub(crate) fn applies(fault: Fault, place: &Location<'_>) -> bool {
    NOW.get()
        .is_some_and(|now| now.fault == fault && place.file().ends_with(now.file))
}

/// Returns the ordering that an access at `place` has, if the source asks for `order`.
pub(crate) fn order(order: Ordering, place: &Location<'_>) -> Ordering {
    match order {
        _ if applies(Fault::Order, place) => Ordering::Relaxed,
        Ordering::SeqCst if applies(Fault::SeqCst, place) => Ordering::AcqRel,
        Ordering::Release if applies(Fault::Release, place) => Ordering::Relaxed,
        Ordering::Acquire if applies(Fault::Acquire, place) => Ordering::Relaxed,
        other => other,
    }
}
