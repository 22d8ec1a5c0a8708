//! The list of capabilities (section 7.5.3 and 7.9): found without trusting that it ends.

use pci_types::PciAddress;

use super::ecam::ecam;

/// The status register's bit that says there is a list.
const HAS_LIST: u32 = 1 << 20;

/// Where the list begins.
const POINTER: u16 = 0x34;

/// Capabilities lie behind the header, four bytes at least each: more than this and the list runs
/// in a circle.
const MAX_CAPABILITIES: usize = (0x100 - 0x40) / 4;

/// Identifies the PCI Express capability.
pub(super) const PCI_EXPRESS: u8 = 0x10;

/// The offset and identity of each of a function's capabilities.
pub(super) fn capabilities(address: PciAddress) -> impl Iterator<Item = (u16, u8)> {
    let has_list = ecam().read(address, 0x04) & HAS_LIST != 0;
    let mut next = if has_list {
        ecam().read(address, POINTER) as u8
    } else {
        0
    };
    core::iter::from_fn(move || {
        let offset = u16::from(next & !3);
        if offset < 0x40 {
            return None;
        }
        let header = ecam().read(address, offset);
        next = (header >> 8) as u8;
        Some((offset, header as u8))
    })
    .take(MAX_CAPABILITIES)
}
