//! The function's configuration space (PCI Express Base 5.0 §7.5.1): a type 0 header and the capability list.

use super::capabilities::{self, Places};
use super::shape::{Device, Shape};

/// The BAR of the virtio structures. It is 64 bits wide, so BAR 5 is its upper half.
pub(super) const STRUCTURES_BAR: u8 = 4;
/// The BAR of the MSI-X table and the pending bits, 4096 bytes.
pub(super) const MSIX_BAR: u8 = 1;
/// The offset of the MSI-X table in that BAR.
pub(super) const TABLE: u32 = 0;
/// The offset of the pending bits in that BAR.
pub(super) const PENDING: u32 = 0x800;

const WORDS: usize = 64;
const COMMAND: usize = 1;
const MEMORY_SPACE: u32 = 1 << 1;
const BUS_MASTER: u32 = 1 << 2;
const INTERRUPT_STATUS: u32 = 1 << 19;
const CAPABILITY_LIST: u32 = 1 << 20;
const BAR0: usize = 4;
/// The base address that firmware has assigned to the MSI-X BAR: 32-bit memory.
const MSIX_AT: u32 = 0xFEBD_1000;
/// The base address that firmware has assigned to the structures' BAR, low and high half: 64-bit prefetchable memory.
const STRUCTURES_AT: (u32, u32) = (0x0000_000C, 0x0000_0080);

/// Message Control of MSI-X is the high half of a dword: its bit 15 enables MSI-X, its bit 14 masks all vectors.
const MSIX_ENABLE: u32 = 1 << 31;
const MSIX_MASK: u32 = 1 << 30;
/// Bit 15 of Device Control starts a Function Level Reset.
const INITIATE_FLR: u32 = 1 << 15;

pub(super) struct Config {
    words: [u32; WORDS],
    writable: [u32; WORDS],
    places: Places,
    has_msix_bar: bool,
}

/// The side effect of an access to a dword of configuration space.
pub(super) enum Effect {
    None,
    /// A Function Level Reset.
    Reset,
    /// An access to a BAR through the PCI configuration access capability (§4.1.4.9).
    Window {
        bar: u8,
        offset: u32,
        bytes: u32,
    },
}

impl Config {
    pub(super) fn new(shape: &Shape) -> Self {
        let mut bytes = [0; WORDS * 4];
        let places = capabilities::write(shape, &mut bytes);
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        // The vendor ID is 1AF4h, the device ID is 1040h plus the device type, the revision is 1 (§4.1.2.1).
        let (id, class) = match shape.device {
            Device::Net(_) => (1, 0x02_00_00),
            Device::Block(_) => (2, 0x01_00_00),
        };
        words[0] = (0x1040 + id) << 16 | 0x1AF4;
        words[COMMAND] = CAPABILITY_LIST;
        words[2] = class << 8 | 1;
        words[11] = 0x1100_1AF4;
        words[13] = u32::from(places.first);

        let mut writable = [0; WORDS];
        // Memory space, bus master, INTx disable.
        writable[COMMAND] = MEMORY_SPACE | BUS_MASTER | 1 << 10;
        let bar = |number: u8| BAR0 + usize::from(number);
        let has_msix_bar = shape.vectors() > 0;
        if has_msix_bar {
            writable[bar(MSIX_BAR)] = !0xFFF;
        }
        writable[bar(STRUCTURES_BAR)] = !(shape.layout.bar - 1);
        writable[bar(STRUCTURES_BAR) + 1] = u32::MAX;
        if let Some(msix) = places.msix {
            writable[msix / 4] = MSIX_ENABLE | MSIX_MASK;
        }
        let window = places.window / 4;
        writable[window + 1] = 0xFF;
        writable[window + 2] = u32::MAX;
        writable[window + 3] = u32::MAX;
        let mut config = Self {
            words,
            writable,
            places,
            has_msix_bar,
        };
        config.set_bars(MSIX_AT, STRUCTURES_AT);
        config
    }

    fn set_bars(&mut self, msix: u32, (low, high): (u32, u32)) {
        let bar = |number: u8| BAR0 + usize::from(number);
        if self.has_msix_bar {
            self.words[bar(MSIX_BAR)] = msix;
        }
        self.words[bar(STRUCTURES_BAR)] = low;
        self.words[bar(STRUCTURES_BAR) + 1] = high;
    }

    /// Sets the base addresses to their state after power-on, before the host has programmed them.
    pub(super) fn lose_bars(&mut self) {
        self.set_bars(0, (STRUCTURES_AT.0 & 0xF, 0));
    }

    pub(super) fn is_bus_master(&self) -> bool {
        self.words[COMMAND] & BUS_MASTER != 0
    }

    /// Whether the function answers accesses to this BAR. It answers if the BAR has the assigned base address and
    /// memory space is on.
    pub(super) fn decodes(&self, bar: u8) -> bool {
        let word = |number: u8| self.words[BAR0 + usize::from(number)];
        let is_there = match bar {
            MSIX_BAR => self.has_msix_bar && word(MSIX_BAR) == MSIX_AT,
            STRUCTURES_BAR => (word(STRUCTURES_BAR), word(STRUCTURES_BAR + 1)) == STRUCTURES_AT,
            _ => false,
        };
        is_there && self.words[COMMAND] & MEMORY_SPACE != 0
    }

    fn msix_control(&self) -> u32 {
        self.places.msix.map_or(0, |msix| self.words[msix / 4])
    }

    pub(super) fn msix_is_enabled(&self) -> bool {
        self.msix_control() & MSIX_ENABLE != 0
    }

    /// Whether all vectors are masked.
    pub(super) fn msix_is_masked(&self) -> bool {
        self.msix_control() & MSIX_MASK != 0
    }

    /// Reads a dword. `interrupts` says whether INTx is asserted, which the Interrupt Status bit then shows.
    pub(super) fn read(&self, offset: u16, interrupts: bool) -> u32 {
        let index = usize::from(offset) / 4;
        let word = self.words.get(index).copied().unwrap_or(0);
        match index {
            COMMAND if interrupts => word | INTERRUPT_STATUS,
            _ => word,
        }
    }

    /// Returns the side effect of reading the dword at `offset`, or of writing `written` to it.
    pub(super) fn effect(&self, offset: u16, written: Option<u32>) -> Effect {
        let at = usize::from(offset) / 4 * 4;
        let window = self.places.window / 4;
        if at == self.places.window + 16 {
            return Effect::Window {
                bar: self.words[window + 1] as u8,
                offset: self.words[window + 2],
                bytes: self.words[window + 3],
            };
        }
        let express = self.places.express;
        let offers = express.is_some_and(|at| self.words[at / 4 + 1] & 1 << 28 != 0);
        let asks = written.is_some_and(|value| value & INITIATE_FLR != 0);
        if offers && asks && express.is_some_and(|express| at == express + 8) {
            return Effect::Reset;
        }
        Effect::None
    }

    pub(super) fn write(&mut self, offset: u16, value: u32) {
        let index = usize::from(offset) / 4;
        if let (Some(word), Some(mask)) = (self.words.get_mut(index), self.writable.get(index)) {
            *word = *word & !mask | value & mask;
        }
    }

    /// Performs a Function Level Reset of configuration space (PCI Express Base 5.0 §6.6.2). It clears the base
    /// addresses, too.
    pub(super) fn reset(&mut self) {
        for (word, mask) in self.words.iter_mut().zip(self.writable) {
            *word &= !mask;
        }
        self.set_bars(0, (0xC, 0));
    }
}
