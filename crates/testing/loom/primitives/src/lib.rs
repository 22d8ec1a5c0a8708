//! Atomics and locks that loom explores, in the shape of those that ship: `const` constructors, and
//! the size of the plain word, so that they may stand in statics and in raw slab memory.
//!
//! Each stands for a loom object that is bound to its address when an execution first uses it, and is
//! forgotten with that execution. So the shipped sources run in loom unchanged.
//!
//! loom treats SeqCst accesses as AcqRel. Here a SeqCst load has a `fence(SeqCst)` before it: of a
//! SeqCst write followed by a SeqCst load on two threads, one load sees the other's write, as the
//! language guarantees. The fence also orders accesses that are not SeqCst, which the language would
//! not: a protocol that mixes them must not be modelled by this (those of Samara do not).
//!
//! [`weaken`] takes an ordering away in one source file: a model that does not fail then shows nothing.
#![expect(
    unsafe_code,
    reason = "words of any address stand for loom's objects, locks guard plain cells"
)]

pub mod atomic;
mod bind;
mod lock;
mod run;
mod statics;
mod wait;
mod weaken;

pub use bind::forbid;
pub use lock::{Mutex, MutexGuard, on_lock};
pub use run::Check;
pub use wait::yield_now;
/// A look in vain is one, however the sources say that they wait.
pub use wait::yield_now as spin_loop;
pub use weaken::{Fault, Weaken};
