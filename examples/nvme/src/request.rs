//! One caller's request: split into commands, several in flight, waited for until none is left.

use samara_device_io::layout::nvme::Nvme;
use samara_device_io::{Deadline, Mmio, PciFunction, Transfer};
use samara_interfaces::BlockError;
use spin::{Mutex, MutexGuard};

use crate::cids::{Cid, SLOTS};
use crate::controller::{Controller, Direction, Outcome, StartError};
use crate::disk::Limits;
use crate::error::Fault;
use crate::faults::fault_point;
use crate::split::Split;

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

/// The commands of a request that are under way.
struct Request {
    cids: [Option<Cid>; SLOTS],
    pending: usize,
    error: Option<BlockError>,
}

impl Request {
    fn add(&mut self, cid: Cid) {
        self.cids[cid.slot()] = Some(cid);
        self.pending += 1;
    }

    /// Notes the first error; nothing is started after it.
    fn fail(&mut self, error: BlockError) {
        self.error.get_or_insert(error);
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
    fn look(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Nvme>,
        controller: &mut Controller,
        request: &Request,
    ) -> Option<Fault> {
        match controller.poll(function, registers) {
            Err(fault) => return Some(fault),
            Ok(0) => self.idle_polls = self.idle_polls.wrapping_add(1),
            Ok(_) => self.idle_polls = 0,
        }
        if self.idle_polls % STATUS_EVERY == 1
            && let Err(fault) = controller.check(function, registers)
        {
            return Some(fault);
        }
        (request.pending > 0 && self.deadline.passed()).then_some(Fault::Timeout)
    }
}

/// Where and how a request is executed.
pub(crate) struct Executor<'d> {
    pub(crate) function: &'d PciFunction,
    pub(crate) controller: &'d Mutex<Controller>,
    pub(crate) limits: Limits,
}

impl<'d> Executor<'d> {
    /// Waits for the controller, but not for ever.
    pub(crate) fn lock(&self) -> Option<MutexGuard<'d, Controller>> {
        let millis = self.limits.lock_millis;
        self.function
            .wait_for(millis, || self.controller.try_lock())
    }

    /// Executes `work`. On return nothing of it is in flight.
    pub(crate) fn execute(&self, mut work: Work<'_>) -> Result<(), BlockError> {
        let function = self.function;
        let registers = function.registers::<Nvme>().map_err(Fault::from)?;
        let mut request = Request {
            cids: [None; SLOTS],
            pending: 0,
            error: None,
        };
        let mut watch = Watch {
            deadline: function.deadline(self.limits.io_millis),
            idle_polls: 0,
        };
        loop {
            let Some(mut controller) = self.lock() else {
                if request.pending > 0 {
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
            let started = self.start(&mut controller, &registers, &mut request, &mut work);
            if started > 0 {
                watch.deadline = function.deadline(self.limits.io_millis);
                fault_point!(InFlight);
            }
            let fault = watch.look(function, &registers, &mut controller, &request);
            if let Some(fault) = fault
                && (controller.failed().is_none() || request.pending > 0)
            {
                controller.recover(function, &registers, fault);
            }
            if collect(&mut controller, &mut request) > 0 {
                watch.deadline = function.deadline(self.limits.io_millis);
            }
            if request.pending == 0 {
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
        registers: &Mmio<'_, Nvme>,
        request: &mut Request,
        work: &mut Work<'_>,
    ) -> usize {
        let mut started = 0;
        while request.error.is_none() && !work.is_done() {
            match work.start(controller, self.function) {
                Ok(cid) => {
                    request.add(cid);
                    started += 1;
                }
                Err(StartError::Full) => break,
                Err(StartError::Command(_)) => request.fail(BlockError::BadLength),
                Err(StartError::Fault(fault)) => request.fail(fault.into()),
            }
        }
        if started > 0
            && let Err(fault) = controller.ring(registers)
        {
            controller.recover(self.function, registers, fault);
        }
        started
    }
}

/// Takes the outcomes of the request's commands that have ended; returns how many.
fn collect(controller: &mut Controller, request: &mut Request) -> usize {
    let mut ended = 0;
    for index in 0..SLOTS {
        let Some(cid) = request.cids[index] else {
            continue;
        };
        let Some(outcome) = controller.collect(cid) else {
            continue;
        };
        request.cids[index] = None;
        request.pending -= 1;
        ended += 1;
        match outcome {
            Outcome::Completed(Ok(())) => {}
            Outcome::Completed(Err(status)) => request.fail(status.into()),
            Outcome::Lost(fault) => request.fail(fault.into()),
        }
    }
    ended
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
        controller: &mut Controller,
        function: &PciFunction,
    ) -> Result<Cid, StartError> {
        match self {
            Self::Blocks {
                transfer,
                direction,
                split,
            } => {
                let chunk = split.peek().ok_or(StartError::Full)?;
                let cid = controller.start(function, transfer, *direction, chunk)?;
                split.advance();
                Ok(cid)
            }
            Self::Flush { started } => {
                let cid = controller.start_flush(function)?;
                *started = true;
                Ok(cid)
            }
        }
    }
}
