//! Ends the commands in flight without the lock, when the thread that holds the lock does not release it.

use core::sync::atomic::{AtomicU64, Ordering};

use samara_device_io::PciFunction;
use samara_device_io::table::Table;
use spin::Mutex;

use crate::recovery;
use crate::tickets::{Ticket, Tickets};

/// The longest time that one thread waits for another thread to silence the device, in milliseconds.
/// [`recovery::silence`] takes less time than this.
const SILENCE_MILLIS: u64 = 7_000;

/// The state that is shared by threads that could not get the lock and end their commands by force.
#[derive(Default)]
pub(super) struct Force {
    /// Held by the one thread that silences the device. Silencing also ends the commands of the other threads.
    one: Mutex<()>,
    /// The tickets of requests whose threads have returned without closing them, one bit each.
    deserted: AtomicU64,
}

impl Force {
    /// Ends the commands that are in flight in `epoch` by silencing the device. Leaves `ticket` to the next thread
    /// that gets the lock.
    pub(super) fn end<D: Table>(&self, function: &PciFunction<D>, ticket: Ticket, epoch: u64) {
        let one = function.wait_for(SILENCE_MILLIS, || self.one.try_lock());
        // If the epoch has changed, a reset or another thread has already ended these commands. The device may be
        // coming up again and must not be silenced.
        if function.epoch() == epoch {
            recovery::silence(function);
        }
        drop(one);
        self.deserted.fetch_or(ticket.bit(), Ordering::AcqRel);
    }

    /// Closes the tickets that other threads have left behind. The caller holds the lock.
    pub(super) fn clear(&self, tickets: &mut Tickets) {
        if self.deserted.load(Ordering::Relaxed) != 0 {
            tickets.desert(self.deserted.swap(0, Ordering::AcqRel));
        }
    }

    /// Waits until no thread is silencing the device.
    pub(super) fn wait<D: Table>(&self, function: &PciFunction<D>) {
        drop(function.wait_for(SILENCE_MILLIS, || self.one.try_lock()));
    }
}
