//! Ledger records that a call makes when it begins and that are settled when it ends.

use std::sync::atomic::Ordering::Relaxed;

use super::{Holder, UNSETTLED, with};

/// The record of an object that is being given to the engine. If the engine does not take the object, or a panic
/// unwinds, the drop of this value removes the record.
pub(crate) struct Offer {
    holder: Holder,
    start: usize,
}

impl Offer {
    pub(crate) fn new(holder: Holder, start: usize, bytes: usize) -> Self {
        UNSETTLED[holder.device].fetch_add(1, Relaxed);
        with(|book| book.give(holder, start, bytes));
        Self { holder, start }
    }

    /// Records that the engine has the object.
    pub(crate) fn taken(self) {
        UNSETTLED[self.holder.device].fetch_sub(1, Relaxed);
        std::mem::forget(self);
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        UNSETTLED[self.holder.device].fetch_sub(1, Relaxed);
        with(|book| {
            book.history.note("refused", self.holder, self.start, 0);
            book.entries.remove(&self.start);
        });
    }
}

/// The record of a buffer that is lent. The buffer counts as lent as long as this value exists.
pub(crate) struct Loan {
    holder: Holder,
    start: usize,
}

impl Loan {
    pub(crate) fn new(holder: Holder, start: usize, bytes: usize) -> Self {
        with(|book| {
            // The end of the loan may silence the device.
            book.resets[holder.device] = true;
            book.lend(holder, start, bytes);
        });
        Self { holder, start }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        with(|book| book.unlend(self.holder, self.start));
    }
}
