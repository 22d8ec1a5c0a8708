//! How a generation is started, and how its object ends in an orderly stop.

use crate::call::Target;
use crate::error::SpawnError;
use crate::exit_reason::{Call, ExitKind, ExitReason, TRACE};
use crate::exits::Shared;
use crate::generation;
use crate::instance::Instance;
use crate::interface::Implements;
use crate::mint::Mint;
use crate::spec::DomainSpec;
use crate::stack;
use crate::text::Text;
use alloc::boxed::Box;
use core::fmt;
use samara_rref::Exchangeable;

/// Starts generations, and ends their objects.
pub(super) trait Start<I: ?Sized>: Send + Sync {
    fn start(
        &self,
        spec: &DomainSpec,
        restarts: u32,
        exits: &Shared,
        begun: &dyn Fn(Target),
    ) -> Result<Instance<I>, SpawnError>;
    /// Bytes of stack that [`start`](Self::start) takes to move the arguments that it makes for `init`, beside those
    /// that a start is promised.
    fn moves(&self) -> usize;
    /// Drops the object and frees its slot, inside the domain.
    fn tear_down(&self, instance: Instance<I>);
}

pub(super) struct Recipe<T, A, E> {
    pub(super) init: fn(A) -> Result<T, E>,
    pub(super) mint: Mint<A>,
}

impl<I, T, A, E> Start<I> for Recipe<T, A, E>
where
    I: ?Sized + Implements<T>,
    T: 'static,
    A: Exchangeable,
    E: fmt::Display + 'static,
{
    fn start(
        &self,
        spec: &DomainSpec,
        restarts: u32,
        exits: &Shared,
        begun: &dyn Fn(Target),
    ) -> Result<Instance<I>, SpawnError> {
        let arguments = self.mint.make().map_err(|message| {
            SpawnError::Mint(Box::new(ExitReason {
                kind: ExitKind::InitFailed,
                message: *message,
                place: Text::new(),
                trace: [Call::NONE; TRACE],
            }))
        })?;
        generation::start(spec, restarts, Some(exits), begun, self.init, arguments)
    }

    fn moves(&self) -> usize {
        const { stack::to_mint::<A>() }
    }

    fn tear_down(&self, instance: Instance<I>) {
        generation::tear_down::<I, T>(instance);
    }
}
