//! Taking an ordering away, to see that a model notices.

use core::panic::Location;
use core::sync::atomic::Ordering;
use std::cell::Cell;

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SeqCst accesses are only AcqRel.
    SeqCst,
    /// Release stores are relaxed, and release fences are none.
    Release,
    /// Acquire loads are relaxed, and acquire fences are none.
    Acquire,
    /// No access orders another: all are relaxed, and fences are none.
    Order,
    /// Locks exclude, but order nothing.
    Lock,
    /// A compare-and-swap swaps whatever it finds, and says that it found what it looked for.
    Compare,
}

/// A fault in one source file of the shipped crates.
#[derive(Clone, Copy, Debug)]
pub struct Weaken {
    /// How the file's path ends.
    pub file: &'static str,
    /// What is taken away there.
    pub fault: Fault,
}

thread_local! {
    // All of loom's threads run on the one thread that runs the model.
    static NOW: Cell<Option<Weaken>> = const { Cell::new(None) };
}

pub(crate) fn set(fault: Option<Weaken>) {
    NOW.set(fault);
}

/// Whether `fault` is in force at `place`.
pub(crate) fn applies(fault: Fault, place: &Location<'_>) -> bool {
    NOW.get()
        .is_some_and(|now| now.fault == fault && place.file().ends_with(now.file))
}

/// What is left of `order` at `place`.
pub(crate) fn order(order: Ordering, place: &Location<'_>) -> Ordering {
    match order {
        _ if applies(Fault::Order, place) => Ordering::Relaxed,
        Ordering::SeqCst if applies(Fault::SeqCst, place) => Ordering::AcqRel,
        Ordering::Release if applies(Fault::Release, place) => Ordering::Relaxed,
        Ordering::Acquire if applies(Fault::Acquire, place) => Ordering::Relaxed,
        other => other,
    }
}
