//! Requests for blocks, on whatever device: split into commands, several in flight, waited for, ended with the device if need be.
//!
//! A driver says how its device is told of a [`Command`], how it answers and how it is brought up ([`Device`]). What is the same for
//! all of them is here, once: which request a command is of, how long it may take, and what becomes of it if the device fails.
//!
//! | module | concept |
//! |---|---|
//! | `device_state` | what the lock guards: the device, and whose its commands are |
//! | `cache` | what a failure of the device has lost of what was written |
//! | `flights` | which commands are in flight, and whether the oldest is late |
//! | `force_reset` | ending what is in flight without the lock |
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

/// What a device is told.
#[derive(Clone, Copy, Debug)]
pub enum Command<'t> {
    /// To transfer one chunk of a pinned buffer.
    Blocks(&'t DmaTransfer, Direction, Chunk),
    /// To write its cache back.
    Flush,
}

/// A device for blocks, under its driver's lock.
pub trait Device {
    /// The table that describes it.
    type Table: Table;
    /// What tells its disks from each other.
    type Unit: Copy;
    /// What can go wrong with it.
    type Fault: Copy + PartialEq + Into<BlockError> + From<QueueError>;
    /// Why it isn't brought up, and all that it has said by that: two are equal if it has said the same.
    type Refusal: Copy + PartialEq + Into<Self::Fault>;

    /// Registers read as all ones: it was unplugged, or is blind for a moment. A reset tells which.
    const ABSENT: Self::Fault;
    /// A reset has found that it was unplugged.
    const GONE: Self::Fault;
    /// It did not answer in time.
    const TIMEOUT: Self::Fault;
    /// Another thread has silenced it.
    const SILENCED: Self::Fault;
    /// Its driver was stopped.
    const STOPPED: Self::Fault;

    /// The bit of `unit`, which no other one has.
    fn bit(unit: Self::Unit) -> u64;

    /// Whether the device may have lost what its cache held when this went wrong: by itself, not by a reset of the driver's.
    fn loses_cache(fault: &Self::Fault) -> bool;

    /// The longest transfer of one command of `unit`, in bytes, since the device was brought up last.
    fn longest(&self, unit: Self::Unit) -> usize;

    /// Puts a command; the device learns of it from [`ring`](Self::ring). Returns the command's slot, which no other command in
    /// flight has.
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

    /// Tells the device of all that was put.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn ring(&mut self, function: &PciFunction<Self::Table>) -> Result<(), Self::Fault>;

    /// The slot of the next command that has completed, and how.
    ///
    /// # Errors
    ///
    /// What is wrong with the device.
    #[expect(clippy::type_complexity, reason = "a name would say no more")]
    fn next(
        &mut self,
        function: &PciFunction<Self::Table>,
    ) -> Result<Option<(usize, Result<(), BlockError>)>, Self::Fault>;

    /// What the device's registers say of it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn check(&mut self, function: &PciFunction<Self::Table>) -> Result<(), Self::Fault>;

    /// Resets the device and brings it up again, as what it was. Nothing is in flight afterwards, whatever comes of it.
    ///
    /// # Errors
    ///
    /// Why it can't be used. [`GONE`](Self::GONE) is what the reset has found; all ones behind it are [`ABSENT`](Self::ABSENT).
    fn bring_up(&mut self, function: &PciFunction<Self::Table>) -> Result<(), Self::Refusal>;

    /// What this failure of a [bring-up](Self::bring_up) says of the device.
    fn says(refusal: &Self::Refusal) -> Failure;

    /// The device stays at this refusal. Gives up the disks that it is about, and no others; whether any are left, as which it is to be
    /// brought up.
    fn concede(&mut self, refusal: &Self::Refusal) -> bool {
        let _ = refusal;
        false
    }
}
