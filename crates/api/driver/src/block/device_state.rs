//! The state under the lock: the device, the requests that its commands belong to, and whether the device is still
//! used.

use samara_device_io::PciFunction;
use samara_device_io::queue::SubmitError;
use samara_interfaces::BlockError;

use super::cache::Cache;
use super::flights::Flights;
use super::force_reset::Force;
use super::{Command, Device};
use crate::recovery;
use crate::tickets::{Ticket, Tickets};

/// A device that serves requests, with at most `SLOTS` commands in flight.
pub struct Served<D: Device, const SLOTS: usize> {
    device: D,
    pub(super) tickets: Tickets,
    pub(super) flights: Flights<SLOTS>,
    pub(super) cache: Cache,
    /// The function's epoch when the device was brought up.
    epoch: u64,
    /// The fault that ended the use of the device.
    failed: Option<D::Fault>,
}

impl<D: Device, const SLOTS: usize> Served<D, SLOTS> {
    /// Serves requests on a device that was brought up.
    pub fn new(device: D, function: &PciFunction<D::Table>) -> Self {
        Self {
            device,
            tickets: Tickets::default(),
            flights: Flights::new(),
            cache: Cache::default(),
            epoch: function.epoch(),
            failed: None,
        }
    }

    /// Returns the device itself.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// If the device isn't used any more, returns the error with which all requests fail.
    pub(super) fn failed(&self) -> Option<BlockError> {
        self.failed.map(|fault| match fault {
            fault if fault == D::GONE => BlockError::Gone,
            fault if fault == D::STOPPED => BlockError::Stopped,
            _ => BlockError::Failed,
        })
    }

    /// Starts a command of the request that has `ticket`. The command may take `millis` milliseconds.
    #[inline]
    pub(super) fn start(
        &mut self,
        function: &PciFunction<D::Table>,
        (ticket, millis): (Ticket, u64),
        unit: D::Unit,
        command: Command<'_>,
    ) -> Result<(), SubmitError> {
        let slot = self.device.start(function, unit, command)?;
        self.flights.start(slot, ticket, millis);
        self.tickets.started(ticket);
        Ok(())
    }

    /// Tells the device of all commands that were started since the last call.
    #[inline]
    pub(super) fn ring(&mut self, function: &PciFunction<D::Table>) -> Result<(), D::Fault> {
        self.device.ring(function)
    }

    /// Takes the completions that have arrived, and returns their number.
    #[inline]
    pub(super) fn poll(&mut self, function: &PciFunction<D::Table>) -> Result<usize, D::Fault> {
        let mut taken = 0;
        while taken < SLOTS
            && let Some((slot, outcome)) = self.device.next(function)?
        {
            if let Some(ticket) = self.flights.end(slot) {
                self.tickets.ended(ticket, outcome);
            }
            taken += 1;
        }
        Ok(taken)
    }

    /// Checks the device for a fault. Fails with `SILENCED` if another thread has silenced the device.
    pub(super) fn check(&mut self, function: &PciFunction<D::Table>) -> Result<(), D::Fault> {
        if self.is_silenced(function) {
            return Err(D::SILENCED);
        }
        self.device.check(function)
    }

    /// Whether another thread has silenced the device since it was brought up.
    pub(super) fn is_silenced(&self, function: &PciFunction<D::Table>) -> bool {
        function.epoch() != self.epoch
    }

    /// Resets the device, fails everything in flight with `fault`, and brings the device up again. The bring-up is
    /// [repeated](recovery::begin_again) as long as it fails for passing reasons. If it fails for good for all of the
    /// device's disks, the device isn't used any more.
    #[cold]
    pub(super) fn recover(
        &mut self,
        function: &PciFunction<D::Table>,
        force: &Force,
        fault: D::Fault,
    ) {
        // The device may also have failed by itself while the request waited.
        let found = self.check(function).err();
        if D::loses_cache(&fault) || found.is_some_and(|found| D::loses_cache(&found)) {
            self.cache.lose();
        }
        let brought_up = match self.failed {
            None => self.bring_up(function, force),
            Some(fault) => Err(fault),
        };
        match brought_up {
            Ok(()) => self.abandon(function, fault),
            Err(error) => {
                self.give_up(function, error);
                // If the device is gone, or if `fault` says only that registers read as all ones, then `error` tells
                // the requests more than `fault` does.
                let is_told = error == D::GONE || fault == D::ABSENT;
                self.abandon(function, if is_told { error } else { fault });
            }
        }
    }

    /// Brings the device up again. If the bring-up fails for good because of some disks, gives up these disks and
    /// brings the device up without them.
    fn bring_up(
        &mut self,
        function: &PciFunction<D::Table>,
        force: &Force,
    ) -> Result<(), D::Fault> {
        let Self { device, cache, .. } = self;
        loop {
            let once = || {
                force.wait(function);
                let done = device.bring_up(function);
                if done.is_err_and(|refusal| D::loses_cache(&refusal.into())) {
                    cache.lose();
                }
                done
            };
            let Err(refusal) = recovery::begin_again(function, once, D::says) else {
                return Ok(());
            };
            if !device.concede(&refusal) {
                return Err(refusal.into());
            }
        }
    }

    /// Ends the use of the device, because of `fault`. From now on the device reaches no memory, and so reads no
    /// commands.
    fn give_up(&mut self, function: &PciFunction<D::Table>, fault: D::Fault) {
        let _ = function.silence();
        self.failed.get_or_insert(fault);
    }

    /// Fails everything in flight with `fault`.
    fn abandon(&mut self, function: &PciFunction<D::Table>, fault: D::Fault) {
        self.epoch = function.epoch();
        self.flights.clear();
        self.tickets.fail_all(fault.into());
    }

    /// Brings the device up again if it reports a fault or was silenced.
    pub(super) fn revive(&mut self, function: &PciFunction<D::Table>, force: &Force) {
        if self.failed.is_none()
            && let Err(fault) = self.check(function)
        {
            self.recover(function, force, fault);
        }
    }

    /// Whether the device may have lost writes of which no flush has reported the loss.
    pub fn has_lost(&self) -> bool {
        self.cache.has_lost()
    }

    /// Stops the device in an orderly way by `stop`, then silences it. Everything still in flight fails; the device
    /// isn't used any more.
    ///
    /// # Errors
    ///
    /// The fault that ended the use of the device, if its use had ended before.
    pub fn stop<R>(
        &mut self,
        function: &PciFunction<D::Table>,
        stop: impl FnOnce(&mut D) -> R,
    ) -> Result<R, D::Fault> {
        if let Some(fault) = self.failed {
            return Err(fault);
        }
        let stopped = stop(&mut self.device);
        self.give_up(function, D::STOPPED);
        self.abandon(function, D::STOPPED);
        Ok(stopped)
    }
}
