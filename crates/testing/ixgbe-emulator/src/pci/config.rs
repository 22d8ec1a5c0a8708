//! Reads and writes of configuration space.

use alloc::vec::Vec;

use super::layout::{
    CONFIG_SIZE, ERROR_CAPABILITY, MSIX_BAR, MSIX_BAR_SIZE, MSIX_CAPABILITY, MSIX_PENDING,
    PCIE_CAPABILITY, POWER_CAPABILITY, SERIAL_CAPABILITY, VECTORS,
};
use crate::options::Options;
use crate::registers;

const COMMAND: usize = 0x04;
const BAR0: usize = 0x10;
const BAR4: usize = 0x20;
const BUS_MASTER: u16 = 1 << 2;
const MSIX_CONTROL: usize = MSIX_CAPABILITY + 2;
const MSIX_ENABLE: u16 = 1 << 15;
const MSIX_FUNCTION_MASK: u16 = 1 << 14;
const POWER_CONTROL: usize = POWER_CAPABILITY + 4;
const POWER_STATE: u16 = 3;
const DEVICE_CONTROL: usize = PCIE_CAPABILITY + 8;
const INITIATE_FLR: u16 = 1 << 15;

/// The effect of a write to configuration space on the rest of the device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ConfigEffect {
    None,
    /// The registers must be reset, because of a function-level reset or because the device has left D3.
    Reset,
}

/// The bytes of configuration space, and for each byte a mask of the bits that software can write.
#[derive(Clone, Debug)]
pub(crate) struct ConfigSpace {
    bytes: Vec<u8>,
    writable: Vec<u8>,
}

impl ConfigSpace {
    pub(crate) fn new(options: &Options) -> Self {
        let mut space = ConfigSpace {
            bytes: alloc::vec![0; CONFIG_SIZE],
            writable: alloc::vec![0; CONFIG_SIZE],
        };
        space.header(options);
        space.capabilities(options);
        space
    }

    /// Fills in the header (section 9.3).
    fn header(&mut self, options: &Options) {
        self.put16(0x00, 0x8086);
        self.put16(0x02, options.device_id);
        // Writable bits of the command register: memory space, bus master, parity, SERR, INTx disable.
        self.allow16(COMMAND, 0x0546);
        self.put16(0x06, 0x0010);
        self.put32(0x08, 0x0200_0001);
        self.allow16(0x0c, 0x00ff);
        self.put32(BAR0, 0b100);
        self.allow32(BAR0, !(registers::SIZE - 1));
        self.allow32(BAR0 + 4, u32::MAX);
        self.put32(BAR4, 0b100);
        self.allow32(BAR4, !(MSIX_BAR_SIZE - 1));
        self.allow32(BAR4 + 4, u32::MAX);
        self.put16(0x2c, 0x8086);
        self.put16(0x2e, options.subsystem_id);
        self.put32(0x34, POWER_CAPABILITY as u32);
        self.allow16(0x3c, 0x00ff);
    }

    fn capabilities(&mut self, options: &Options) {
        // Power management: D0 and D3hot.
        self.put32(
            POWER_CAPABILITY,
            0x0003_0001 | (MSIX_CAPABILITY as u32) << 8,
        );
        self.allow16(POWER_CONTROL, POWER_STATE);
        // MSI-X.
        self.put32(MSIX_CAPABILITY, 0x11 | (PCIE_CAPABILITY as u32) << 8);
        self.put16(MSIX_CONTROL, VECTORS - 1);
        self.allow16(MSIX_CONTROL, MSIX_ENABLE | MSIX_FUNCTION_MASK);
        self.put32(MSIX_CAPABILITY + 4, u32::from(MSIX_BAR));
        self.put32(MSIX_CAPABILITY + 8, u32::from(MSIX_BAR) | MSIX_PENDING);
        // PCI Express endpoint, version 2; payload up to 512 bytes, role-based errors, FLR.
        self.put32(PCIE_CAPABILITY, 0x0002_0010);
        self.put32(PCIE_CAPABILITY + 4, 1 << 28 | 1 << 15 | 2);
        self.put16(DEVICE_CONTROL, 0x2810);
        self.allow16(DEVICE_CONTROL, 0x7fff);
        // Link: 5 GT/s and 8 lanes, both as capability and in use.
        self.put32(PCIE_CAPABILITY + 0x0c, 0x0002_6c82);
        self.allow16(PCIE_CAPABILITY + 0x10, 0x01fb);
        self.put16(PCIE_CAPABILITY + 0x12, 0x1082);
        self.put32(PCIE_CAPABILITY + 0x24, 0x1f);
        self.allow16(PCIE_CAPABILITY + 0x28, 0x1f);
        self.allow16(PCIE_CAPABILITY + 0x30, 0x000f);
        self.put16(PCIE_CAPABILITY + 0x30, 2);
        // Advanced error reporting: the device never reports an error, and the mask registers only store values.
        self.put32(
            ERROR_CAPABILITY,
            0x0001_0001 | (SERIAL_CAPABILITY as u32) << 20,
        );
        self.allow32(ERROR_CAPABILITY + 0x08, 0x001f_f010);
        self.allow32(ERROR_CAPABILITY + 0x0c, 0x001f_f010);
        self.allow32(ERROR_CAPABILITY + 0x14, 0x0000_31c1);
        // Serial number: the MAC address with ff ff in its middle.
        self.put32(SERIAL_CAPABILITY, 0x0001_0003);
        let [a, b, c, d, e, f] = options.mac;
        self.put32(SERIAL_CAPABILITY + 4, u32::from_be_bytes([0xff, d, e, f]));
        self.put32(SERIAL_CAPABILITY + 8, u32::from_be_bytes([a, b, c, 0xff]));
    }

    /// Fills `into` with the bytes from `offset` on. Bytes beyond the end of configuration space read as 0xff.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) {
        for (distance, byte) in into.iter_mut().enumerate() {
            let at = offset.checked_add(distance);
            *byte = at
                .and_then(|at| self.bytes.get(at))
                .copied()
                .unwrap_or(0xff);
        }
    }

    /// Writes those bits of `data` that are writable. Bytes beyond the end are ignored.
    pub(crate) fn write(&mut self, offset: usize, data: &[u8]) -> ConfigEffect {
        let asleep = self.asleep();
        for (distance, &value) in data.iter().enumerate() {
            let Some(at) = offset.checked_add(distance).filter(|&at| at < CONFIG_SIZE) else {
                break;
            };
            let mask = self.writable[at];
            self.bytes[at] = self.bytes[at] & !mask | value & mask;
        }
        let high = (DEVICE_CONTROL + 1)
            .checked_sub(offset)
            .and_then(|i| data.get(i));
        let flr = high.is_some_and(|byte| byte & (INITIATE_FLR >> 8) as u8 != 0);
        if flr {
            self.function_reset();
        }
        if flr || asleep && !self.asleep() {
            ConfigEffect::Reset
        } else {
            ConfigEffect::None
        }
    }

    /// Clears the fields of configuration space that a function-level reset clears: the command, MSI-X control
    /// (section 4.2.1.5) and the BARs.
    fn function_reset(&mut self) {
        self.put16(COMMAND, 0);
        self.put16(MSIX_CONTROL, VECTORS - 1);
        self.put32(BAR0, 0b100);
        self.put32(BAR0 + 4, 0);
        self.put32(BAR4, 0b100);
        self.put32(BAR4 + 4, 0);
    }

    /// Whether the device may use DMA.
    pub(crate) fn bus_master(&self) -> bool {
        self.get16(COMMAND) & BUS_MASTER != 0 && !self.asleep()
    }

    /// Whether the function interrupts by MSI-X.
    pub(crate) fn msix_enabled(&self) -> bool {
        self.get16(MSIX_CONTROL) & MSIX_ENABLE != 0
    }

    /// Whether MSI-X messages may be sent: MSI-X is enabled and the function is not masked.
    pub(crate) fn msix_open(&self) -> bool {
        self.get16(MSIX_CONTROL) & (MSIX_ENABLE | MSIX_FUNCTION_MASK) == MSIX_ENABLE
    }

    fn asleep(&self) -> bool {
        self.get16(POWER_CONTROL) & POWER_STATE == POWER_STATE
    }

    fn get16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn put16(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    fn put32(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn allow16(&mut self, at: usize, mask: u16) {
        self.writable[at..at + 2].copy_from_slice(&mask.to_le_bytes());
    }

    fn allow32(&mut self, at: usize, mask: u32) {
        self.writable[at..at + 4].copy_from_slice(&mask.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfigEffect, ConfigSpace, DEVICE_CONTROL};
    use crate::options::Options;

    fn word(space: &ConfigSpace, offset: usize) -> u32 {
        let mut bytes = [0; 4];
        space.read(offset, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    #[test]
    fn the_identity_is_that_of_the_82599() {
        let space = ConfigSpace::new(&Options::default());
        assert_eq!(word(&space, 0), 0x10fb_8086);
        assert_eq!(word(&space, 8) >> 8, 0x02_0000);
        assert_eq!(word(&space, 0xffe) & 0xffff_0000, 0xffff_0000);
    }

    #[test]
    fn the_capability_list_ends() {
        let space = ConfigSpace::new(&Options::default());
        let mut at = word(&space, 0x34) as usize & 0xfc;
        let mut ids = Vec::new();
        while at != 0 {
            ids.push((at, word(&space, at) & 0xff));
            at = (word(&space, at) >> 8) as usize & 0xfc;
        }
        assert_eq!(ids, [(0x40, 0x01), (0x70, 0x11), (0xa0, 0x10)]);
    }

    #[test]
    fn bars_tell_their_size() {
        let mut space = ConfigSpace::new(&Options::default());
        for bar in [0x10, 0x20] {
            space.write(bar, &[0xff; 8]);
        }
        assert_eq!(word(&space, 0x10), 0xfffe_0004);
        assert_eq!(word(&space, 0x20), 0xffff_c004);
        assert_eq!(word(&space, 0x18), 0);
    }

    #[test]
    fn a_function_level_reset_takes_bus_mastering() {
        let mut space = ConfigSpace::new(&Options::default());
        space.write(4, &[6, 0]);
        assert!(space.bus_master());
        let effect = space.write(DEVICE_CONTROL, &[0, 0x80]);
        assert_eq!(effect, ConfigEffect::Reset);
        assert!(!space.bus_master());
    }

    #[test]
    fn waking_from_d3_resets() {
        let mut space = ConfigSpace::new(&Options::default());
        space.write(4, &[6, 0]);
        assert_eq!(space.write(0x44, &[3]), ConfigEffect::None);
        assert!(!space.bus_master());
        assert_eq!(space.write(0x44, &[0]), ConfigEffect::Reset);
    }
}
