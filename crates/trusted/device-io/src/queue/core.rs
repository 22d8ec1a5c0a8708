//! What all queues have in common: memory, a doorbell, and whether the device uses them.

use samara_shared_heap::{Owner, thread};

use crate::dma::{Flights, Held, Memory};
use crate::error::{QueueError, StepError};
use crate::mmio::{ClaimId, Phase};
use crate::pci::PciFunction;
use crate::rules::{DoorbellRegister, Run};
use crate::table::step::Known;
use crate::table::{Format, Queue, Table};

/// A queue, whatever its format. Its memory belongs to the claim: dropping it releases nothing.
pub(crate) struct Core {
    pub(crate) claim: ClaimId,
    pub(crate) known: Known,
    pub(crate) memory: Memory,
    flights: Option<Flights>,
    /// Once the device was told of all of it.
    pub(crate) doorbell: Option<DoorbellRegister>,
    /// A completion queue's.
    pub(crate) second: Option<DoorbellRegister>,
    /// The epoch in which it was started, unless it was stopped.
    started: Option<u64>,
}

impl Core {
    /// Queue `number` of kind `kind`, with `bytes` of memory, in which parts begin at `offsets`.
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
        // A part that the format hasn't is not asked for (`lint`).
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

    /// Whether the device may use the queue's memory: started, and neither stopped nor reset since.
    #[inline]
    pub(crate) fn is_in_use<D>(&self, function: &PciFunction<D>) -> bool {
        self.started == Some(function.claim().control.epoch() & !1)
    }

    /// Whether the device may be told of something: its queue, and it is not being reset or silenced.
    #[inline]
    pub(crate) fn runs<D>(&self, function: &PciFunction<D>) -> bool {
        self.started == Some(function.claim().control.epoch())
    }

    /// The epoch in which it was started, if it runs, on the function whose queue it is.
    #[inline]
    pub(crate) fn running<D>(&self, function: &PciFunction<D>) -> Result<u64, QueueError> {
        let epoch = function.claim().control.epoch();
        if self.claim != function.claim_id() {
            return Err(QueueError::Foreign);
        }
        // Without a doorbell, the device wasn't told of all of it.
        if self.started != Some(epoch) || self.doorbell.is_none() {
            return Err(QueueError::NotStarted);
        }
        Ok(epoch)
    }

    /// A command of `epoch`, in which the queue runs, has something of a transfer in flight.
    #[inline]
    pub(crate) fn takes_off(&mut self, transfer: usize, epoch: u64) {
        if let Some(flights) = &mut self.flights {
            flights.start(transfer, epoch);
        }
    }

    /// The device has completed it.
    #[inline]
    pub(crate) fn lands(&mut self, transfer: usize, epoch: u64) {
        if let Some(flights) = &mut self.flights {
            flights.end(transfer, epoch);
        }
    }

    /// Refuses a function that isn't the queue's, or isn't the running domain's: what changes hands between the domain and the
    /// device does so in two steps, and a death in between must end the claim.
    #[inline]
    pub(crate) fn own<D>(&self, function: &PciFunction<D>) -> Result<Owner, QueueError> {
        let owner = thread::current().owner();
        if self.claim != function.claim_id() || function.owner() != owner {
            return Err(QueueError::Foreign);
        }
        Ok(owner)
    }

    /// Starts the queue anew in `epoch`, which `restart` has prepared, or may not: then [`QueueError::NotEmpty`]. `tell` tells the
    /// device. [`QueueError::NotStarted`] if that epoch is over.
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
            // No epoch ends under this lock. A queue that is told in a later one would count as stopped in it.
            if function.claim().control.epoch() != epoch {
                return Err(QueueError::NotStarted);
            }
            // Not before: of a queue that runs, the device's position stays where it is, and nothing can be taken out of it.
            if !restart(self) {
                return Err(QueueError::NotEmpty);
            }
            // Before the device is told.
            self.started = Some(epoch);
            (self.doorbell, self.second) = (None, None);
            tell(self)
        })
    }

    /// Starts the queue by the steps of its kind.
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

    /// The device was told of all of the queue.
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

    /// Stops the queue by the steps of its kind: its memory may be reused then. Nothing if it doesn't run.
    pub(crate) fn stop<D: Table>(
        &mut self,
        function: &PciFunction<D>,
        queue: &Queue,
    ) -> Result<(), QueueError> {
        // Its own: another device's epoch may be the same, and it has a queue of this number too.
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
        // The checks may hold because a reset has begun, which does not end the queue before it is over.
        if function.claim().control.with(|phase| phase) == Phase::Changing {
            return Err(StepError::State.into());
        }
        self.started = None;
        Ok(())
    }
}
