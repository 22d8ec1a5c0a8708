//! Controller properties (Base §3.1.3), decoded.

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, ReadWrite, Register, WriteError};
use samara_device_tables::Nvme;

/// A claimed controller.
pub(crate) type Function = PciFunction<Nvme>;

const CAP: Register<Nvme, u64, ReadOnly> = Register::at(0, 0x00);
const CC: Register<Nvme, u32, ReadWrite> = Register::at(0, 0x14);
const CSTS: Register<Nvme, u32, ReadOnly> = Register::at(0, 0x1C);

/// CAP (Base §3.1.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capabilities(u64);

impl Capabilities {
    pub(crate) fn read(function: &Function) -> Self {
        Self(function.read(CAP))
    }

    /// Whether the register reads as all ones or all zeroes. Then the controller does not answer, or does not answer
    /// yet. The two halves are read one after the other, so perhaps only one of them reads as all ones. No valid CAP
    /// has such a half.
    pub(crate) const fn is_absent(self) -> bool {
        let (low, high) = (self.0 as u32, (self.0 >> 32) as u32);
        low == u32::MAX || high == u32::MAX || self.0 == 0
    }

    /// Returns the most entries that an I/O queue may have: CAP.MQES, which is 0's based.
    pub(crate) const fn max_queue_entries(self) -> u32 {
        (self.0 & 0xFFFF) as u32 + 1
    }

    /// Whether the NVM command set can be selected with CC.CSS = 000b (CAP.CSS bit 0).
    pub(crate) const fn has_nvm_command_set(self) -> bool {
        self.0 >> 37 & 1 != 0
    }

    /// Whether namespaces may have other command sets than the NVM command set (CAP.CSS bit 6).
    pub(crate) const fn has_command_sets(self) -> bool {
        self.0 >> 43 & 1 != 0
    }

    /// Whether memory pages of 4 KiB are supported: CAP.MPSMIN is 0.
    pub(crate) const fn has_4k_pages(self) -> bool {
        self.0 >> 48 & 0xF == 0
    }
}

/// CSTS (Base §3.1.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(u32);

impl Status {
    pub(crate) fn read(function: &Function) -> Self {
        Self(function.read(CSTS))
    }

    /// Whether CSTS.RDY is set: then the controller executes commands. The bit stays set until a reset.
    pub(crate) const fn is_ready(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether CSTS.CFS is set: then the controller has failed, and only a reset helps.
    pub(crate) const fn is_fatal(self) -> bool {
        self.0 & 2 != 0
    }

    /// Whether CSTS.SHST is 10b: then shutdown processing is complete.
    pub(crate) const fn is_shut_down(self) -> bool {
        self.0 >> 2 & 0b11 == 0b10
    }

    /// Whether the register reads as all ones: then the controller does not answer.
    pub(crate) const fn is_absent(self) -> bool {
        self.0 == u32::MAX
    }
}

/// Notifies the controller of a normal shutdown. Returns whether CC now reads back with the notification. The shutdown
/// is complete when CSTS.SHST says so.
///
/// # Errors
///
/// [`WriteError`] if the controller isn't enabled, is being reset, or does not answer.
pub(crate) fn notify_shutdown(function: &Function) -> Result<bool, WriteError> {
    function.write(CC, Nvme::SHUT_DOWN)?;
    Ok(function.read(CC) == Nvme::SHUT_DOWN)
}
