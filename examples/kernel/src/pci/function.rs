//! One PCI function: its identification, the windows of its registers, and its command register.

use core::fmt;

use arrayvec::ArrayVec;
use pci_types::{CommandRegister, HeaderType, PciAddress, PciHeader};

use super::bar::{Bar, LIMIT_32, LIMIT_64, Layout, decode_memory};
use super::ecam::ecam;

/// The number of base address registers of an endpoint.
const BARS: u16 = 6;

const COMMAND: u16 = 0x04;
const FIRST_BAR: u16 = 0x10;

/// The class code of a function, which states the purpose of the function (section 7.5.1.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) base: u8,
    pub(crate) sub: u8,
    pub(crate) interface: u8,
}

#[cfg(feature = "kernel-tests")]
impl Class {
    /// Non-volatile memory controllers that speak NVM Express.
    pub(crate) const NVME: Self = Self {
        base: 0x01,
        sub: 0x08,
        interface: 0x02,
    };
}

/// A function that the scan found, with the values that the scan read. The device's registers may have changed since.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) address: PciAddress,
    pub(crate) vendor: u16,
    pub(crate) device: u16,
    pub(crate) class: Class,
    /// The windows by register index. A function that is no endpoint has no windows here.
    bars: ArrayVec<(u8, Bar), { BARS as usize }>,
}

impl Function {
    /// Reads the function at `address`. Returns `None` if no function answers.
    ///
    /// The probe overwrites the function's base address registers for a moment to learn their sizes, so no code may
    /// use the function meanwhile.
    pub(super) fn probe(address: PciAddress) -> Option<Self> {
        let header = PciHeader::new(address);
        let (vendor, device) = header.id(ecam());
        if vendor == u16::MAX {
            return None;
        }
        let (_, base, sub, interface) = header.revision_and_class(ecam());
        let bars = match header.header_type(ecam()) {
            HeaderType::Endpoint => probe_bars(address),
            _ => ArrayVec::new(),
        };
        Some(Self {
            address,
            vendor,
            device,
            class: Class {
                base,
                sub,
                interface,
            },
            bars,
        })
    }

    /// Returns the window of base address register `index`.
    pub(crate) fn bar(&self, index: u8) -> Option<Bar> {
        self.bars
            .iter()
            .find(|(at, _)| *at == index)
            .map(|(_, bar)| *bar)
    }

    /// Returns all windows, each with the index of its register.
    pub(crate) fn bars(&self) -> impl Iterator<Item = (u8, Bar)> {
        self.bars.iter().copied()
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Class {
            base,
            sub,
            interface,
        } = self.class;
        write!(
            f,
            "{} {:04x}:{:04x} class {base:02x}.{sub:02x}.{interface:02x}",
            self.address, self.vendor, self.device
        )?;
        for (index, bar) in self.bars() {
            match bar {
                Bar::Memory { address, size } => write!(f, ", BAR{index} {address:#x}+{size:#x}")?,
                Bar::Io { port } => write!(f, ", BAR{index} port {port:#x}")?,
            }
        }
        Ok(())
    }
}

/// Reads all base address registers and probes the sizes of their windows, with decoding disabled.
fn probe_bars(address: PciAddress) -> ArrayVec<(u8, Bar), { BARS as usize }> {
    let before = PciHeader::new(address).command(ecam());
    set_command(
        address,
        before
            - (CommandRegister::MEMORY_ENABLE
                | CommandRegister::IO_ENABLE
                | CommandRegister::BUS_MASTER_ENABLE),
    );
    let mut bars = ArrayVec::new();
    let mut index = 0;
    while index < BARS {
        let offset = FIRST_BAR + 4 * index;
        let value = ecam().read(address, offset);
        let layout = Layout::of(value);
        let last = index + 1 == BARS;
        let bar = match layout {
            Layout::Io if value & !3 != 0 => Some(Bar::Io { port: value & !3 }),
            Layout::Io | Layout::Unknown => None,
            Layout::Memory32 => {
                let probe = probe(address, offset, value);
                decode_memory(
                    u64::from(value),
                    u64::from(probe) | u64::from(u32::MAX) << 32,
                    LIMIT_32,
                )
            }
            // The last register cannot be the lower half of a 64-bit register, since no register follows for the
            // upper half.
            Layout::Memory64 if last => None,
            Layout::Memory64 => {
                let upper = ecam().read(address, offset + 4);
                let low = probe(address, offset, value);
                let high = probe(address, offset + 4, upper);
                let join = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
                decode_memory(join(value, upper), join(low, high), LIMIT_64)
            }
        };
        if let Some(bar) = bar {
            bars.push((index as u8, bar));
        }
        index += if layout == Layout::Memory64 { 2 } else { 1 };
    }
    set_command(address, before);
    bars
}

/// Writes the command register. The other half of its dword is the status register, where a written zero changes
/// nothing. `pci_types` is not used for this: it would write back the status that it has read, and thereby clear the
/// error bits.
fn set_command(address: PciAddress, command: CommandRegister) {
    // SAFETY: the callers set only bits that the function's command register had set before.
    unsafe { ecam().write(address, COMMAND, command.bits().into()) };
}

/// Writes all ones to a base address register, reads the register back, and restores `value`. Returns the value that
/// it read back.
fn probe(address: PciAddress, offset: u16, value: u32) -> u32 {
    // SAFETY: decoding is disabled, so the window appears at no address meanwhile.
    unsafe { ecam().write(address, offset, u32::MAX) };
    let probe = ecam().read(address, offset);
    // SAFETY: this restores the previous value.
    unsafe { ecam().write(address, offset, value) };
    probe
}
