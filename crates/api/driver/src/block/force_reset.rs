//! Ending what is in flight without the lock: the thread that holds it does not come back.

use core::sync::atomic::{AtomicU64, Ordering};

use samara_device_io::PciFunction;
use samara_device_io::table::Table;
use spin::Mutex;

use crate::recovery;
use crate::tickets::{Ticket, Tickets};

/// How long one thread's silencing may take others, in milliseconds: the bound of [`recovery::silence`], and some more.
const SILENCE_MILLIS: u64 = 7_000;

/// What threads have done that could not get the lock.
#[derive(Default)]
pub(super) struct Force {
    /// One at a time: what one has ended no other need end.
    one: Mutex<()>,
    /// The tickets that were left behind, a bit for each.
    deserted: AtomicU64,
}

impl Force {
    /// Ends what is in flight since `epoch` and leaves its `ticket` behind.
    pub(super) fn end<D: Table>(&self, function: &PciFunction<D>, ticket: Ticket, epoch: u64) {
        let one = function.wait_for(SILENCE_MILLIS, || self.one.try_lock());
        // A reset has ended it, or another thread: the device may be on its way up again.
        if function.epoch() == epoch {
            recovery::silence(function);
        }
        drop(one);
        self.deserted.fetch_or(ticket.bit(), Ordering::AcqRel);
    }

    /// Under the lock: closes tickets that were left behind.
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
