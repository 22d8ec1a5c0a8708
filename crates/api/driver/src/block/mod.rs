//! Executes requests for blocks on any device. A request is split into commands, of which several are in flight at
//! once. The calling thread waits for them, and resets the device if it fails.
//!
//! A driver implements [`Device`]: how a [`Command`] is given to its device, how the device answers and how it is
//! brought up. This module contains the parts that are the same for all devices: to which request a command belongs,
//! how long it may take, and how it ends if the device fails.
//!
//! | module | concept |
//! |---|---|
//! | `device_state` | the state under the lock: the device, and the requests of its commands |
//! | `cache` | written data that a failure of the device may have lost |
//! | `flights` | which commands are in flight, and whether the oldest is late |
//! | `force_reset` | ends what is in flight without the lock |
//! | `request` | one caller's request |

mod cache;
mod device_state;
mod flights;
mod force_reset;
mod request;

use samara_device_io::queue::{QueueError, SubmitError};
use samara_device_io::table::{Direction, Table};
use samara_device_io::{DmaTransfer, PciFunction};
use samara_interfaces::BlockError;

use crate::recovery::Failure;
use crate::split_request::Chunk;

pub use device_state::Served;
pub use request::{Executor, Shared, Work};

/// A command to the device.
#[derive(Clone, Copy, Debug)]
pub enum Command<'t> {
    /// Transfers one chunk of a pinned buffer.
    Blocks(&'t DmaTransfer, Direction, Chunk),
    /// Writes the device's cache back.
    Flush,
}

/// A device for blocks, under its driver's lock.
pub trait Device {
    /// The table that describes the device.
    type Table: Table;
    /// Names one of the device's disks.
    type Unit: Copy;
    /// The faults of the device.
    type Fault: Copy + PartialEq + Into<BlockError> + From<QueueError>;
    /// The reason why a bring-up failed, with all values that the device has reported. Two refusals are equal if the
    /// device has reported the same values.
    type Refusal: Copy + PartialEq + Into<Self::Fault>;

    /// Registers read as all ones: the device was unplugged, or does not answer for a moment. A reset finds out which
    /// is the case.
    const ABSENT: Self::Fault;
    /// A reset has found that the device was unplugged.
    const GONE: Self::Fault;
    /// The device did not answer in time.
    const TIMEOUT: Self::Fault;
    /// Another thread has silenced the device.
    const SILENCED: Self::Fault;
    /// The driver was stopped.
    const STOPPED: Self::Fault;

    /// Returns the bit that stands for `unit` in a set of disks. No other unit has this bit.
    fn bit(unit: Self::Unit) -> u64;

    /// Whether the device may have lost its cache with this fault. This is so if the device failed by itself, and not
    /// if the driver merely reset it.
    fn loses_cache(fault: &Self::Fault) -> bool;

    /// Returns the longest transfer of one command of `unit`, in bytes. It may change when the device is brought up
    /// again.
    fn longest(&self, unit: Self::Unit) -> usize;

    /// Puts a command into the device's queue, and returns its slot, which no other command in flight has.
    /// [`ring`](Self::ring) then tells the device.
    ///
    /// # Errors
    ///
    /// [`SubmitError`].
    fn start(
        &mut self,
        function: &PciFunction<Self::Table>,
        unit: Self::Unit,
        command: Command<'_>,
    ) -> Result<usize, SubmitError>;

    /// Tells the device of all commands that [`start`](Self::start) has put into its queue.
    ///
    /// # Errors
    ///
    /// The fault of the device.
    fn ring(&mut self, function: &PciFunction<Self::Table>) -> Result<(), Self::Fault>;

    /// Returns the slot and the result of the next command that has completed.
    ///
    /// # Errors
    ///
    /// The fault of the device.
    #[expect(clippy::type_complexity, reason = "a name would say no more")]
    fn next(
        &mut self,
        function: &PciFunction<Self::Table>,
    ) -> Result<Option<(usize, Result<(), BlockError>)>, Self::Fault>;

    /// Checks the device's registers for a fault.
    ///
    /// # Errors
    ///
    /// The fault of the device.
    fn check(&mut self, function: &PciFunction<Self::Table>) -> Result<(), Self::Fault>;

    /// Resets the device and brings it up again. Fails if the device that comes up is not the one that callers know.
    /// Nothing is in flight afterwards, even on an error.
    ///
    /// # Errors
    ///
    /// The reason why the device can't be used. Converted to a fault, it is [`GONE`](Self::GONE) if the reset finds
    /// that the device was unplugged, or if the device does not answer soon after the reset. It is
    /// [`ABSENT`](Self::ABSENT) if registers read as all ones later in the bring-up.
    fn bring_up(&mut self, function: &PciFunction<Self::Table>) -> Result<(), Self::Refusal>;

    /// Returns the meaning for the device of a [bring-up](Self::bring_up) that failed with this refusal.
    fn says(refusal: &Self::Refusal) -> Failure;

    /// Accepts that this refusal is final: gives up the disks that it concerns, and no others. Returns whether the
    /// device can be brought up with the remaining disks.
    fn concede(&mut self, refusal: &Self::Refusal) -> bool {
        let _ = refusal;
        false
    }
}
