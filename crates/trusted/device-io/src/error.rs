//! Why a device isn't reset, a queue isn't to be had or used, a command isn't put, and what a broken device has said.

use core::fmt;

use samara_shared_heap::AllocError;

/// Why steps came to no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepError {
    /// Nothing answers: the device was unplugged.
    Absent,
    /// The device isn't in the state that the next step needs.
    State,
    /// The device did not do it in time.
    Timeout,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "nothing answers: the device was unplugged",
            Self::State => "the device is in another state than the next step needs: reset it",
            Self::Timeout => "the device did not change its state in time: reset it",
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
    /// It does not become idle, not by a Function Level Reset either.
    Failed,
    /// Another thread has begun a reset meanwhile, and the device was left to that.
    Superseded,
}

impl fmt::Display for ResetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the device was unplugged: plug it in again",
            Self::Failed => "the device does not come back from a reset: it needs a power cycle",
            Self::Superseded => "another thread resets the device: have one thread do so",
        })
    }
}

impl core::error::Error for ResetError {}

/// Why a queue isn't to be had, started, stopped or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueError {
    /// No memory.
    Alloc(AllocError),
    /// A number that no queue of this kind has.
    NoSuchQueue,
    /// A number of entries that no queue of this kind has, or buffers of such a length.
    BadLength,
    /// The claim has as many queues as it can.
    TooMany,
    /// The claim would own more bytes than its domain's quota.
    OverQuota,
    /// The memory isn't contiguous, aligned and reachable for the device.
    Unreachable,
    /// The queue belongs to another claim, or the function isn't the running domain's.
    Foreign,
    /// The claim has a queue of this kind and number already.
    Taken,
    /// A batch of work on the queue was forgotten (`mem::forget`) instead of dropped: nobody knows where the
    /// queue stands. What is in it is freed when the claim ends.
    Forgotten,
    /// Something is left in the queue: take it out first.
    NotEmpty,
    /// The queue was started since the last reset; or the device wasn't reset since it was claimed or silenced, or is being silenced
    /// or reset, or a reset of it failed.
    Started,
    /// The device was silenced or reset since the queue was started, or it never was.
    NotStarted,
    /// The device's doorbells lie behind its registers, or among what drivers may not touch.
    NoDoorbell,
    /// The device did not do what starts or stops the queue.
    Step(StepError),
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alloc(error) => write!(f, "no memory for a queue: {error}"),
            Self::NoSuchQueue => f.write_str("the device has no queue of this number: see its table"),
            Self::BadLength => f.write_str("a queue of so many entries, or with such buffers, isn't possible: see the device's table"),
            Self::TooMany => f.write_str("the claim has all the queues it can: use fewer"),
            Self::OverQuota => f.write_str("the claim owns as much DMA memory as its domain's quota: ask for less, or raise DomainSpec::shared_quota"),
            Self::Unreachable => f.write_str("the device can't reach the memory: give the exchange heap contiguous pages below the device's address limit"),
            Self::Foreign => f.write_str("the queue belongs to another claim: use the function it was made for"),
            Self::Taken => f.write_str("the claim has this queue: use that one, which lasts as long as the claim"),
            Self::Forgotten => f.write_str("a batch of work on the queue was forgotten, not dropped: claim the function anew"),
            Self::NotEmpty => f.write_str("something is left in the queue: take it out first"),
            Self::Started => f.write_str("the queue was started since the last reset, or there was none: reset the device first"),
            Self::NotStarted => f.write_str("the queue does not run: start it, after a reset if the device was silenced"),
            Self::NoDoorbell => f.write_str("the queue's doorbell lies behind the device's registers: the device doesn't fit its table"),
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

/// The device completed what it can't have been given: it's broken, and only a reset makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueFault {
    /// A tag, or a chain, that isn't in flight.
    Unknown(u16),
    /// A queue that it can't be.
    Queue(u16),
    /// More completions than there's something in flight.
    Count(u16),
    /// More bytes than it was given.
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
                "the device completed an entry of queue {number}, which can't be: reset it"
            ),
            Self::Count(count) => write!(
                f,
                "the device completed {count} entries, more than are in flight: reset it"
            ),
            Self::Length(bytes) => write!(
                f,
                "the device says that it wrote {bytes} bytes, more than it was given: reset it"
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

/// Why a command isn't put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitError {
    /// As many commands are in flight as the queue takes: await a completion.
    Full,
    /// The driver chose bits that the table does not leave to it.
    Forbidden,
    /// The buffer is of another claim, the range is empty, or not inside it.
    OutOfBounds,
    /// The device may not write a buffer that was lent.
    ReadOnlyBuffer,
    /// The range isn't a whole number of units, or of more than the command counts, or of more pages than a list has.
    Length,
    /// The range doesn't begin at a multiple of 4 bytes.
    Misaligned,
    /// What is known of the unit was learned from another device, or before a reset: learn it again.
    StaleUnit,
    /// The engine's page is in use by another command.
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
                "the buffer was lent for reading: move it in for the device to write it"
            }
            Self::Length => {
                "the range is no whole number of units, or too long for one command: split it"
            }
            Self::Misaligned => "the range doesn't begin at a multiple of 4 bytes",
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

/// Why a buffer holds nothing that the device wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The device says that it wrote nothing.
    Empty,
    /// The device says that it wrote more than it was given.
    Length,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the device says that it wrote nothing",
            Self::Length => "the device says that it wrote more than it was given",
        })
    }
}

impl core::error::Error for Damage {}
