//! The regions and interrupts that the server reports to the VMM.

use samara_ixgbe_emulator::pci::{CONFIG_SIZE, MSIX_BAR, MSIX_BAR_SIZE, REGISTER_BAR, VECTORS};
use samara_ixgbe_emulator::registers;

use super::wire::{CONFIG_REGION, IRQS, MSIX_IRQ, REGIONS};

/// Returns the size of a region in bytes. The two BARs and configuration space are not empty; all other regions have
/// size 0. Returns `None` for a region that does not exist.
pub(super) fn size(region: u32) -> Option<u64> {
    let size = match region {
        CONFIG_REGION => CONFIG_SIZE as u64,
        _ if region == u32::from(REGISTER_BAR) => u64::from(registers::SIZE),
        _ if region == u32::from(MSIX_BAR) => u64::from(MSIX_BAR_SIZE),
        _ => 0,
    };
    (region < REGIONS).then_some(size)
}

/// Returns the number of vectors of a kind of interrupt. All kinds except MSI-X have 0 vectors. Returns `None` for a
/// kind that does not exist.
pub(super) fn vectors(index: u32) -> Option<u32> {
    let count = if index == MSIX_IRQ {
        u32::from(VECTORS)
    } else {
        0
    };
    (index < IRQS).then_some(count)
}
