//! What all queues have in common: memory, a doorbell, and whether the device uses them.

use samara_shared_heap::{Owner, thread};

use crate::dma::{Flights, Held, Memory};
use crate::error::{QueueError, StepError};
use crate::mmio::{ClaimId, Phase};
use crate::pci::PciFunction;
use crate::rules::{DoorbellRegister, Run};
use crate::table::step::Known;
use crate::table::{Format, Queue, Table};

/// A queue of any format. Its memory belongs to the claim: dropping the queue releases nothing.
pub(crate) struct Core {
    pub(crate) claim: ClaimId,
    pub(crate) known: Known,
    pub(crate) memory: Memory,
    flights: Option<Flights>,
    /// Set once the device was told of all parts of the queue.
    pub(crate) doorbell: Option<DoorbellRegister>,
    /// The doorbell of a completion queue.
    pub(crate) second: Option<DoorbellRegister>,
    /// The epoch in which the queue was started, unless it was stopped.
    started: Option<u64>,
}

impl Core {
    /// Makes queue `number` of kind `kind`, with `bytes` of memory, in which its parts begin at `offsets`.
    pub(crate) fn new<D: Table>(
        function: &PciFunction<D>,
        kind: usize,
        known: Known,
        bytes: usize,
        offsets: [usize; 3],
        held: Held,
    ) -> Result<Self, QueueError> {
        let queue = &D::QUEUES[kind];
        if !(queue.numbers.0..=queue.numbers.1).contains(&known.number) {
            return Err(QueueError::NoSuchQueue);
        }
        if !(queue.entries.0..=queue.entries.1).contains(&known.entries) {
            return Err(QueueError::BadLength);
        }
        let (memory, flights) = Memory::new(function, (kind, known.number), bytes, held)?;
        // The lint has checked that no step and no command uses a part that the format does not have.
        let parts = offsets.map(|offset| memory.bus + offset as u64);
        let known = Known { parts, ..known };
        Ok(Self {
            claim: function.claim_id(),
            known,
            memory,
            flights,
            doorbell: None,
            second: None,
            started: None,
        })
    }

    /// Whether the device may use the queue's memory. It may from the start of the queue until a stop, a reset or a
    /// silence.
    #[inline]
    pub(crate) fn is_in_use<D>(&self, function: &PciFunction<D>) -> bool {
        self.started == Some(function.claim().control.epoch() & !1)
    }

    /// Whether the device may be told of new entries. It may while the queue runs and the device is not being reset
    /// or silenced.
    #[inline]
    pub(crate) fn runs<D>(&self, function: &PciFunction<D>) -> bool {
        self.started == Some(function.claim().control.epoch())
    }

    /// Returns the epoch in which the queue was started, if the queue is `function`'s and runs.
    #[inline]
    pub(crate) fn running<D>(&self, function: &PciFunction<D>) -> Result<u64, QueueError> {
        let epoch = function.claim().control.epoch();
        if self.claim != function.claim_id() {
            return Err(QueueError::Foreign);
        }
        // As long as the queue has no doorbell, the device was not told of all its parts.
        if self.started != Some(epoch) || self.doorbell.is_none() {
            return Err(QueueError::NotStarted);
        }
        Ok(epoch)
    }

    /// Counts a command of `epoch`, in which the queue runs, as in flight for a transfer.
    #[inline]
    pub(crate) fn takes_off(&mut self, transfer: usize, epoch: u64) {
        if let Some(flights) = &mut self.flights {
            flights.start(transfer, epoch);
        }
    }

    /// Counts a command that the device has completed as no longer in flight.
    #[inline]
    pub(crate) fn lands(&mut self, transfer: usize, epoch: u64) {
        if let Some(flights) = &mut self.flights {
            flights.end(transfer, epoch);
        }
    }

    /// Refuses a function that isn't the queue's, or doesn't belong to the running domain. An object changes hands
    /// between the domain and the device in two steps. If the domain dies between them, its death must also end the
    /// claim.
    #[inline]
    pub(crate) fn own<D>(&self, function: &PciFunction<D>) -> Result<Owner, QueueError> {
        let owner = thread::current().owner();
        if self.claim != function.claim_id() || function.owner() != owner {
            return Err(QueueError::Foreign);
        }
        Ok(owner)
    }

    /// Starts the queue in `epoch`. First, `restart` empties the queue, or returns false if the queue must not be
    /// emptied ([`QueueError::NotEmpty`]). Then `tell` tells the device of the queue. Fails with
    /// [`QueueError::NotStarted`] if `epoch` is over.
    pub(crate) fn begin<D: Table, R>(
        &mut self,
        (function, epoch): (&PciFunction<D>, u64),
        restart: impl FnOnce(&Self) -> bool,
        tell: impl FnOnce(&mut Self) -> Result<R, QueueError>,
    ) -> Result<R, QueueError> {
        if self.claim != function.claim_id() {
            return Err(QueueError::Foreign);
        }
        function.claim().control.with(|phase| {
            if phase != Phase::Reset || self.is_in_use(function) {
                return Err(QueueError::Started);
            }
            // No epoch ends while this lock is held. If the device were told in a later epoch, the queue would count
            // as stopped although the device uses it.
            if function.claim().control.epoch() != epoch {
                return Err(QueueError::NotStarted);
            }
            // `restart` runs after the checks above, because it resets the positions. The device keeps its own
            // position in a queue that runs, so the positions of such a queue must stay. For a queue that runs,
            // `NotEmpty` would also be the wrong error, because nothing can be taken out of it.
            if !restart(self) {
                return Err(QueueError::NotEmpty);
            }
            // The epoch is set before the device is told, so that the queue counts as running from the first step on.
            self.started = Some(epoch);
            (self.doorbell, self.second) = (None, None);
            tell(self)
        })
    }

    /// Starts the queue by the steps of its kind, and waits until it is ready.
    pub(crate) fn start<D: Table>(
        &mut self,
        function: &PciFunction<D>,
        queue: &Queue,
        chosen: u64,
        restart: impl FnOnce(&Self) -> bool,
    ) -> Result<(), QueueError> {
        let epoch = function.claim().control.epoch();
        self.begin((function, epoch), restart, |core| {
            function.run(Run::Start, queue.start, &core.known, chosen)?;
            core.find_doorbells(function, queue)
        })?;
        Ok(function.run(Run::Started, queue.ready, &self.known, chosen)?)
    }

    /// Finds the queue's doorbells. The device must have been told of all parts of the queue.
    pub(crate) fn find_doorbells<D: Table>(
        &mut self,
        function: &PciFunction<D>,
        queue: &Queue,
    ) -> Result<(), QueueError> {
        let find = |doorbell| DoorbellRegister::find(function, doorbell, self.known.number);
        if let Format::Pair(pair) = &queue.format {
            self.second = Some(find(&pair.head_doorbell)?);
        }
        self.doorbell = Some(find(&queue.doorbell)?);
        Ok(())
    }

    /// Stops the queue by the steps of its kind. Afterwards its memory may be reused. Does nothing if the queue
    /// doesn't run.
    pub(crate) fn stop<D: Table>(
        &mut self,
        function: &PciFunction<D>,
        queue: &Queue,
    ) -> Result<(), QueueError> {
        // The queue must be this function's own: another device may be in an epoch of the same number and have a
        // queue of this number.
        if self.claim != function.claim_id() {
            return Err(QueueError::Foreign);
        }
        if !self.is_in_use(function) {
            return Ok(());
        }
        if queue.stop.is_empty() {
            return Err(QueueError::Started);
        }
        function.run(Run::Started, queue.stop, &self.known, 0)?;
        // The checks in the steps may hold only because a reset has begun. The queue counts as stopped by such a
        // reset only when the reset is over.
        if function.claim().control.with(|phase| phase) == Phase::Changing {
            return Err(StepError::State.into());
        }
        self.started = None;
        Ok(())
    }
}
