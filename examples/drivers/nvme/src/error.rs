//! The faults of the controller at any time ([`Fault`]), and the errors of a bring-up ([`InitError`]).

use core::fmt;

use samara_device_io::pci::{NotIdle, StepError};
use samara_device_io::queue::{QueueError, QueueFault, SubmitError};
use samara_driver::recovery::Failure;
use samara_interfaces::BlockError;

use crate::bring_up::{NO_SERIAL, Serial};
use crate::namespace::{Changed, FormatError};
use crate::status::StatusError;

/// A fault of the controller, or the reason why the driver doesn't use it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A reset has found that the controller was unplugged.
    Gone,
    /// Registers read as all ones: the controller was unplugged, or does not answer for a moment. A reset tells
    /// which.
    Absent,
    /// CSTS.CFS is set: the controller reports that it has failed.
    Fatal,
    /// CSTS.RDY is clear: the controller has reset itself.
    NotReady,
    /// The controller did not answer in time.
    Timeout,
    /// The controller completed this command, which isn't in flight.
    UnknownCommand(u16),
    /// A completion names this submission queue, which is not the one that its completion queue serves.
    UnknownQueue(u16),
    /// Another thread has silenced the controller, because it could not get the driver's lock.
    Silenced,
    /// The driver was stopped.
    Stopped,
    /// Another thread held the controller's lock for longer than the driver waits for it.
    Busy,
    /// After a reset, the controller is another one than callers were told of, or the driver can't use it any more,
    /// or all its namespaces have changed.
    Lost,
    /// The controller refused a command that a bring-up needs.
    Status(StatusError),
    /// The engine refused a queue or a command, although the driver should be able to use it.
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
                "the controller completed a command of queue {queue} in another queue"
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
            Self::Refused => {
                f.write_str("the engine refused a queue or a command: report this bug")
            }
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

/// The reason why the controller can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The controller lacks the NVM command set (CAP.CSS).
    NoNvmCommandSet,
    /// The controller lacks memory pages of 4 KiB (CAP.MPSMIN).
    PageSize,
    /// The queues of the controller have fewer than 2 entries (CAP.MQES).
    Queues,
    /// The controller has no active namespace, or it does not have the namespace that
    /// [`Limits::namespace`](crate::Limits::namespace) names.
    NoNamespace,
    /// Identify Controller returned neither a serial number nor a number of namespaces.
    Mute,
    /// The namespace can't be used.
    Format(FormatError),
    /// The controller never became ready, stopped answering, or broke its protocol.
    Fault(Fault),
    /// The controller refused a command that a bring-up needs.
    Status(StatusError),
    /// A queue can't be made or started.
    Queue(QueueError),
    /// The engine did not make the controller bus master.
    Enable(NotIdle),
    /// The engine refused a command.
    Command(SubmitError),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNvmCommandSet => {
                f.write_str("the controller lacks the NVM command set: it isn't a disk")
            }
            Self::PageSize => f.write_str(
                "the controller doesn't support memory pages of 4 KiB, which the driver needs",
            ),
            Self::Queues => f.write_str("the controller's queues have 1 entry: the driver needs 2"),
            Self::NoNamespace => {
                f.write_str("the controller has no active namespace, or not the requested one: create or attach it")
            }
            Self::Mute => f.write_str(
                "the controller returned no data for Identify Controller: reset it, or update its firmware",
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
    /// Returns the class of this failure, by which a recovery decides whether to begin again.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Fault(Fault::Gone) => Failure::Gone,
            Self::NoNvmCommandSet
            | Self::PageSize
            | Self::Queues
            | Self::NoNamespace
            | Self::Format(_) => Failure::Said,
            // Registers state the place of the doorbells. If they read as all ones, they state no place.
            Self::Mute | Self::Queue(QueueError::NoDoorbell) => Failure::Blank,
            _ => Failure::Passing,
        }
    }
}

/// Turns the error of a bring-up into the fault that the driver keeps.
impl From<InitError> for Fault {
    fn from(error: InitError) -> Self {
        let is_another = matches!(error.says(), Failure::Said | Failure::Blank);
        match error {
            InitError::Fault(fault) => fault,
            InitError::Status(error) => Self::Status(error),
            // Bus mastering is enabled right after a reset. If it fails, the controller does not answer, or another
            // thread has silenced it meanwhile.
            InitError::Enable(_) => Self::Absent,
            _ if is_another => Self::Lost,
            _ => Self::Refused,
        }
    }
}

/// The reason why a bring-up failed, with everything that the controller has stated. Two refusals are equal if the
/// controller has stated the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Init(InitError),
    /// The controller has this serial number, which differs from its earlier one.
    Serial(Serial),
    /// Some namespaces have changed.
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
    /// Returns the class of this refusal, by which a recovery decides whether to begin again.
    pub(crate) fn says(&self) -> Failure {
        match self {
            Self::Init(error) => error.says(),
            Self::Serial(serial) if *serial == NO_SERIAL => Failure::Blank,
            Self::Namespaces(changed) if changed.are_unknown => Failure::Blank,
            Self::Serial(_) | Self::Namespaces(_) => Failure::Said,
        }
    }
}
