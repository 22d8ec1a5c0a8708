//! Passes register accesses of `samara-device-io` on to the model. Only this file uses that crate's type of access
//! widths.

use samara_device_io::host::MmioBus;
use samara_device_io::table::Width;

use super::VirtioEmulator;

/// One mapped BAR. The model lives as long as the process.
pub(super) struct Window {
    pub(super) model: &'static VirtioEmulator,
    pub(super) bar: u8,
}

// SAFETY: the model runs each access as the host, so its allocations belong to the host.
unsafe impl MmioBus for Window {
    fn read(&self, offset: usize, width: Width) -> u32 {
        self.model.read(self.bar, offset, width.bytes() as u32)
    }

    fn write(&self, offset: usize, width: Width, value: u32) {
        self.model
            .write(self.bar, offset, width.bytes() as u32, value);
    }
}
