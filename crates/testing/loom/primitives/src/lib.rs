//! Atomics and locks that loom explores. They have the shape of the shipped ones: `const` constructors, and the size
//! of the plain word, so that they may lie in statics and in raw slab memory.
//!
//! Each is bound to a loom object by its address when an execution first uses it, and the binding is forgotten with
//! that execution. So the shipped sources run in loom unchanged.
//!
//! loom treats SeqCst accesses as AcqRel. Here a SeqCst load has a `fence(SeqCst)` before it. So if each of two
//! threads does a SeqCst write and then a SeqCst load, one load sees the other thread's write, as the language
//! guarantees. The fence also orders accesses that are not SeqCst, which the language does not do. A protocol that
//! relies on both SeqCst accesses and weaker ones must not be tested with these primitives. Samara's protocols do not
//! do so.
//!
//! [`weaken`] takes an ordering away in one source file. If a test passes without the ordering, the test proves
//! nothing about it.
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
/// The shipped sources wait with either name, and each such wait counts as one fruitless look.
pub use wait::yield_now as spin_loop;
pub use weaken::{Fault, Weaken};
