//! Statistics: the device's counters are 32 bits wide and cleared by reading, so totals are kept here.

use samara_interfaces::NetStatistics;

use crate::registers::{self, Function};

/// Totals since the driver's start.
#[derive(Debug, Default)]
pub(crate) struct Totals(NetStatistics);

impl Totals {
    /// Adds what the device has counted since. Counters that read as all ones add nothing: the device is gone, or blind for a moment.
    pub(crate) fn collect(&mut self, function: &Function) {
        let total = &mut self.0;
        let add = |total: &mut u64, more: u64| *total = total.saturating_add(more);
        add(&mut total.tx_packets, registers::packets_sent(function));
        add(&mut total.tx_bytes, registers::octets_sent(function));
        add(&mut total.rx_packets, registers::packets_received(function));
        add(&mut total.rx_bytes, registers::octets_received(function));
        add(&mut total.rx_missed, registers::packets_missed(function));
        add(&mut total.rx_errors, registers::receive_errors(function));
    }

    /// So many frames were dropped, by a counter that was read and so cleared.
    pub(crate) fn add_missed(&mut self, missed: u64) {
        self.0.rx_missed = self.0.rx_missed.saturating_add(missed);
    }

    /// The device was reset.
    pub(crate) fn count_reset(&mut self) {
        self.0.resets = self.0.resets.saturating_add(1);
    }

    /// The totals, with `sent` frames not sendable and `received` not receivable by the driver's count.
    pub(crate) fn with_errors(&self, sent: u64, received: u64) -> NetStatistics {
        NetStatistics {
            tx_errors: self.0.tx_errors.saturating_add(sent),
            rx_errors: self.0.rx_errors.saturating_add(received),
            ..self.0
        }
    }
}
