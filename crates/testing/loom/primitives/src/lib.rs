//! Atomics and locks that loom explores. Like the shipped ones, the constructors are `const`, and an atomic has the
//! size of the plain word. So they may lie in statics and in raw slab memory.
//!
//! When an execution first uses an atomic or a lock, its address is bound to a loom object. The binding ends with the
//! execution. So the shipped sources run in loom unchanged.
//!
//! loom treats SeqCst accesses as AcqRel. To make up for that, these primitives issue a `fence(SeqCst)` before each
//! SeqCst load. So if each of two threads does a SeqCst write and then a SeqCst load, one load sees the other
//! thread's write, as the language guarantees. But the fence also orders weaker accesses, which a SeqCst load in the
//! language does not. So these primitives cannot test a protocol that relies on the order between a SeqCst access and
//! a weaker one. Samara has no such protocol.
//!
//! [`weaken`] takes an ordering away in one source file. If a test still passes without the ordering, the test proves
//! nothing about the ordering.
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
/// The shipped sources wait by a call of either name. Each such call counts as one look that found nothing.
pub use wait::yield_now as spin_loop;
pub use weaken::{Fault, Weaken};
