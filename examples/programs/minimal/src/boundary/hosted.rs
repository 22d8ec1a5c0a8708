//! x86_64: nothing is checked here, since the hosted tests of `samara-unwind` check the registers.

use super::{Filled, Wreckage};

pub(super) const WORDS: usize = 0;
pub(super) const INTEGERS: usize = 0;

pub(super) unsafe extern "C" fn filled(f: extern "C" fn(), _: *mut usize) {
    f();
}

pub(super) unsafe extern "C" fn wreck(f: extern "C" fn() -> !) -> ! {
    f()
}

const _: (Filled, Wreckage) = (filled, wreck);
