//! The controller under its lock: starting commands, taking completions, recovering from faults.

use samara_device_io::Transfer;
use samara_device_io::queue::{SubmitError, Tag};
use samara_device_tables::Nvme;
use samara_interfaces::BlockError;

use crate::admin::Admin;
use crate::bring_up::{self, Identity, Io};
use crate::error::{Fault, InitError};
use crate::faults::fault_point;
use crate::registers::{Function, Status};
use crate::status;
use samara_driver::split::Chunk;
use samara_driver::tickets::{Ticket, Tickets};

/// Commands that an I/O queue has in flight at most.
const SLOTS: usize = 64;

/// Which way the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// Everything that the lock guards.
pub(crate) struct Controller {
    identity: Identity,
    admin: Admin,
    io: Io,
    pub(crate) tickets: Tickets,
    /// Whose the command in flight in each slot is.
    owners: [Option<Ticket>; SLOTS],
    /// The namespace that was asked for.
    wanted: u32,
    /// The function's epoch when the controller was brought up.
    epoch: u32,
    /// Set when a recovery failed: the controller isn't used any more.
    failed: Option<Fault>,
}

impl Controller {
    /// Resets the controller behind `function` and brings it up, with I/O queues of at most
    /// `queue_depth` entries, for namespace `wanted`, or all that can be used if that's 0.
    pub(crate) fn new(
        function: &Function,
        queue_depth: u16,
        wanted: u32,
    ) -> Result<Self, InitError> {
        let capabilities = bring_up::reset(function)?;
        let mut admin = Admin::new(function)?;
        let mut io = bring_up::io_queue(function, capabilities, queue_depth)?;
        let identity = bring_up::bring_up(function, capabilities, &mut admin, &mut io, wanted)?;
        Ok(Self {
            identity,
            admin,
            io,
            tickets: Tickets::default(),
            owners: [None; SLOTS],
            wanted,
            epoch: function.epoch(),
            failed: None,
        })
    }

    /// What is known of it.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// The fault that made it unusable.
    pub(crate) fn failed(&self) -> Option<Fault> {
        self.failed
    }

    /// Completions so far whose submission queue head made no sense.
    pub(crate) fn odd_heads(&self) -> u64 {
        self.io.odd_heads()
    }

    /// Starts the read or write of one chunk of `transfer` to or from a namespace, for `ticket`; the controller learns of it from
    /// [`ring`](Self::ring).
    pub(crate) fn start(
        &mut self,
        function: &Function,
        ticket: Ticket,
        namespace: usize,
        (transfer, direction, chunk): (&Transfer, Direction, Chunk),
    ) -> Result<(), SubmitError> {
        fault_point!(Submit);
        let namespace = self.identity.namespaces.get(namespace);
        let unit = &namespace.ok_or(SubmitError::StaleUnit)?.unit;
        // LBA in dwords 10 and 11.
        let words = [0, chunk.lba as u32, (chunk.lba >> 32) as u32, 0, 0, 0, 0];
        let part = (transfer, chunk.offset, chunk.length);
        let tag = match direction {
            Direction::Read => self
                .io
                .transfer::<{ Nvme::READ }>(function, words, unit, part)?,
            Direction::Write => self
                .io
                .transfer::<{ Nvme::WRITE }>(function, words, unit, part)?,
        };
        self.note(tag, ticket);
        Ok(())
    }

    /// Starts a flush of a namespace for `ticket`.
    pub(crate) fn start_flush(
        &mut self,
        function: &Function,
        ticket: Ticket,
        namespace: usize,
    ) -> Result<(), SubmitError> {
        let namespace = self.identity.namespaces.get(namespace);
        let unit = &namespace.ok_or(SubmitError::StaleUnit)?.unit;
        let words = [unit.key(), 0, 0, 0, 0, 0, 0];
        let tag = self.io.submit::<{ Nvme::FLUSH }>(function, words)?;
        self.note(tag, ticket);
        Ok(())
    }

    fn note(&mut self, tag: Tag, ticket: Ticket) {
        self.owners[tag.slot()] = Some(ticket);
        self.tickets.started(ticket);
    }

    /// Tells the controller of everything started.
    pub(crate) fn ring(&mut self, function: &Function) -> Result<(), Fault> {
        Ok(self.io.ring(function)?)
    }

    /// Takes the completions that have come; returns how many.
    pub(crate) fn poll(&mut self, function: &Function) -> Result<usize, Fault> {
        let mut taken = 0;
        while taken < SLOTS
            && let Some(completion) = self.io.next(function)?
        {
            fault_point!(Completion);
            let outcome = status::decode(completion.status as u16);
            if let Some(ticket) = self.owners[completion.tag.slot()].take() {
                self.tickets
                    .ended(ticket, outcome.map_err(BlockError::from));
            }
            taken += 1;
        }
        Ok(taken)
    }

    /// What the controller says of itself, or that another thread has silenced it.
    pub(crate) fn check(&self, function: &Function) -> Result<(), Fault> {
        if function.epoch() != self.epoch {
            return Err(Fault::Silenced);
        }
        match Status::read(function) {
            status if status.is_absent() => Err(Fault::Gone),
            status if status.is_fatal() => Err(Fault::Fatal),
            _ => Ok(()),
        }
    }

    /// Resets the device, fails everything in flight with `fault`, and brings the controller up
    /// again. If that fails, or the controller is gone, it isn't used any more.
    pub(crate) fn recover(&mut self, function: &Function, fault: Fault) {
        let brought_up = self.bring_up_again(function);
        self.abandon(function, fault);
        if self.failed.is_none() {
            self.failed = brought_up.err();
        }
    }

    /// Everything in flight has failed with `fault`.
    fn abandon(&mut self, function: &Function, fault: Fault) {
        self.epoch = function.epoch();
        self.owners = [None; SLOTS];
        if fault == Fault::Silenced {
            // The request that silenced the device has gone without looking: nobody else may be left to close its
            // ticket. A request that is left learns it from its ticket's being lost.
            self.tickets.lose_all();
        } else {
            self.tickets.fail_all(fault.into());
        }
    }

    fn bring_up_again(&mut self, function: &Function) -> Result<(), Fault> {
        let brought_up = bring_up::reset(function).and_then(|capabilities| {
            let (admin, io) = (&mut self.admin, &mut self.io);
            bring_up::bring_up(function, capabilities, admin, io, self.wanted)
        });
        match brought_up {
            Ok(identity) if identity.is(&self.identity) => {
                self.identity = identity;
                Ok(())
            }
            Ok(_) => Err(Fault::Fatal),
            Err(InitError::Fault(fault)) => Err(fault),
            Err(_) => Err(Fault::Fatal),
        }
    }

    /// An orderly stop. What is still in flight fails; the controller isn't used any more.
    pub(crate) fn shut_down(&mut self, function: &Function) -> Result<(), InitError> {
        if let Some(fault) = self.failed {
            return Err(fault.into());
        }
        let stopped = bring_up::shut_down(function, &mut self.admin, &self.identity);
        self.failed = Some(Fault::Stopped);
        let _ = function.silence();
        self.abandon(function, Fault::Stopped);
        stopped
    }
}
