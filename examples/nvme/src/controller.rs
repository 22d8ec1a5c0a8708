//! The controller under its lock: starting commands, taking completions, recovering from faults.

use samara_device_io::layout::nvme::{Capabilities, Command, CommandError, Nvme, PrpList};
use samara_device_io::{DmaRegion, Mmio, PciFunction, Transfer};

use crate::admin::Admin;
use crate::bring_up::{self, Identity, Pages};
use crate::cids::{Cid, Cids, SLOTS};
use crate::error::{Fault, InitError};
use crate::faults::fault_point;
use crate::queue::QueuePair;
use crate::split::Chunk;
use crate::status::{self, StatusError};

/// Which way the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The controller completed it.
    Completed(Result<(), StatusError>),
    /// The controller was reset while it was in flight.
    Lost(Fault),
}

/// Why a command was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartError {
    /// No CID or no room in the ring: later.
    Full,
    /// The command can't be built.
    Command(CommandError),
    /// A region or tag was refused.
    Fault(Fault),
}

/// A command slot.
#[derive(Clone, Copy)]
enum Slot {
    Free,
    /// With the controller; `tagged` if it has a segment in flight.
    InFlight {
        cid: Cid,
        tagged: bool,
    },
    /// Ended; the CID is kept until the request that started it has looked.
    Ended {
        cid: Cid,
        outcome: Outcome,
    },
}

/// Everything that the lock guards.
pub(crate) struct Controller {
    capabilities: Capabilities,
    identity: Identity,
    admin: Admin,
    io: QueuePair,
    pages: Pages,
    lists: DmaRegion<PrpList>,
    cids: Cids,
    slots: [Slot; SLOTS],
    /// The function's epoch when the controller was brought up.
    epoch: u32,
    /// Set when a recovery failed: the controller isn't used any more.
    failed: Option<Fault>,
}

impl Controller {
    /// Resets the controller behind `function` and brings it up, with I/O queues of at most
    /// `queue_depth` entries.
    pub(crate) fn new(function: &PciFunction, queue_depth: u16) -> Result<Self, InitError> {
        let registers = function.registers::<Nvme>()?;
        let capabilities = bring_up::capabilities(&registers)?;
        bring_up::reset(function, &registers, capabilities)?;
        let mut admin = Admin::new(function)?;
        let mut io = bring_up::io_queue(function, capabilities, queue_depth)?;
        let mut pages = Pages::new(function)?;
        let lists = function.region(SLOTS)?;
        let identity = bring_up::bring_up(
            function,
            &registers,
            capabilities,
            &mut admin,
            &mut io,
            &mut pages,
        )?;
        let cids = Cids::new(usize::from(io.size() - 1));
        Ok(Self {
            capabilities,
            identity,
            admin,
            io,
            pages,
            lists,
            cids,
            slots: [Slot::Free; SLOTS],
            epoch: function.epoch(),
            failed: None,
        })
    }

    /// What is known of it.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// The fault that made it unusable.
    pub(crate) fn failed(&self) -> Option<Fault> {
        self.failed
    }

    /// Starts the read or write of one chunk of `transfer`; the controller learns of it from
    /// [`ring`](Self::ring).
    pub(crate) fn start(
        &mut self,
        function: &PciFunction,
        transfer: &Transfer,
        direction: Direction,
        chunk: Chunk,
    ) -> Result<Cid, StartError> {
        let cid = self.reserve()?;
        let tag = cid.slot() as u16;
        let namespace = &self.identity.namespace;
        let command = match function.segment(transfer, tag, chunk.offset, chunk.length) {
            Err(_) => {
                self.cids.free(cid);
                return Err(StartError::Fault(Fault::Refused));
            }
            Ok(segment) => {
                fault_point!(Submit);
                let (value, lists) = (cid.value(), &mut self.lists);
                match direction {
                    Direction::Read => {
                        Command::read(function, value, namespace, chunk.lba, segment, lists)
                    }
                    Direction::Write => {
                        Command::write(function, value, namespace, chunk.lba, segment, lists)
                    }
                }
            }
        };
        let put = command.map_err(StartError::Command).and_then(|command| {
            let put = self.io.put(function, command);
            put.map_err(|error| StartError::Fault(error.into()))
        });
        if let Err(error) = put {
            // The controller never got it.
            let _ = function.ended(tag);
            self.cids.free(cid);
            return Err(error);
        }
        self.slots[cid.slot()] = Slot::InFlight { cid, tagged: true };
        Ok(cid)
    }

    /// Starts a flush.
    pub(crate) fn start_flush(&mut self, function: &PciFunction) -> Result<Cid, StartError> {
        let cid = self.reserve()?;
        let command = Command::flush(cid.value(), &self.identity.namespace);
        if let Err(error) = self.io.put(function, command) {
            self.cids.free(cid);
            return Err(StartError::Fault(error.into()));
        }
        self.slots[cid.slot()] = Slot::InFlight { cid, tagged: false };
        Ok(cid)
    }

    fn reserve(&mut self) -> Result<Cid, StartError> {
        if !self.io.has_room() {
            return Err(StartError::Full);
        }
        self.cids.take().ok_or(StartError::Full)
    }

    /// Tells the controller of everything started.
    pub(crate) fn ring(&self, registers: &Mmio<'_, Nvme>) -> Result<(), Fault> {
        self.io.ring(registers, self.capabilities)
    }

    /// Takes the completions that have come; returns how many.
    pub(crate) fn poll(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Nvme>,
    ) -> Result<u16, Fault> {
        let mut taken = 0;
        while taken < self.io.size() {
            let Some(completion) = self.io.next(function)? else {
                break;
            };
            let unknown = Fault::UnknownCommand(completion.cid);
            let cid = self.cids.find(completion.cid).ok_or(unknown)?;
            let Slot::InFlight { tagged, .. } = self.slots[cid.slot()] else {
                return Err(unknown);
            };
            fault_point!(Completion);
            if tagged {
                function.ended(cid.slot() as u16).map_err(|_| unknown)?;
            }
            let outcome = Outcome::Completed(status::decode(completion.status));
            self.slots[cid.slot()] = Slot::Ended { cid, outcome };
            taken += 1;
        }
        if taken > 0 {
            self.io.release(registers, self.capabilities)?;
        }
        Ok(taken)
    }

    /// How `cid` ended, if it has; frees it then.
    pub(crate) fn collect(&mut self, cid: Cid) -> Option<Outcome> {
        match self.slots[cid.slot()] {
            Slot::Ended { cid: of, outcome } if of == cid => {
                self.slots[cid.slot()] = Slot::Free;
                self.cids.free(cid);
                Some(outcome)
            }
            Slot::InFlight { cid: of, .. } if of == cid => None,
            // Can't be: only the request that started a command collects it. Lost, at any rate.
            _ => Some(Outcome::Lost(Fault::Refused)),
        }
    }

    /// What the controller says of itself, or that another thread has silenced it.
    pub(crate) fn check(
        &self,
        function: &PciFunction,
        registers: &Mmio<'_, Nvme>,
    ) -> Result<(), Fault> {
        if function.epoch() != self.epoch {
            return Err(Fault::Silenced);
        }
        match registers.status() {
            status if status.is_absent() => Err(Fault::Gone),
            status if status.is_fatal() => Err(Fault::Fatal),
            _ => Ok(()),
        }
    }

    /// Silences the device, fails everything in flight with `fault`, and brings the controller up
    /// again. If that fails, or the controller is gone, it isn't used any more.
    pub(crate) fn recover(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Nvme>,
        fault: Fault,
    ) {
        // First the polite way: a controller reset ends all commands (§3.7.2). Then the way that
        // needs nobody's word; it also takes the buffers out of flight.
        let reset = bring_up::reset(function, registers, self.capabilities);
        let _ = function.silence();
        for slot in &mut self.slots {
            if let Slot::InFlight { cid, .. } = *slot {
                *slot = Slot::Ended {
                    cid,
                    outcome: Outcome::Lost(fault),
                };
            }
        }
        self.epoch = function.epoch();
        self.failed = match reset {
            Err(Fault::Gone) => Some(Fault::Gone),
            _ => self.bring_up_again(function, registers).err(),
        };
    }

    fn bring_up_again(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Nvme>,
    ) -> Result<(), Fault> {
        // Where there's no Function Level Reset, the controller is still as the first reset left it.
        bring_up::reset(function, registers, self.capabilities)?;
        let (admin, io, pages) = (&mut self.admin, &mut self.io, &mut self.pages);
        match bring_up::bring_up(function, registers, self.capabilities, admin, io, pages) {
            Ok(identity) if identity == self.identity => Ok(()),
            Ok(_) => Err(Fault::Fatal),
            Err(InitError::Fault(fault)) => Err(fault),
            Err(_) => Err(Fault::Fatal),
        }
    }

    /// An orderly stop.
    pub(crate) fn shut_down(
        &mut self,
        function: &PciFunction,
        registers: &Mmio<'_, Nvme>,
    ) -> Result<(), InitError> {
        if let Some(fault) = self.failed {
            return Err(fault.into());
        }
        let stopped = bring_up::shut_down(function, registers, self.capabilities, &mut self.admin);
        self.failed = Some(Fault::Silenced);
        stopped
    }
}
