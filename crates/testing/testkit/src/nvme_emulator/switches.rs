//! How the model misbehaves: what can be switched while it runs.

use std::collections::VecDeque;

use super::namespace::NamespaceShape;
use crate::lost_writes::LostWrites;

/// What goes wrong with one command.
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
    /// Executed, and a completion of zeroes is written in place of its own.
    Zero,
    /// Completed; and the entry behind its own has the phase tag of a new one, and zeroes else.
    Ghost,
}

/// Switches that can be thrown at any time.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// What goes wrong with the next I/O commands, one for each; `None` is what `every` says.
    pub next: VecDeque<Option<Misbehaviour>>,
    /// What goes wrong with every I/O command.
    pub every: Option<Misbehaviour>,
    /// What goes wrong with the next admin commands, one for each; `None` is what `every_admin` says.
    pub next_admin: VecDeque<Option<Misbehaviour>>,
    /// What goes wrong with every admin command.
    pub every_admin: Option<Misbehaviour>,
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
    /// So many of the next enables end in CSTS.CFS instead of CSTS.RDY.
    pub fatal_enables: u32,
    /// The host's clock panics once it was looked at, or waited with, so often.
    pub clock_lasts: Option<u64>,
    /// Unplugged: all ones everywhere, no memory access.
    pub removed: bool,
    /// After so many more register accesses the controller is unplugged.
    pub removed_after: Option<u64>,
    /// After so many more register accesses registers read as all ones for so many nanoseconds.
    pub blind_after: Option<(u64, u64)>,
    /// The same, counted from when that has begun.
    pub blind_again: Option<(u64, u64)>,
    /// Until then.
    pub blind_until: u64,
    /// Nanoseconds behind a Function Level Reset in which nothing answers, configuration space neither.
    pub flr_takes: u64,
    /// Until when that is so.
    pub flr_until: u64,
    /// Register writes that are lost, and writes to configuration space.
    pub lost_writes: LostWrites,
    /// See [`lost_writes`](Self::lost_writes).
    pub lost_config_writes: LostWrites,
    /// Every flush ends with this status field instead of being executed.
    pub flush_status: Option<u16>,
    /// What Identify says of namespace 1, whatever it is.
    pub identify_as: Option<NamespaceShape>,
    /// Until when Identify says that, or nothing, in nanoseconds of the model's clock; 0 is for good.
    pub identify_until: u64,
    /// Identify Namespace of this one succeeds, and writes nothing.
    pub mute_namespace: Option<u32>,
    /// Identify Namespace of this one ends with this status field.
    pub namespace_status: Option<(u32, u16)>,
    /// Identify Controller succeeds, and writes nothing.
    pub mute_controller: bool,
    /// Nanoseconds that each admin command takes.
    pub admin_takes: u64,
    /// What Identify says of the serial number: 20 of these bytes; 0 is some that never change.
    pub serial: u8,
    /// What Identify says of namespace 1's EUI-64; 0 is that it has none.
    pub eui64: u64,
    /// What Identify says of MDTS, whatever it is.
    pub mdts: Option<u8>,
    /// The controller doesn't execute a command that it has said to have completed, however it came to say so: what it says may
    /// be wrong, what it does is right.
    pub keeps_its_word: bool,
}
