//! The options of a device.

/// The properties that are fixed when a device is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// MAC address.
    pub mac: [u8; 6],
    /// PCI device ID: 0x10fb (SFP+), 0x10f9 (CX4), 0x10f7, 0x10f8, 0x10fc …
    pub device_id: u16,
    /// PCI subsystem ID.
    pub subsystem_id: u16,
    /// Whether an optical module is plugged in. Drivers of 0x10fb look for one.
    pub module: bool,
    /// Whether a VMM keeps the MSI-X table. The device's own table then masks no vector.
    pub foreign_msix_table: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            // Locally administered.
            mac: [0x02, 0x82, 0x59, 0x90, 0x00, 0x01],
            device_id: 0x10fb,
            subsystem_id: 0x0003,
            module: true,
            foreign_msix_table: false,
        }
    }
}

impl Options {
    /// Returns the options with another MAC address.
    #[must_use]
    pub fn with_mac(mut self, mac: [u8; 6]) -> Self {
        self.mac = mac;
        self
    }

    /// Returns the options with another PCI device ID.
    #[must_use]
    pub fn with_device_id(mut self, device_id: u16) -> Self {
        self.device_id = device_id;
        self
    }

    /// Returns the options with or without an optical module.
    #[must_use]
    pub fn with_module(mut self, module: bool) -> Self {
        self.module = module;
        self
    }

    /// Returns the options with the MSI-X table in the device (false) or at a VMM (true).
    #[must_use]
    pub fn with_foreign_msix_table(mut self, foreign: bool) -> Self {
        self.foreign_msix_table = foreign;
        self
    }
}
