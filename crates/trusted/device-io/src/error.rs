//! The errors of steps, resets, queues and commands, and the faults of a broken device.

use core::fmt;

use samara_shared_heap::AllocError;

/// Why a table's steps failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepError {
    /// Nothing answers: the device was unplugged.
    Absent,
    /// The device is not in the state that a step requires, it did not keep an address or a size that a step wrote,
    /// or it is being silenced or reset.
    State,
    /// The device did not reach the awaited state in time.
    Timeout,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "nothing answers: the device was unplugged",
            Self::State => "the device is not in the state that the next step requires: reset it",
            Self::Timeout => "the device did not reach the expected state in time: reset it",
        })
    }
}

impl core::error::Error for StepError {}

/// Why a reset failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetError {
    /// Nothing answers: the device was unplugged.
    Absent,
    /// The device does not become idle, not even by a Function Level Reset.
    Failed,
    /// Another thread began a newer reset meanwhile, which now controls the device.
    Superseded,
}

impl fmt::Display for ResetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "nothing answers, the device was unplugged: plug it in again",
            Self::Failed => "the device does not become idle after a reset: it needs a power cycle",
            Self::Superseded => "another thread began a reset: have one thread reset the device",
        })
    }
}

impl core::error::Error for ResetError {}

/// Why a queue can't be made, started, stopped or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueError {
    /// No memory.
    Alloc(AllocError),
    /// No queue of this kind has this number.
    NoSuchQueue,
    /// No queue of this kind has this number of entries, or buffers of this length.
    BadLength,
    /// The claim already has as many queues as it can hold.
    TooMany,
    /// The claim would own more bytes than its domain's quota.
    OverQuota,
    /// The memory is not contiguous, not page aligned, or out of the device's reach.
    Unreachable,
    /// The queue belongs to another claim, or the function does not belong to the running domain.
    Foreign,
    /// The claim already has a queue of this kind and number.
    Taken,
    /// An [`OpenRing`](crate::queue::OpenRing) of the queue was forgotten (`mem::forget`) instead of dropped, so the
    /// queue's positions are lost. The queue's objects are freed when the claim ends.
    Forgotten,
    /// The queue still holds objects or chains: take them out first.
    NotEmpty,
    /// The queue was started since the last reset. Or the device can't start queues, for one of three reasons: it was
    /// not reset since it was claimed or silenced, it is being silenced or reset, or its last reset failed.
    Started,
    /// The queue was never started, or the device was silenced or reset since.
    NotStarted,
    /// The queue's doorbell lies outside the mapped registers. Or the device does not state the distance between its
    /// doorbells, or states another one than before.
    NoDoorbell,
    /// A step that starts or stops the queue failed.
    Step(StepError),
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alloc(error) => write!(f, "no memory for a queue: {error}"),
            Self::NoSuchQueue => f.write_str("the device has no queue of this number: see the device's table"),
            Self::BadLength => f.write_str("no queue of this kind has this number of entries, or buffers of this length: see the device's table"),
            Self::TooMany => f.write_str("the claim already has as many queues as it can hold: use fewer"),
            Self::OverQuota => f.write_str("the claim's DMA memory would exceed its domain's quota: ask for less, or raise DomainSpec::shared_quota"),
            Self::Unreachable => f.write_str("the device can't reach the memory: give the exchange heap contiguous pages below the device's address limit"),
            Self::Foreign => f.write_str("the queue belongs to another claim, or the function to another domain: use the queue's own function, in its domain"),
            Self::Taken => f.write_str("the claim already has this queue: use that one, which lasts as long as the claim"),
            Self::Forgotten => f.write_str("a batch of work on the queue was forgotten instead of dropped: claim the function anew"),
            Self::NotEmpty => f.write_str("the queue still holds something: take it out first"),
            Self::Started => f.write_str("the queue was started since the last reset, or there was no reset: reset the device first"),
            Self::NotStarted => f.write_str("the queue does not run: start it, after a reset if the device was silenced"),
            Self::NoDoorbell => f.write_str("the queue's doorbell lies outside the device's registers: the device does not fit its table"),
            Self::Step(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for QueueError {}

impl From<StepError> for QueueError {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

/// The device completed work that it was not given. It is broken: reset it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueFault {
    /// A tag or a chain that is not in flight.
    Unknown(u16),
    /// A completion that names another queue than the one in which it came.
    Queue(u16),
    /// More completions than there are chains in flight.
    Count(u16),
    /// A chain into which the device says it wrote more bytes than it may write.
    Length(u32),
    /// The queue belongs to another claim, or does not run: see [`QueueError`].
    Unusable(QueueError),
}

impl fmt::Display for QueueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(tag) => write!(
                f,
                "the device completed {tag:#06x}, which isn't in flight: reset it"
            ),
            Self::Queue(number) => write!(
                f,
                "the device completed an entry of queue {number} in another queue: reset it"
            ),
            Self::Count(count) => write!(
                f,
                "the device completed {count} entries, more than are in flight: reset it"
            ),
            Self::Length(bytes) => write!(
                f,
                "the device says that it wrote {bytes} bytes, more than it may: reset it"
            ),
            Self::Unusable(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for QueueFault {}

impl From<QueueError> for QueueFault {
    fn from(error: QueueError) -> Self {
        Self::Unusable(error)
    }
}

/// Why a command was not put into a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitError {
    /// The queue has its greatest number of commands in flight: await a completion.
    Full,
    /// The driver chose bits that the table does not let drivers choose.
    Forbidden,
    /// The range is empty or not inside the buffer, the buffer belongs to another claim, or the chain would have no
    /// bytes at all. Or the index is past the end of the engine's page.
    OutOfBounds,
    /// The buffer was lent, so the device may not write it.
    ReadOnlyBuffer,
    /// The range is not a whole number of units, exceeds the command's count, covers more pages than a list holds, or
    /// is longer than a descriptor's 32 bits can say.
    Length,
    /// The range's bus address is not a multiple of 4.
    Misaligned,
    /// The unit was learned from another device, or before a reset: learn it again.
    StaleUnit,
    /// Another command in flight uses the engine's page.
    PageInUse,
    /// The queue can't be used.
    Queue(QueueError),
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "as many commands are in flight as the queue takes: await a completion",
            Self::Forbidden => {
                "the device's table does not leave these bits of the command to drivers"
            }
            Self::OutOfBounds => "the range is empty, or not inside a buffer of this claim",
            Self::ReadOnlyBuffer => {
                "the buffer was lent, so the device may only read it: move it in with `begin`"
            }
            Self::Length => {
                "the range is not a whole number of units, or too long for one command: split it"
            }
            Self::Misaligned => "the range does not begin at a multiple of 4 bytes",
            Self::StaleUnit => {
                "the unit was learned from another device or before a reset: learn it again"
            }
            Self::PageInUse => "another command uses the queue's page: await its completion",
            Self::Queue(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for SubmitError {}

impl From<QueueError> for SubmitError {
    fn from(error: QueueError) -> Self {
        Self::Queue(error)
    }
}

/// Why a buffer holds nothing valid that the device wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The device says that it wrote nothing.
    Empty,
    /// The device says that it wrote more than the buffer holds.
    Length,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the device says that it wrote nothing",
            Self::Length => "the device says that it wrote more than the buffer holds",
        })
    }
}

impl core::error::Error for Damage {}
