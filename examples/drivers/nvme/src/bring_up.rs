//! From a claimed function to a controller with one I/O queue pair, and back
//! (NVM Express Base 2.0 §3.5.1, §3.6.1, §3.7.2).

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

/// How long a normal shutdown may take before the driver stops waiting: what the controller says (RTD3E), within these bounds.
const SHUTDOWN_MILLIS: (u64, u64) = (10_000, 60_000);
/// How long a controller is left alone before it is enabled, and after its I/O queues were made: some need it.
const REST_MILLIS: u64 = 1;
/// How long the commands of a bring-up may take together, however many namespaces are looked at. With the time that the controller
/// itself asks for (CAP.TO, 128 s at most, to be disabled twice and enabled), it stays below the default of
/// [`Limits::lock_millis`](crate::Limits::lock_millis).
const BRING_UP_MILLIS: u64 = 60_000;
/// How long a controller may take to answer at all: some do not for 2 s after a reset of the function.
const ANSWER_MILLIS: u64 = 2_000;
/// Identify Controller (Base figure 273).
const CONTROLLER: u32 = 0x01;
/// The I/O queue pair's number.
const IO_QUEUE: u16 = 1;
/// The memory page size that the table programs into CC.MPS.
const PAGE: usize = 4096;
/// The longest transfer of one command, in bytes, whatever its offset in the first page: 64 addresses in a list.
pub(crate) const MAX_TRANSFER: usize = 64 * PAGE;

/// The I/O queue pair.
pub(crate) type Io = Pair<Nvme, { Nvme::IO }>;

/// A serial number (SN), which may not be said.
pub(crate) type Serial = [u32; 5];
pub(crate) const NO_SERIAL: Serial = [0; 5];

/// What is known of a controller that is up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) namespaces: Namespaces,
    /// Its serial number.
    serial: Serial,
    /// Bytes that one command may transfer: MDTS, and what a list describes.
    pub(crate) max_transfer: usize,
    /// How long a shutdown may take.
    shutdown_millis: u64,
}

impl Identity {
    /// Takes note of the names that it is `found` to have, and had none of.
    pub(crate) fn take_names(&mut self, found: &Self) {
        self.serial = found.serial;
        self.namespaces.take_names(&found.namespaces);
    }
}

/// The namespaces that are looked for.
pub(crate) enum Wanted<'i> {
    /// This one, or all that can be used if it is 0.
    First(u32),
    /// Those of the controller that was brought up before; what has become of them.
    Again(&'i Identity, &'i mut Changes),
}

/// Resets the controller, and refuses one that this driver can't drive.
pub(crate) fn reset(function: &Function) -> Result<Capabilities, InitError> {
    let answer = || Some(Capabilities::read(function)).filter(|answer| !answer.is_absent());
    let reset = recovery::reset(function, || answer().is_some());
    reset.map_err(|error| match error {
        ResetError::Absent => Fault::Gone,
        _ => Fault::Timeout,
    })?;
    // Some answer only a moment after a reset.
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

/// Brings a controller up that has been [`reset`].
pub(crate) fn bring_up(
    function: &Function,
    capabilities: Capabilities,
    admin: &mut Admin,
    io: &mut Io,
    wanted: Wanted<'_>,
) -> Result<Identity, Refusal> {
    // All commands together: others wait for the lock meanwhile, and not for ever.
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
    // Each has namespaces: nothing was said.
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

/// MDTS in bytes (units of 4 KiB, as CAP.MPSMIN is 0), within what a list describes.
const fn max_transfer(mdts: u8) -> usize {
    // 2^6 pages is what a list describes; shifting further could overflow.
    if mdts == 0 || mdts >= 6 {
        MAX_TRANSFER
    } else {
        PAGE << mdts
    }
}

/// The I/O queue pair, as long as the controller and `limit` allow.
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

/// An orderly stop: deletes the I/O queues, notifies of a normal shutdown and waits until the controller
/// says that it's done (§3.6.1). It is notified whatever became of the queues: its cache would be lost with the power.
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
        // Until it reads back: a controller that is blind for a moment has not been told.
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
