//! A queue pair: the rings in DMA memory, their positions, and their doorbells.

use samara_device_io::dma::RegionError;
use samara_device_io::layout::nvme::{
    Capabilities, Command, Completion, CompletionEntry, Nvme, SubmissionEntry,
};
use samara_device_io::{DmaRegion, Mmio, PciFunction};

use crate::error::Fault;
use crate::ring::{CompletionRing, SubmissionRing};

/// A submission queue and its completion queue, both of `size` entries, so that a completion always
/// finds room.
pub(crate) struct QueuePair {
    id: u16,
    size: u16,
    pub(crate) submission: DmaRegion<SubmissionEntry>,
    pub(crate) completion: DmaRegion<CompletionEntry>,
    produced: SubmissionRing,
    consumed: CompletionRing,
}

impl QueuePair {
    /// Allocates queue pair `id` (0 is the admin queue) of `size` entries, at least 2.
    pub(crate) fn new(function: &PciFunction, id: u16, size: u16) -> Result<Self, RegionError> {
        Ok(Self {
            id,
            size,
            submission: function.region(usize::from(size))?,
            completion: function.region(usize::from(size))?,
            produced: SubmissionRing::new(size),
            consumed: CompletionRing::new(size),
        })
    }

    /// Number of entries of each queue.
    pub(crate) fn size(&self) -> u16 {
        self.size
    }

    /// The queue pair's number.
    pub(crate) fn id(&self) -> u16 {
        self.id
    }

    /// Empties both queues. Only while the controller is disabled.
    pub(crate) fn clear(&mut self, function: &PciFunction) -> Result<(), RegionError> {
        self.submission.clear(function)?;
        self.completion.clear(function)?;
        self.produced = SubmissionRing::new(self.size);
        self.consumed = CompletionRing::new(self.size);
        Ok(())
    }

    /// Whether another command fits.
    pub(crate) fn has_room(&self) -> bool {
        !self.produced.is_full()
    }

    /// Puts `command` into the queue; the controller does not know of it until [`ring`](Self::ring).
    /// The caller has asked whether there's [room](Self::has_room).
    pub(crate) fn put(
        &mut self,
        function: &PciFunction,
        command: Command<'_>,
    ) -> Result<(), RegionError> {
        let slot = usize::from(self.produced.tail());
        if self.produced.push() {
            self.submission.put(function, slot, command)
        } else {
            Err(RegionError::OutOfBounds)
        }
    }

    /// Rings the tail doorbell for all that was put. One register write.
    pub(crate) fn ring(
        &self,
        registers: &Mmio<'_, Nvme>,
        capabilities: Capabilities,
    ) -> Result<(), Fault> {
        let doorbell = Nvme::tail_doorbell(self.id);
        registers.write_at(
            Nvme::doorbells(capabilities),
            doorbell,
            u32::from(self.produced.tail()),
        )?;
        Ok(())
    }

    /// The next completion, if there is one. What it says of this queue pair has been checked; its
    /// CID has not. The controller does not get the slot back until [`release`](Self::release).
    pub(crate) fn next(&mut self, function: &PciFunction) -> Result<Option<Completion>, Fault> {
        let slot = usize::from(self.consumed.head());
        let Some(completion) = self
            .completion
            .take(function, slot, self.consumed.phase())?
        else {
            return Ok(None);
        };
        self.consumed.advance();
        if completion.sq_id != self.id {
            return Err(Fault::UnknownQueue(completion.sq_id));
        }
        let head = completion.sq_head;
        self.produced
            .consume(head)
            .map_err(|_| Fault::HeadOutOfRange(head))?;
        Ok(Some(completion))
    }

    /// Rings the head doorbell: the controller may use the slots of all completions taken. One
    /// register write.
    pub(crate) fn release(
        &self,
        registers: &Mmio<'_, Nvme>,
        capabilities: Capabilities,
    ) -> Result<(), Fault> {
        let doorbell = Nvme::head_doorbell(self.id);
        registers.write_at(
            Nvme::doorbells(capabilities),
            doorbell,
            u32::from(self.consumed.head()),
        )?;
        Ok(())
    }
}
