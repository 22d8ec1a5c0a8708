//! Controller properties (Base §3.1.3) and doorbells (PCIe §3.1.2).

use core::fmt;

use super::{CompletionEntry, SubmissionEntry};
use crate::dma::{DmaRegion, RegionError};
use crate::mmio::{Mmio, ReadOnly, ReadWrite, Register, RegisterArray, RegisterBlock};
use crate::pci::{PciFunction, PciId};

/// The register block of an NVM Express controller.
pub enum Nvme {}

const CC: usize = 0x14;
const AQA: usize = 0x24;
const ASQ: usize = 0x28;
const ACQ: usize = 0x30;
const DOORBELLS: usize = 0x1000;

/// CC.EN: enable (Base §3.1.3.5).
const CC_EN: u32 = 1;
/// CC.SHN: shutdown notification, bits 15:14; 01b is a normal shutdown.
const CC_SHN: u32 = 0b11 << 14;
const CC_SHN_NORMAL: u32 = 0b01 << 14;
/// CC.IOSQES (bits 19:16) and CC.IOCQES (bits 23:20): log2 of the entry sizes. CC.MPS (bits 10:7) is 0
/// for pages of 4 KiB; CC.CSS (bits 6:4) is 0 for the NVM command set; CC.AMS is 0 for round robin.
const CC_SIZES: u32 = 6 << 16 | 4 << 20;

// SAFETY: the guarded ranges hold every property that takes or scales a bus address: CC (entry and page
// sizes), AQA to ACQ, BPMBL, CMBMSC, and the persistent memory region's PMRCTL to PMRMSC (Base figure 33).
// What else can be written in 0-FFFh (interrupt masks, NSSR, boot partition selection, which reads into
// the guarded BPMBL) and the doorbells, which are indexes into queues whose addresses and sizes came
// from regions, name no memory. The class code 01h/08h/02h is the NVM Express I/O controller (PCIe §3.1.1).
// A controller with CC.EN and CSTS.RDY clear has no queue and executes no command (Base §3.7.2).
unsafe impl RegisterBlock for Nvme {
    const BAR: u8 = 0;
    const LENGTH: usize = DOORBELLS;
    const MAP_LENGTH: usize = DOORBELLS + 0x1000;
    const GUARDED: &'static [(usize, usize)] = &[
        (CC, CC + 4),
        (AQA, ACQ + 8),
        (0x48, 0x50),
        (0x50, 0x58),
        (0xE04, 0xE08),
        (0xE14, 0xE1C),
    ];

    fn accepts(id: &PciId) -> bool {
        id.class == [0x01, 0x08, 0x02]
    }

    fn is_idle(registers: &Mmio<'_, Self>) -> bool {
        registers.read(Self::CONFIGURATION) & CC_EN == 0 && !registers.status().is_ready()
    }
}

/// CAP, decoded (Base §3.1.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// Entries that an I/O queue may have at most: CAP.MQES, which is 0's based.
    pub const fn max_queue_entries(self) -> u32 {
        (self.0 & 0xFFFF) as u32 + 1
    }

    /// Milliseconds to wait for CSTS.RDY: CAP.TO counts 500 ms; 0 is read as 1.
    pub const fn timeout_millis(self) -> u64 {
        let units = self.0 >> 24 & 0xFF;
        if units == 0 { 500 } else { units * 500 }
    }

    /// Bytes from one doorbell to the next: 4 << CAP.DSTRD.
    pub const fn doorbell_stride(self) -> usize {
        4 << (self.0 >> 32 & 0xF)
    }

    /// Whether the NVM command set can be selected with CC.CSS = 000b (CAP.CSS bit 0).
    pub const fn has_nvm_command_set(self) -> bool {
        self.0 >> 37 & 1 != 0
    }

    /// Whether memory pages of 4 KiB are supported: CAP.MPSMIN is 0.
    pub const fn has_4k_pages(self) -> bool {
        self.0 >> 48 & 0xF == 0
    }

    /// All ones: nothing answers.
    pub const fn is_absent(self) -> bool {
        self.0 == u64::MAX
    }
}

/// CSTS, decoded (Base §3.1.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// CSTS.RDY: commands may be submitted.
    pub const fn is_ready(self) -> bool {
        self.0 & 1 != 0
    }

    /// CSTS.CFS: the controller failed; only a reset helps.
    pub const fn is_fatal(self) -> bool {
        self.0 & 2 != 0
    }

    /// CSTS.SHST is 10b: shutdown processing is complete.
    pub const fn is_shut_down(self) -> bool {
        self.0 >> 2 & 0b11 == 0b10
    }

    /// All ones: nothing answers.
    pub const fn is_absent(self) -> bool {
        self.0 == u32::MAX
    }
}

/// Why the admin queues can't be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminQueueError {
    /// The controller isn't in reset: disable it first.
    Enabled,
    /// A queue of fewer than 2 or more than 4096 entries (Base §3.1.3.8).
    BadLength,
    /// A region isn't of this function.
    Region(RegionError),
}

impl fmt::Display for AdminQueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enabled => {
                f.write_str("admin queues can only be set while the controller is disabled")
            }
            Self::BadLength => f.write_str("an admin queue has 2 to 4096 entries"),
            Self::Region(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AdminQueueError {}

impl From<RegionError> for AdminQueueError {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}

impl Nvme {
    /// CAP: controller capabilities.
    pub const CAPABILITIES: Register<Self, u64, ReadOnly> = Register::at(0x00);
    /// VS: version; major in bits 31:16, minor in 15:8.
    pub const VERSION: Register<Self, u32, ReadOnly> = Register::at(0x08);
    /// INTMS: interrupt mask set.
    pub const INTERRUPT_MASK_SET: Register<Self, u32, ReadWrite> = Register::at(0x0C);
    /// INTMC: interrupt mask clear.
    pub const INTERRUPT_MASK_CLEAR: Register<Self, u32, ReadWrite> = Register::at(0x10);
    /// CC: controller configuration. Written by the functions below.
    pub const CONFIGURATION: Register<Self, u32, ReadOnly> = Register::any(CC);
    /// CSTS: controller status.
    pub const STATUS: Register<Self, u32, ReadOnly> = Register::at(0x1C);

    /// SQyTDBL, the tail doorbell of submission queue `queue` (PCIe §3.1.2.1): element `2 * queue`.
    pub const fn tail_doorbell(queue: u16) -> usize {
        2 * queue as usize
    }

    /// CQyHDBL, the head doorbell of completion queue `queue` (PCIe §3.1.2.2): element `2 * queue + 1`.
    pub const fn head_doorbell(queue: u16) -> usize {
        2 * queue as usize + 1
    }

    /// The doorbells, `capabilities.doorbell_stride()` bytes apart.
    pub const fn doorbells(capabilities: Capabilities) -> RegisterArray<Self, u32> {
        RegisterArray::new(DOORBELLS, capabilities.doorbell_stride())
    }
}

impl Mmio<'_, Nvme> {
    /// CAP, decoded.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities(self.read(Nvme::CAPABILITIES))
    }

    /// CSTS, decoded.
    pub fn status(&self) -> Status {
        Status(self.read(Nvme::STATUS))
    }

    fn configure(&self, value: u32) {
        // SAFETY: CC is an aligned register of the block. The value keeps the sizes that these
        // layouts are written for, and names no address.
        unsafe {
            self.store(CC, value);
        }
    }

    /// Sets CC.EN with the NVM command set, 4 KiB pages and the required entry sizes. The controller
    /// is ready when CSTS.RDY is set (Base §3.5.1): wait up to CAP.TO.
    ///
    /// Does nothing before [`set_admin_queues`](Self::set_admin_queues), or with a controller that is
    /// not in reset. The queues are those set last, also if a reset has cleared the registers since: a
    /// controller keeps the addresses of earlier claims over its own resets (Base §3.7.2), and 0 is
    /// one too.
    pub fn enable(&self) {
        self.control().with(|guarded| {
            let Some(queues) = guarded.addresses else {
                return;
            };
            if Nvme::is_idle(self) {
                self.write_admin_queues(queues);
                self.configure(CC_SIZES | CC_EN);
            }
        });
    }

    /// Clears CC.EN: a controller reset (Base §3.7.2). Done when CSTS.RDY is clear.
    pub fn disable(&self) {
        self.control()
            .with(|_| self.configure(self.read(Nvme::CONFIGURATION) & !(CC_EN | CC_SHN)));
    }

    /// Notifies of a normal shutdown (Base §3.6.1). Done when CSTS.SHST says so.
    pub fn notify_shutdown(&self) {
        self.control()
            .with(|_| self.configure(self.read(Nvme::CONFIGURATION) & !CC_SHN | CC_SHN_NORMAL));
    }

    /// Writes AQA, ASQ and ACQ; called under the lock, with values that `set_admin_queues` made for
    /// this claim.
    fn write_admin_queues(&self, [attributes, submission, completion]: [u64; 3]) {
        // SAFETY: AQA is an aligned register of the block; the lengths are those of the regions.
        unsafe {
            self.store(AQA, attributes as u32);
        }
        // SAFETY: ASQ is an aligned register of the block; the region stays allocated until the
        // claim ends, which silences the device first.
        unsafe {
            self.store(ASQ, submission);
        }
        // SAFETY: as for ASQ.
        unsafe {
            self.store(ACQ, completion);
        }
    }

    /// Sets AQA, ASQ and ACQ (Base §3.1.3.8 to §3.1.3.10): the admin queues are these regions, as
    /// long as these regions are.
    ///
    /// # Errors
    ///
    /// [`AdminQueueError`]; nothing is written.
    pub fn set_admin_queues(
        &self,
        function: &PciFunction,
        submission: &DmaRegion<SubmissionEntry>,
        completion: &DmaRegion<CompletionEntry>,
    ) -> Result<(), AdminQueueError> {
        if function.claim_id() != self.control().claim() {
            return Err(RegionError::Foreign.into());
        }
        let zero_based = |length: usize| match length {
            2..=4096 => Ok(length as u32 - 1),
            _ => Err(AdminQueueError::BadLength),
        };
        let attributes = zero_based(completion.len())? << 16 | zero_based(submission.len())?;
        let base = submission.address(function, 0)?;
        let completion = completion.address(function, 0)?;
        let queues = [attributes.into(), base.get(), completion.get()];
        self.control().with(|guarded| {
            if !Nvme::is_idle(self) {
                return Err(AdminQueueError::Enabled);
            }
            // What it holds would be other commands there.
            if !submission.devote(false) {
                return Err(RegionError::OtherQueue.into());
            }
            self.write_admin_queues(queues);
            guarded.addresses = Some(queues);
            Ok(())
        })
    }
}
