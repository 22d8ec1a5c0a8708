//! A split virtqueue whose chains are objects that move in and out, such as packets.

use samara_rref::{Exchangeable, RRef};

use super::virtqueue::{Bytes, Virtqueue};
use crate::dma::{Held, Refused, Slots, locate};
use crate::error::{QueueError, QueueFault};
use crate::pci::PciFunction;
use crate::table::{Direction, Table};

/// The payload of chains that are objects `T`.
#[derive(Debug)]
pub struct Objects<T>(Slots<T>);

/// A split virtqueue of chains that are objects `T`, which move in and out.
pub type PacketQueue<D, const Q: usize, T> = Virtqueue<D, Q, Objects<T>>;

/// What the device reports about a packet that it has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Bytes that the device says it wrote, including the piece before the data.
    pub written: u32,
    /// The content of the piece before the data.
    pub head: Bytes,
}

impl<D: Table, const Q: usize, T: Exchangeable> Virtqueue<D, Q, Objects<T>> {
    /// Makes queue `number`, of `entries` descriptors, which is a power of two.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; [`Taken`](QueueError::Taken) if the claim already has this queue.
    pub fn new(function: &PciFunction<D>, number: u16, entries: u32) -> Result<Self, QueueError> {
        // `entries` comes from a driver, so it is bounded before anything is allocated.
        let chains = Self::chains(entries.min(D::QUEUES[Q].entries.1)).max(1);
        let (pins, slots) = Slots::new(chains).map_err(QueueError::Alloc)?;
        Self::with(
            function,
            (number, entries),
            Objects(slots),
            Held::Pins(pins),
        )
    }

    /// Starts the queue by its table's steps; it must be empty. `chosen` are the bits that the steps leave to the
    /// driver.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(&mut self, function: &PciFunction<D>, chosen: u64) -> Result<(), QueueError> {
        self.start_if(function, chosen, self.pending().is_none())
    }

    /// Puts a packet: The chain consists of `head` and the bytes of the packet that `bytes` chooses.
    /// [`ring`](Self::ring) tells the device of it.
    ///
    /// # Errors
    ///
    /// Each error gives the packet back. [`Refused::Full`] if the queue is full, doesn't run or isn't the function's;
    /// [`Refused::Empty`] if the chosen bytes are empty, too many or not in the packet. Another [`Refused`] if the
    /// device can't reach the bytes.
    pub fn put(
        &mut self,
        function: &PciFunction<D>,
        head: &Bytes,
        direction: Direction,
        mut packet: RRef<T>,
        bytes: impl FnOnce(&mut T) -> &mut [u8],
    ) -> Result<(), (Refused, RRef<T>)> {
        let usable = self.core.own(function).is_ok() && self.core.runs(function);
        let Some(chain) = self.free().filter(|_| usable) else {
            return Err((Refused::Full, packet));
        };
        let (start, linear) = ((&raw const *packet).addr(), function.linear());
        let located = locate::<D, T>(function, linear, start, bytes(&mut packet));
        let located = located.and_then(|(bus, length)| {
            let length = u32::try_from(length).map_err(|_| Refused::Empty)?;
            Ok((bus, length, direction))
        });
        let span = match located {
            Ok(span) => span,
            Err(refused) => return Err((refused, packet)),
        };
        // SAFETY: a free chain's number is below the number of slots, and its slot is vacant. The claim is the
        // running domain's (`own`) as long as the function is borrowed. The caller gave the packet up by value
        // (DEV-22).
        unsafe { self.payload.0.pin(chain.into(), RRef::into_raw(packet)) };
        self.put_chain(chain, head, Some(span), 0);
        Ok(())
    }

    /// Takes out the next packet that the device has used.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device has used a chain that it wasn't given: reset it.
    pub fn next(
        &mut self,
        function: &PciFunction<D>,
    ) -> Result<Option<(RRef<T>, Used)>, QueueFault> {
        let owner = self.core.own(function)?;
        let Some((chain, written, _)) = self.next_chain(function)? else {
            return Ok(None);
        };
        let [head, _] = self.pieces(chain);
        // SAFETY: the chain is below the number of slots; the claim is the running domain's (`own`), and the device
        // has used the chain (DEV-22).
        let packet = unsafe { self.payload.0.take(chain.into(), owner) };
        Ok(packet.map(|packet| (packet, Used { written, head })))
    }

    /// Takes a packet out of a queue that doesn't run: one that was never started, or whose device was reset or
    /// silenced since.
    ///
    /// # Errors
    ///
    /// [`QueueError::Foreign`] if `function` isn't the queue's, or doesn't belong to the running domain;
    /// [`QueueError::Started`] if the queue runs.
    pub fn take_back(&mut self, function: &PciFunction<D>) -> Result<Option<RRef<T>>, QueueError> {
        let owner = self.core.own(function)?;
        if self.core.is_in_use(function) {
            return Err(QueueError::Started);
        }
        let Some(chain) = self.pending() else {
            return Ok(None);
        };
        self.forget(chain);
        // SAFETY: the chain is below the number of slots; the claim is the running domain's (`own`), and the queue
        // doesn't run (DEV-22).
        Ok(unsafe { self.payload.0.take(chain.into(), owner) })
    }
}
