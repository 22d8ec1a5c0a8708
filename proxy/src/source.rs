//! The sources of living objects for a call that may be repeated: a service, or an opened object.

use samara_domain_runtime::call::{Failure, Refusal, Target};
use samara_domain_runtime::journal::Journal;
use samara_domain_runtime::service::Service;
use samara_domain_runtime::{Instance, Interface, RpcError, Waits};
use samara_rref::AllocError;
use samara_shared_heap::thread;

/// A source of the newest object, over the generations of its domain.
pub trait Source<I: ?Sized + Interface>: Send + Sync + 'static {
    /// The newest object, alive or not.
    fn instance(&self) -> Instance<I>;

    /// Makes sure that there is a newer object than `dead`. The attempts and waits that this takes count for the call
    /// that needs the object.
    fn recover(&self, dead: Target, attempts: &mut Attempts) -> Result<(), RpcError>;

    /// Runs `action`, as the host, on the journal, which holds the calls that are made first on every new object.
    /// Returns `None` if no calls are recorded any more.
    fn with_journal<R>(&self, action: impl FnOnce(&Journal<I>) -> R) -> Option<R>;

    /// Returns the length of the chain of objects through which it was opened: 0 for a service.
    fn depth(&self) -> usize;
}

impl<I: ?Sized + Interface> Source<I> for Service<I> {
    #[inline]
    fn instance(&self) -> Instance<I> {
        self.current()
    }

    #[cold]
    fn recover(&self, dead: Target, attempts: &mut Attempts) -> Result<(), RpcError> {
        Self::recover(self, dead, &attempts.waits)
    }

    fn with_journal<R>(&self, action: impl FnOnce(&Journal<I>) -> R) -> Option<R> {
        // SAFETY: journals are trusted code; their allocations are the host's (AUTH-8).
        Some(unsafe { thread::as_host(|| action(self.journal())) })
    }

    fn depth(&self) -> usize {
        0
    }
}

/// How often one call may crash its domain before the shadow gives up on the call: a request that kills its server
/// must not use up the restarts of all callers.
const MAX_CRASHES: u32 = 4;
/// How often one call may find a dead object: others may crash the domain as fast as it is restarted, or a server may
/// hand out dead proxies.
const MAX_REFUSALS: u32 = 64;

/// The attempts of one call so far, counted over all objects through which its object was opened. So one call asks a
/// server that hands out dead objects at most `MAX_REFUSALS` times in all. If each object of the chain counted by
/// itself, these numbers would multiply. The waits of a call are counted in the same way.
pub struct Attempts {
    crashes: u32,
    refusals: u32,
    waits: Waits,
}

impl Attempts {
    pub(crate) const fn new() -> Self {
        Self {
            crashes: 0,
            refusals: 0,
            waits: Waits::new(),
        }
    }

    /// Recovers after a failure. If the failure is a crash, and not the first crash of this call, it also backs off.
    pub(crate) fn recover<I: ?Sized + Interface>(
        &mut self,
        source: &impl Source<I>,
        dead: Target,
        crashed: bool,
    ) -> Result<(), RpcError> {
        source.recover(dead, self)?;
        if crashed {
            self.crashes += 1;
            if self.crashes >= MAX_CRASHES {
                return Err(RpcError::Crashed);
            }
            self.waits.back_off(self.crashes)
        } else {
            self.in_vain()
        }
    }

    /// Counts an attempt that changed nothing.
    pub(crate) fn in_vain(&mut self) -> Result<(), RpcError> {
        self.refusals += 1;
        if self.refusals >= MAX_REFUSALS {
            return Err(RpcError::RecoveryFailed);
        }
        Ok(())
    }

    /// Recovers, and returns the object and the arguments with which to repeat a call that failed on `dead`. Its
    /// argument is a target and not an instance, because an instance would have to lie in memory on the whole fast
    /// path.
    #[cold]
    #[inline(never)]
    pub(crate) fn next<I: ?Sized + Interface, A>(
        &mut self,
        source: &impl Source<I>,
        dead: Target,
        failure: Failure<A>,
        refusal: Refusal,
        again: impl Fn() -> Option<Result<A, AllocError>>,
    ) -> Result<(Instance<I>, A), RpcError> {
        if matches!(refusal, Refusal::OverQuota | Refusal::StackExhausted) {
            // The domain is alive, and the next attempt would be refused for the same reason. So the caller decides
            // how to go on.
            return Err(refusal.into());
        }
        self.recover(source, dead, matches!(failure, Failure::Crashed))?;
        let arguments = match failure {
            Failure::Refused(arguments) => arguments,
            Failure::Crashed => again().ok_or(RpcError::Crashed)??,
        };
        Ok((source.instance(), arguments))
    }
}
