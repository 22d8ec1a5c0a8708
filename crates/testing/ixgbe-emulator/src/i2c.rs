//! The I2C bus to the optical module, driven bit by bit through I2CCTL (section 8.2.3.1.5).

use crate::sfp;

const CLOCK_IN: u32 = 1 << 0;
const CLOCK_OUT: u32 = 1 << 1;
const DATA_IN: u32 = 1 << 2;
const DATA_OUT: u32 = 1 << 3;

/// The module's address on the bus, seven bits.
const MODULE: u8 = 0xa0 >> 1;

/// The state of the transfer, which says what the current byte means to the module.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Idle,
    Address,
    Offset,
    Store,
    Send,
}

/// The state of both bus lines, and of the module that is attached to them.
#[derive(Clone, Debug)]
pub(crate) struct I2cBus {
    memory: Option<[u8; 256]>,
    clock: bool,
    data: bool,
    /// Whether the module leaves the data line high. It is false while the module pulls the line down.
    released: bool,
    phase: Phase,
    bits: u8,
    shift: u8,
    offset: u8,
    more: bool,
}

impl I2cBus {
    pub(crate) fn new(module: bool) -> Self {
        I2cBus {
            memory: module.then(sfp::identity),
            clock: true,
            data: true,
            released: true,
            phase: Phase::Idle,
            bits: 0,
            shift: 0,
            offset: 0,
            more: false,
        }
    }

    /// Handles a write of I2CCTL, by which the driver sets both lines.
    pub(crate) fn write(&mut self, value: u32) {
        let clock = value & CLOCK_OUT != 0;
        let data = value & DATA_OUT != 0;
        if self.clock && clock && self.data != data {
            self.condition(data);
        } else if !self.clock && clock {
            self.rise(data);
        } else if self.clock && !clock {
            self.fall();
        }
        self.clock = clock;
        self.data = data;
    }

    /// Returns I2CCTL: the driver's settings and the state of the lines.
    pub(crate) fn read(&self) -> u32 {
        let bit = |set: bool, bit: u32| if set { bit } else { 0 };
        bit(self.clock, CLOCK_IN | CLOCK_OUT)
            | bit(self.data, DATA_OUT)
            | bit(self.data && self.released, DATA_IN)
    }

    /// Handles a change of the data line while the clock is high: a falling edge is START, a rising edge is STOP.
    fn condition(&mut self, stop: bool) {
        self.phase = if stop { Phase::Idle } else { Phase::Address };
        self.released = true;
        self.bits = 0;
        self.shift = 0;
    }

    fn rise(&mut self, data: bool) {
        if self.phase == Phase::Idle {
            return;
        }
        if self.bits < 8 {
            if self.phase != Phase::Send {
                self.shift = self.shift << 1 | u8::from(data);
            }
        } else {
            // The acknowledge bit: the reader pulls the line down to ask for more.
            self.more = !data;
        }
        self.bits = (self.bits + 1).min(9);
    }

    fn fall(&mut self) {
        match (self.phase, self.bits) {
            (Phase::Idle, _) => {}
            (Phase::Send, 8) => self.released = true,
            (_, 8) => self.acknowledge(),
            (_, 9) => self.next_byte(),
            (Phase::Send, bits) => self.released = self.shift << bits & 0x80 != 0,
            _ => {}
        }
    }

    fn acknowledge(&mut self) {
        let accepted = match self.phase {
            Phase::Address => self.memory.is_some() && self.shift >> 1 == MODULE,
            // The module's memory is not writable, so a byte that the driver writes to it is acknowledged and
            // dropped.
            _ => true,
        };
        if accepted {
            self.released = false;
        } else {
            self.phase = Phase::Idle;
            self.released = true;
        }
    }

    fn next_byte(&mut self) {
        self.released = true;
        self.phase = match self.phase {
            Phase::Address if self.shift & 1 != 0 => Phase::Send,
            Phase::Address => Phase::Offset,
            Phase::Offset => {
                self.offset = self.shift;
                Phase::Store
            }
            Phase::Send if !self.more => Phase::Idle,
            phase => phase,
        };
        self.bits = 0;
        self.shift = 0;
        if self.phase == Phase::Send {
            self.shift = self
                .memory
                .map_or(0xff, |memory| memory[usize::from(self.offset)]);
            self.offset = self.offset.wrapping_add(1);
            self.released = self.shift & 0x80 != 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::I2cBus;

    /// A driver's side of the bus.
    struct Master(I2cBus);

    impl Master {
        fn set(&mut self, clock: bool, data: bool) {
            self.0.write(u32::from(clock) << 1 | u32::from(data) << 3);
        }
        fn start(&mut self) {
            self.set(true, true);
            self.set(true, false);
            self.set(false, false);
        }
        fn stop(&mut self) {
            self.set(false, false);
            self.set(true, false);
            self.set(true, true);
        }
        fn bit(&mut self, out: bool) -> bool {
            self.set(false, out);
            self.set(true, out);
            let seen = self.0.read() & 4 != 0;
            self.set(false, out);
            seen
        }
        /// True if the byte was acknowledged.
        fn send(&mut self, byte: u8) -> bool {
            for bit in (0..8).rev() {
                self.bit(byte >> bit & 1 != 0);
            }
            !self.bit(true)
        }
        fn take(&mut self, more: bool) -> u8 {
            let byte = (0..8).fold(0, |byte, _| byte << 1 | u8::from(self.bit(true)));
            self.bit(!more);
            byte
        }
        fn read(&mut self, address: u8, offset: u8, count: usize) -> Option<Vec<u8>> {
            self.start();
            if !self.send(address) || !self.send(offset) {
                self.stop();
                return None;
            }
            self.start();
            assert!(self.send(address | 1));
            let bytes = (1..=count).map(|i| self.take(i < count)).collect();
            self.stop();
            Some(bytes)
        }
    }

    #[test]
    fn module_reports_its_identity() {
        let mut master = Master(I2cBus::new(true));
        assert_eq!(master.read(0xa0, 0, 4), Some(vec![3, 4, 7, 0x10]));
        assert_eq!(master.read(0xa0, 20, 6), Some(b"Samara".to_vec()));
        assert_eq!(master.read(0xf8, 0, 1), None);
        assert_eq!(master.read(0xa0, 255, 2), Some(vec![0, 3]));
    }

    #[test]
    fn missing_module_does_not_answer() {
        let mut master = Master(I2cBus::new(false));
        assert_eq!(master.read(0xa0, 0, 1), None);
        assert_eq!(master.0.read(), 0xf);
    }
}
