//! The switches that make the model misbehave while it runs.

use std::collections::VecDeque;

use super::namespace::NamespaceShape;
use crate::lost_writes::LostWrites;

/// A misbehaviour of the controller with one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// The command is not executed, and is completed with this status field (without phase tag).
    Status(u16),
    /// The command is executed, and is completed with this CID instead of its own.
    Cid(u16),
    /// The command is executed, and is completed twice.
    Twice,
    /// The command is executed, and is completed with the phase tag inverted. So the completion looks old.
    WrongPhase,
    /// The command is executed, and is completed for this submission queue.
    Queue(u16),
    /// The command is executed, and is completed with this submission queue head.
    Head(u16),
    /// The command is neither executed nor completed.
    Silent,
    /// The command is executed, and a completion of zeroes is written in place of its own.
    Zero,
    /// The command is executed and completed. In addition, the next entry of the completion queue gets the phase tag of
    /// a new completion, and is otherwise zero.
    Ghost,
}

/// Switches that a test can set at any time.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// The misbehaviour with each of the next I/O commands. `None` means the misbehaviour in `every`.
    pub next: VecDeque<Option<Misbehaviour>>,
    /// The misbehaviour with every I/O command.
    pub every: Option<Misbehaviour>,
    /// The misbehaviour with each of the next admin commands. `None` means the misbehaviour in `every_admin`.
    pub next_admin: VecDeque<Option<Misbehaviour>>,
    /// The misbehaviour with every admin command.
    pub every_admin: Option<Misbehaviour>,
    /// An I/O command that comes due while this is set is never executed or completed, even after this is cleared.
    pub hang: bool,
    /// The same as [`hang`](Self::hang), for I/O commands and admin commands.
    pub hang_all: bool,
    /// CSTS.RDY is never set, and no command is fetched.
    pub never_ready: bool,
    /// CSTS.RDY is never cleared.
    pub never_idle: bool,
    /// CSTS.SHST never reports that a shutdown is complete.
    pub never_shut_down: bool,
    /// CSTS.CFS is set until CC.EN is cleared. A function level reset does not clear it.
    pub fatal: bool,
    /// The number of next enables that end in CSTS.CFS instead of CSTS.RDY.
    pub fatal_enables: u32,
    /// The number of calls of the host's clock, to read it or to wait, that still succeed. After them each call panics.
    pub clock_lasts: Option<u64>,
    /// The controller is unplugged: everything reads as all ones, and it accesses no memory.
    pub removed: bool,
    /// The controller is unplugged after this number of further register accesses.
    pub removed_after: Option<u64>,
    /// After the first number of further register accesses, the registers read as all ones and take no writes, for
    /// the second number of nanoseconds.
    pub blind_after: Option<(u64, u64)>,
    /// The next value of [`blind_after`](Self::blind_after). It moves there when the nanoseconds of the present value
    /// begin.
    pub blind_again: Option<(u64, u64)>,
    /// The time until which the registers read as all ones. The model sets it from [`blind_after`](Self::blind_after).
    pub blind_until: u64,
    /// Nanoseconds after a Function Level Reset during which nothing answers, not even configuration space.
    pub flr_takes: u64,
    /// The time until which nothing answers. The model sets it at a Function Level Reset.
    pub flr_until: u64,
    /// Register writes that the controller does not take.
    pub lost_writes: LostWrites,
    /// Writes to configuration space that the function does not take.
    pub lost_config_writes: LostWrites,
    /// Every flush ends with this status field, and is not executed.
    pub flush_status: Option<u16>,
    /// The shape that Identify reports for namespace 1 instead of its real one.
    pub identify_as: Option<NamespaceShape>,
    /// The time, in nanoseconds of the model's clock, until which `identify_as`, `mute_namespace` and `mute_controller`
    /// have an effect. 0 means for ever.
    pub identify_until: u64,
    /// Identify Namespace for this namespace ID succeeds, and writes nothing.
    pub mute_namespace: Option<u32>,
    /// Identify Namespace for this namespace ID ends with this status field.
    pub namespace_status: Option<(u32, u16)>,
    /// Identify Controller succeeds, and writes nothing.
    pub mute_controller: bool,
    /// Nanoseconds that each admin command takes.
    pub admin_takes: u64,
    /// The byte of which the serial number in Identify Controller consists. 0 means `1`.
    pub serial: u8,
    /// The EUI-64 that Identify Namespace reports for namespace 1. 0 means that it has none.
    pub eui64: u64,
    /// The MDTS that Identify Controller reports instead of the real one.
    pub mdts: Option<u8>,
    /// The controller does not execute a command that it has reported as completed, even if it reported the wrong
    /// queue or CID. So its reports may be false, but it does not access memory that the driver has taken back
    /// because of these reports.
    pub keeps_its_word: bool,
}
