//! Answers the questions of an emulated device.

use std::sync::atomic::Ordering::Relaxed;

use samara_testkit::device_memory::{Access, Oracle};

use super::{ACCESSES, QUEUE, UNSETTLED, book};

/// The oracle of one device.
#[derive(Debug)]
pub(crate) struct Watch(pub(crate) usize);

impl Oracle for Watch {
    fn translated(&self, start: usize, bytes: usize) {
        if book().translated(self.0, start, bytes) {
            QUEUE.set(start);
        }
    }

    fn allows(&self, start: usize, bytes: usize, access: Access) -> bool {
        ACCESSES.fetch_add(1, Relaxed);
        book().allows(self.0, start, bytes, access)
    }

    fn is_master(&self) {
        // During a call that hands an object over, the new owner may free the object before its record is removed.
        if UNSETTLED[self.0].load(Relaxed) == 0 {
            book().is_master(self.0);
        }
    }
}
