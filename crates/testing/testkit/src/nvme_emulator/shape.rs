//! The properties of a controller.

use super::namespace::NamespaceShape;
use super::timing::Timing;

/// The properties of a controller that do not change while it runs.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// LBADS of namespace 1: log2 of the block size.
    pub block_shift: u8,
    /// Blocks of namespace 1.
    pub blocks: u64,
    /// MDTS, as Identify reports it.
    pub mdts: u8,
    /// CAP.MQES + 1. 0 means 65,536.
    pub queue_entries: u16,
    /// CAP.DSTRD.
    pub doorbell_stride: u8,
    /// Whether namespace 1 is active.
    pub namespace: bool,
    /// Bytes of metadata in each block of namespace 1.
    pub metadata: u16,
    /// Whether namespace 1 is write protected.
    pub read_only: bool,
    /// The I/O command set of namespace 1: see [`NamespaceShape::command_set`].
    pub command_set: u8,
    /// Namespaces 2 and up.
    pub further: &'static [NamespaceShape],
    /// NN as Identify Controller reports it. 0 means the real number of namespaces.
    pub namespaces_reported: u32,
    /// Whether the function offers a function level reset.
    pub flr: bool,
    /// The offset of the MSI-X table in BAR 0.
    pub msix_table: u32,
    /// Pauses between the doorbell write and the execution of an I/O command. 0 means at once.
    pub latency: u32,
    /// Whether commands that are due at the same time are executed in reverse order.
    pub reorder: bool,
    /// The vendor ID in the low half, and the device ID in the high half.
    pub id: u32,
    /// VS: the major version in bits 31:16, the minor version in bits 15:8.
    pub version: u32,
    /// CAP.CSS: bit 0 offers the NVM command set, bit 6 offers "I/O command sets".
    pub command_sets: u8,
    /// Whether Identify supports the list of active namespaces (CNS 02h).
    pub namespace_lists: bool,
    /// Whether Identify supports namespace descriptors (CNS 03h).
    pub namespace_descriptors: bool,
    /// Whether Identify Namespace fails for an inactive namespace instead of returning zeroes.
    pub refuses_inactive: bool,
    /// VWC: whether Identify reports a volatile write cache.
    pub write_cache: bool,
    /// RTD3E: the microseconds that a shutdown takes according to Identify. 0 means that Identify reports no such
    /// time.
    pub shutdown_micros: u32,
    /// The most entries that an admin queue may have. If a queue has more, enabling ends in CSTS.CFS.
    pub admin_entries: u16,
    /// The number of entries of an admin queue must be a multiple of this. If it is not, enabling ends in CSTS.CFS.
    pub admin_multiple: u16,
    /// Whether the admin queues go on with their old heads and tails if AQA isn't written between two enables.
    pub keeps_admin_queues: bool,
    /// Whether a requested shutdown ends in CSTS.CFS, which only a function level reset or a power cycle clears.
    pub fatal_after_shutdown: bool,
    /// The times that the controller takes for its actions.
    pub timing: Timing,
}

impl Shape {
    /// A controller whose namespace 1 has 4096 blocks of 512 bytes. It transfers up to 128 KiB in a command, and does
    /// everything without delay.
    pub const PLAIN: Self = Self {
        block_shift: 9,
        blocks: 4096,
        mdts: 5,
        queue_entries: 64,
        doorbell_stride: 0,
        namespace: true,
        metadata: 0,
        read_only: false,
        command_set: 0,
        further: &[],
        namespaces_reported: 0,
        flr: true,
        msix_table: 0x2000,
        latency: 0,
        reorder: false,
        id: 0x0010_1B36,
        version: 0x0002_0000,
        command_sets: 1,
        namespace_lists: true,
        namespace_descriptors: true,
        refuses_inactive: false,
        write_cache: true,
        shutdown_micros: 0,
        admin_entries: 4096,
        admin_multiple: 1,
        keeps_admin_queues: false,
        fatal_after_shutdown: false,
        timing: Timing::PROMPT,
    };

    /// Returns the shape of namespace 1.
    pub(super) const fn first(&self) -> NamespaceShape {
        NamespaceShape {
            active: self.namespace,
            block_shift: self.block_shift,
            blocks: self.blocks,
            metadata: self.metadata,
            read_only: self.read_only,
            command_set: self.command_set,
            ..NamespaceShape::PLAIN
        }
    }

    /// Whether CAP.CSS offers "I/O command sets".
    pub(super) const fn has_command_sets(&self) -> bool {
        self.command_sets & 1 << 6 != 0
    }
}

impl Default for Shape {
    /// [`PLAIN`](Self::PLAIN).
    fn default() -> Self {
        Self::PLAIN
    }
}
