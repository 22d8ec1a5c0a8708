//! Makes calls that are cut at a chosen instruction. This needs a platform on which the thread can be single-stepped:
//! x86-64 Linux.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod stepped {
    use samara_domain_runtime::DomainSpec;
    use samara_domain_runtime::contain::{Payer, payer};
    use samara_testkit::contained::{
        Contained, Surveyed, arm, contained, disarm, is_armed, stepping, surveyed, surveys,
    };
    use std::cell::OnceCell;
    use std::panic;
    use std::thread;
    use std::time::Duration;

    thread_local! {
        static CONTAINED: OnceCell<Contained> = const { OnceCell::new() };
    }

    /// Adds a heap quota and a budget to a spec. Only a host that contains its threads can enforce them.
    pub(crate) fn limited(spec: DomainSpec) -> DomainSpec {
        CONTAINED.with(|cell| {
            cell.get_or_init(stepping);
        });
        spec.heap_quota(crate::runner::PRIVATE)
            .budget(Duration::from_secs(3600))
    }

    /// Runs `call` on a new thread that gets ticks and has `stack` bytes of stack.
    pub(crate) fn ticking<R: Send>(stack: usize, call: impl FnOnce() -> R + Send) -> R {
        on_a_thread(stack, || {
            let _contained = contained(true);
            call()
        })
    }

    fn on_a_thread<R: Send>(stack: usize, run: impl FnOnce() -> R + Send) -> R {
        let ran = thread::scope(|scope| {
            let thread = thread::Builder::new().stack_size(stack);
            let spawned = thread.spawn_scoped(scope, run);
            spawned.unwrap_or_else(|error| panic!("{error}")).join()
        });
        ran.unwrap_or_else(|payload| panic::resume_unwind(payload))
    }

    /// Runs `call` on a new thread with `stack` bytes of stack, whose clock counts turns: see
    /// [`Contained::by_turns`].
    pub(crate) fn by_turns<R: Send>(
        stack: usize,
        each: Duration,
        then: fn(u64),
        call: impl FnOnce() -> R + Send,
    ) -> (R, u64) {
        on_a_thread(stack, || stepping().by_turns(each, then, call))
    }

    /// Runs `call` in single steps. From instruction `at` on, a tick comes before every instruction until a domain is
    /// cut. Each tick uses up any budget. No tick comes while a panic unwinds.
    pub(crate) fn around<R>(at: u64, call: impl FnOnce() -> R) -> R {
        CONTAINED.with(|cell| {
            let contained = cell.get_or_init(stepping);
            contained.step_between_panics(at, call).0
        })
    }

    /// Runs `call` with [`Survey`]s on.
    pub(crate) fn surveying<R>(call: impl FnOnce() -> R) -> R {
        CONTAINED.with(|cell| cell.get_or_init(stepping).survey(call))
    }

    /// A survey of a function that a domain calls. For each instruction of the function, it asks which account a tick
    /// before that instruction would charge, and counts the instructions by account.
    pub(crate) struct Survey {
        before: Surveyed,
        /// Whether this survey began outside of any other survey.
        is_outermost: bool,
    }

    impl Survey {
        /// Begins a survey if surveys are on and the thread runs for a domain.
        pub(crate) fn begin() -> Option<Self> {
            if !surveys() || !matches!(payer(), Payer::Domain(_)) {
                return None;
            }
            let (before, is_outermost) = (surveyed(), !is_armed());
            if is_outermost {
                arm();
            }
            Some(Self {
                before,
                is_outermost,
            })
        }

        /// Returns the numbers of instructions since the survey began: charged to a domain, uncharged by intent, and
        /// lost.
        pub(crate) fn end(&self) -> [u64; 3] {
            let after = surveyed();
            [
                after.charged.wrapping_sub(self.before.charged),
                after.uncharged.wrapping_sub(self.before.uncharged),
                after.lost.wrapping_sub(self.before.lost),
            ]
        }
    }

    impl Drop for Survey {
        fn drop(&mut self) {
            if self.is_outermost {
                disarm();
            }
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) use stepped::{Survey, around, by_turns, limited, surveying, ticking};

/// Surveys nothing on this platform.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) struct Survey;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
impl Survey {
    pub(crate) fn begin() -> Option<Self> {
        None
    }

    pub(crate) fn end(&self) -> [u64; 3] {
        [0; 3]
    }
}

/// Surveys nothing on this platform.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn surveying<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// Cuts nothing on this platform.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn around<R>(_: u64, call: impl FnOnce() -> R) -> R {
    call()
}

/// Does not make the call: this platform has no ticks, and without them some of these calls would never end.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn ticking<R: Default + Send>(_: usize, _: impl FnOnce() -> R + Send) -> R {
    R::default()
}

/// Does not make the call: this platform has no clock of turns, and without it some of these calls would never end.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn by_turns<R: Default + Send>(
    _: usize,
    _: std::time::Duration,
    _: fn(u64),
    _: impl FnOnce() -> R + Send,
) -> (R, u64) {
    (R::default(), 0)
}

/// Sets no limits: this platform enforces none on private memory and time.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn limited(
    spec: samara_domain_runtime::DomainSpec,
) -> samara_domain_runtime::DomainSpec {
    spec
}
