//! Counters of the model, and the violations of the specification that it notices.

/// Counters of events since the model was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Chains taken from available rings.
    pub chains: u64,
    /// The highest number of chains that were in flight at once.
    pub most_in_flight: usize,
    /// Accesses to memory that the device must not reach. A correct driver leaves this at 0.
    pub stray_accesses: u64,
    /// Accesses that the device omitted because bus mastering was off. Each attempt to work counts one such access
    /// for each notified queue and one for each chain that is due.
    pub refused_accesses: u64,
    /// Violations of the specification by the driver. A correct driver leaves this at 0.
    pub violations: u64,
    /// Flushes executed.
    pub flushes: u64,
    /// Frames dropped because the device did not run, had no link or no room, or the frame was too long.
    pub dropped_frames: u64,
    /// Completed resets, both by the status register and by Function Level Reset.
    pub resets: u64,
    /// MSI-X messages sent.
    pub messages: u64,
}

/// A rule of the specification that the driver broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// An access that is not as wide as its field (§4.1.3.1).
    Width,
    /// A write to a read-only field (§4.1.4.3.2, §5.1.4.2).
    ReadOnly,
    /// An access at an offset that belongs to no structure.
    Outside,
    /// A status bit was cleared (§2.1.1).
    StatusCleared,
    /// A status bit was set before another bit that must be set first (§3.1.1).
    StatusOrder,
    /// A field was written before the reset was done (§4.1.4.3.2).
    BeforeReset,
    /// A feature was accepted that was not offered (§2.2.1).
    FeatureNotOffered,
    /// Features were written after FEATURES_OK (§3.1.1).
    FeaturesLate,
    /// A queue size was written that is no power of two, or exceeds the device's maximum (§4.1.4.3.2).
    QueueSize,
    /// A value other than 1 was written to `queue_enable` (§4.1.4.3.2).
    QueueDisabled,
    /// A queue was enabled before FEATURES_OK (§3.1.1).
    QueueEarly,
    /// An enabled queue was changed (§4.1.4.3.2).
    QueueInUse,
    /// A part of a queue is not aligned (§2.7.1).
    QueueAlignment,
    /// An access to the fields of a queue that the device does not have.
    NoSuchQueue,
    /// An event was mapped to a vector that is not in the table (§4.1.5.1.2).
    NoSuchVector,
    /// A notification before DRIVER_OK (§3.1.1), of a queue that is not enabled, or at an address that is not the
    /// queue's (§4.1.5.2).
    Notify,
    /// The available index went back, or advanced by more than the queue size (§2.7.6.1).
    AvailIndex,
    /// A chain's head is not the index of a descriptor of the queue.
    HeadOutOfRange,
    /// A chain was made available again while the device had it.
    HeadInFlight,
    /// A chain with more elements than the queue size, for example a loop (§2.7.5.2, §2.7.5.3.1).
    ChainTooLong,
    /// A `next` field is not the index of a descriptor of the queue.
    NextOutOfRange,
    /// An indirect table was used although the feature was not negotiated (§2.7.5.3.1).
    Indirect,
    /// A readable element follows a writable one (§2.7.4.2).
    ElementOrder,
    /// An element of length 0. The specification does not forbid it, but QEMU rejects it.
    EmptyElement,
    /// A request is too short for its header or its status, or a frame's buffer for its header (§5.2.6, §5.1.6).
    NoHeader,
    /// The data of a request is not a multiple of 512 bytes, or is not 20 bytes for the device ID (§5.2.6.1).
    DataLength,
    /// A flush whose sector is not 0 (§5.2.6.1).
    FlushSector,
    /// A request beyond the capacity (§5.2.6.1).
    BeyondCapacity,
    /// A request has more segments than `seg_max`, or a segment is longer than `size_max` (§5.2.3).
    Segments,
    /// A sent frame's header uses a feature that was not negotiated, or its number of buffers is not 0 (§5.1.6.2.1).
    FrameHeader,
    /// A sent frame is longer than the negotiated MTU allows, or than 1514 bytes if none was negotiated (§5.1.4.2).
    FrameTooLong,
}

/// The number of violations that the model keeps. It keeps the first ones.
pub(super) const KEPT: usize = 64;

/// The reason why the device breaks down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The driver gave the device an address that the device does not reach.
    Stray,
    /// The driver broke a rule on which the device depends.
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
