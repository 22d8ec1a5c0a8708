//! One caller's request: split into commands, several in flight, waited for until none is left.

use samara_device_io::queue::SubmitError;
use samara_device_io::{Deadline, Transfer};
use samara_interfaces::BlockError;
use spin::{Mutex, MutexGuard};

use crate::args::Limits;
use crate::controller::{Controller, Direction};
use crate::error::Fault;
use crate::faults::fault_point;
use crate::registers::Function;
use crate::status::NOT_READY;
use samara_driver::split::Split;
use samara_driver::tickets::Ticket;

/// How many polls without a completion go by before the controller's status is looked at: a register
/// read costs more than a look into memory.
const STATUS_EVERY: u32 = 64;

/// What is to be done.
pub(crate) enum Work<'t> {
    /// Blocks to or from a pinned buffer.
    Blocks {
        transfer: &'t Transfer,
        direction: Direction,
        split: Split,
    },
    /// A flush, if not yet started.
    Flush { started: bool },
}

/// What is under way of a request.
struct Request {
    /// While commands are in flight.
    ticket: Option<Ticket>,
    error: Option<BlockError>,
}

impl Request {
    /// Notes the first error; nothing is started after it.
    fn fail(&mut self, error: BlockError) {
        self.error.get_or_insert(error);
    }

    /// Commands in flight; takes note of what has become of those that are not.
    fn pending(&mut self, controller: &mut Controller) -> u16 {
        let Some(ticket) = self.ticket else {
            return 0;
        };
        match controller.tickets.look(ticket) {
            Some((0, error)) => {
                controller.tickets.close(ticket);
                self.ticket = None;
                if let Some(error) = error {
                    self.fail(error);
                }
                0
            }
            Some((pending, _)) => pending,
            None => {
                // The device was silenced by another request.
                self.ticket = None;
                self.fail(Fault::Silenced.into());
                0
            }
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        fault_point!(Drop);
    }
}

/// Watches the controller on behalf of a request.
struct Watch {
    /// When the request's commands have taken too long.
    deadline: Deadline,
    /// Polls without a completion since the last one.
    idle_polls: u32,
}

impl Watch {
    /// Takes what has completed, and tells what is wrong with the controller, if anything is.
    fn look(&mut self, function: &Function, controller: &mut Controller) -> Result<(), Fault> {
        if controller.poll(function)? > 0 {
            self.idle_polls = 0;
            return Ok(());
        }
        self.idle_polls = self.idle_polls.wrapping_add(1);
        if self.idle_polls % STATUS_EVERY == 1 {
            controller.check(function)?;
        }
        Ok(())
    }
}

/// Where and how a request is executed.
pub(crate) struct Executor<'d> {
    pub(crate) function: &'d Function,
    pub(crate) controller: &'d Mutex<Controller>,
    pub(crate) limits: Limits,
    /// Which of the controller's namespaces.
    pub(crate) namespace: usize,
}

impl<'d> Executor<'d> {
    /// Waits for the controller, but not for ever.
    pub(crate) fn lock(&self) -> Option<MutexGuard<'d, Controller>> {
        let millis = self.limits.lock_millis;
        self.function
            .wait_for(millis, || self.controller.try_lock())
    }

    /// Executes `work`, again and again while the namespace isn't ready, for as long as a command may take. On return nothing of it
    /// is in flight.
    pub(crate) fn execute<'t>(&self, work: impl Fn() -> Work<'t>) -> Result<(), BlockError> {
        let mut done = self.try_execute(work());
        if done == Err(NOT_READY) {
            let deadline = self.function.deadline(self.limits.io_millis);
            while done == Err(NOT_READY) && !deadline.passed() {
                self.function.clock().relax();
                done = self.try_execute(work());
            }
        }
        done
    }

    /// Executes `work`. On return nothing of it is in flight.
    fn try_execute(&self, mut work: Work<'_>) -> Result<(), BlockError> {
        let function = self.function;
        let millis = match work {
            Work::Blocks { .. } => self.limits.io_millis,
            Work::Flush { .. } => self.limits.flush_millis,
        };
        let mut request = Request {
            ticket: None,
            error: None,
        };
        let mut watch = Watch {
            deadline: function.deadline(millis),
            idle_polls: 0,
        };
        let mut last = 0;
        loop {
            let Some(mut controller) = self.lock() else {
                if request.ticket.is_some() {
                    // The driver is stuck; what is in flight is ended by force.
                    let _ = function.silence();
                }
                return Err(BlockError::Busy);
            };
            match controller.failed() {
                None => {}
                Some(Fault::Gone) => request.fail(BlockError::Gone),
                Some(_) => request.fail(BlockError::Failed),
            }
            // What others' polls have found, or a reset has ended.
            request.pending(&mut controller);
            let started = self.start(&mut controller, &mut request, &mut work);
            if started > 0 {
                fault_point!(InFlight);
            }
            let looked = watch.look(function, &mut controller);
            let pending = request.pending(&mut controller);
            // Others' completions say nothing of this request's.
            if started > 0 || pending < last {
                watch.deadline = function.deadline(millis);
            }
            last = pending;
            let fault = match looked {
                Err(fault) => Some(fault),
                Ok(()) if pending > 0 && watch.deadline.passed() => Some(Fault::Timeout),
                Ok(()) => None,
            };
            if let Some(fault) = fault
                && (controller.failed().is_none() || pending > 0)
            {
                controller.recover(function, fault);
            }
            if request.pending(&mut controller) == 0 {
                if let Some(error) = request.error {
                    return Err(error);
                }
                if work.is_done() {
                    return Ok(());
                }
                if watch.deadline.passed() {
                    // Others had every slot for as long as a command may take.
                    return Err(BlockError::Busy);
                }
            }
            drop(controller);
            function.clock().relax();
        }
    }

    /// Starts as many commands as there's room for, and rings once; returns how many.
    fn start(
        &self,
        controller: &mut Controller,
        request: &mut Request,
        work: &mut Work<'_>,
    ) -> usize {
        let mut started = 0;
        while request.error.is_none() && !work.is_done() {
            if request.ticket.is_none() {
                request.ticket = controller.tickets.open();
            }
            let Some(ticket) = request.ticket else {
                break;
            };
            match work.start(self, controller, ticket) {
                Ok(()) => started += 1,
                Err(SubmitError::Full) => break,
                Err(SubmitError::Queue(error)) => request.fail(Fault::from(error).into()),
                Err(_) => request.fail(BlockError::BadLength),
            }
        }
        if started > 0
            && let Err(fault) = controller.ring(self.function)
        {
            controller.recover(self.function, fault);
        }
        started
    }
}

impl Work<'_> {
    fn is_done(&self) -> bool {
        match self {
            Self::Blocks { split, .. } => split.peek().is_none(),
            Self::Flush { started } => *started,
        }
    }

    /// Starts its next command.
    fn start(
        &mut self,
        executor: &Executor<'_>,
        controller: &mut Controller,
        ticket: Ticket,
    ) -> Result<(), SubmitError> {
        let (function, namespace) = (executor.function, executor.namespace);
        match self {
            Self::Blocks {
                transfer,
                direction,
                split,
            } => {
                let chunk = split.peek().ok_or(SubmitError::Full)?;
                controller.start(function, ticket, namespace, (transfer, *direction, chunk))?;
                split.advance();
            }
            Self::Flush { started } => {
                controller.start_flush(function, ticket, namespace)?;
                *started = true;
            }
        }
        Ok(())
    }
}
