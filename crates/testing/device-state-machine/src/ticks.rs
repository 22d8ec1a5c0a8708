//! Domains that are cut at an instruction of a call of the engine's, where the machine can be stepped: x86-64 Linux.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod stepped {
    use std::cell::{Cell, OnceCell};
    use std::time::Duration;

    use samara_domain_runtime::DomainSpec;
    use samara_testkit::contained::{Contained, arm, disarm, stepping};

    thread_local! {
        static CONTAINED: OnceCell<Contained> = const { OnceCell::new() };
        /// Calls of the engine until the one that is stepped; none if there's none.
        static CALLS: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// With limits that only a host which contains its threads can keep.
    pub(crate) fn limited(spec: DomainSpec) -> DomainSpec {
        CONTAINED.with(|cell| {
            cell.get_or_init(stepping);
        });
        spec.budget(Duration::from_secs(3600))
    }

    /// Runs `step`, whose engine's call number `call` runs step by step until a tick before its instruction `at`, and at
    /// every one from there on until the domain is cut.
    pub(crate) fn around<R>(call: u32, at: u64, step: impl FnOnce() -> R) -> R {
        CONTAINED.with(|cell| {
            let contained = cell.get_or_init(stepping);
            CALLS.set(Some(call));
            // No instruction before that call is stepped.
            let run = || {
                disarm();
                step()
            };
            let (result, _) = contained.step_between_panics(at, run);
            CALLS.set(None);
            result
        })
    }

    /// A function of the engine's is about to be called.
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

/// Elsewhere nothing is cut.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn around<R>(_: u32, _: u64, step: impl FnOnce() -> R) -> R {
    step()
}

/// As above.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn here() {}

/// As above.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn limited(
    spec: samara_domain_runtime::DomainSpec,
) -> samara_domain_runtime::DomainSpec {
    spec
}
