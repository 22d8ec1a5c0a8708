//! One caller's request: split into commands, several in flight, waited for until none is left.

use samara_device_io::Transfer;
use samara_device_io::queue::SubmitError;
use samara_device_io::table::Direction;
use samara_driver::split::Split;
use samara_driver::tickets::Ticket;
use samara_interfaces::BlockError;
use spin::{Mutex, MutexGuard};

use crate::bring_up::Function;
use crate::device::Device;
use crate::error::Fault;
use crate::faults::fault_point;

/// How many polls without a completion go by before the device's status is looked at: a register read costs more than a look
/// into memory.
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
    fn pending(&mut self, device: &mut Device) -> u16 {
        let Some(ticket) = self.ticket else {
            return 0;
        };
        match device.tickets.look(ticket) {
            Some((0, error)) => {
                device.tickets.close(ticket);
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

/// Where and how a request is executed.
pub(crate) struct Executor<'d> {
    pub(crate) function: &'d Function,
    pub(crate) device: &'d Mutex<Device>,
    /// Milliseconds to wait for another thread of the driver.
    pub(crate) lock_millis: u64,
}

impl<'d> Executor<'d> {
    /// Waits for the device, but not for ever.
    pub(crate) fn lock(&self) -> Option<MutexGuard<'d, Device>> {
        self.function
            .wait_for(self.lock_millis, || self.device.try_lock())
    }

    /// Executes `work`, of which something is to complete every `millis` milliseconds. On return nothing of it is in flight.
    pub(crate) fn execute(&self, mut work: Work<'_>, millis: u64) -> Result<(), BlockError> {
        let function = self.function;
        let mut request = Request {
            ticket: None,
            error: None,
        };
        let mut deadline = function.deadline(millis);
        let mut idle_polls = 0u32;
        loop {
            let Some(mut device) = self.lock() else {
                if request.ticket.is_some() {
                    // The driver is stuck; what is in flight is ended by force.
                    let _ = function.silence();
                }
                return Err(BlockError::Busy);
            };
            // What others' polls have found, or a reset has ended.
            let before = request.pending(&mut device);
            if let Some(error) = device.failed() {
                request.fail(error);
            }
            let started = self.start(&mut device, &mut request, &mut work);
            if started > 0 {
                fault_point!(InFlight);
            }
            let mut fault = match device.poll(function) {
                Err(fault) => Some(fault),
                Ok(0) => {
                    idle_polls = idle_polls.wrapping_add(1);
                    match idle_polls % STATUS_EVERY {
                        1 => device.check(function).err(),
                        _ => None,
                    }
                }
                Ok(_) => {
                    idle_polls = 0;
                    None
                }
            };
            let pending = request.pending(&mut device);
            if started > 0 || pending < before {
                deadline = function.deadline(millis);
            } else if fault.is_none() && pending > 0 && deadline.passed() {
                fault = Some(Fault::Timeout);
            }
            if let Some(fault) = fault
                && (device.failed().is_none() || pending > 0)
            {
                device.recover(function, fault);
            }
            if request.pending(&mut device) == 0 {
                if let Some(error) = request.error {
                    return Err(error);
                }
                if work.is_done() {
                    return Ok(());
                }
                if deadline.passed() {
                    // Others had every chain for as long as a command may take.
                    return Err(BlockError::Busy);
                }
            }
            drop(device);
            function.clock().relax();
        }
    }

    /// Starts as many commands as there's room for, and rings once; returns how many.
    fn start(&self, device: &mut Device, request: &mut Request, work: &mut Work<'_>) -> u16 {
        let mut started = 0;
        while request.error.is_none() && !work.is_done() {
            if request.ticket.is_none() {
                request.ticket = device.tickets.open();
            }
            let Some(ticket) = request.ticket else {
                break;
            };
            match work.start(device, self.function, ticket) {
                Ok(()) => started += 1,
                Err(SubmitError::Full) => break,
                Err(SubmitError::Queue(error)) => request.fail(Fault::from(error).into()),
                Err(_) => request.fail(BlockError::BadLength),
            }
        }
        if started > 0
            && let Err(fault) = device.ring(self.function)
        {
            device.recover(self.function, fault);
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
        device: &mut Device,
        function: &Function,
        ticket: Ticket,
    ) -> Result<(), SubmitError> {
        match self {
            Self::Blocks {
                transfer,
                direction,
                split,
            } => {
                let chunk = split.peek().ok_or(SubmitError::Full)?;
                device.start(function, ticket, (transfer, *direction, chunk))?;
                split.advance();
            }
            Self::Flush { started } => {
                device.start_flush(function, ticket)?;
                *started = true;
            }
        }
        Ok(())
    }
}
