//! Statistics: the device's counters are 32 bits wide and cleared by reading, so totals are kept here, and nothing else reads counters.

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
    /// Adds what the device has counted since. Counters that read as all ones add nothing: the device is gone, or blind for a moment.
    /// Returns what has arrived by now.
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

    /// What has arrived by now. Two register reads.
    pub(crate) fn arrivals(&mut self, function: &Function) -> Arrivals {
        let overrun = registers::packets_overrun(function);
        let Self { all, arrivals } = self;
        all.rx_missed = all.rx_missed.saturating_add(overrun);
        arrivals.overrun = arrivals.overrun.saturating_add(overrun);
        let received = registers::packets_queued(function);
        arrivals.received = arrivals.received.saturating_add(received);
        *arrivals
    }

    /// The device was reset.
    pub(crate) fn count_reset(&mut self) {
        self.all.resets = self.all.resets.saturating_add(1);
    }

    /// The totals, with `sent` frames not sendable and `received` not receivable by the driver's count.
    pub(crate) fn with_errors(&self, sent: u64, received: u64) -> NetStatistics {
        NetStatistics {
            tx_errors: self.all.tx_errors.saturating_add(sent),
            rx_errors: self.all.rx_errors.saturating_add(received),
            ..self.all
        }
    }
}
