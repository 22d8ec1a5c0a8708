//! The parts of configuration space (PCI Express Base 5.0 §7.5) that a claim needs: identifiers, the command
//! register, and the places of the PCI Express and MSI-X capabilities.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::host::{ConfigSpace, PciAddress};
use crate::table::Id;

/// Vendor and device ID (§7.5.1.1.1, §7.5.1.1.2).
const ID: u16 = 0x00;
/// Command (low half) and status (high half) (§7.5.1.1.3).
const COMMAND: u16 = 0x04;
/// Revision and class code (§7.5.1.1.5).
const CLASS: u16 = 0x08;
/// Header type, in byte 2 (§7.5.1.1.9).
const HEADER: u16 = 0x0C;
/// The first base address register (§7.5.1.2.1).
const BAR0: u16 = 0x10;
/// Capabilities pointer (§7.5.1.1.11).
const CAPABILITIES: u16 = 0x34;

/// Command: respond to memory accesses.
pub(crate) const MEMORY_SPACE: u16 = 1 << 1;
/// Command: may issue memory requests (DMA, message interrupts).
pub(crate) const BUS_MASTER: u16 = 1 << 2;
/// Command: do not assert INTx.
pub(crate) const INTX_DISABLE: u16 = 1 << 10;
/// Status: there is a capability list.
const CAPABILITY_LIST: u32 = 1 << (16 + 4);

/// Capability IDs.
const CAP_PCI_EXPRESS: u8 = 0x10;
const CAP_POWER: u8 = 0x01;
const CAP_MSI: u8 = 0x05;
const CAP_MSI_X: u8 = 0x11;

/// Device Capabilities (§7.5.3.3), bit 28: Function Level Reset supported.
const DEVICE_CAPABILITIES: u16 = 0x04;
const FLR_CAPABLE: u32 = 1 << 28;

/// Identifiers of a PCI function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PciId {
    /// Vendor ID; FFFFh where no function answers.
    pub vendor: u16,
    /// Device ID.
    pub device: u16,
    /// Base class, sub-class, programming interface.
    pub class: [u8; 3],
}

impl PciId {
    /// Whether one of a table's `ids` names this function.
    pub(crate) fn is(&self, ids: &[Id]) -> bool {
        ids.iter().any(|id| match id {
            Id::Device(vendor, devices) => self.vendor == *vendor && devices.contains(&self.device),
            Id::Class(class) => self.class == *class,
        })
    }
}

/// The bytes of a BAR that the MSI-X table or the MSI-X pending bits occupy: BAR, start, length.
pub(crate) type MsixRange = (u8, usize, usize);

/// The result of a walk of the capability list.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Capabilities {
    /// Offset of the PCI Express capability, and whether there is a Function Level Reset.
    pub(crate) express: Option<(u16, bool)>,
    /// The MSI-X capability, if there is one.
    pub(crate) msix: Option<Msix>,
}

/// The MSI-X capability (§7.7.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Msix {
    /// The capability's offset; message control is the high half of its first dword.
    pub(crate) capability: u16,
    /// Entries of the table.
    pub(crate) entries: u16,
    /// Where the table and the pending bits are.
    pub(crate) table: MsixRange,
    pub(crate) pending: MsixRange,
}

/// One function's configuration space.
#[derive(Clone, Copy)]
pub(crate) struct Config {
    pub(super) space: &'static dyn ConfigSpace,
    pub(super) address: PciAddress,
    /// Set when a read returns all ones.
    pub(super) blind: &'static AtomicBool,
}

impl Config {
    pub(crate) fn read(&self, offset: u16) -> u32 {
        let value = self.space.read(self.address, offset);
        self.blind.fetch_or(value == u32::MAX, Ordering::Relaxed);
        value
    }

    /// Reads a dword for a driver. The base address registers and the expansion ROM's read as 0.
    pub(crate) fn read_public(&self, offset: u16) -> u32 {
        match offset {
            0x10..0x28 | 0x30..0x34 => 0,
            _ => self.read(offset),
        }
    }

    pub(crate) fn write(&self, offset: u16, value: u32) {
        // SAFETY: this is the configuration space of a claim's function, which the claim drives. Code that makes the
        // function bus master first checks that the function is idle. A base address register is only set to the
        // value that it had (DEV-17, AUTH-7).
        unsafe { self.space.write(self.address, offset, value) };
    }

    /// Returns the identifiers; `None` if nothing answers.
    pub(crate) fn id(&self) -> Option<PciId> {
        let id = self.read(ID);
        let (vendor, device) = (id as u16, (id >> 16) as u16);
        let [_, interface, subclass, base] = self.read(CLASS).to_le_bytes();
        (vendor != u16::MAX).then_some(PciId {
            vendor,
            device,
            class: [base, subclass, interface],
        })
    }

    /// Whether this is an endpoint (header type 0), whose six BARs are where this crate expects them; `None` if the
    /// function does not answer.
    pub(crate) fn is_endpoint(&self) -> Option<bool> {
        let header = Some(self.read(HEADER)).filter(|header| *header != u32::MAX)?;
        Some(header.to_le_bytes()[2] & 0x7F == 0)
    }

    pub(crate) fn command(&self) -> u16 {
        self.read(COMMAND) as u16
    }

    /// Writes the command register. The status half is written as 0, which leaves its write-1-to-clear bits
    /// unchanged.
    pub(crate) fn set_command(&self, command: u16) {
        self.write(COMMAND, u32::from(command));
    }

    pub(crate) fn bars(&self) -> [u32; 6] {
        core::array::from_fn(|bar| self.read(BAR0 + 4 * bar as u16))
    }

    /// Whether base address register `bar` exists and maps memory, not I/O ports.
    pub(crate) fn has_memory_bar(&self, bar: u8) -> bool {
        bar < 6 && self.read(BAR0 + 4 * u16::from(bar)) & 1 == 0
    }

    /// Clears bits of a dword, unless the dword reads as all ones. Returns whether any of the bits was set.
    pub(super) fn clear(&self, at: u16, bits: u32) -> bool {
        let value = self.read(at);
        let is_set = value != u32::MAX && value & bits != 0;
        if is_set {
            self.write(at, value & !bits);
        }
        is_set
    }

    /// Turns off everything by which an earlier owner enabled the function or its virtual functions to issue
    /// requests: MSI, MSI-X; ATS, SR-IOV and PRI (§7.7.1, §7.7.2, §10.5.1.3, §9.3.3.3, §10.5.2.3). Puts the function
    /// into D0 (§7.5.2.2). Returns whether anything had to be changed.
    pub(crate) fn quieten(&self) -> bool {
        let mut was_on = false;
        for (id, at) in self.list() {
            match id {
                CAP_POWER => was_on |= self.clear(at + 4, 0b11),
                CAP_MSI => was_on |= self.clear(at, 1 << 16),
                CAP_MSI_X => was_on |= self.clear(at, 1 << 31),
                _ => {}
            }
        }
        // At most 960 headers fit into 4 KiB, so a list that loops ends too. A function without extended capabilities
        // reads as all ones here. Such a read must not count as unanswered.
        let mut at = 0x100;
        for _ in 0..960 {
            let header = self.space.read(self.address, at);
            match header as u16 {
                0x0F => was_on |= self.clear(at + 4, 1 << 31),
                0x10 => was_on |= self.clear(at + 8, 1),
                0x13 => was_on |= self.clear(at + 4, 1),
                _ => {}
            }
            at = (header >> 20) as u16 & !3;
            if !(0x100..=0xFF4).contains(&at) || header == u32::MAX {
                break;
            }
        }
        was_on
    }

    /// Writes the base addresses. Returns whether they then read as written.
    pub(crate) fn set_bars(&self, bars: &[u32; 6]) -> bool {
        for (offset, &bar) in (BAR0..).step_by(4).zip(bars) {
            self.write(offset, bar);
        }
        self.bars() == *bars
    }

    /// Returns ID and offset of each capability (§7.5.1.1.11). At most 48 entries fit, so a list that loops ends too.
    pub(crate) fn list(&self) -> impl Iterator<Item = (u8, u16)> + use<> {
        let config = *self;
        let has_list = self.read(COMMAND) & CAPABILITY_LIST != 0;
        let first = if has_list { self.read(CAPABILITIES) } else { 0 };
        let mut next = u16::from(first as u8 & !3);
        let entry = move || {
            let at = next;
            if at < 0x40 {
                return None;
            }
            let [id, after, ..] = config.read(at).to_le_bytes();
            next = u16::from(after & !3);
            Some((id, at))
        };
        core::iter::from_fn(entry).take(48)
    }

    /// Returns what a claim needs from the capability list.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let mut found = Capabilities::default();
        for (id, at) in self.list() {
            if id == CAP_PCI_EXPRESS && at <= 0xF4 {
                let has_reset = self.read(at + DEVICE_CAPABILITIES) & FLR_CAPABLE != 0;
                found.express = Some((at, has_reset));
            } else if id == CAP_MSI_X && at <= 0xF4 {
                // Message control is the high half of the first dword; its bits 10:0 are the number of entries less
                // one. The dwords at +4 and +8 say where the table and the pending bits are: the BAR in bits 2:0, the
                // offset in the rest.
                let entries = (self.read(at) >> 16 & 0x7FF) as usize + 1;
                let range = |at: u16, bytes: usize| {
                    let place = self.read(at);
                    ((place & 7) as u8, (place & !7) as usize, bytes)
                };
                found.msix = Some(Msix {
                    capability: at,
                    entries: entries as u16,
                    table: range(at + 4, entries * 16),
                    pending: range(at + 8, entries.div_ceil(64) * 8),
                });
            }
        }
        found
    }
}
