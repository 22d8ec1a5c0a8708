//! The `dwarf` backend: unwind tables, no allocation.
//!
//! **Feature `dwarf`.** These docs were built without it, because it needs unstable features of the compiler
//! (`RUSTC_BOOTSTRAP=samara_unwind`). This page shows only the items that a kernel names when it adopts the backend.
//! The module's own page is built by `RUSTC_BOOTSTRAP=samara_unwind cargo doc -p samara-unwind --features dwarf`.
//!
//! # What a kernel supplies
//!
//! * [`set_thread_state!`](crate::set_thread_state): the function that returns the [`ThreadState`] of the running
//!   thread.
//! * A `#[panic_handler]` that records the message and then, if the panic [`may_unwind`](crate::may_unwind), calls
//!   [`begin_panic`](crate::begin_panic).
//! * The lines for the linker: see the [crate's documentation](crate). The tables are mapped readable.
//!
//! The outermost frame's return address must be zero, which ends a walk.

/// A thread's exception objects. The kernel keeps one for each of its threads.
#[derive(Debug)]
pub struct ThreadState(());

impl ThreadState {
    /// A thread on which nothing is unwinding.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}
