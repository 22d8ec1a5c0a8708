//! Calls that are cut at one of their instructions, where the machine can be stepped: x86-64 Linux.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod stepped {
    use samara_testkit::contained::{Contained, contained};
    use std::cell::OnceCell;

    thread_local! {
        static CONTAINED: OnceCell<Contained> = const { OnceCell::new() };
    }

    /// Runs `call` step by step until a tick before its instruction `at`, and at every one from there on until
    /// somebody is cut, uses up any budget.
    pub(crate) fn around<R>(at: u64, call: impl FnOnce() -> R) -> R {
        CONTAINED.with(|cell| {
            let contained = cell.get_or_init(|| contained(false));
            contained.step(at, true, call).0
        })
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) use stepped::around;

/// Elsewhere nothing is cut.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn around<R>(_: u64, call: impl FnOnce() -> R) -> R {
    call()
}
