//! What Identify returns (Base §5.17, NVM §4.1.5), as far as a transfer's length depends on it.
//!
//! The regions are written by the controller alone, so a [`Namespace`] that is read out of one is the
//! controller's word, not the driver's.

use core::fmt;

use crate::dma::{DmaLayout, DmaReadable, DmaRegion, RegionError};
use crate::pci::{ClaimId, PciFunction};

const WORDS: usize = 1024;

macro_rules! page_layout {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[repr(C, align(4096))]
        pub struct $name {
            words: [u32; WORDS],
        }

        // SAFETY: words without padding, one page; devices only write it.
        unsafe impl DmaLayout for $name {}
        // SAFETY: descriptive data of the device.
        unsafe impl DmaReadable for $name {}
    };
}

page_layout! {
    /// Identify Controller data, CNS 01h (Base figure 275).
    IdentifyController
}
page_layout! {
    /// Active Namespace ID list, CNS 02h (Base §5.17.2.2): namespace IDs, ascending, ended by 0.
    NamespaceList
}
page_layout! {
    /// Identify Namespace data of the NVM command set, CNS 00h (NVM figure 97).
    IdentifyNamespace
}

impl DmaRegion<IdentifyController> {
    /// MDTS (byte 77): log2 of the longest transfer in units of the minimum page size; 0 is no limit.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if of another claim.
    pub fn max_data_transfer(&self, function: &PciFunction) -> Result<u8, RegionError> {
        Ok(self.word(function, 0, 76 / 4)?.to_le_bytes()[1])
    }

    /// Whether there's a volatile write cache (VWC, byte 525, bit 0), so that Flush has work to do.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if of another claim.
    pub fn has_write_cache(&self, function: &PciFunction) -> Result<bool, RegionError> {
        Ok(self.word(function, 0, 524 / 4)?.to_le_bytes()[1] & 1 != 0)
    }
}

impl DmaRegion<NamespaceList> {
    /// The first active namespace ID, if there is one.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if of another claim.
    pub fn first(&self, function: &PciFunction) -> Result<Option<u32>, RegionError> {
        let id = self.word(function, 0, 0)?;
        Ok((id != 0).then_some(id))
    }
}

/// A namespace as the controller formatted it. Commands that transfer its blocks need one: their
/// number of blocks is the buffer's length divided by this block size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Whose it is: another controller's blocks have another size.
    claim: ClaimId,
    id: u32,
    blocks: u64,
    shift: u8,
    write_protected: bool,
}

/// Why a namespace can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// NSZE is 0: the namespace is inactive or has no blocks.
    NoCapacity,
    /// LBADS is not 9 to 16: blocks of `1 << .0` bytes.
    BlockSize(u8),
    /// Blocks carry this many bytes of metadata, which needs a second buffer.
    Metadata(u16),
    /// The region isn't of this function.
    Region(RegionError),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCapacity => {
                f.write_str("the namespace has no blocks: attach or create one that has")
            }
            Self::BlockSize(shift) => write!(
                f,
                "blocks of 2^{shift} bytes aren't supported: format the namespace with 512 bytes to 64 KiB"
            ),
            Self::Metadata(bytes) => write!(
                f,
                "blocks with {bytes} bytes of metadata aren't supported: format the namespace without"
            ),
            Self::Region(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for FormatError {}

impl From<RegionError> for FormatError {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}

impl DmaRegion<IdentifyNamespace> {
    /// Reads the format of namespace `id` out of the data that the controller returned.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if blocks of that format can't be transferred.
    fn parse(&self, function: &PciFunction, id: u32) -> Result<Namespace, FormatError> {
        let low = self.word(function, 0, 0)?;
        let high = self.word(function, 0, 1)?;
        let blocks = u64::from(high) << 32 | u64::from(low);
        if blocks == 0 {
            return Err(FormatError::NoCapacity);
        }
        // FLBAS is byte 26: format index in bits 3:0, its upper bits in 6:5. The formats stand from
        // byte 128 on, 4 bytes each: MS in bits 15:0, LBADS in 23:16. At most 64, so inside the page.
        let [_, _, flbas, _] = self.word(function, 0, 24 / 4)?.to_le_bytes();
        let index = usize::from(flbas & 0xF | (flbas >> 5 & 0b11) << 4);
        let format = self.word(function, 0, 128 / 4 + index)?;
        let metadata = format as u16;
        let shift = (format >> 16) as u8;
        if metadata != 0 {
            return Err(FormatError::Metadata(metadata));
        }
        if !(9..=16).contains(&shift) {
            return Err(FormatError::BlockSize(shift));
        }
        // NSATTR is byte 99, bit 0: currently write protected.
        let write_protected = self.word(function, 0, 96 / 4)?.to_le_bytes()[3] & 1 != 0;
        Ok(Namespace {
            claim: function.claim_id(),
            id,
            blocks,
            shift,
            write_protected,
        })
    }
}

/// A page for Identify Namespace data that knows which namespace it was filled for, so that the
/// format of one namespace is never taken for another's.
pub struct NamespaceQuery {
    pub(super) id: u32,
    pub(super) data: DmaRegion<IdentifyNamespace>,
}

impl NamespaceQuery {
    /// A query about namespace `id`.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if there's no memory.
    pub fn new(function: &PciFunction, id: u32) -> Result<Self, RegionError> {
        Ok(Self {
            id,
            data: function.region(1)?,
        })
    }

    /// The namespace, once [`identify_namespace`](super::Command::identify_namespace) has completed.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if its blocks can't be transferred, or nothing was read yet.
    pub fn namespace(&self, function: &PciFunction) -> Result<Namespace, FormatError> {
        self.data.parse(function, self.id)
    }
}

impl Namespace {
    pub(crate) const fn claim(&self) -> ClaimId {
        self.claim
    }

    /// NSID.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Size in logical blocks (NSZE).
    pub const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// log2 of the block size in bytes (LBADS), 9 to 16.
    pub const fn block_shift(&self) -> u8 {
        self.shift
    }

    /// Whether the namespace refuses writes.
    pub const fn write_protected(&self) -> bool {
        self.write_protected
    }
}
