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

    /// All ones or all zeroes: nothing answers, or not yet. Either half may have been read then; its low half can't be all ones, nor the
    /// high one.
    pub(crate) const fn is_absent(self) -> bool {
        let (low, high) = (self.0 as u32, (self.0 >> 32) as u32);
        low == u32::MAX || high == u32::MAX || self.0 == 0
    }

    /// Entries that an I/O queue may have at most: CAP.MQES, which is 0's based.
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

    /// CSTS.RDY: it executes commands. It stays so until a reset.
    pub(crate) const fn is_ready(self) -> bool {
        self.0 & 1 != 0
    }

    /// CSTS.CFS: the controller failed; only a reset helps.
    pub(crate) const fn is_fatal(self) -> bool {
        self.0 & 2 != 0
    }

    /// CSTS.SHST is 10b: shutdown processing is complete.
    pub(crate) const fn is_shut_down(self) -> bool {
        self.0 >> 2 & 0b11 == 0b10
    }

    /// All ones: nothing answers.
    pub(crate) const fn is_absent(self) -> bool {
        self.0 == u32::MAX
    }
}

/// Notifies the controller of a normal shutdown; whether it has taken note. Done when CSTS.SHST says so.
///
/// # Errors
///
/// [`WriteError`]: one that wasn't enabled is told nothing.
pub(crate) fn notify_shutdown(function: &Function) -> Result<bool, WriteError> {
    function.write(CC, Nvme::SHUT_DOWN)?;
    Ok(function.read(CC) == Nvme::SHUT_DOWN)
}
