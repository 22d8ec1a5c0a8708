//! What receive and transmit queues have in common: where their registers are, starting, stopping.

use core::fmt;

use super::Ixgbe;
use crate::dma::{RegionError, Ring};
use crate::mmio::{Mmio, ReadOnly, Register};
use crate::pci::PciFunction;
use samara_rref::Exchangeable;

/// Receive queues, and transmit queues (sections 7.1.4 and 7.2.1.2).
pub const QUEUES: u16 = 128;
/// RXDCTL.ENABLE and TXDCTL.ENABLE (sections 8.2.3.8.7 and 8.2.3.9.10).
pub(super) const QUEUE_ENABLE: u32 = 1 << 25;
/// How long a queue may take to be enabled or disabled.
const MILLIS: u64 = 10;

/// Offsets of a queue's registers.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) base: usize,
    pub(super) tail: usize,
    pub(super) control: usize,
}

impl Block {
    const fn at(base: usize) -> Self {
        Self {
            base,
            tail: base + 0x18,
            control: base + 0x28,
        }
    }
}

/// A receive queue's: 64 blocks at 0x1000, 64 at 0xD000 (section 8.2.3.8).
pub(super) const fn rx(queue: u16) -> Block {
    let queue = (queue & (QUEUES - 1)) as usize;
    if queue < 64 {
        Block::at(0x1000 + queue * 0x40)
    } else {
        Block::at(0xD000 + (queue - 64) * 0x40)
    }
}

/// A transmit queue's (section 8.2.3.9).
pub(super) const fn tx(queue: u16) -> Block {
    Block::at(0x6000 + (queue & (QUEUES - 1)) as usize * 0x40)
}

/// Why a queue isn't started or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueError {
    /// The function isn't the ring's.
    Foreign,
    /// Packets are left in the ring: take them out first.
    NotEmpty,
    /// A batch of work on the ring was forgotten (`mem::forget`), so nobody knows where it stands: claim the
    /// function anew.
    Forgotten,
    /// The queue is enabled already, or being reset.
    Enabled,
    /// Frames are still to be sent: wait for them, or reset the device.
    NotDrained,
    /// The device did not do it in time: reset it.
    Timeout,
    /// Buffers of no length, or of one that isn't a whole number of KiB from 1 to 16.
    BufferLength,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the queue belongs to another claim: use the function it was made for",
            Self::NotEmpty => "packets are left in the ring: take them out first",
            Self::Forgotten => {
                "a batch of work on the ring was forgotten, not dropped: claim the function anew"
            }
            Self::Enabled => "the queue is enabled: reset the device first",
            Self::NotDrained => "frames are still to be sent: wait for them, or reset the device",
            Self::Timeout => "the queue did not change state in time: reset the device",
            Self::BufferLength => "receive buffers have 1 to 16 whole KiB",
        })
    }
}

impl core::error::Error for QueueError {}

impl From<RegionError> for QueueError {
    fn from(error: RegionError) -> Self {
        match error {
            RegionError::Forgotten => Self::Forgotten,
            _ => Self::Foreign,
        }
    }
}

impl Mmio<'_, Ixgbe> {
    /// Reads a register of a queue's block.
    pub(super) fn queue_read(&self, offset: usize) -> u32 {
        // In a constant the check would be the compiler's; here `offset` is one of `rx` or `tx`.
        const { assert!(tx(QUEUES - 1).control < 0x1_1000 && rx(QUEUES - 1).control < 0x1_1000) };
        self.read(Register::<Ixgbe, u32, ReadOnly>::any(offset))
    }

    /// Writes a register of a queue's block.
    ///
    /// # Safety
    ///
    /// As for [`store`](Self::store); `offset` is one of `rx` or `tx`, or near it in the same block.
    pub(super) unsafe fn queue_write(&self, offset: usize, value: u32) {
        // SAFETY: the blocks lie inside the fixed registers, their registers are aligned; the rest is the
        // caller's promise.
        unsafe { self.store(offset, value) };
    }
}

/// A queue's state, beside its ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    pub(super) block: Block,
    /// The epoch in which it was started, unless it was stopped.
    started: Option<u32>,
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({:#x})", self.base)
    }
}

impl Queue {
    pub(super) const fn new(block: Block) -> Self {
        Self {
            block,
            started: None,
        }
    }

    /// Whether the device may reach the ring: started, and neither stopped nor reset since. `function` is the
    /// ring's.
    pub(super) fn runs(&self, function: &PciFunction) -> bool {
        self.started == Some(function.epoch())
    }

    /// Programs base, length, and `settings` (distance from the block's start, value), with head and tail
    /// at 0, and enables the queue.
    pub(super) fn start<T: Exchangeable>(
        &mut self,
        ring: &mut Ring<T>,
        function: &PciFunction,
        registers: &Mmio<'_, Ixgbe>,
        settings: &[(usize, u32)],
    ) -> Result<(), QueueError> {
        let claim = function.claim_id();
        if registers.control().claim() != claim || ring.claim() != claim {
            return Err(QueueError::Foreign);
        }
        if ring.is_forgotten() {
            return Err(QueueError::Forgotten);
        }
        let (base, length) = ring.base();
        let block = self.block;
        registers.control().with(|guarded| {
            if guarded.silencing != 0
                || self.runs(function)
                || registers.queue_read(block.control) & QUEUE_ENABLE != 0
            {
                return Err(QueueError::Enabled);
            }
            // Not before: of a queue that runs, the device's head stays where it is, and nothing can be taken
            // out of it.
            if !ring.positions.restart() {
                return Err(QueueError::NotEmpty);
            }
            // Before it is enabled: a silence that comes later has a later epoch.
            self.started = Some(function.epoch());
            let fixed = [
                (0x00, base as u32),
                (0x04, (base >> 32) as u32),
                (0x08, length),
            ];
            let places = [(0x10, 0), (0x18, 0), (0x28, QUEUE_ENABLE)];
            for &(distance, value) in fixed.iter().chain(settings).chain(&places) {
                // SAFETY: a register of the queue's block, which the layout chose. Base and length are the
                // ring's, which stays allocated until the claim ends; the head meets no filled
                // descriptor before the tail is told.
                unsafe { registers.queue_write(block.base + distance, value) };
            }
            Ok(())
        })?;
        self.wait(function, registers, true)
    }

    /// Disables the queue; what the device had begun is done when this returns (sections 4.6.7.1.2
    /// and 4.6.8.1.2).
    pub(super) fn stop<T: Exchangeable>(
        &mut self,
        ring: &Ring<T>,
        function: &PciFunction,
        registers: &Mmio<'_, Ixgbe>,
    ) -> Result<(), QueueError> {
        // The ring's own: another device's epoch may be the same, and it has a queue of this number too.
        let claim = function.claim_id();
        if registers.control().claim() != claim || ring.claim() != claim {
            return Err(QueueError::Foreign);
        }
        if !self.runs(function) {
            return Ok(());
        }
        let control = self.block.control;
        registers.control().with(|_| {
            let value = registers.queue_read(control) & !QUEUE_ENABLE;
            // SAFETY: the queue's control register, which names no memory.
            unsafe { registers.queue_write(control, value) };
        });
        self.wait(function, registers, false)?;
        // "An additional amount of time (about 100 us)" before the memory is anyone else's.
        function.deadline(1).sleep();
        self.started = None;
        Ok(())
    }

    fn wait(
        &self,
        function: &PciFunction,
        registers: &Mmio<'_, Ixgbe>,
        enabled: bool,
    ) -> Result<(), QueueError> {
        let over = function.deadline(MILLIS).poll(|| {
            let control = registers.queue_read(self.block.control);
            control != u32::MAX && (control & QUEUE_ENABLE != 0) == enabled
        });
        if over {
            Ok(())
        } else {
            Err(QueueError::Timeout)
        }
    }

    /// Tells the device the tail.
    #[inline]
    pub(super) fn tell(&self, registers: &Mmio<'_, Ixgbe>, tail: u32) {
        // SAFETY: the ring has filled every descriptor before `tail`, each with memory that stays pinned until the device is
        // done with it. A claim has one ring for each queue, so the queue runs on this ring, or is disabled and ignores it.
        unsafe { registers.queue_write(self.block.tail, tail) };
    }
}
