//! Namespaces: the shape that Identify reports, and the medium.

use std::vec;
use std::vec::Vec;

use super::zones::Zones;

/// The NVM command set's identifier.
pub(super) const NVM: u8 = 0;
/// The Zoned Namespace command set's identifier.
pub(super) const ZONED: u8 = 2;

/// How a namespace is formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamespaceShape {
    /// Whether the namespace is attached to the controller.
    pub active: bool,
    /// LBADS: log2 of the block size.
    pub block_shift: u8,
    /// Blocks (NSZE).
    pub blocks: u64,
    /// Bytes of metadata, which follow the data of each block.
    pub metadata: u16,
    /// Whether the namespace is write protected.
    pub read_only: bool,
    /// CSI: 0 is the NVM command set, 2 zoned namespaces. Others aren't modelled.
    pub command_set: u8,
    /// FLBAS: the index of the format in use, 0 to 63.
    pub format: u8,
    /// NLBAF: the index of the last format.
    pub last_format: u8,
}

impl NamespaceShape {
    /// 4096 blocks of 512 bytes. The second format is in use, so that the tests notice a driver that assumes the
    /// first one.
    pub const PLAIN: Self = Self {
        active: true,
        block_shift: 9,
        blocks: 4096,
        metadata: 0,
        read_only: false,
        command_set: NVM,
        format: 1,
        last_format: 1,
    };

    /// Returns the bytes of a block on the bus, where the block includes its metadata.
    pub(super) const fn bus_block(&self) -> u64 {
        (1 << self.block_shift) + self.metadata as u64
    }
}

impl Default for NamespaceShape {
    /// [`PLAIN`](Self::PLAIN).
    fn default() -> Self {
        Self::PLAIN
    }
}

/// A namespace and its medium.
pub(super) struct Namespace {
    pub(super) shape: NamespaceShape,
    pub(super) medium: Vec<u8>,
    pub(super) zones: Option<Zones>,
}

impl Namespace {
    pub(super) fn new(shape: NamespaceShape) -> Self {
        Self {
            shape,
            medium: vec![0; (shape.blocks as usize) << shape.block_shift],
            zones: (shape.command_set == ZONED).then(|| Zones::new(shape.blocks)),
        }
    }
}
