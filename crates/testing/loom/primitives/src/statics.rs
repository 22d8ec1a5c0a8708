//! Resets statics. Statics outlive an execution, but each execution must begin with their initial values.

use core::ptr;
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static FIRST: RefCell<HashMap<usize, Vec<u8>>> = RefCell::default();
}

unsafe extern "C" {
    // The linker defines these symbols at the start and the end of the writable sections.
    static __data_start: u8;
    static _end: u8;
}

/// Saves the `bytes` bytes at `start`, if they belong to a static and were not saved before.
///
/// # Safety
/// The bytes must be valid for reads now, and for writes when an execution begins.
pub(crate) unsafe fn remember(start: *mut u8, bytes: usize) {
    let statics = (&raw const __data_start).addr()..(&raw const _end).addr();
    if !statics.contains(&start.addr()) {
        return;
    }
    FIRST.with_borrow_mut(|first| {
        first.entry(start.expose_provenance()).or_insert_with(|| {
            let mut copy = vec![0; bytes];
            // SAFETY: the caller vouches for the source, and the copy has as many bytes.
            unsafe { ptr::copy_nonoverlapping(start, copy.as_mut_ptr(), bytes) };
            copy
        });
    });
}

/// Restores the saved values.
pub(crate) fn restore() {
    FIRST.with_borrow(|first| {
        for (start, bytes) in first {
            let start = ptr::with_exposed_provenance_mut(*start);
            // SAFETY: this is a static's word or the inside of a lock (see `remember`), which no thread of the ended
            // execution uses any more. The old contents are overwritten without being dropped.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len()) };
        }
    });
}
