//! What can go wrong: with the device at any time ([`Fault`]), and on bringing it up ([`InitError`]).

use core::fmt;

use samara_device_io::pci::{NotIdle, StepError};
use samara_device_io::queue::{QueueError, QueueFault, SubmitError};
use samara_driver::recovery::Failure;
use samara_interfaces::BlockError;

use crate::bring_up::{NO_SERIAL, Serial};
use crate::namespace::{Changed, FormatError};
use crate::status::StatusError;

/// The device does not do what the specification has it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A reset has found that it was unplugged.
    Gone,
    /// All ones: it was unplugged, or is blind for a moment. A reset tells which.
    Absent,
    /// CSTS.CFS: it says itself that it failed.
    Fatal,
    /// CSTS.RDY is clear: it has reset itself.
    NotReady,
    /// It did not answer in time.
    Timeout,
    /// A completion for a command that isn't in flight.
    UnknownCommand(u16),
    /// A completion for a submission queue that it can't be for.
    UnknownQueue(u16),
    /// Another thread had to silence the device.
    Silenced,
    /// The driver was stopped.
    Stopped,
    /// Another thread has the controller.
    Busy,
    /// Behind a reset it isn't the controller that it was, or has none of its namespaces as they were.
    Lost,
    /// It refused a command that bringing it up needs.
    Status(StatusError),
    /// A queue or a command that should have been there was refused.
    Refused,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the controller was unplugged"),
            Self::Absent => f.write_str("the controller did not answer"),
            Self::Fatal => f.write_str(
                "the controller reports a fatal error (CSTS.CFS): replace it if that recurs",
            ),
            Self::NotReady => f.write_str("the controller has reset itself"),
            Self::Timeout => f.write_str("the controller did not answer in time"),
            Self::UnknownCommand(cid) => write!(
                f,
                "the controller completed command {cid:#06x}, which isn't in flight"
            ),
            Self::UnknownQueue(queue) => write!(
                f,
                "the controller completed a command of queue {queue}, which can't be"
            ),
            Self::Silenced => f.write_str("the controller was silenced with commands in flight"),
            Self::Stopped => f.write_str("the driver was stopped: start it again"),
            Self::Busy => {
                f.write_str("calls are under way: stop the driver when they have returned")
            }
            Self::Lost => f.write_str(
                "the controller did not come back from a reset as it was: restart the driver",
            ),
            Self::Status(error) => write!(
                f,
                "the controller refused a command of its initialisation: {error}"
            ),
            Self::Refused => f.write_str("a queue or a command was refused: a bug in the driver"),
        }
    }
}

impl core::error::Error for Fault {}

impl From<Fault> for BlockError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone => Self::Gone,
            Fault::Timeout => Self::Timeout,
            Fault::Busy => Self::Busy,
            Fault::Stopped => Self::Stopped,
            Fault::Refused | Fault::Lost | Fault::Status(_) => Self::Failed,
            Fault::UnknownCommand(_) | Fault::UnknownQueue(_) => Self::Protocol,
            Fault::Absent | Fault::Silenced | Fault::Fatal | Fault::NotReady => Self::Reset,
        }
    }
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::NotStarted => Self::Silenced,
            QueueError::Step(StepError::Absent) => Self::Absent,
            QueueError::Step(StepError::Timeout) => Self::Timeout,
            QueueError::Step(_) => Self::Fatal,
            _ => Self::Refused,
        }
    }
}

impl From<QueueFault> for Fault {
    fn from(fault: QueueFault) -> Self {
        match fault {
            QueueFault::Unknown(command) => Self::UnknownCommand(command),
            QueueFault::Queue(queue) => Self::UnknownQueue(queue),
            QueueFault::Unusable(error) => error.into(),
            _ => Self::Refused,
        }
    }
}

/// Why the controller can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// It lacks the NVM command set (CAP.CSS).
    NoNvmCommandSet,
    /// It lacks memory pages of 4 KiB (CAP.MPSMIN).
    PageSize,
    /// Its queues are shorter than 2 entries.
    Queues,
    /// It has no namespace: no disk to speak of.
    NoNamespace,
    /// It says nothing of itself.
    Mute,
    /// The namespace's blocks can't be transferred.
    Format(FormatError),
    /// It never became ready, or stopped answering, or broke its protocol.
    Fault(Fault),
    /// It refused a command that bringing it up needs.
    Status(StatusError),
    /// A queue isn't to be had, or wasn't started.
    Queue(QueueError),
    /// Bus mastering was refused.
    Enable(NotIdle),
    /// A command was refused.
    Command(SubmitError),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNvmCommandSet => {
                f.write_str("the controller lacks the NVM command set: it isn't a disk")
            }
            Self::PageSize => f.write_str("the controller doesn't support memory pages of 4 KiB"),
            Self::Queues => f.write_str("the controller's queues are too short for any command"),
            Self::NoNamespace => {
                f.write_str("the controller has no active namespace: create or attach one")
            }
            Self::Mute => f.write_str(
                "the controller says nothing of itself (Identify Controller): reset it, or update its firmware",
            ),
            Self::Format(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
            Self::Status(error) => write!(
                f,
                "the controller refused a command of its initialisation: {error}"
            ),
            Self::Queue(error) => error.fmt(f),
            Self::Enable(error) => error.fmt(f),
            Self::Command(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InitError {}

samara_driver::from_errors!(InitError:
    Format(FormatError),
    Fault(Fault),
    Status(StatusError),
    Enable(NotIdle)
);

impl From<QueueError> for InitError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Step(_) | QueueError::NotStarted => Self::Fault(error.into()),
            _ => Self::Queue(error),
        }
    }
}

impl From<SubmitError> for InitError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Queue(error) => error.into(),
            _ => Self::Command(error),
        }
    }
}

impl InitError {
    /// What a bring-up that fails so says of the device.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Fault(Fault::Gone) => Failure::Gone,
            Self::NoNvmCommandSet
            | Self::PageSize
            | Self::Queues
            | Self::NoNamespace
            | Self::Format(_) => Failure::Said,
            // Where its doorbells are is for its registers to say, and all ones are no place.
            Self::Mute | Self::Queue(QueueError::NoDoorbell) => Failure::Blank,
            _ => Failure::Passing,
        }
    }
}

/// Why it isn't brought up again.
impl From<InitError> for Fault {
    fn from(error: InitError) -> Self {
        let is_another = matches!(error.says(), Failure::Said | Failure::Blank);
        match error {
            InitError::Fault(fault) => fault,
            InitError::Status(error) => Self::Status(error),
            // Right behind a reset: it is blind, or another thread came between.
            InitError::Enable(_) => Self::Absent,
            _ if is_another => Self::Lost,
            _ => Self::Refused,
        }
    }
}

/// The same, with all that the controller has said by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Init(InitError),
    /// It has this serial number.
    Serial(Serial),
    /// Some namespaces aren't what they were.
    Namespaces(Changed),
}

macro_rules! refused {
    ($($type:ty),+) => {
        $(impl From<$type> for Refusal {
            fn from(error: $type) -> Self {
                Self::Init(error.into())
            }
        })+
    };
}

refused!(InitError, StatusError, NotIdle);

impl From<Refusal> for InitError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Init(error) => error,
            other => Self::Fault(other.into()),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Init(error) => error.into(),
            Refusal::Serial(_) | Refusal::Namespaces(_) => Self::Lost,
        }
    }
}

impl Refusal {
    /// What it says of the controller.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Init(error) => error.says(),
            Self::Serial(serial) if *serial == NO_SERIAL => Failure::Blank,
            Self::Namespaces(changed) if changed.are_unknown => Failure::Blank,
            Self::Serial(_) | Self::Namespaces(_) => Failure::Said,
        }
    }
}
