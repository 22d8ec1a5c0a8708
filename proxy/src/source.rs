//! Where a call that may be repeated finds a living object: a service, or an opened object.

use crate::flatten::FromRpc;
use crate::invoke::enter_again;
use samara_domain_runtime::call::{Failure, Target};
use samara_domain_runtime::journal::Journal;
use samara_domain_runtime::service::{Instance, Service};
use samara_domain_runtime::{Interface, RpcError, back_off};
use samara_rref::{AllocError, Exchangeable};

/// An object over the generations of its domain.
pub(crate) trait Source<I: ?Sized + Interface>: Send + Sync + 'static {
    /// The newest object, alive or not.
    fn instance(&self) -> Instance<I>;

    /// Makes sure that there is a newer object than `dead`.
    fn recover(&self, dead: Target) -> Result<(), RpcError>;

    /// What every new object is sent first.
    fn journal(&self) -> &Journal<I>;
}

impl<I: ?Sized + Interface> Source<I> for Service<I> {
    #[inline]
    fn instance(&self) -> Instance<I> {
        self.current()
    }

    #[cold]
    fn recover(&self, dead: Target) -> Result<(), RpcError> {
        Self::recover(self, dead)
    }

    fn journal(&self) -> &Journal<I> {
        Self::journal(self)
    }
}

/// How often one call may crash its domain before the shadow gives up on the call: a request that
/// kills whoever serves it must not use up the restarts of all.
const MAX_CRASHES: u32 = 4;
/// How often one call may find a dead object: others may crash it as fast as it is restarted, or a
/// server may hand out dead proxies.
const MAX_REFUSALS: u32 = 64;

/// What a call has met so far.
pub(crate) struct Attempts {
    crashes: u32,
    refusals: u32,
}

impl Attempts {
    pub(crate) const fn new() -> Self {
        Self {
            crashes: 0,
            refusals: 0,
        }
    }

    /// Recovers after a failure, and waits a little if it was not the first.
    pub(crate) fn recover<I: ?Sized + Interface>(
        &mut self,
        source: &impl Source<I>,
        dead: Target,
        crashed: bool,
    ) -> Result<(), RpcError> {
        source.recover(dead)?;
        if crashed {
            self.crashes += 1;
            if self.crashes == MAX_CRASHES {
                return Err(RpcError::Crashed);
            }
            back_off(self.crashes);
        } else {
            self.refusals += 1;
            if self.refusals == MAX_REFUSALS {
                return Err(RpcError::RecoveryFailed);
            }
        }
        Ok(())
    }
}

/// Goes on with a call that failed on `dead`, which is not passed as a whole instance: that would have
/// to lie in memory all along the way that does not fail.
///
/// # Safety
/// As for [`invoke`](crate::invoke::invoke).
#[cold]
pub(crate) unsafe fn repeat<I: ?Sized + Interface, A: Exchangeable, R: FromRpc>(
    source: &impl Source<I>,
    mut dead: Target,
    mut failure: Failure<A>,
    again: impl Fn() -> Option<Result<A, AllocError>>,
    body: impl Fn(&I, A) -> R,
) -> R {
    let mut attempts = Attempts::new();
    loop {
        let crashed = matches!(failure, Failure::Crashed);
        if let Err(error) = attempts.recover(source, dead, crashed) {
            return R::from_rpc(error);
        }
        let arguments = match failure {
            Failure::Refused(arguments) => arguments,
            Failure::Crashed => match again() {
                None => return R::from_rpc(RpcError::Crashed),
                Some(Err(error)) => return R::from_rpc(error.into()),
                Some(Ok(arguments)) => arguments,
            },
        };
        let instance = source.instance();
        dead = instance.target();
        // SAFETY: handed on.
        match unsafe { enter_again(instance, arguments, &body) } {
            Ok(result) => return result,
            Err(next) => failure = next,
        }
    }
}
