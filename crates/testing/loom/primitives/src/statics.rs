//! Statics outlive an execution of a model: each begins with what they held at first.

use core::ptr;
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static FIRST: RefCell<HashMap<usize, Vec<u8>>> = RefCell::default();
}

unsafe extern "C" {
    // Set by the linker around the writable sections.
    static __data_start: u8;
    static _end: u8;
}

/// Notes what the `bytes` at `start` hold, if they are a static's and not noted before.
///
/// # Safety
/// They may be read, and written when an execution begins.
pub(crate) unsafe fn remember(start: *mut u8, bytes: usize) {
    let statics = (&raw const __data_start).addr()..(&raw const _end).addr();
    if !statics.contains(&start.addr()) {
        return;
    }
    FIRST.with_borrow_mut(|first| {
        first.entry(start.expose_provenance()).or_insert_with(|| {
            let mut copy = vec![0; bytes];
            // SAFETY: the caller's bytes, into as many of our own.
            unsafe { ptr::copy_nonoverlapping(start, copy.as_mut_ptr(), bytes) };
            copy
        });
    });
}

/// Puts back what was noted.
pub(crate) fn restore() {
    FIRST.with_borrow(|first| {
        for (start, bytes) in first {
            let start = ptr::with_exposed_provenance_mut(*start);
            // SAFETY: a static's word or the inside of a lock (`remember`), which no thread of the
            // execution that ended uses any more. What it held is forgotten, not dropped.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), start, bytes.len()) };
        }
    });
}
