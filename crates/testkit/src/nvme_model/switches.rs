//! How the model is built, and how it misbehaves.

use std::collections::VecDeque;

/// What kind of controller it is.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// LBADS: log2 of the block size.
    pub block_shift: u8,
    /// Blocks of the namespace.
    pub blocks: u64,
    /// MDTS, as Identify reports it.
    pub mdts: u8,
    /// CAP.MQES + 1.
    pub queue_entries: u16,
    /// CAP.DSTRD.
    pub doorbell_stride: u8,
    /// Whether there's an active namespace.
    pub namespace: bool,
    /// Bytes of metadata in each block.
    pub metadata: u16,
    /// Write protected.
    pub read_only: bool,
    /// Whether Function Level Reset is offered.
    pub flr: bool,
    /// Where in BAR 0 the MSI-X table is.
    pub msix_table: u32,
    /// Pauses between the doorbell and a command's execution; 0 is at once.
    pub latency: u32,
    /// Execute what is due in reverse order.
    pub reorder: bool,
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
        flr: true,
        msix_table: 0x2000,
        latency: 0,
        reorder: false,
    };
}

impl Default for Shape {
    /// [`PLAIN`](Self::PLAIN).
    fn default() -> Self {
        Self::PLAIN
    }
}

/// What goes wrong with one I/O command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// Completed with this status field (without phase tag).
    Status(u16),
    /// Completed under this CID instead of its own.
    Cid(u16),
    /// Completed twice.
    Twice,
    /// Completed with the phase tag inverted: as if not.
    WrongPhase,
    /// Completed for this submission queue.
    Queue(u16),
    /// Completed with this submission queue head.
    Head(u16),
    /// Never completed.
    Silent,
}

/// Switches that can be thrown at any time.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// What goes wrong with the next I/O commands, one for each; `None` is nothing.
    pub next: VecDeque<Option<Misbehaviour>>,
    /// No I/O command completes any more, until this is cleared.
    pub hang: bool,
    /// No command completes any more, admin commands neither.
    pub hang_all: bool,
    /// CSTS.RDY is never set.
    pub never_ready: bool,
    /// CSTS.RDY is never cleared.
    pub never_idle: bool,
    /// CSTS.SHST never says that a shutdown is complete.
    pub never_shut_down: bool,
    /// CSTS.CFS is set until the next reset.
    pub fatal: bool,
    /// The host's clock panics once it was looked at, or waited with, so often.
    pub clock_lasts: Option<u64>,
    /// Unplugged: all ones everywhere, no memory access.
    pub removed: bool,
}
