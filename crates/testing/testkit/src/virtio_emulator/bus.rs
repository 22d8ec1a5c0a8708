//! The model's registers as the host's accesses arrive: the only file that knows the bus's widths.

use samara_device_io::host::MmioBus;
use samara_device_io::table::Width;

use super::VirtioEmulator;

/// One BAR; the lifetime of the model is the process's.
pub(super) struct Window {
    pub(super) model: &'static VirtioEmulator,
    pub(super) bar: u8,
}

// SAFETY: the model runs as the host.
unsafe impl MmioBus for Window {
    fn read(&self, offset: usize, width: Width) -> u32 {
        self.model.read(self.bar, offset, width.bytes() as u32)
    }

    fn write(&self, offset: usize, width: Width, value: u32) {
        self.model
            .write(self.bar, offset, width.bytes() as u32, value);
    }
}
