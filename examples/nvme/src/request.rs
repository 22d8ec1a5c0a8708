//! One caller's request: split into commands, several in flight, waited for until none is left.

use samara_device_io::layout::nvme::Nvme;
use samara_device_io::{Mmio, PciFunction, Transfer};
use samara_interfaces::BlockError;
use spin::Mutex;

use crate::cids::{Cid, SLOTS};
use crate::controller::{Controller, Direction, Outcome, StartError};
use crate::disk::Limits;
use crate::error::Fault;
use crate::faults::fault_point;
use crate::lock::lock;
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

/// Where and how a request is executed.
pub(crate) struct Executor<'d> {
    pub(crate) function: &'d PciFunction,
    pub(crate) controller: &'d Mutex<Controller>,
    pub(crate) limits: Limits,
}

impl Executor<'_> {
    /// Executes `work`. On return nothing of it is in flight, but with [`BlockError::Busy`], when the
    /// controller's lock could not be had: then the caller silences the device.
    pub(crate) fn execute(&self, mut work: Work<'_>) -> Result<(), BlockError> {
        let function = self.function;
        let registers = function.registers::<Nvme>().map_err(Fault::from)?;
        let mut request = Request {
            cids: [None; SLOTS],
            pending: 0,
            error: None,
        };
        let mut deadline = function.deadline(self.limits.io_millis);
        let mut idle_polls = 0u32;
        loop {
            let guard = lock(function, self.controller, self.limits.lock_millis);
            let mut controller = guard.ok_or(BlockError::Busy)?;
            if let Some(fault) = controller.failed() {
                request.fail(if fault == Fault::Gone {
                    BlockError::Gone
                } else {
                    BlockError::Failed
                });
            }
            let started = self.start(&mut controller, &registers, &mut request, &mut work);
            if started > 0 {
                deadline = function.deadline(self.limits.io_millis);
                fault_point!(InFlight);
            }
            let polled = controller.poll(function, &registers);
            idle_polls = if polled == Ok(0) {
                idle_polls.wrapping_add(1)
            } else {
                0
            };
            let due = idle_polls % STATUS_EVERY == 1;
            let checked = if due {
                controller.check(function, &registers)
            } else {
                Ok(())
            };
            let late = request.pending > 0 && deadline.passed();
            let fault = polled
                .err()
                .or(checked.err())
                .or(late.then_some(Fault::Timeout));
            if let Some(fault) = fault.filter(|_| controller.failed().is_none()) {
                controller.recover(function, &registers, fault);
            }
            if collect(&mut controller, &mut request) > 0 {
                deadline = function.deadline(self.limits.io_millis);
            }
            if request.pending == 0 {
                if let Some(error) = request.error {
                    return Err(error);
                }
                if work.is_done() {
                    return Ok(());
                }
                if deadline.passed() {
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
