//! Stacks that ran over in trusted code.

use samara::runtime::host::StackProbe;

use super::KernelHost;
use crate::thread;

// SAFETY: it has no more stack to offer, so it calls nothing.
unsafe impl StackProbe for KernelHost {
    fn close_reserve(&self) {
        thread::reserve::close();
    }
}
