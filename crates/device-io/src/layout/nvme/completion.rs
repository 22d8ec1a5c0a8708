//! Completion queue entries (Base §3.3.3.2).

use core::sync::atomic::{Ordering, fence};

use crate::dma::{DmaLayout, DmaReadable, DmaRegion, RegionError};
use crate::pci::PciFunction;

/// A completion queue entry as the controller writes it: 16 bytes.
#[repr(C, align(16))]
pub struct CompletionEntry {
    words: [u32; 4],
}

// SAFETY: four words without padding, 16 bytes; devices only write it.
unsafe impl DmaLayout for CompletionEntry {}
// SAFETY: status and identifiers only.
unsafe impl DmaReadable for CompletionEntry {}

/// A completion, decoded. Nothing in it has been checked: it is what a device says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Command specific result (dword 0).
    pub result: u32,
    /// SQHD: how far the controller has consumed the submission queue.
    pub sq_head: u16,
    /// SQID: the submission queue of the command.
    pub sq_id: u16,
    /// CID: the command.
    pub cid: u16,
    /// The status field without the phase tag: SC in bits 7:0, SCT in 10:8, CRD in 12:11, M in 13,
    /// DNR in 14 (Base §3.3.3.2.1).
    pub status: u16,
}

impl DmaRegion<CompletionEntry> {
    /// The entry at `slot`, if its phase tag is `phase`: the controller inverts the tag with every
    /// pass through the queue, so that a new entry shows itself (Base §3.3.3.2).
    ///
    /// # Errors
    ///
    /// [`RegionError`] if out of bounds or of another claim.
    pub fn take(
        &self,
        function: &PciFunction,
        slot: usize,
        phase: bool,
    ) -> Result<Option<Completion>, RegionError> {
        let last = self.word(function, slot, 3)?;
        if (last >> 16 & 1 == 1) != phase {
            return Ok(None);
        }
        // The tag is in the word written last; the others are read after it was seen.
        fence(Ordering::Acquire);
        let result = self.word(function, slot, 0)?;
        let queue = self.word(function, slot, 2)?;
        Ok(Some(Completion {
            result,
            sq_head: queue as u16,
            sq_id: (queue >> 16) as u16,
            cid: last as u16,
            status: (last >> 17) as u16,
        }))
    }
}

const _: () = assert!(size_of::<CompletionEntry>() == 16);
