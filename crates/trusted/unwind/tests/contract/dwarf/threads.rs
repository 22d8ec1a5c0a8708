//! This program's side of the `dwarf` backend.
#![expect(unsafe_code, reason = "registers the program's own tables")]

use super::program::program;
use samara_unwind::dwarf::ThreadState;
use samara_unwind::tables::register_image;
use std::sync::OnceLock;

/// Registers the program's tables, as a kernel does when it boots.
pub(crate) fn init() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        // SAFETY: the program's own tables, which stay and describe its code.
        let id = unsafe { register_image(program()) };
        assert!(id.is_ok(), "room for one image");
    });
}

thread_local! {
    static STATE: &'static ThreadState = Box::leak(Box::new(ThreadState::new()));
}

fn current() -> &'static ThreadState {
    init();
    STATE.with(|state| *state)
}

samara_unwind::set_thread_state!(current);
