//! Closes the reserve of a stack after an overflow in trusted code has opened it.

use samara::runtime::host::StackProbe;

use super::KernelHost;
use crate::thread;

// SAFETY: the kernel keeps the default `extend`, which offers no more stack and never calls the callee.
unsafe impl StackProbe for KernelHost {
    fn close_reserve(&self) {
        thread::reserve::close();
    }
}
