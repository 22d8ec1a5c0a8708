//! The state that the namespaces of a controller share, and the exported value that offers all namespaces.

use alloc::sync::Arc;
use core::fmt;

use samara_domain::Proxy;
use samara_driver::block::{Executor, Shared, Work};
use samara_interfaces::block::BlockController;
use samara_interfaces::{BlockDevice, BlockError};

use crate::args::{Args, Limits};
use crate::bring_up::Identity;
use crate::controller::{Controller, SLOTS};
use crate::disk::NvmeDisk;
use crate::error::{Fault, InitError};
use crate::faults::Dropped;
use crate::registers::Function;
use crate::status::NOT_READY;

/// The state that the namespaces share.
pub(crate) struct Driver {
    // This field is declared before the function, and so it is dropped before the function.
    controller: Shared<Controller, SLOTS>,
    pub(crate) identity: Identity,
    limits: Limits,
    pub(crate) function: Function,
}

impl Driver {
    pub(crate) fn new(args: Args) -> Result<Arc<Self>, InitError> {
        let Args { function, limits } = args;
        let depth = limits.queue_depth.clamp(2, 64);
        let controller = Controller::new(&function, depth, limits.namespace)?;
        let identity = controller.identity();
        let controller = Shared::new(controller, &function);
        Ok(Arc::new(Self {
            controller,
            identity,
            limits,
            function,
        }))
    }

    /// Returns the most bytes that one command transfers, for blocks of `1 << block_shift` bytes.
    pub(crate) fn max_transfer(&self, block_shift: u8) -> usize {
        let limit = usize::try_from(self.limits.max_transfer).unwrap_or(usize::MAX);
        self.identity.max_transfer.min(limit).max(1 << block_shift)
    }

    pub(crate) fn executor(&self, namespace: usize) -> Executor<'_, Controller, SLOTS> {
        Executor {
            function: &self.function,
            shared: &self.controller,
            unit: namespace,
            lock_millis: self.limits.lock_millis,
            over: None,
        }
    }

    /// Executes `work` on a namespace. While the namespace isn't ready, repeats the work, for the time that a command
    /// may take. On return no command of the work is in flight.
    pub(crate) fn execute<'t>(
        &self,
        namespace: usize,
        work: impl Fn() -> Work<'t>,
    ) -> Result<(), BlockError> {
        let mut done = self.try_execute(namespace, work());
        if done == Err(NOT_READY) {
            let deadline = self.function.deadline(self.limits.io_millis);
            while done == Err(NOT_READY) && !deadline.passed() {
                self.function.clock().relax();
                done = self.try_execute(namespace, work());
            }
        }
        done
    }

    fn try_execute(&self, namespace: usize, work: Work<'_>) -> Result<(), BlockError> {
        let _dropped = Dropped;
        let millis = match work {
            Work::Blocks { .. } => self.limits.io_millis,
            Work::Flush { .. } => self.limits.flush_millis,
        };
        self.executor(namespace).execute(work, millis)
    }

    pub(crate) fn shut_down(&self) -> Result<(), InitError> {
        // A controller that was silenced or has failed must be brought up again before it can be notified.
        let mut controller = self.executor(0).lock_live().ok_or(Fault::Busy)?;
        controller.stop(&self.function, |controller| {
            controller.shut_down(&self.function)
        })??;
        // The shutdown has written the cache back. But it can't write back the writes that an earlier failure has
        // lost.
        match controller.has_lost() {
            true => Err(Fault::Fatal.into()),
            false => Ok(()),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // If the controller does not comply with the orderly stop, the drop of the function silences the controller.
        let _ = self.shut_down();
    }
}

/// An NVMe controller: each namespace that can be used is a block device of its own.
pub struct NvmeController(Arc<Driver>);

impl NvmeController {
    pub(crate) fn new(args: Args) -> Result<Self, InitError> {
        Driver::new(args).map(Self)
    }

    /// Stops the controller in an orderly way: deletes the I/O queues and notifies the controller of a shutdown (NVM
    /// Express Base 2.0 §3.6.1), so that it writes its caches back. Later requests fail.
    ///
    /// # Errors
    ///
    /// [`InitError`] if the controller does not comply in time. It is silenced all the same.
    ///
    /// [`Fault::Fatal`](crate::Fault::Fatal) if the controller complies, but has failed by itself before, may have
    /// lost writes by that failure, and no flush has reported this yet.
    pub fn shut_down(&self) -> Result<(), InitError> {
        self.0.shut_down()
    }
}

impl BlockController for NvmeController {
    fn devices(&self) -> Result<u32, BlockError> {
        Ok(self.0.identity.namespaces.count() as u32)
    }

    fn open(&self, number: u32) -> Result<Proxy<dyn BlockDevice>, BlockError> {
        let number = usize::try_from(number).map_err(|_| BlockError::OutOfRange)?;
        let disk = NvmeDisk::open(&self.0, number).ok_or(BlockError::OutOfRange)?;
        Proxy::export(disk).map_err(|(error, _)| BlockError::Rpc(error.into()))
    }
}

impl fmt::Debug for NvmeController {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NvmeController")
            .field(&self.0.function)
            .finish()
    }
}
