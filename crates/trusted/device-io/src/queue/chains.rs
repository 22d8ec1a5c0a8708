//! A split virtqueue whose chains transfer parts of buffers on loan.

use super::virtqueue::{Bytes, Virtqueue};
use crate::dma::{DmaTransfer, Held};
use crate::error::{QueueError, QueueFault, SubmitError};
use crate::pci::PciFunction;
use crate::table::{Direction, Table};

/// The chain transfers no buffer.
const NONE: u32 = u32::MAX;

/// The payload of chains that transfer buffers.
#[derive(Clone, Copy, Debug)]
pub struct Transfers(());

/// A split virtqueue of chains that transfer buffers: requests to a disk.
pub type ChainQueue<D, const Q: usize> = Virtqueue<D, Q, Transfers>;

/// A chain that the device has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Which one: what [`ChainQueue::put`] gave.
    pub number: u16,
    /// Bytes that the device says it wrote, pieces included.
    pub written: u32,
    /// What stands in the piece before the data.
    pub head: Bytes,
    /// What stands in the piece after the data: all ones, unless the device wrote there.
    pub tail: Bytes,
}

impl<D: Table, const Q: usize> Virtqueue<D, Q, Transfers> {
    /// Queue `number`, of `entries` descriptors, a power of two.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; a second one of the same claim is [`Taken`](QueueError::Taken).
    pub fn new(function: &PciFunction<D>, number: u16, entries: u32) -> Result<Self, QueueError> {
        Self::with(function, (number, entries), Transfers(()), Held::Flights)
    }

    /// Starts the queue by its table's steps, empty. The driver chooses bits that the steps leave to it.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(&mut self, function: &PciFunction<D>, chosen: u64) -> Result<(), QueueError> {
        // What was in flight is so no more, since the queue doesn't run.
        self.start_if(function, chosen, true)
    }

    /// Puts a chain: `head` goes before bytes `offset..offset + length` of a buffer, if it has any, in which `direction` says
    /// what the device may do. The device learns of it by [`ring`](Self::ring). Its number, which no other in flight has.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was put then.
    pub fn put(
        &mut self,
        function: &PciFunction<D>,
        head: &Bytes,
        data: Option<(&DmaTransfer, usize, usize, Direction)>,
    ) -> Result<u16, SubmitError> {
        let epoch = self.core.running(function)?;
        let chain = self.free().ok_or(SubmitError::Full)?;
        // It has one descriptor at least: the device looks at the slot's first, whatever stands there.
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

    /// The next chain that the device has used, which isn't in flight any more.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device has used what it wasn't given: reset it.
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
