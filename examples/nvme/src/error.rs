//! What can go wrong: with the device at any time ([`Fault`]), and on bringing it up ([`InitError`]).

use core::fmt;

use samara_device_io::dma::RegionError;
use samara_device_io::layout::nvme::{AdminQueueError, CommandError, FormatError};
use samara_device_io::mmio::OutOfBounds;
use samara_device_io::pci::{EnableError, RegistersError};
use samara_interfaces::BlockError;

use crate::status::StatusError;

/// The device does not do what the specification has it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// All ones: unplugged.
    Gone,
    /// CSTS.CFS: it says itself that it failed.
    Fatal,
    /// It did not answer in time.
    Timeout,
    /// A completion for a command that isn't in flight.
    UnknownCommand(u16),
    /// A completion for a submission queue that it can't be for.
    UnknownQueue(u16),
    /// A submission queue head outside what was submitted.
    HeadOutOfRange(u16),
    /// Another thread had to silence the device.
    Silenced,
    /// A register, region or tag that should have been there was refused.
    Refused,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the controller was unplugged"),
            Self::Fatal => f.write_str(
                "the controller reports a fatal error (CSTS.CFS): replace it if that recurs",
            ),
            Self::Timeout => f.write_str("the controller did not answer in time"),
            Self::UnknownCommand(cid) => write!(
                f,
                "the controller completed command {cid:#06x}, which isn't in flight"
            ),
            Self::UnknownQueue(queue) => write!(
                f,
                "the controller completed a command of queue {queue}, which can't be"
            ),
            Self::HeadOutOfRange(head) => write!(
                f,
                "the controller reports queue head {head}, past what was submitted"
            ),
            Self::Silenced => f.write_str("the controller was silenced with commands in flight"),
            Self::Refused => {
                f.write_str("a register or DMA region was refused: a bug in the driver")
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
            Fault::Refused => Self::Failed,
            Fault::UnknownCommand(_) | Fault::UnknownQueue(_) | Fault::HeadOutOfRange(_) => {
                Self::Protocol
            }
            Fault::Silenced | Fault::Fatal => Self::Reset,
        }
    }
}

impl From<RegionError> for Fault {
    fn from(_: RegionError) -> Self {
        Self::Refused
    }
}

impl From<OutOfBounds> for Fault {
    fn from(_: OutOfBounds) -> Self {
        Self::Refused
    }
}

impl From<RegistersError> for Fault {
    fn from(_: RegistersError) -> Self {
        Self::Refused
    }
}

/// Why the controller can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InitError {
    /// The function isn't an NVM Express controller, or its registers can't be mapped.
    Registers(RegistersError),
    /// It lacks the NVM command set (CAP.CSS).
    NoNvmCommandSet,
    /// It lacks memory pages of 4 KiB (CAP.MPSMIN).
    PageSize,
    /// Its queues are shorter than 2 entries, or its doorbells too far apart.
    Queues,
    /// It has no namespace: no disk to speak of.
    NoNamespace,
    /// The namespace's blocks can't be transferred.
    Format(FormatError),
    /// A block is longer than the longest transfer (MDTS).
    BlockTooLong,
    /// After a reset the namespace is another than before.
    Changed,
    /// It never became ready, or stopped answering, or broke its protocol.
    Fault(Fault),
    /// It refused a command that bringing it up needs.
    Status(StatusError),
    /// No DMA memory.
    Memory(RegionError),
    /// Bus mastering was refused.
    Enable(EnableError),
    /// A command could not be built.
    Command(CommandError),
    /// The admin queues were refused.
    AdminQueues(AdminQueueError),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registers(error) => error.fmt(f),
            Self::NoNvmCommandSet => f.write_str("the controller lacks the NVM command set: it isn't a disk"),
            Self::PageSize => f.write_str("the controller doesn't support memory pages of 4 KiB"),
            Self::Queues => f.write_str("the controller's queues or doorbells don't fit this driver"),
            Self::NoNamespace => f.write_str("the controller has no active namespace: create or attach one"),
            Self::Format(error) => error.fmt(f),
            Self::BlockTooLong => f.write_str("a block is longer than the controller's longest transfer (MDTS): format it with smaller blocks"),
            Self::Changed => f.write_str("the namespace changed during a reset: restart the driver"),
            Self::Fault(fault) => fault.fmt(f),
            Self::Status(error) => write!(f, "the controller refused a command of its initialisation: {error}"),
            Self::Memory(error) => error.fmt(f),
            Self::Enable(error) => error.fmt(f),
            Self::Command(error) => error.fmt(f),
            Self::AdminQueues(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InitError {}

macro_rules! from {
    ($($variant:ident($type:ty)),+) => {
        $(impl From<$type> for InitError {
            fn from(error: $type) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

from!(
    Registers(RegistersError),
    Format(FormatError),
    Fault(Fault),
    Status(StatusError),
    Memory(RegionError),
    Enable(EnableError),
    Command(CommandError),
    AdminQueues(AdminQueueError)
);
