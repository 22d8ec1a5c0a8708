//! The function's configuration space: a type 0 header, and the PCI Express and MSI-X capabilities.

use super::Shape;

/// Bytes of BAR 0.
pub(super) const BAR_LENGTH: usize = 0x4000;
const WORDS: usize = 64;

const COMMAND: usize = 1;
const BARS: core::ops::Range<usize> = 4..10;
const BAR0: u32 = 0xFEB0_0004;
const MSIX_AT: usize = 0x40;
const EXPRESS_AT: usize = 0x60;
const DEVICE_CONTROL: usize = (EXPRESS_AT + 8) / 4;
const BUS_MASTER: u32 = 1 << 2;
const INITIATE_FLR: u32 = 1 << 15;

pub(super) struct Config {
    words: [u32; WORDS],
}

impl Config {
    pub(super) fn new(shape: &Shape) -> Self {
        let mut words = [0; WORDS];
        words[0] = shape.id;
        words[COMMAND] = 1 << 20;
        words[2] = 0x0108_0202;
        words[BARS.start] = BAR0;
        words[13] = MSIX_AT as u32;
        // MSI-X: the table and the pending bits are both in BAR 0. The pending bits are at its end.
        words[MSIX_AT / 4] = (EXPRESS_AT as u32) << 8 | 0x11;
        words[MSIX_AT / 4 + 1] = shape.msix_table;
        words[MSIX_AT / 4 + 2] = 0x3000;
        words[EXPRESS_AT / 4] = 0x0002_0010;
        words[EXPRESS_AT / 4 + 1] = if shape.flr { 1 << 28 } else { 0 };
        Self { words }
    }

    pub(super) fn is_bus_master(&self) -> bool {
        self.words[COMMAND] & BUS_MASTER != 0
    }

    pub(super) fn read(&self, offset: u16) -> u32 {
        self.words
            .get(usize::from(offset) / 4)
            .copied()
            .unwrap_or(0)
    }

    /// Writes a dword. Returns whether the write resets the function.
    pub(super) fn write(&mut self, offset: u16, value: u32) -> bool {
        match usize::from(offset) / 4 {
            COMMAND => self.words[COMMAND] = self.words[COMMAND] & 0xFFFF_0000 | value & 0xFFFF,
            bar if BARS.contains(&bar) => self.words[bar] = value,
            DEVICE_CONTROL if value & INITIATE_FLR != 0 && self.words[DEVICE_CONTROL - 1] != 0 => {
                self.words[COMMAND] &= 0xFFFF_0000;
                self.words[BARS].fill(0);
                return true;
            }
            _ => {}
        }
        false
    }

    /// Whether the function decodes BAR 0. It does so if the BAR still has the host's address and memory space is on.
    pub(super) fn decodes(&self) -> bool {
        self.words[BARS.start] == BAR0 && self.words[COMMAND] & 1 << 1 != 0
    }
}
