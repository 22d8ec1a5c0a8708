//! Turns a claimed function into a controller with one I/O queue pair, and stops that controller again (NVM Express
//! Base 2.0 §3.5.1, §3.6.1, §3.7.2).

use samara_device_io::mmio::WriteError;
use samara_device_io::pci::ResetError;
use samara_device_io::queue::Pair;
use samara_device_tables::Nvme;
use samara_driver::recovery;

use crate::admin::Admin;
use crate::error::{Fault, InitError, Refusal};
use crate::faults::fault_point;
use crate::namespace::{self, Changes, Namespaces};
use crate::registers::{Capabilities, Function, Status, notify_shutdown};

/// The bounds of the time for which the driver waits for a normal shutdown. Between these bounds, the wait is as long
/// as the controller's own RTD3E says.
const SHUTDOWN_MILLIS: (u64, u64) = (10_000, 60_000);
/// The time for which the driver leaves a controller alone before it enables it, and after it has made the I/O
/// queues. Some controllers need this pause (hardware cases 3 and 5).
const REST_MILLIS: u64 = 1;
/// The time that all commands of a bring-up may take together, however many namespaces there are. In addition, the
/// controller may take CAP.TO (at most 128 s) three times: for two disables and one enable. The sum is below the
/// default of [`Limits::lock_millis`](crate::Limits::lock_millis).
const BRING_UP_MILLIS: u64 = 60_000;
/// The time within which a controller must answer after a reset. Some controllers take 2 s after a reset of the
/// function (hardware case 4).
const ANSWER_MILLIS: u64 = 2_000;
/// Identify Controller (Base figure 273).
const CONTROLLER: u32 = 0x01;
/// The I/O queue pair's number.
const IO_QUEUE: u16 = 1;
/// The memory page size that the table programs into CC.MPS.
const PAGE: usize = 4096;
/// The longest transfer of one command, in bytes. The 64 addresses of a PRP list are enough for it at any offset in the
/// first page.
pub(crate) const MAX_TRANSFER: usize = 64 * PAGE;

/// The I/O queue pair.
pub(crate) type Io = Pair<Nvme, { Nvme::IO }>;

/// A serial number (SN); [`NO_SERIAL`] if the controller did not report one.
pub(crate) type Serial = [u32; 5];
pub(crate) const NO_SERIAL: Serial = [0; 5];

/// The properties of a controller that is up, which the last bring-up found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) namespaces: Namespaces,
    /// The serial number of the controller.
    serial: Serial,
    /// The most bytes that one command may transfer: the lower of MDTS and [`MAX_TRANSFER`].
    pub(crate) max_transfer: usize,
    /// How long a shutdown may take, in milliseconds.
    shutdown_millis: u64,
}

impl Identity {
    /// Takes over the serial number and the names of namespaces that a later bring-up has `found`. That bring-up has
    /// checked that the serial number and the names differ only where there were none before.
    pub(crate) fn take_names(&mut self, found: &Self) {
        self.serial = found.serial;
        self.namespaces.take_names(&found.namespaces);
    }
}

/// The namespaces that a bring-up looks for.
pub(crate) enum Wanted<'i> {
    /// At a start: the namespace with this ID, or all that can be used if it is 0.
    First(u32),
    /// In a recovery: the namespaces that callers were told of. The second field takes notes of their changes.
    Again(&'i Identity, &'i mut Changes),
}

/// Resets the controller. Returns its capabilities, or an error if this driver can't drive it.
pub(crate) fn reset(function: &Function) -> Result<Capabilities, InitError> {
    let answer = || Some(Capabilities::read(function)).filter(|answer| !answer.is_absent());
    let reset = recovery::reset(function, || answer().is_some());
    reset.map_err(|error| match error {
        ResetError::Absent => Fault::Gone,
        _ => Fault::Timeout,
    })?;
    // Some controllers answer only some time after a reset.
    let capabilities = function
        .wait_for(ANSWER_MILLIS, answer)
        .ok_or(Fault::Gone)?;
    if !capabilities.has_nvm_command_set() {
        return Err(InitError::NoNvmCommandSet);
    }
    if !capabilities.has_4k_pages() {
        return Err(InitError::PageSize);
    }
    Ok(capabilities)
}

/// Brings up a controller that was [`reset`].
pub(crate) fn bring_up(
    function: &Function,
    capabilities: Capabilities,
    admin: &mut Admin,
    io: &mut Io,
    wanted: Wanted<'_>,
) -> Result<Identity, Refusal> {
    // All commands together have one bound, because other threads wait for the lock meanwhile, and they do not wait
    // for ever.
    admin.begin(function.deadline(BRING_UP_MILLIS));
    function.enable_bus_master()?;
    function.deadline(REST_MILLIS).sleep();
    admin.start(function)?;
    fault_point!(Init);

    admin.identify(function, (CONTROLLER, 0), |_| false)??;
    // MDTS, byte 77; NN, bytes 516 to 519.
    let max_transfer = max_transfer(admin.byte(function, 77)?);
    let count = admin.word(function, 516 / 4)?;
    // RTD3E, bytes 88 to 91, in microseconds.
    let micros = u64::from(admin.word(function, 88 / 4)?);
    let shutdown_millis = (micros / 1000).clamp(SHUTDOWN_MILLIS.0, SHUTDOWN_MILLIS.1);
    // SN, bytes 4 to 23.
    let mut serial = NO_SERIAL;
    for (index, word) in (1..).zip(&mut serial) {
        *word = admin.word(function, index)?;
    }
    // Every controller has an NN above 0, even if it has no serial number. So Identify has written nothing here.
    if serial == NO_SERIAL && count == 0 {
        return Err(InitError::Mute.into());
    }
    let namespaces = match wanted {
        Wanted::First(id) => {
            namespace::find(admin, function, capabilities, (id, count, max_transfer))?
        }
        Wanted::Again(was, _) if was.serial != NO_SERIAL && was.serial != serial => {
            return Err(Refusal::Serial(serial));
        }
        Wanted::Again(was, changes) => {
            let promised = (&was.namespaces, max_transfer);
            namespace::find_again(admin, function, capabilities, promised, changes)?
                .map_err(Refusal::Namespaces)?
        }
    };

    // One pair of I/O queues: 0's based in both halves.
    admin.execute(function, |queue| {
        queue.submit::<{ Nvme::SET_QUEUES }>(function, [0; 7])
    })?;
    admin.execute(function, |queue| {
        queue.create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(function, [0; 7], io)
    })?;
    admin.execute(function, |queue| {
        queue.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(function, [0; 7], io)
    })?;
    function.deadline(REST_MILLIS).sleep();
    Ok(Identity {
        namespaces,
        serial,
        max_transfer,
        shutdown_millis,
    })
}

/// Returns the most bytes that one command may transfer: MDTS, in units of 4 KiB because CAP.MPSMIN is 0, but at most
/// [`MAX_TRANSFER`].
const fn max_transfer(mdts: u8) -> usize {
    // A list describes 2^6 pages. A larger shift could overflow.
    if mdts == 0 || mdts >= 6 {
        MAX_TRANSFER
    } else {
        PAGE << mdts
    }
}

/// Makes the I/O queue pair, as long as the controller and `limit` allow.
pub(crate) fn io_queue(
    function: &Function,
    capabilities: Capabilities,
    limit: u16,
) -> Result<Io, InitError> {
    let entries = capabilities.max_queue_entries().min(u32::from(limit));
    if entries < 2 {
        return Err(InitError::Queues);
    }
    Ok(Pair::new(function, IO_QUEUE, entries)?)
}

/// Stops the controller in an orderly way: deletes the I/O queues, notifies the controller of a normal shutdown and
/// waits until it reports completion (§3.6.1). The controller is notified even if its queues can't be deleted,
/// because without the notification its cache is lost when the power goes.
pub(crate) fn shut_down(
    function: &Function,
    admin: &mut Admin,
    identity: &Identity,
) -> Result<(), InitError> {
    admin.begin(function.deadline(SHUTDOWN_MILLIS.0));
    let _ = delete_queues(function, admin);
    let mut status = Status::read(function);
    let mut refused = None;
    let over = function.deadline(identity.shutdown_millis).poll(|| {
        // The notification is repeated until the controller reports completion, because a controller that does not
        // answer for a moment misses a write.
        if refused.is_none() && !status.is_shut_down() {
            let told = notify_shutdown(function);
            refused = told.err().filter(|error| *error != WriteError::Absent);
        }
        status = Status::read(function);
        !status.is_absent() && status.is_shut_down() || refused.is_some()
    });
    match status {
        status if status.is_absent() => Err(Fault::Absent.into()),
        _ if refused.is_some() => Err(Fault::Silenced.into()),
        _ if over => Ok(()),
        _ => Err(Fault::Timeout.into()),
    }
}

fn delete_queues(function: &Function, admin: &mut Admin) -> Result<(), InitError> {
    let words = [0, IO_QUEUE.into(), 0, 0, 0, 0, 0];
    admin.execute(function, |queue| {
        queue.submit::<{ Nvme::DELETE_SUBMISSION }>(function, words)
    })?;
    admin.execute(function, |queue| {
        queue.submit::<{ Nvme::DELETE_COMPLETION }>(function, words)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::max_transfer;

    #[test]
    fn mdts_is_a_power_of_two_of_pages_and_0_is_no_limit() {
        assert_eq!(max_transfer(0), 256 << 10);
        assert_eq!(max_transfer(1), 8 << 10);
        assert_eq!(max_transfer(5), 128 << 10);
        assert_eq!(max_transfer(6), 256 << 10);
        assert_eq!(max_transfer(7), 256 << 10);
        assert_eq!(max_transfer(255), 256 << 10);
    }
}
