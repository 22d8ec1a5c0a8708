//! One caller's request. It is split into commands, of which several are in flight at once. The calling thread waits
//! until no command is left.

use samara_device_io::queue::SubmitError;
use samara_device_io::table::Direction;
use samara_device_io::{Deadline, DmaTransfer, PciFunction};
use samara_interfaces::BlockError;
use spin::{Mutex, MutexGuard};

use super::cache::Before;
use super::force_reset::Force;
use super::{Command, Device, Served};
use crate::NANOS_PER_MILLI;
use crate::split_request::Split;
use crate::tickets::Ticket;

/// The number of polls without a completion between two reads of the device's status. The status is read rarely
/// because a register read costs more than a look into memory.
const STATUS_EVERY: u32 = 64;

/// The work of a request.
pub enum Work<'t> {
    /// Transfers blocks to or from a pinned buffer.
    Blocks {
        /// The buffer.
        transfer: &'t DmaTransfer,
        /// The direction of the data.
        direction: Direction,
        /// The part that is not yet started.
        split: Split,
    },
    /// Flushes the device's cache.
    Flush {
        /// Whether the flush was started.
        started: bool,
    },
}

impl Work<'_> {
    fn is_done(&self) -> bool {
        match self {
            Self::Blocks { split, .. } => split.peek().is_none(),
            Self::Flush { started } => *started,
        }
    }

    /// Returns the next command.
    fn next(&self) -> Option<Command<'_>> {
        match self {
            Self::Blocks {
                transfer,
                direction,
                split,
            } => {
                let chunk = split.peek()?;
                Some(Command::Blocks(transfer, *direction, chunk))
            }
            Self::Flush { started: true } => None,
            Self::Flush { started: false } => Some(Command::Flush),
        }
    }

    /// Limits each command's transfer to `bytes`.
    #[inline]
    const fn limit(&mut self, bytes: usize) {
        if let Self::Blocks { split, .. } = self {
            split.limit(bytes);
        }
    }

    /// Notes that the next command was started.
    fn advance(&mut self) {
        match self {
            Self::Blocks { split, .. } => split.advance(),
            Self::Flush { started } => *started = true,
        }
    }
}

/// The progress of a request.
struct Request {
    /// The ticket that the request has while commands are in flight.
    ticket: Option<Ticket>,
    /// Whether a command of the request was started.
    has_begun: bool,
    /// The function's epoch in which all commands of the request are started.
    epoch: u64,
    /// The cache's counts when the first command was started.
    before: Before,
    error: Option<BlockError>,
}

impl Request {
    /// Notes the first error. No further command is started after it.
    fn fail(&mut self, error: BlockError) {
        self.error.get_or_insert(error);
    }

    /// Returns the number of commands in flight. When there are none left, closes the ticket and notes the first
    /// error.
    #[inline]
    fn pending<D: Device, const SLOTS: usize>(&mut self, served: &mut Served<D, SLOTS>) -> u16 {
        let Some(ticket) = self.ticket else {
            return 0;
        };
        let (pending, error) = served.tickets.look(ticket);
        if pending == 0 {
            served.tickets.close(ticket);
            self.ticket = None;
            if let Some(error) = error {
                self.fail(error);
            }
        }
        pending
    }
}

/// Watches the device on behalf of a request.
struct Watch {
    /// The number of polls since the last completion.
    idle_polls: u32,
    /// The time in nanoseconds at which the request began to wait for a slot.
    waits: Option<u64>,
}

impl Watch {
    /// Takes the completions that have arrived. Returns whether there were any, or the device's fault.
    #[inline]
    fn look<D: Device, const SLOTS: usize>(
        &mut self,
        function: &PciFunction<D::Table>,
        served: &mut Served<D, SLOTS>,
    ) -> Result<bool, D::Fault> {
        if served.poll(function)? > 0 {
            self.idle_polls = 0;
            return Ok(true);
        }
        self.idle_polls = self.idle_polls.wrapping_add(1);
        if self.idle_polls % STATUS_EVERY == 1 {
            served.check(function)?;
        }
        Ok(false)
    }

    /// Whether the request has waited too long for a slot: longer than its own commands may take, and longer than
    /// each command in flight may take.
    #[cold]
    fn waits_in_vain<D: Device, const SLOTS: usize>(
        &mut self,
        function: &PciFunction<D::Table>,
        served: &Served<D, SLOTS>,
        millis: u64,
    ) -> bool {
        let now = function.clock().now();
        let since = *self.waits.get_or_insert(now);
        let millis = millis.max(served.flights.longest());
        now.saturating_sub(since) >= millis.saturating_mul(NANOS_PER_MILLI)
    }
}

/// The device and the state of forced ends. All requests share them.
pub struct Shared<D: Device, const SLOTS: usize> {
    served: Mutex<Served<D, SLOTS>>,
    force: Force,
}

impl<D: Device, const SLOTS: usize> Shared<D, SLOTS> {
    /// Shares a device that was brought up.
    pub fn new(device: D, function: &PciFunction<D::Table>) -> Self {
        Self {
            served: Mutex::new(Served::new(device, function)),
            force: Force::default(),
        }
    }
}

/// Executes requests on one disk of a device.
pub struct Executor<'d, D: Device, const SLOTS: usize> {
    /// The function.
    pub function: &'d PciFunction<D::Table>,
    /// Its device.
    pub shared: &'d Shared<D, SLOTS>,
    /// The disk of the device.
    pub unit: D::Unit,
    /// The longest time in milliseconds to wait for the lock while another thread of the driver holds it.
    pub lock_millis: u64,
    /// The time at which requests must be over in any case. If commands are still in flight then, the device is
    /// reset.
    pub over: Option<Deadline>,
}

impl<'d, D: Device, const SLOTS: usize> Executor<'d, D, SLOTS> {
    /// Waits for the lock of the device, for at most `lock_millis`.
    #[inline]
    pub fn lock(&self) -> Option<MutexGuard<'d, Served<D, SLOTS>>> {
        let Shared { served, force } = self.shared;
        let served = self
            .function
            .wait_for(self.lock_millis, || served.try_lock());
        served.map(|mut served| {
            force.clear(&mut served.tickets);
            served
        })
    }

    /// Like [`lock`](Self::lock), but also brings the device up again if it reports a fault or was silenced.
    pub fn lock_live(&self) -> Option<MutexGuard<'d, Served<D, SLOTS>>> {
        let mut served = self.lock()?;
        served.revive(self.function, &self.shared.force);
        Some(served)
    }

    /// Asks the device by `get`.
    ///
    /// # Errors
    ///
    /// [`BlockError`] if the device isn't used any more, or its lock can't be had in time.
    pub fn ask<R>(&self, get: impl FnOnce(&D) -> R) -> Result<R, BlockError> {
        let served = self.lock().ok_or(BlockError::Busy)?;
        match served.failed() {
            Some(error) => Err(error),
            None => Ok(get(served.device())),
        }
    }

    /// Executes `work`. Each of its commands must complete within `millis` milliseconds after the device can begin
    /// it. On return nothing of the request is in flight.
    ///
    /// # Errors
    ///
    /// [`BlockError`]; then some of the work may have been done.
    #[inline]
    pub fn execute(&self, mut work: Work<'_>, millis: u64) -> Result<(), BlockError> {
        let function = self.function;
        let mut request = Request {
            ticket: None,
            has_begun: false,
            epoch: 0,
            before: Before::default(),
            error: None,
        };
        let mut watch = Watch {
            idle_polls: 0,
            waits: None,
        };
        loop {
            let Some(mut served) = self.lock() else {
                if let Some(ticket) = request.ticket {
                    // The driver is stuck, so everything in flight is ended by force.
                    self.shared.force.end(function, ticket, request.epoch);
                }
                return Err(BlockError::Busy);
            };
            // Since this thread last held the lock, polls of other threads may have taken this request's completions,
            // and a reset may have ended its commands.
            request.pending(&mut served);
            if let Some(error) = served.failed() {
                request.fail(error);
            }
            if self.start(&mut served, &mut request, (&mut work, millis)) {
                watch.waits = None;
            }
            let mut looked = watch.look(function, &mut served);
            let mut pending = request.pending(&mut served);
            let is_late = |served: &mut Served<D, SLOTS>| {
                let now = function.clock().now();
                served.flights.is_late(now) || self.over.is_some_and(|over| over.passed())
            };
            let mut fault = None;
            if looked == Ok(false) && pending > 0 && is_late(&mut served) {
                // This thread may have been preempted since it last looked. The completions that arrived before this
                // second look count as in time.
                looked = watch.look(function, &mut served);
                pending = request.pending(&mut served);
                if looked.is_ok() && is_late(&mut served) {
                    fault = Some(D::TIMEOUT);
                }
            }
            fault = looked.err().or(fault);
            if let Some(fault) = fault
                && (served.failed().is_none() || pending > 0)
            {
                served.recover(function, &self.shared.force, fault);
            }
            if request.pending(&mut served) == 0 {
                if request.error.is_some() || work.is_done() {
                    return self.end(&mut served, &request, &work);
                }
                let is_over = self.over.is_some_and(|over| over.passed());
                if is_over || watch.waits_in_vain(function, &served, millis) {
                    return Err(BlockError::Busy);
                }
            }
            drop(served);
            function.clock().relax();
        }
    }

    /// Ends a request. The result also reports whether the device may have lost writes.
    #[inline]
    fn end(
        &self,
        served: &mut Served<D, SLOTS>,
        request: &Request,
        work: &Work<'_>,
    ) -> Result<(), BlockError> {
        // A request that fails for another reason does not report lost writes. A later flush reports them.
        if let Some(error) = request.error {
            return Err(error);
        }
        let (disk, before) = (D::bit(self.unit), request.before);
        let is_kept = match work {
            Work::Flush { .. } => {
                // A device that has failed may still complete a flush. So its registers are checked before the flush
                // counts.
                served.revive(self.function, &self.shared.force);
                served.cache.flushed(disk, before)
            }
            Work::Blocks { direction, .. } => {
                *direction != Direction::ToDevice || served.cache.wrote(disk, before)
            }
        };
        is_kept.then_some(()).ok_or(BlockError::Reset)
    }

    /// Starts as many commands as there is room for, and rings once. Each command may take `millis`. Returns whether
    /// any was started.
    #[inline]
    fn start(
        &self,
        served: &mut Served<D, SLOTS>,
        request: &mut Request,
        (work, millis): (&mut Work<'_>, u64),
    ) -> bool {
        let mut started = false;
        work.limit(served.device().longest(self.unit));
        while request.error.is_none()
            && let Some(command) = work.next()
        {
            if request.ticket.is_none() {
                let epoch = self.function.epoch();
                if !request.has_begun {
                    (request.epoch, request.before) = (epoch, served.cache.begin());
                } else if request.epoch != epoch {
                    // The device was reset after a part of the request was done. The rest is not started, so that no
                    // request spans a reset.
                    request.fail(BlockError::Reset);
                    break;
                }
                request.ticket = served.tickets.open();
            }
            let Some(ticket) = request.ticket else {
                break;
            };
            match served.start(self.function, (ticket, millis), self.unit, command) {
                Ok(()) => {
                    work.advance();
                    request.has_begun = true;
                    started = true;
                }
                Err(SubmitError::Full) => break,
                // Either another thread has silenced the device, or this disk was given up at a reset.
                Err(SubmitError::StaleUnit) if served.is_silenced(self.function) => {
                    request.fail(D::SILENCED.into());
                }
                Err(SubmitError::StaleUnit) => request.fail(BlockError::Failed),
                Err(SubmitError::Queue(error)) => request.fail(D::Fault::from(error).into()),
                Err(_) => request.fail(BlockError::BadLength),
            }
        }
        if started && let Err(fault) = served.ring(self.function) {
            served.recover(self.function, &self.shared.force, fault);
        }
        started
    }
}
