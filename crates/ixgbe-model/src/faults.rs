//! Faults that a test injects.

use core::num::NonZeroU32;

/// What happens to the descriptors that the device writes back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum WriteBack {
    /// Written at the end of the step that made them.
    #[default]
    Prompt,
    /// Written this many steps later.
    Delayed(NonZeroU32),
    /// Written at the end of the step, the last one first.
    Reordered,
    /// Written with these bits inverted: of the first and of the second eight bytes.
    Corrupted([u64; 2]),
    /// Never written.
    Lost,
}

/// What is wrong with the device. The default is nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// The fate of descriptor write-backs.
    pub write_back: WriteBack,
    /// The cable is out, whatever the link says.
    pub link_down: bool,
    /// Every n-th DMA access fails, the first one after n - 1 good ones.
    pub dma_error_every: Option<NonZeroU32>,
    /// The device is gone from the bus: reads give ones, writes nothing, no DMA.
    pub removed: bool,
    /// The device forgets to stop: it goes on receiving into the rings it knew, after their
    /// queues, the receiver or the whole device were disabled or reset. What an isolated driver
    /// leaves behind must survive that, or the host must have revoked the memory.
    pub keeps_writing: bool,
}
