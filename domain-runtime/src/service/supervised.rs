//! What a supervisor does with a service, whatever its interface.

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

/// How a child is, since its supervisor last looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It runs.
    Up,
    /// It died and was restarted by somebody else: a shadow, or the host.
    Replaced,
    /// It is dead.
    Down,
    /// The host stopped it: it is nobody's concern any more.
    Stopped,
}

/// What a supervisor owns. A child is *reserved* while it is restarted: then nobody else restarts
/// or stops it. Reserving never waits, so supervisors and shadows cannot block each other; a supervisor that comes in
/// vain has its turn when it looks again.
pub(crate) trait Child: Send {
    /// Lets a supervisor look after its own children.
    fn poll(&mut self) -> Status {
        Status::Settled
    }
    fn health(&self) -> Health;
    /// Takes what is there now as known.
    fn acknowledge(&mut self);
    /// Whether it is reserved now; if not, it is to be next.
    fn reserve(&mut self) -> bool;
    /// Ends a reservation, if there is one, for another to be made at the next look before anybody else's.
    fn step_back(&mut self);
    /// Ends a reservation, and a turn, if there is one.
    fn release(&mut self);
    /// What keeps it from being started that can be known beforehand: a dead one's calls inside, stack. Reserved.
    fn make_way(&mut self) -> Result<(), SpawnError>;
    /// Marks it dead. Reserved.
    fn kill(&mut self);
    /// Starts it anew, one attempt. Reserved and dead.
    fn start(&mut self) -> Result<(), SpawnError>;
    /// Keeps others from starting it. Reserved.
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
    /// One step: it may not be reserved, and whoever has it may be stopping it. No step leads away from
    /// [`DesiredState::Stopped`].
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
        // SAFETY: the runtime's own, which waits and reclaims.
        unsafe { thread::as_host(|| service.make_way()) }
    }

    fn kill(&mut self) {
        self.service.kill_for("killed by its supervisor");
    }

    fn start(&mut self) -> Result<(), SpawnError> {
        let service = &*self.service;
        // Before the start, which ends at once what is not wanted.
        service.change_standing(DesiredState::GivenUp, DesiredState::Wanted);
        if service.standing() == DesiredState::Stopped {
            return Ok(());
        }
        let began = host::now_ns();
        let start = || {
            service.leave(service.current(), &Waits::new())?;
            service.start_next(began)
        };
        // SAFETY: recipes and the runtime are the host's; the domain's `init` runs only behind an
        // entry of its own.
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
