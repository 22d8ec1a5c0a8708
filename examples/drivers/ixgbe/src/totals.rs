//! Statistics. The device's counters are 32 bits wide and a read clears them. So the driver keeps totals here, and no
//! other code reads counters.

use samara_interfaces::NetStatistics;

use crate::registers::{self, Function};
use crate::watch::Arrivals;

/// Totals since the driver's start.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    all: NetStatistics,
    arrivals: Arrivals,
}

impl Totals {
    /// Adds what the device has counted since the last read, and returns the arrivals so far. A counter that reads as
    /// all ones adds nothing, because the device is gone or does not answer for a moment.
    pub(crate) fn collect(&mut self, function: &Function) -> Arrivals {
        let arrivals = self.arrivals(function);
        let total = &mut self.all;
        let add = |total: &mut u64, more: u64| *total = total.saturating_add(more);
        add(&mut total.tx_packets, registers::packets_sent(function));
        add(&mut total.tx_bytes, registers::octets_sent(function));
        add(&mut total.rx_packets, registers::packets_received(function));
        add(&mut total.rx_bytes, registers::octets_received(function));
        add(&mut total.rx_missed, registers::packets_missed(function));
        add(&mut total.rx_errors, registers::receive_errors(function));
        arrivals
    }

    /// Adds the arrivals since the last read, and returns the arrivals so far. Costs two register reads.
    pub(crate) fn arrivals(&mut self, function: &Function) -> Arrivals {
        let overrun = registers::packets_overrun(function);
        let Self { all, arrivals } = self;
        all.rx_missed = all.rx_missed.saturating_add(overrun);
        arrivals.overrun = arrivals.overrun.saturating_add(overrun);
        let received = registers::packets_queued(function);
        arrivals.received = arrivals.received.saturating_add(received);
        *arrivals
    }

    /// Counts a reset of the device.
    pub(crate) fn count_reset(&mut self) {
        self.all.resets = self.all.resets.saturating_add(1);
    }

    /// Returns the totals. They include the errors that the driver itself has counted: `sent` for frames that it
    /// could not send, and `received` for frames that it dropped.
    pub(crate) fn with_errors(&self, sent: u64, received: u64) -> NetStatistics {
        NetStatistics {
            tx_errors: self.all.tx_errors.saturating_add(sent),
            rx_errors: self.all.rx_errors.saturating_add(received),
            ..self.all
        }
    }
}
