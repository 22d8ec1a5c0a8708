//! What the model has seen and done.

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Chains taken from available rings.
    pub chains: u64,
    /// The most chains that were in flight at once.
    pub most_in_flight: usize,
    /// Accesses to memory that was never translated for the device: must stay 0.
    pub stray_accesses: u64,
    /// Accesses that were due while bus mastering was off, and did not happen.
    pub refused_accesses: u64,
    /// Rules of the specification that the driver broke: must stay 0.
    pub violations: u64,
    /// Flushes executed.
    pub flushes: u64,
    /// Frames dropped: no link, no room, or too long.
    pub dropped_frames: u64,
    /// Resets by the status register that are done, and Function Level Resets.
    pub resets: u64,
    /// MSI-X messages sent.
    pub messages: u64,
}

/// A rule for drivers that the driver broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// An access that is not as wide as its field (§4.1.3.1).
    Width,
    /// A write to a read-only field (§4.1.4.3.2, §5.1.4.2).
    ReadOnly,
    /// An access to no structure.
    Outside,
    /// A status bit was cleared (§2.1.1).
    StatusCleared,
    /// A status bit was set before one that precedes it (§3.1.1).
    StatusOrder,
    /// Something was written before the reset was seen to be done (§4.1.4.3.2).
    BeforeReset,
    /// A feature was accepted that was not offered (§2.2.1).
    FeatureNotOffered,
    /// Features were written after FEATURES_OK (§3.1.1).
    FeaturesLate,
    /// A queue size that is no power of two, or more than the device has (§4.1.4.3.2).
    QueueSize,
    /// Something else than 1 was written to `queue_enable` (§4.1.4.3.2).
    QueueDisabled,
    /// A queue was enabled before FEATURES_OK (§3.1.1).
    QueueEarly,
    /// A queue was changed that is enabled (§4.1.4.3.2).
    QueueInUse,
    /// A part of a queue is not aligned (§2.7.1).
    QueueAlignment,
    /// There is no such queue.
    NoSuchQueue,
    /// An event was mapped to a vector that is not in the table (§4.1.5.1.2).
    NoSuchVector,
    /// A notification before DRIVER_OK (§3.1.1), for no enabled queue, or at another queue's address (§4.1.5.2).
    Notify,
    /// The available index went back, or on by more than the queue has (§2.7.6.1).
    AvailIndex,
    /// A head that is no descriptor of the queue.
    HeadOutOfRange,
    /// A chain that the device has.
    HeadInFlight,
    /// A chain with more elements than the queue has, a loop say (§2.7.5.2, §2.7.5.3.1).
    ChainTooLong,
    /// A `next` that is no descriptor of the queue.
    NextOutOfRange,
    /// An indirect table, although that was not negotiated (§2.7.5.3.1).
    Indirect,
    /// A readable element after a writable one (§2.7.4.2).
    ElementOrder,
    /// An element without a byte: the specification does not say so, but QEMU takes none.
    EmptyElement,
    /// A request without room for its header or its status, or a frame without header (§5.2.6, §5.1.6).
    NoHeader,
    /// Data that is not a multiple of 512 bytes, or no 20 bytes for the device ID (§5.2.6.1).
    DataLength,
    /// A flush with a sector (§5.2.6.1).
    FlushSector,
    /// A request beyond the capacity (§5.2.6.1).
    BeyondCapacity,
    /// More segments than `seg_max`, or a longer one than `size_max` (§5.2.3).
    Segments,
    /// A header that asks for what was not negotiated, or counts buffers (§5.1.6.2.1).
    FrameHeader,
    /// A frame longer than 1514 bytes, or than the MTU that was negotiated has room for (§5.1.4.2).
    FrameTooLong,
}

/// The first violations, in order.
pub(super) const KEPT: usize = 64;

/// Why the device can't go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It was sent to memory that it does not reach.
    Stray,
    /// The driver broke a rule that the device can't work without.
    Violation(Violation),
}

impl From<crate::device_memory::Stray> for Fault {
    fn from(_: crate::device_memory::Stray) -> Self {
        Self::Stray
    }
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}
