//! The host's handle on a domain that it spawned.

use crate::error::SpawnError;
use crate::exit_reason::{Exit, ExitReason};
use crate::interface::{Implements, Interface};
use crate::mint::Mint;
use crate::names;
use crate::names::NameError;
use crate::runtime::{DomainInfo, Runtime, info};
use crate::service::Service;
use crate::spec::DomainSpec;
use crate::state::State;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use samara_rref::Exchangeable;

impl Runtime {
    /// Starts a domain: makes the arguments by the recipe, and runs `init` with them inside a new domain. The value
    /// that `init` returns stays in the domain, as the object behind the interface `I`.
    ///
    /// `init` is a function of the domain's crate that captures nothing.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn spawn<I, T, A, E>(
        &self,
        spec: DomainSpec,
        init: fn(A) -> Result<T, E>,
        mint: Mint<A>,
    ) -> Result<Domain<I>, SpawnError>
    where
        I: ?Sized + Implements<T>,
        T: 'static,
        A: Exchangeable,
        E: fmt::Display + 'static,
    {
        Service::new(spec, init, mint).map(|service| Domain(Arc::new(service)))
    }

    /// Publishes `domain` under its name, for [`import`](Self::import).
    ///
    /// # Errors
    /// [`NameError::Taken`].
    pub fn publish<I: ?Sized + Interface>(&self, domain: &Domain<I>) -> Result<(), NameError> {
        names::publish(domain)
    }

    /// Takes a published name back. Handles that were imported stay valid. Returns false if there is no such name.
    pub fn withdraw(&self, name: &str) -> bool {
        names::withdraw(name)
    }

    /// Returns a handle on the domain published as `name`, if it exports the interface `I`. The handle stands for all
    /// generations: a proxy made from it is the newest one's.
    ///
    /// # Errors
    /// [`NameError::Unknown`], or [`NameError::Interface`] with both interfaces' names.
    pub fn import<I: ?Sized + Interface>(&self, name: &str) -> Result<Domain<I>, NameError> {
        names::import(name).map(Domain)
    }
}

/// The host's handle on a domain, over all its generations. Dropping it leaves the domain running.
pub struct Domain<I: ?Sized + Interface>(Arc<Service<I>>);

// By hand: a derive would demand `Debug` of the interface.
impl<I: ?Sized + Interface> fmt::Debug for Domain<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Domain").field(&self.name()).finish()
    }
}

impl<I: ?Sized + Interface> Clone for Domain<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I: ?Sized + Interface> Domain<I> {
    /// The domain's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Returns a description of the newest generation. Once its slot has been reclaimed, the state is `Free` and the
    /// generation has nothing.
    #[must_use]
    pub fn info(&self) -> DomainInfo {
        let target = self.0.current().target();
        let generation = target.expected().generation();
        if let Some(info) = info(target.block()).filter(|info| info.generation == generation) {
            return info;
        }
        DomainInfo {
            id: target.block().owner().index(),
            generation,
            name: self.0.spec().name,
            state: State::Free,
            private_bytes: 0,
            objects: 0,
            capabilities: 0,
            calls: 0,
            restarts: self.0.restarts(),
            shared_bytes: 0,
            host_bytes: 0,
            threads: 0,
            uptime: Duration::ZERO,
        }
    }

    /// Why the newest generation ended; `None` while it runs.
    #[must_use]
    pub fn exit_reason(&self) -> Option<ExitReason> {
        let target = self.0.current().target();
        let id = target.block().owner().index();
        self.0.exits().of(id, target.expected().generation())
    }

    /// How generations of this name ended, failed starts included: the newest eight, oldest first.
    pub fn exits(&self) -> impl Iterator<Item = Exit> + use<I> {
        self.0.exits().all()
    }

    /// How often the domain was restarted.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.0.restarts()
    }

    /// Marks the newest generation dead, and also a generation that is being started. No call enters it any more, and
    /// it is reclaimed when the calls inside have left. Returns false if it was dead already.
    pub fn kill(&self) -> bool {
        self.0.kill()
    }

    /// Starts the next generation, and ends this one first if it runs. The restart counts against the restart budget.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn restart(&self) -> Result<(), SpawnError> {
        self.0.restart()
    }

    /// Stops the domain in an orderly way; see [`SpawnError::StillDraining`] for calls that do not end.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn stop(&self, deadline: Duration) -> Result<(), SpawnError> {
        self.0.stop(deadline)
    }

    /// The name over all its generations, from which proxies and shadows are made.
    #[must_use]
    pub fn service(&self) -> &Arc<Service<I>> {
        &self.0
    }
}
