//! Ends what is in flight without the lock, when the thread that holds it does not come back.

use core::sync::atomic::{AtomicU64, Ordering};

use samara_device_io::PciFunction;
use samara_device_io::table::Table;
use spin::Mutex;

use crate::recovery;
use crate::tickets::{Ticket, Tickets};

/// How long one thread's silencing may hold up others, in milliseconds: the bound of [`recovery::silence`], and some
/// more.
const SILENCE_MILLIS: u64 = 7_000;

/// The state of forced ends, by threads that could not get the lock.
#[derive(Default)]
pub(super) struct Force {
    /// Held by the one thread that silences the device. It ends everything in flight for the others, too.
    one: Mutex<()>,
    /// The tickets that were left behind, one bit each.
    deserted: AtomicU64,
}

impl Force {
    /// Ends what is in flight since `epoch`, and leaves its `ticket` behind.
    pub(super) fn end<D: Table>(&self, function: &PciFunction<D>, ticket: Ticket, epoch: u64) {
        let one = function.wait_for(SILENCE_MILLIS, || self.one.try_lock());
        // In another epoch, a reset or another thread has already ended it, and the device may be on its way up
        // again.
        if function.epoch() == epoch {
            recovery::silence(function);
        }
        drop(one);
        self.deserted.fetch_or(ticket.bit(), Ordering::AcqRel);
    }

    /// Closes tickets that were left behind. Under the lock.
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
