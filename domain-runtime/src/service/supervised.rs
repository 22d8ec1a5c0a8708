//! A service as its supervisor sees it, independent of the service's interface.

use super::single_flight::Claim;
use super::{DesiredState, Service};
use crate::error::SpawnError;
use crate::host;
use crate::instance::Instance;
use crate::interface::Interface;
use crate::primitive::atomic::Ordering;
use crate::supervisor::Status;
use crate::wait_budget::Waits;
use alloc::sync::Arc;
use core::mem;
use samara_shared_heap::thread;

/// How a child has fared since its supervisor last looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It runs.
    Up,
    /// The child died, and a shadow or the host has restarted it.
    Replaced,
    /// It is dead.
    Down,
    /// The host stopped it: its supervisor leaves it alone.
    Stopped,
}

/// A child of a supervisor. A child is *reserved* while it is restarted: then nobody else restarts or stops it.
/// Reserving never waits, so supervisors and shadows cannot block each other. A supervisor that could not reserve a
/// child has its turn when it looks again.
pub(crate) trait Child: Send {
    /// Lets a supervisor look after its own children.
    fn poll(&mut self) -> Status {
        Status::Settled
    }
    fn health(&self) -> Health;
    /// Takes the child's current generation as known.
    fn acknowledge(&mut self);
    /// Reserves the child if possible. Returns whether it is reserved now; if not, this supervisor has the next turn.
    fn reserve(&mut self) -> bool;
    /// Ends a reservation, if there is one, and keeps the turn: the supervisor can reserve again at its next look,
    /// before anybody else.
    fn step_back(&mut self);
    /// Ends a reservation and a turn, if there is one.
    fn release(&mut self);
    /// Checks for obstacles to a start that can be known beforehand: calls inside a dead generation, and too little
    /// stack. The child is reserved.
    fn make_way(&mut self) -> Result<(), SpawnError>;
    /// Marks the child dead. It is reserved.
    fn kill(&mut self);
    /// Makes one attempt to start the child anew. It is reserved and dead.
    fn start(&mut self) -> Result<(), SpawnError>;
    /// Keeps others from starting the child. It is reserved.
    fn give_up(&mut self);
}

/// A service under a supervisor.
pub(crate) struct Supervised<I: ?Sized + Interface> {
    service: Arc<Service<I>>,
    known: Instance<I>,
    reserved: bool,
    claim: Claim,
}

impl<I: ?Sized + Interface> Supervised<I> {
    pub(crate) fn new(service: Arc<Service<I>>) -> Self {
        let known = service.current();
        Self {
            service,
            known,
            reserved: false,
            claim: Claim::default(),
        }
    }
}

impl<I: ?Sized + Interface> Service<I> {
    /// Changes the desired state in one step, since the service may be unreserved and another thread may be stopping
    /// it. No step leads away from [`DesiredState::Stopped`].
    fn change_standing(&self, from: DesiredState, to: DesiredState) {
        let (from, to) = (from as u8, to as u8);
        let _ = self
            .standing
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl<I: ?Sized + Interface> Child for Supervised<I> {
    fn health(&self) -> Health {
        let current = self.service.current();
        if self.service.standing() == DesiredState::Stopped {
            Health::Stopped
        } else if !current.is_alive() {
            Health::Down
        } else if current.target().is_same(&self.known.target()) {
            Health::Up
        } else {
            Health::Replaced
        }
    }

    fn acknowledge(&mut self) {
        self.known = self.service.current();
    }

    fn reserve(&mut self) -> bool {
        self.reserved = self.reserved || self.service.flight.try_begin(&mut self.claim);
        self.reserved
    }

    fn step_back(&mut self) {
        if mem::take(&mut self.reserved) {
            self.service.flight.step_back();
        }
    }

    fn release(&mut self) {
        if mem::take(&mut self.reserved) {
            self.service.flight.end_claimed(self.claim);
        } else {
            self.service.flight.withdraw(self.claim);
        }
    }

    fn make_way(&mut self) -> Result<(), SpawnError> {
        let service = &*self.service;
        // SAFETY: this is the runtime's own code, which waits and reclaims (AUTH-8).
        unsafe { thread::as_host(|| service.make_way()) }
    }

    fn kill(&mut self) {
        self.service.kill_for("killed by its supervisor");
    }

    fn start(&mut self) -> Result<(), SpawnError> {
        let service = &*self.service;
        // The state is set before the start, because a start at once ends the generation of a service that is not
        // wanted.
        service.change_standing(DesiredState::GivenUp, DesiredState::Wanted);
        if service.standing() == DesiredState::Stopped {
            return Ok(());
        }
        let began = host::now_ns();
        let start = || {
            service.leave(service.current(), &Waits::new())?;
            service.start_next(began)
        };
        // SAFETY: recipes and the runtime are the host's; the domain's `init` runs only behind an entry of its own
        // (AUTH-8).
        unsafe { thread::as_host(start) }?;
        self.acknowledge();
        Ok(())
    }

    fn give_up(&mut self) {
        self.service
            .change_standing(DesiredState::Wanted, DesiredState::GivenUp);
    }
}

impl<I: ?Sized + Interface> Drop for Supervised<I> {
    fn drop(&mut self) {
        self.release();
    }
}
