//! A split virtqueue whose chains transfer parts of buffers on loan.

use core::fmt;
use core::marker::PhantomData;

use super::core::{QueueError, QueueFault};
use super::entry::SubmitError;
use super::split::{Bytes, Split};
use crate::dma::Transfer;
use crate::pci::PciFunction;
use crate::table::{Direction, Format, Queue, SplitFormat, Table};

/// The chain transfers no buffer.
const NONE: u32 = u32::MAX;

/// Queue `Q` of device `D`'s table, a split virtqueue, of chains that transfer buffers. Its memory belongs to the claim:
/// dropping it releases nothing.
pub struct ChainQueue<D, const Q: usize> {
    split: Split,
    _device: PhantomData<fn() -> D>,
}

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

impl<D: Table, const Q: usize> ChainQueue<D, Q> {
    const QUEUE: &'static Queue = &D::QUEUES[Q];
    const FORMAT: SplitFormat = match Self::QUEUE.format {
        Format::Split(format) => format,
        _ => panic!("the table's queue is no split virtqueue"),
    };

    /// Queue `number`, of `entries` descriptors, a power of two.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; a second one of the same claim is [`Taken`](QueueError::Taken).
    pub fn new(function: &PciFunction<D>, number: u16, entries: u32) -> Result<Self, QueueError> {
        Ok(Self {
            split: Split::new(function, Q, Self::FORMAT, (number, entries), None)?,
            _device: PhantomData,
        })
    }

    /// Starts the queue by its table's steps, empty. The driver chooses bits that the steps leave to it.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(&mut self, function: &PciFunction<D>, chosen: u64) -> Result<(), QueueError> {
        self.split.start(function, Self::QUEUE, chosen, || true)
    }

    /// Chains that can be put.
    pub fn room(&self) -> usize {
        self.split.room()
    }

    /// Chains in flight.
    pub fn in_flight(&self) -> usize {
        self.split.in_flight().into()
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
        data: Option<(&Transfer, usize, usize, Direction)>,
    ) -> Result<u16, SubmitError> {
        let epoch = self.split.core.running(function)?;
        let chain = self.split.free().ok_or(SubmitError::Full)?;
        let mut of = NONE;
        let mut span = None;
        if let Some((transfer, offset, length, direction)) = data {
            let part = transfer.part(self.split.core.claim, offset, length);
            let part = part.ok_or(SubmitError::OutOfBounds)?;
            if direction == Direction::ToHost && !part.writable {
                return Err(SubmitError::ReadOnlyBuffer);
            }
            let length = u32::try_from(length).map_err(|_| SubmitError::Length)?;
            if !function.claim().flights.start(part.transfer, epoch) {
                return Err(QueueError::NotStarted.into());
            }
            of = part.transfer as u32;
            span = Some((part.bus, length, direction));
        }
        self.split.put(chain, head, span, of);
        Ok(chain)
    }

    /// Tells the device of all that was put. One register write, if there's anything.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the queue does not run.
    pub fn ring(&mut self, function: &PciFunction<D>) -> Result<(), QueueError> {
        self.split.ring(function)
    }

    /// Whether the device is to interrupt when it has used a chain. A hint.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the queue does not run.
    pub fn interrupt(&mut self, function: &PciFunction<D>, wanted: bool) -> Result<(), QueueError> {
        self.split.core.running(function)?;
        self.split.interrupt(wanted);
        Ok(())
    }

    /// The next chain that the device has used, which isn't in flight any more.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device has used what it wasn't given: reset it.
    pub fn next(&mut self, function: &PciFunction<D>) -> Result<Option<Chain>, QueueFault> {
        let Some((number, written, of)) = self.split.next(function)? else {
            return Ok(None);
        };
        if of != NONE {
            let epoch = self.split.core.running(function)?;
            function.claim().flights.end(of as usize, epoch);
        }
        let [head, tail] = self.split.pieces(number);
        Ok(Some(Chain {
            number,
            written,
            head,
            tail,
        }))
    }
}

impl<D, const Q: usize> fmt::Debug for ChainQueue<D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainQueue({:?})", self.split.core)
    }
}
