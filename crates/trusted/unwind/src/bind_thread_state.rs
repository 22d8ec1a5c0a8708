//! Binds the states of threads for the `dwarf` backend. It is a module of its own, because every build of the docs
//! includes it.

/// Binds the function that returns the running thread's [`ThreadState`](crate::dwarf::ThreadState), for the
/// whole program. Feature `dwarf`.
///
/// It must not panic. Returning another thread's state is safe but makes `is_unwinding` lie.
///
/// ```text
/// use samara_unwind::dwarf::ThreadState;
///
/// static MAIN: ThreadState = ThreadState::new();
/// fn current() -> &'static ThreadState {
///     &MAIN // A kernel with threads returns the running thread's.
/// }
/// samara_unwind::set_thread_state!(current);
/// ```
#[macro_export]
macro_rules! set_thread_state {
    ($function:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            fn __samara_unwind_thread_state() -> &'static $crate::dwarf::ThreadState {
                $function()
            }
        };
    };
}
