//! Closes the reserves of stacks that ran over in trusted code.

use samara::runtime::host::StackProbe;

use super::KernelHost;
use crate::thread;

// SAFETY: the kernel keeps the default `extend`, which offers no more stack and never calls the callee.
unsafe impl StackProbe for KernelHost {
    fn close_reserve(&self) {
        thread::reserve::close();
    }
}
