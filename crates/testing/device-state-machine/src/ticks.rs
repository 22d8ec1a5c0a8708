//! Cuts domains at a chosen instruction inside a call of the engine. This needs a platform on which the thread can be
//! single-stepped: x86-64 Linux.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod stepped {
    use std::cell::{Cell, OnceCell};
    use std::time::Duration;

    use samara_domain_runtime::DomainSpec;
    use samara_testkit::contained::{Contained, arm, disarm, stepping};

    thread_local! {
        static CONTAINED: OnceCell<Contained> = const { OnceCell::new() };
        /// The number of calls of the engine that are still to come before the call that is single-stepped. `None` if
        /// no call is to be stepped any more.
        static CALLS: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// Gives the domain a budget, because only domains with a budget are cut. Only a host that contains its threads
    /// can enforce a budget.
    pub(crate) fn limited(spec: DomainSpec) -> DomainSpec {
        CONTAINED.with(|cell| {
            cell.get_or_init(stepping);
        });
        spec.budget(Duration::from_secs(3600))
    }

    /// Runs `step`, and runs its call number `call` of the engine in single steps. From instruction `at` of that call
    /// on, a tick comes before every instruction until the domain is cut.
    pub(crate) fn around<R>(call: u32, at: u64, step: impl FnOnce() -> R) -> R {
        CONTAINED.with(|cell| {
            let contained = cell.get_or_init(stepping);
            CALLS.set(Some(call));
            // `here` arms the stepping again when the chosen call begins.
            let run = || {
                disarm();
                step()
            };
            let (result, _) = contained.step_between_panics(at, run);
            CALLS.set(None);
            result
        })
    }

    /// Runs before each call of a function of the engine.
    #[inline]
    pub(crate) fn here() {
        if let Some(left) = CALLS.get() {
            CALLS.set(left.checked_sub(1));
            if left == 0 {
                arm();
            }
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) use stepped::{around, here, limited};

/// Cuts nothing on this platform.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn around<R>(_: u32, _: u64, step: impl FnOnce() -> R) -> R {
    step()
}

/// Does nothing on this platform.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn here() {}

/// Sets no limit on this platform.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn limited(
    spec: samara_domain_runtime::DomainSpec,
) -> samara_domain_runtime::DomainSpec {
    spec
}
