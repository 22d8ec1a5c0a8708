//! Submission queue entries (Base §3.3.3.1) and the commands that a driver can put into one.
//!
//! There is a function for each command and no other way to make one: what a command transfers, and how
//! much, follows from the region or segment that it's given.

use core::fmt;
use core::marker::PhantomData;

use super::CompletionEntry;
use super::identify::{IdentifyController, Namespace, NamespaceList, NamespaceQuery};
use super::prp_list::{self, PrpError, PrpList};
use crate::dma::{DmaAddr, DmaLayout, DmaRegion, RegionError, Segment, Use};
use crate::pci::{ClaimId, PciFunction};

/// A submission queue entry in memory: 64 bytes.
#[repr(C, align(64))]
pub struct SubmissionEntry {
    words: [u32; 16],
}

// SAFETY: words without padding, 64 bytes. Drivers neither read nor write it but through `put`,
// which takes commands that the functions below made.
unsafe impl DmaLayout for SubmissionEntry {}

/// Admin opcodes (Base figure 138).
const DELETE_IO_SQ: u8 = 0x00;
const CREATE_IO_SQ: u8 = 0x01;
const DELETE_IO_CQ: u8 = 0x04;
const CREATE_IO_CQ: u8 = 0x05;
const IDENTIFY: u8 = 0x06;
const SET_FEATURES: u8 = 0x09;
/// I/O opcodes (Base §7, NVM §3).
const FLUSH: u8 = 0x00;
const WRITE: u8 = 0x01;
const READ: u8 = 0x02;

/// Identify: which structure (CNS, Base figure 273).
const CNS_NAMESPACE: u32 = 0x00;
const CNS_CONTROLLER: u32 = 0x01;
const CNS_ACTIVE_NAMESPACES: u32 = 0x02;
/// Set Features: Number of Queues (Base §5.27.1.5).
const FEATURE_NUMBER_OF_QUEUES: u32 = 0x07;
/// Create I/O queue: physically contiguous.
const CONTIGUOUS: u32 = 1;

/// One command, ready to be put into a submission queue, once. `'t` ties it to the transfer whose
/// memory it names.
#[must_use = "a command does nothing until it's put into a submission queue"]
pub struct Command<'t> {
    words: [u32; 16],
    /// Whose memory or namespace it names, if any.
    claim: Option<ClaimId>,
    /// When its segment was put in flight, if it has one.
    epoch: Option<u32>,
    /// Whether it is for an I/O queue: in an admin queue its opcode would be another command's, which has
    /// other ideas of what the memory that it names is, and how long.
    io: bool,
    _transfer: PhantomData<&'t ()>,
}

/// Why there is no such command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// The buffer is not a whole number of blocks, or more than a command can count (65536).
    Length,
    /// The blocks aren't all inside the namespace.
    OutOfRange,
    /// The buffer isn't dword aligned.
    Misaligned,
    /// The buffer was lent for reading: the device may not write it.
    ReadOnlyBuffer,
    /// A queue of fewer than 2 or more than 65536 entries.
    QueueLength,
    /// A region, the segment or the namespace isn't of this function.
    Region(RegionError),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("the transfer is not a whole number of blocks, or too long for one command: split it"),
            Self::OutOfRange => f.write_str("the blocks reach past the end of the namespace"),
            Self::Misaligned => f.write_str("the buffer isn't aligned to 4 bytes"),
            Self::ReadOnlyBuffer => f.write_str("the buffer was lent for reading: move it in for the device to write it"),
            Self::QueueLength => f.write_str("a queue has 2 to 65536 entries"),
            Self::Region(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CommandError {}

impl From<RegionError> for CommandError {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}

impl From<PrpError> for CommandError {
    fn from(error: PrpError) -> Self {
        match error {
            PrpError::Misaligned => Self::Misaligned,
            PrpError::TooLong => Self::Length,
            PrpError::Region(error) => Self::Region(error),
        }
    }
}

impl<'t> Command<'t> {
    /// An entry with dword 0 (PRPs, not fused) and NSID.
    fn new(opcode: u8, cid: u16, namespace: u32) -> Self {
        let mut words = [0; 16];
        words[0] = u32::from(cid) << 16 | u32::from(opcode);
        words[1] = namespace;
        Self {
            words,
            claim: None,
            epoch: None,
            io: false,
            _transfer: PhantomData,
        }
    }

    /// Memory of `function`.
    fn data(mut self, function: &PciFunction, prp1: u64, prp2: u64) -> Self {
        self.claim = Some(function.claim_id());
        self.words[6] = prp1 as u32;
        self.words[7] = (prp1 >> 32) as u32;
        self.words[8] = prp2 as u32;
        self.words[9] = (prp2 >> 32) as u32;
        self
    }

    /// Sets command dword `10 + index`.
    fn dword(mut self, index: usize, value: u32) -> Self {
        self.words[10 + index] = value;
        self
    }

    /// Read (NVM §3.2.4) of blocks from `lba` into the whole of `segment`. The PRP list, if one is
    /// needed, is the one numbered as the segment's tag, which no other command in flight has.
    ///
    /// # Errors
    ///
    /// [`CommandError`]; the tag stays in flight until the driver ends it.
    pub fn read(
        function: &PciFunction,
        cid: u16,
        namespace: &Namespace,
        lba: u64,
        segment: Segment<'t>,
        lists: &mut DmaRegion<PrpList>,
    ) -> Result<Self, CommandError> {
        if !segment.writable {
            return Err(CommandError::ReadOnlyBuffer);
        }
        Self::transfer(READ, function, cid, namespace, lba, &segment, lists)
    }

    /// Write (NVM §3.2.6) of the whole of `segment` to blocks from `lba` on; otherwise as
    /// [`read`](Self::read).
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn write(
        function: &PciFunction,
        cid: u16,
        namespace: &Namespace,
        lba: u64,
        segment: Segment<'t>,
        lists: &mut DmaRegion<PrpList>,
    ) -> Result<Self, CommandError> {
        Self::transfer(WRITE, function, cid, namespace, lba, &segment, lists)
    }

    fn transfer(
        opcode: u8,
        function: &PciFunction,
        cid: u16,
        namespace: &Namespace,
        lba: u64,
        segment: &Segment<'t>,
        lists: &mut DmaRegion<PrpList>,
    ) -> Result<Self, CommandError> {
        if namespace.claim() != function.claim_id() {
            return Err(CommandError::Region(RegionError::Foreign));
        }
        let length = segment.length as u64;
        let blocks = length >> namespace.block_shift();
        if blocks << namespace.block_shift() != length || !(1..=1 << 16).contains(&blocks) {
            return Err(CommandError::Length);
        }
        if lba
            .checked_add(blocks)
            .is_none_or(|end| end > namespace.blocks())
        {
            return Err(CommandError::OutOfRange);
        }
        let pointer = prp_list::describe(function, segment, lists)?;
        let mut command = Self::new(opcode, cid, namespace.id());
        command.epoch = Some(segment.epoch);
        command.io = true;
        Ok(command
            .data(function, pointer.prp1, pointer.prp2)
            .dword(0, lba as u32)
            .dword(1, (lba >> 32) as u32)
            .dword(2, blocks as u32 - 1))
    }
}

impl Command<'static> {
    /// Flush (Base §7.1): what was written to the namespace before is on the medium afterwards.
    pub fn flush(cid: u16, namespace: &Namespace) -> Self {
        let mut command = Self::new(FLUSH, cid, namespace.id());
        command.claim = Some(namespace.claim());
        command.io = true;
        command
    }

    fn identify(
        function: &PciFunction,
        cid: u16,
        namespace: u32,
        which: u32,
        page: DmaAddr,
    ) -> Self {
        Self::new(IDENTIFY, cid, namespace)
            .data(function, page.get(), 0)
            .dword(0, which)
    }

    /// Identify Controller (Base §5.17.2.1) into `data`.
    ///
    /// # Errors
    ///
    /// [`CommandError::Region`] if the region is of another claim.
    pub fn identify_controller(
        function: &PciFunction,
        cid: u16,
        data: &mut DmaRegion<IdentifyController>,
    ) -> Result<Self, CommandError> {
        let page = data.address(function, 0)?;
        Ok(Self::identify(function, cid, 0, CNS_CONTROLLER, page))
    }

    /// The list of active namespaces (Base §5.17.2.2) into `data`.
    ///
    /// # Errors
    ///
    /// [`CommandError::Region`] if the region is of another claim.
    pub fn active_namespaces(
        function: &PciFunction,
        cid: u16,
        data: &mut DmaRegion<NamespaceList>,
    ) -> Result<Self, CommandError> {
        let page = data.address(function, 0)?;
        Ok(Self::identify(
            function,
            cid,
            0,
            CNS_ACTIVE_NAMESPACES,
            page,
        ))
    }

    /// Identify Namespace (NVM §4.1.5.1) of `query`'s namespace into its page.
    ///
    /// # Errors
    ///
    /// [`CommandError::Region`] if the region is of another claim.
    pub fn identify_namespace(
        function: &PciFunction,
        cid: u16,
        query: &NamespaceQuery,
    ) -> Result<Self, CommandError> {
        let page = query.data.address(function, 0)?;
        let (namespace, which) = (query.id, CNS_NAMESPACE);
        Ok(Self::identify(function, cid, namespace, which, page))
    }

    /// Set Features, Number of Queues (Base §5.27.1.5): asks for `pairs` I/O queue pairs (at least 1).
    pub fn set_queue_pairs(cid: u16, pairs: u16) -> Self {
        let zero_based = u32::from(pairs.saturating_sub(1));
        Self::new(SET_FEATURES, cid, 0)
            .dword(0, FEATURE_NUMBER_OF_QUEUES)
            .dword(1, zero_based << 16 | zero_based)
    }

    /// Create I/O Completion Queue (Base §5.4) number `queue`, polled, in the whole of `region`.
    ///
    /// # Errors
    ///
    /// [`CommandError`] if the region is of another claim or its length is no queue's.
    pub fn create_completion_queue(
        function: &PciFunction,
        cid: u16,
        queue: u16,
        region: &DmaRegion<CompletionEntry>,
    ) -> Result<Self, CommandError> {
        let page = region.address(function, 0)?;
        Ok(Self::new(CREATE_IO_CQ, cid, 0)
            .data(function, page.get(), 0)
            .dword(0, queue_size(region.len())? << 16 | u32::from(queue))
            .dword(1, CONTIGUOUS))
    }

    /// Create I/O Submission Queue (Base §5.5) number `queue`, whose completions go to completion
    /// queue `completions`, in the whole of `region`.
    ///
    /// # Errors
    ///
    /// [`CommandError`] if the region is of another claim, its length is no queue's, or it is for admin commands.
    pub fn create_submission_queue(
        function: &PciFunction,
        cid: u16,
        queue: u16,
        region: &DmaRegion<SubmissionEntry>,
        completions: u16,
    ) -> Result<Self, CommandError> {
        let page = region.address(function, 0)?;
        if !region.devote(true) {
            return Err(RegionError::OtherQueue.into());
        }
        Ok(Self::new(CREATE_IO_SQ, cid, 0)
            .data(function, page.get(), 0)
            .dword(0, queue_size(region.len())? << 16 | u32::from(queue))
            .dword(1, u32::from(completions) << 16 | CONTIGUOUS))
    }

    /// Delete I/O Submission Queue (Base §5.7).
    pub fn delete_submission_queue(cid: u16, queue: u16) -> Self {
        Self::new(DELETE_IO_SQ, cid, 0).dword(0, u32::from(queue))
    }

    /// Delete I/O Completion Queue (Base §5.6).
    pub fn delete_completion_queue(cid: u16, queue: u16) -> Self {
        Self::new(DELETE_IO_CQ, cid, 0).dword(0, u32::from(queue))
    }
}

/// QSIZE, 0's based.
fn queue_size(length: usize) -> Result<u32, CommandError> {
    match length {
        2..=65536 => Ok(length as u32 - 1),
        _ => Err(CommandError::QueueLength),
    }
}

impl DmaRegion<SubmissionEntry> {
    /// Makes it one for I/O commands only, or for admin commands only; false if it is one for the others.
    pub(super) fn devote(&self, io: bool) -> bool {
        self.put_to(if io { Use::First } else { Use::Second })
    }

    /// Writes `command` into `slot`. The controller sees it when the tail doorbell says so.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if out of bounds, if it or the command's memory is of another claim, if the device was
    /// silenced since the command was made, or if it is an I/O command and others here are admin commands, or the
    /// other way round.
    pub fn put(
        &mut self,
        function: &PciFunction,
        slot: usize,
        command: Command<'_>,
    ) -> Result<(), RegionError> {
        if command.claim.is_some_and(|of| of != function.claim_id()) {
            return Err(RegionError::Foreign);
        }
        if !self.devote(command.io) {
            return Err(RegionError::OtherQueue);
        }
        let mut write = || {
            for (word, value) in command.words.into_iter().enumerate() {
                self.store(function, slot, word, value.to_le())?;
            }
            Ok(())
        };
        let Some(epoch) = command.epoch else {
            return write();
        };
        // A silence ends what is in flight, and the buffer goes back: before the check or after the
        // write, never in between.
        function.with_table(|_| {
            if function.epoch() == epoch {
                write()
            } else {
                Err(RegionError::Silenced)
            }
        })
    }
}

const _: () = assert!(size_of::<SubmissionEntry>() == 64);
