//! How a controller is built.

use super::namespace::NamespaceShape;
use super::timing::Timing;

/// What kind of controller it is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// LBADS of namespace 1: log2 of the block size.
    pub block_shift: u8,
    /// Blocks of namespace 1.
    pub blocks: u64,
    /// MDTS, as Identify reports it.
    pub mdts: u8,
    /// CAP.MQES + 1; 0 is 65,536.
    pub queue_entries: u16,
    /// CAP.DSTRD.
    pub doorbell_stride: u8,
    /// Whether namespace 1 is active.
    pub namespace: bool,
    /// Bytes of metadata in each block of namespace 1.
    pub metadata: u16,
    /// Namespace 1 is write protected.
    pub read_only: bool,
    /// The I/O command set of namespace 1: see [`NamespaceShape::command_set`].
    pub command_set: u8,
    /// Namespaces 2 and up.
    pub further: &'static [NamespaceShape],
    /// NN as Identify Controller reports it; 0 is as many as there are.
    pub namespaces_reported: u32,
    /// Whether function level reset is offered.
    pub flr: bool,
    /// Where in BAR 0 the MSI-X table is.
    pub msix_table: u32,
    /// Pauses between the doorbell and a command's execution; 0 is at once.
    pub latency: u32,
    /// Execute what is due in reverse order.
    pub reorder: bool,
    /// Vendor ID in the low half, device ID in the high one.
    pub id: u32,
    /// VS: major in bits 31:16, minor in 15:8.
    pub version: u32,
    /// CAP.CSS: bit 0 is the NVM command set, bit 6 is "I/O command sets".
    pub command_sets: u8,
    /// Whether Identify knows the lists of active namespaces (CNS 02h).
    pub namespace_lists: bool,
    /// Whether Identify knows namespace descriptors (CNS 03h).
    pub namespace_descriptors: bool,
    /// Identify Namespace fails for an inactive namespace instead of returning zeroes.
    pub refuses_inactive: bool,
    /// VWC: whether a volatile write cache is reported.
    pub write_cache: bool,
    /// RTD3E, in microseconds: how long Identify says that a shutdown takes; 0 is not reported.
    pub shutdown_micros: u32,
    /// Most entries of an admin queue. With more, enabling ends in CSTS.CFS.
    pub admin_entries: u16,
    /// The number of entries of an admin queue must be a multiple of this, or enabling ends in CSTS.CFS.
    pub admin_multiple: u16,
    /// The admin queues go on where they were if AQA isn't written between two enables.
    pub keeps_admin_queues: bool,
    /// A notified shutdown ends in CSTS.CFS, which only a function level reset or a power cycle clears.
    pub fatal_after_shutdown: bool,
    /// What takes time.
    pub timing: Timing,
}

impl Shape {
    /// 4096 blocks of 512 bytes, 128 KiB transfers, everything at once.
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

    /// Namespace 1.
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
