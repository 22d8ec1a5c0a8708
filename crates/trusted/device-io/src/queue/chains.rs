//! A split virtqueue whose chains transfer parts of pinned buffers.

use super::virtqueue::{Bytes, Virtqueue};
use crate::dma::{DmaTransfer, Held};
use crate::error::{QueueError, QueueFault, SubmitError};
use crate::pci::PciFunction;
use crate::table::{Direction, Table};

/// Marks a chain that transfers no buffer.
const NONE: u32 = u32::MAX;

/// The payload of chains that transfer buffers.
#[derive(Clone, Copy, Debug)]
pub struct Transfers(());

/// A split virtqueue of chains that transfer buffers, such as requests to a disk.
pub type ChainQueue<D, const Q: usize> = Virtqueue<D, Q, Transfers>;

/// A chain that the device has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The number that [`ChainQueue::put`] returned for it.
    pub number: u16,
    /// Bytes that the device says it wrote, including the pieces.
    pub written: u32,
    /// The content of the piece before the data.
    pub head: Bytes,
    /// The content of the piece after the data. It is all ones unless the device wrote the piece.
    pub tail: Bytes,
}

impl<D: Table, const Q: usize> Virtqueue<D, Q, Transfers> {
    /// Makes queue `number`, of `entries` descriptors, which is a power of two.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; [`Taken`](QueueError::Taken) if the claim already has this queue.
    pub fn new(function: &PciFunction<D>, number: u16, entries: u32) -> Result<Self, QueueError> {
        Self::with(function, (number, entries), Transfers(()), Held::Flights)
    }

    /// Starts the queue, which is empty then, by the steps of its table. `chosen` are the bits that the steps leave
    /// to the driver.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(&mut self, function: &PciFunction<D>, chosen: u64) -> Result<(), QueueError> {
        // No chain of the queue is in flight any more, because the queue doesn't run.
        self.start_if(function, chosen, true)
    }

    /// Puts a chain and returns its number. No other chain in flight has this number. If `data` names a buffer, the
    /// chain consists of `head` and bytes `offset..offset + length` of that buffer. `direction` says whether the
    /// device reads or writes these bytes. [`ring`](Self::ring) tells the device of the chain.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; then nothing was put.
    pub fn put(
        &mut self,
        function: &PciFunction<D>,
        head: &Bytes,
        data: Option<(&DmaTransfer, usize, usize, Direction)>,
    ) -> Result<u16, SubmitError> {
        let epoch = self.core.running(function)?;
        let chain = self.free().ok_or(SubmitError::Full)?;
        // A chain needs at least one descriptor, because the device reads the chain's first descriptor even if the
        // driver wrote none.
        if data.is_none() && Self::FORMAT.head.bytes == 0 && Self::FORMAT.tail.bytes == 0 {
            return Err(SubmitError::OutOfBounds);
        }
        let (mut of, mut span) = (NONE, None);
        if let Some((transfer, offset, length, direction)) = data {
            let part = transfer.part(self.core.claim, offset, length);
            let part = part.ok_or(SubmitError::OutOfBounds)?;
            if direction == Direction::ToHost && !part.writable {
                return Err(SubmitError::ReadOnlyBuffer);
            }
            let length = u32::try_from(length).map_err(|_| SubmitError::Length)?;
            self.core.takes_off(part.transfer, epoch);
            (of, span) = (part.transfer as u32, Some((part.bus, length, direction)));
        }
        self.put_chain(chain, head, span, of);
        Ok(chain)
    }

    /// Takes the next chain that the device has used. The chain isn't in flight any more.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device has used a chain that it wasn't given: reset it.
    pub fn next(&mut self, function: &PciFunction<D>) -> Result<Option<Chain>, QueueFault> {
        let epoch = self.core.running(function)?;
        let Some((number, written, of)) = self.next_chain(function)? else {
            return Ok(None);
        };
        self.core.lands(of as usize, epoch);
        let [head, tail] = self.pieces(number);
        Ok(Some(Chain {
            number,
            written,
            head,
            tail,
        }))
    }
}
