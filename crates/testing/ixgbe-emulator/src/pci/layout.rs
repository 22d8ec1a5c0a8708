//! Offsets and sizes in configuration space and the BARs.

/// Bytes of configuration space, the extended part included.
pub const CONFIG_SIZE: usize = 4096;

/// The BAR of the registers: memory, 64 bits.
pub const REGISTER_BAR: u8 = 0;

/// The BAR of the MSI-X table and of its pending bits: memory, 64 bits.
pub const MSIX_BAR: u8 = 4;

/// Bytes of the MSI-X BAR (section 9.3.6).
pub const MSIX_BAR_SIZE: u32 = 0x4000;

/// Offset of the pending bits in the MSI-X BAR.
pub(super) const MSIX_PENDING: u32 = 0x2000;

/// Number of MSI-X vectors.
pub const VECTORS: u16 = 64;

/// Power management capability (section 9.3.7).
pub(super) const POWER_CAPABILITY: usize = 0x40;

/// MSI-X capability (section 9.3.9).
pub const MSIX_CAPABILITY: usize = 0x70;

/// PCI Express capability (section 9.3.10).
pub const PCIE_CAPABILITY: usize = 0xa0;

/// Advanced error reporting, extended (section 9.4.2).
pub(super) const ERROR_CAPABILITY: usize = 0x100;

/// Device serial number, extended (section 9.4.3).
pub(super) const SERIAL_CAPABILITY: usize = 0x140;
