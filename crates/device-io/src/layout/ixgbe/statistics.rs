//! Statistics (section 8.2.3.23): 32-bit registers that reading clears.
//!
//! Drivers get at them by the functions here alone, which read each by itself.

use super::Ixgbe;
use crate::mmio::{Mmio, ReadOnly, Register};

type Counter = Register<Ixgbe, u32, ReadOnly>;

/// GPTC, GPRC: good packets transmitted, received.
const GPTC: Counter = Register::any(0x4080);
const GPRC: Counter = Register::any(0x4074);
/// GOTCL and GOTCH, GORCL and GORCH: good octets, low half first, 36 bits in all.
const GOTC: [Counter; 2] = [Register::any(0x4090), Register::any(0x4094)];
const GORC: [Counter; 2] = [Register::any(0x4088), Register::any(0x408C)];
/// Errors: check sequence, illegal byte, in the middle, length; fragments, undersize, oversize, jabber.
const ERRORS: [Counter; 8] = [
    Register::any(0x4000),
    Register::any(0x4004),
    Register::any(0x4034),
    Register::any(0x4040),
    Register::any(0x40A8),
    Register::any(0x40A4),
    Register::any(0x40AC),
    Register::any(0x40B0),
];

impl Mmio<'_, Ixgbe> {
    /// Good packets sent since this was last read.
    pub fn packets_sent(&self) -> u32 {
        self.read(GPTC)
    }

    /// Good packets received since this was last read.
    pub fn packets_received(&self) -> u32 {
        self.read(GPRC)
    }

    /// Bytes of good packets sent since this was last read.
    pub fn octets_sent(&self) -> u64 {
        self.wide(GOTC)
    }

    /// Bytes of good packets received since this was last read.
    pub fn octets_received(&self) -> u64 {
        self.wide(GORC)
    }

    /// Packets received with an error since this was last read.
    pub fn receive_errors(&self) -> u64 {
        ERRORS
            .iter()
            .map(|&error| u64::from(self.read(error)))
            .sum()
    }

    /// Packets dropped since this was last read, for want of packet buffer (RXMPC, eight) or of
    /// descriptors (QPRDC of the first 16 queues, which all of them are mapped to after a reset).
    pub fn packets_missed(&self) -> u64 {
        let buffers = (0..8).map(|buffer| 0x3FA0 + 4 * buffer);
        let queues = (0..16).map(|queue| 0x1430 + 0x40 * queue);
        buffers
            .chain(queues)
            .map(|offset| u64::from(self.read(Counter::any(offset))))
            .sum()
    }

    fn wide(&self, [low, high]: [Counter; 2]) -> u64 {
        let low = u64::from(self.read(low));
        low | u64::from(self.read(high) & 0xF) << 32
    }
}
