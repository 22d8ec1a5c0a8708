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
        // No step or command asks for a part that the format does not have (`lint`).
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

    /// Whether the device may use the queue's memory: the queue was started, and neither stopped nor ended by a reset
    /// or a silence.
    #[inline]
    pub(crate) fn is_in_use<D>(&self, function: &PciFunction<D>) -> bool {
        self.started == Some(function.claim().control.epoch() & !1)
    }

    /// Whether the device may be told of new entries: it uses the queue, and is not being reset or silenced.
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
        // Without a doorbell, the device was not told of all parts.
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
    /// between the domain and the device in two steps; a death between them must end the claim.
    #[inline]
    pub(crate) fn own<D>(&self, function: &PciFunction<D>) -> Result<Owner, QueueError> {
        let owner = thread::current().owner();
        if self.claim != function.claim_id() || function.owner() != owner {
            return Err(QueueError::Foreign);
        }
        Ok(owner)
    }

    /// Starts the queue in `epoch`. `restart` empties the queue, or returns false if it may not
    /// ([`QueueError::NotEmpty`]). Then `tell` tells the device of the queue. [`QueueError::NotStarted`] if that
    /// epoch is over.
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
            // This comes after the checks above. The device keeps its own position in a queue that runs, so the
            // positions of such a queue must stay. Nothing can be taken out of it either, so `NotEmpty` would be the
            // wrong error.
            if !restart(self) {
                return Err(QueueError::NotEmpty);
            }
            // Set before the device is told, so that the queue counts as in use from the first step on.
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

    /// Finds the queue's doorbells, once the device was told of all of the queue.
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

    /// Stops the queue by the steps of its kind; its memory may be reused then. Does nothing if the queue doesn't
    /// run.
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
        // The steps' checks may hold only because a reset has begun. Such a reset ends the queue only when it is
        // over.
        if function.claim().control.with(|phase| phase) == Phase::Changing {
            return Err(StepError::State.into());
        }
        self.started = None;
        Ok(())
    }
}
