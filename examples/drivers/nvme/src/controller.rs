//! The controller under its lock: it starts commands, takes completions, and is brought up again.

use samara_device_io::queue::SubmitError;
use samara_device_io::table::Direction;
use samara_device_tables::Nvme;
use samara_driver::block::{Command, Device};
use samara_driver::recovery::{self, Failure};
use samara_interfaces::BlockError;

use crate::admin::Admin;
use crate::bring_up::{self, Identity, Io, Wanted};
use crate::error::{Fault, InitError, Refusal};
use crate::faults::fault_point;
use crate::namespace::Changes;
use crate::registers::{Function, Status};
use crate::status;

/// The most commands that an I/O queue has in flight.
pub(crate) const SLOTS: usize = 64;

/// A controller that was brought up.
pub(crate) struct Controller {
    identity: Identity,
    /// The properties that were found at the start, which callers are told.
    promised: Identity,
    /// The controller's answers about namespaces that differed from the promise at the last look.
    changes: Changes,
    admin: Admin,
    io: Io,
}

impl Controller {
    /// Resets the controller behind `function` and brings it up, with I/O queues of at most `queue_depth` entries, for
    /// namespace `wanted`, or for all that can be used if `wanted` is 0.
    pub(crate) fn new(
        function: &Function,
        queue_depth: u16,
        wanted: u32,
    ) -> Result<Self, InitError> {
        let mut capabilities = recovery::ask_twice(|| bring_up::reset(function), InitError::says)?;
        let mut admin = Admin::new(function)?;
        let mut io = bring_up::io_queue(function, capabilities, queue_depth)?;
        let mut is_reset = true;
        let once = || {
            if !core::mem::take(&mut is_reset) {
                capabilities = bring_up::reset(function)?;
            }
            let wanted = Wanted::First(wanted);
            bring_up::bring_up(function, capabilities, &mut admin, &mut io, wanted)
        };
        let identity = recovery::ask_twice(once, Refusal::says).map_err(InitError::from)?;
        Ok(Self {
            identity,
            promised: identity,
            changes: Changes::NONE,
            admin,
            io,
        })
    }

    /// Returns the properties that the last bring-up found.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Returns the number of completions so far that stated an impossible head of the submission queue.
    pub(crate) fn odd_heads(&self) -> u64 {
        self.io.odd_heads()
    }

    /// Stops the controller in an orderly way.
    pub(crate) fn shut_down(&mut self, function: &Function) -> Result<(), InitError> {
        bring_up::shut_down(function, &mut self.admin, &self.identity)
    }
}

impl Device for Controller {
    type Table = Nvme;
    /// The index of a namespace among those that can be used.
    type Unit = usize;
    type Fault = Fault;
    type Refusal = Refusal;

    const ABSENT: Fault = Fault::Absent;
    const GONE: Fault = Fault::Gone;
    const TIMEOUT: Fault = Fault::Timeout;
    const SILENCED: Fault = Fault::Silenced;
    const STOPPED: Fault = Fault::Stopped;

    #[inline]
    fn bit(namespace: usize) -> u64 {
        1 << (namespace % 64)
    }

    fn loses_cache(fault: &Fault) -> bool {
        matches!(fault, Fault::Fatal | Fault::NotReady)
    }

    #[inline]
    fn longest(&self, _: usize) -> usize {
        self.identity.max_transfer
    }

    #[inline]
    fn start(
        &mut self,
        function: &Function,
        namespace: usize,
        command: Command<'_>,
    ) -> Result<usize, SubmitError> {
        let namespace = self.identity.namespaces.get(namespace);
        let unit = &namespace.ok_or(SubmitError::StaleUnit)?.unit;
        let (transfer, direction, chunk) = match command {
            Command::Blocks(transfer, direction, chunk) => (transfer, direction, chunk),
            Command::Flush => {
                let words = [unit.key(), 0, 0, 0, 0, 0, 0];
                let tag = self.io.submit::<{ Nvme::FLUSH }>(function, words)?;
                return Ok(tag.slot());
            }
        };
        fault_point!(Submit);
        // LBA in dwords 10 and 11.
        let words = [0, chunk.lba as u32, (chunk.lba >> 32) as u32, 0, 0, 0, 0];
        let part = (transfer, chunk.offset, chunk.length);
        let tag = match direction {
            Direction::ToHost => self
                .io
                .transfer::<{ Nvme::READ }>(function, words, unit, part)?,
            Direction::ToDevice => self
                .io
                .transfer::<{ Nvme::WRITE }>(function, words, unit, part)?,
        };
        Ok(tag.slot())
    }

    #[inline]
    fn ring(&mut self, function: &Function) -> Result<(), Fault> {
        self.io.ring(function)?;
        fault_point!(InFlight);
        Ok(())
    }

    #[inline]
    fn next(
        &mut self,
        function: &Function,
    ) -> Result<Option<(usize, Result<(), BlockError>)>, Fault> {
        let Some(completion) = self.io.next(function)? else {
            return Ok(None);
        };
        fault_point!(Completion);
        let outcome = status::decode(completion.status as u16);
        Ok(Some((
            completion.tag.slot(),
            outcome.map_err(BlockError::from),
        )))
    }

    fn check(&mut self, function: &Function) -> Result<(), Fault> {
        match Status::read(function) {
            status if status.is_absent() => Err(Fault::Absent),
            status if status.is_fatal() => Err(Fault::Fatal),
            status if !status.is_ready() => Err(Fault::NotReady),
            _ => Ok(()),
        }
    }

    fn bring_up(&mut self, function: &Function) -> Result<(), Refusal> {
        let capabilities = bring_up::reset(function)?;
        let (admin, io) = (&mut self.admin, &mut self.io);
        let wanted = Wanted::Again(&self.promised, &mut self.changes);
        self.identity = bring_up::bring_up(function, capabilities, admin, io, wanted)?;
        self.promised.take_names(&self.identity);
        Ok(())
    }

    fn says(refusal: &Refusal) -> Failure {
        refusal.says()
    }

    /// Gives up the namespaces that have changed since callers were told of them. The others are used on.
    fn concede(&mut self, refusal: &Refusal) -> bool {
        let Refusal::Namespaces(_) = refusal else {
            return false;
        };
        self.promised.namespaces.strike_out(&self.changes);
        self.promised.namespaces.count() > 0
    }
}
