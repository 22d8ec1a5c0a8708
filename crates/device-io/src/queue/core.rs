//! What all queues have in common: memory, a doorbell, and whether the device uses them.

use core::fmt;

use samara_shared_heap::{Owner, thread};

use crate::dma::{Flights, Held, Memory, QueueKey};
use crate::error::QueueError;
use crate::mmio::Cell;
use crate::pci::{ClaimId, PciFunction};
use crate::table::lint::parts;
use crate::table::step::Known;
use crate::table::{Doorbell, Format, Queue, Rung, Stride, Table, Width};

/// A queue's doorbell.
#[derive(Clone, Copy)]
pub(crate) struct Bell {
    cell: Cell,
    /// What it is always told.
    number: Option<u16>,
}

impl Bell {
    /// The doorbell of queue `number`, which is started if its place is listed.
    pub(crate) fn find<D: Table>(
        function: &PciFunction<D>,
        doorbell: &Doorbell,
        number: u16,
    ) -> Result<Self, QueueError> {
        let cell = |window, offset, width| {
            let cell = function.cell(window, offset, width);
            cell.ok_or(QueueError::NoDoorbell)
        };
        let index = usize::from(number) * doorbell.index.0 + doorbell.index.1;
        let distance = match doorbell.stride {
            Stride::Bytes(bytes) => index * bytes,
            Stride::Shifted { at, shift, unit } => {
                let field = cell(at.window, at.of(0), at.width)?.load() >> shift & 0xF;
                index * (unit << field)
            }
            Stride::Listed(at) => {
                let index = cell(at.window, at.of(0), Width::W16)?.load() as usize;
                let multiplier = function.multiplier(doorbell.window);
                let multiplier = multiplier.ok_or(QueueError::NoDoorbell)?;
                // A device's numbers: on 32 bits their product can be too much.
                index.saturating_mul(multiplier as usize)
            }
        };
        Ok(Self {
            cell: cell(
                doorbell.window,
                doorbell.offset.saturating_add(distance),
                doorbell.width,
            )?,
            number: (doorbell.value == Rung::Number).then_some(number),
        })
    }

    /// Tells the device that everything before `position` is written.
    ///
    /// # Safety
    ///
    /// It is: whole entries, whose memory stays pinned until the device is done with them.
    #[inline]
    pub(crate) unsafe fn ring(&self, position: u32) {
        let value = self.number.map_or(position, u32::from);
        // SAFETY: the caller's promise; the bell is of a queue that runs on this memory, or is disabled and ignores it.
        unsafe { self.cell.store(value.into()) };
    }
}

/// A queue, whatever its format. Its memory belongs to the claim: dropping it releases nothing.
pub(crate) struct Core {
    pub(crate) claim: ClaimId,
    pub(crate) known: Known,
    pub(crate) memory: Memory,
    flights: Option<Flights>,
    /// Once the device was told of all of it.
    pub(crate) bell: Option<Bell>,
    /// A completion queue's.
    pub(crate) second: Option<Bell>,
    /// The epoch in which it was started, unless it was stopped.
    started: Option<u32>,
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
        let Known {
            number, entries, ..
        } = known;
        if number < queue.numbers.0 || number > queue.numbers.1 {
            return Err(QueueError::NoSuchQueue);
        }
        if entries < queue.entries.0 || entries > queue.entries.1 {
            return Err(QueueError::BadLength);
        }
        let key: QueueKey = (kind, number);
        let (memory, flights) = Memory::new(function, key, bytes, held)?;
        let mut known = known;
        for (part, offset) in known
            .parts
            .iter_mut()
            .zip(offsets)
            .take(parts(&queue.format))
        {
            *part = memory.bus + offset as u64;
        }
        Ok(Self {
            claim: function.claim_id(),
            known,
            memory,
            flights,
            bell: None,
            second: None,
            started: None,
        })
    }

    /// Whether the device may use the queue: started, and neither stopped nor reset since.
    #[inline]
    pub(crate) fn runs<D>(&self, function: &PciFunction<D>) -> bool {
        self.started == Some(function.epoch())
    }

    /// The epoch in which it was started, if it runs, on the function whose queue it is.
    #[inline]
    pub(crate) fn running<D>(&self, function: &PciFunction<D>) -> Result<u32, QueueError> {
        let epoch = function.epoch();
        if self.claim != function.claim_id() {
            return Err(QueueError::Foreign);
        }
        if self.started != Some(epoch) {
            return Err(QueueError::NotStarted);
        }
        Ok(epoch)
    }

    /// A command of `epoch`, in which the queue runs, has something of a transfer in flight.
    #[inline]
    pub(crate) fn takes_off(&mut self, transfer: usize, epoch: u32) {
        if let Some(flights) = &mut self.flights {
            flights.start(transfer, epoch);
        }
    }

    /// The device has completed it.
    #[inline]
    pub(crate) fn lands(&mut self, transfer: usize, epoch: u32) {
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

    /// Starts the queue anew, which `restart` has prepared, or may not: then [`QueueError::NotEmpty`]. `tell` tells the device.
    pub(crate) fn begin<D: Table, R>(
        &mut self,
        function: &PciFunction<D>,
        restart: impl FnOnce(&Self) -> bool,
        tell: impl FnOnce(&mut Self) -> Result<R, QueueError>,
    ) -> Result<R, QueueError> {
        if self.claim != function.claim_id() {
            return Err(QueueError::Foreign);
        }
        function.claim().control.with(|is_changing| {
            if is_changing || self.runs(function) {
                return Err(QueueError::Started);
            }
            // Not before: of a queue that runs, the device's position stays where it is, and nothing can be taken out of it.
            if !restart(self) {
                return Err(QueueError::NotEmpty);
            }
            // Before the device is told: a silence that comes later has a later epoch.
            self.started = Some(function.epoch());
            (self.bell, self.second) = (None, None);
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
        self.begin(function, restart, |core| {
            function.run(queue.start, &core.known, chosen)?;
            core.find_bells(function, queue)
        })?;
        Ok(function.run(queue.ready, &self.known, chosen)?)
    }

    /// The device was told of all of the queue.
    pub(crate) fn find_bells<D: Table>(
        &mut self,
        function: &PciFunction<D>,
        queue: &Queue,
    ) -> Result<(), QueueError> {
        let find = |doorbell| Bell::find(function, doorbell, self.known.number);
        if let Format::Pair(pair) = &queue.format {
            self.second = Some(find(&pair.head_doorbell)?);
        }
        self.bell = Some(find(&queue.doorbell)?);
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
        if !self.runs(function) {
            return Ok(());
        }
        if queue.stop.is_empty() {
            return Err(QueueError::Started);
        }
        function.run(queue.stop, &self.known, 0)?;
        self.started = None;
        Ok(())
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "queue {} of {} entries",
            self.known.number, self.known.entries
        )
    }
}
