//! Switches that make the device misbehave.

use std::collections::VecDeque;

use crate::lost_writes::LostWrites;

/// A misbehaviour of the device with one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// The chain is given back under this id instead of its head. The id may be out of range, the head of another
    /// chain, or no head at all.
    Id(u32),
    /// The chain is given back twice.
    Twice,
    /// The chain is given back with this length.
    Length(u32),
    /// The chain is given back with a length that exceeds its writable elements by this number of bytes.
    Overlong(u32),
    /// The used index advances by this number more than there are new entries, modulo 2^16.
    Jump(u16),
    /// The chain is neither executed nor given back.
    Silent,
    /// The chain is executed and given back this number of pauses late.
    Late(u32),
    /// The device sets DEVICE_NEEDS_RESET instead of executing the chain.
    NeedsReset,
    /// Block devices: the request is not executed and is given back with this status.
    Status(u8),
    /// Block devices: the request is executed and given back, but its status byte is not written.
    NoStatus,
    /// The chain is executed and given back, and is given back once more after this number of pauses.
    Again(u32),
    /// Network devices: the frame is received with this header.
    Header([u8; 12]),
}

/// Switches that a test can set at any time. A switch whose name ends in `_after_reset` takes effect at the next
/// reset, by the status register or of the function. It does so only once. The exception is `blind_after_reset`,
/// which stays on.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// For each queue, the misbehaviour with each of the next chains, in the order in which they are taken. `None`
    /// means that the device behaves.
    pub next: [VecDeque<Option<Misbehaviour>>; 2],
    /// A chain that comes due while this is set is never executed or given back, even after this is cleared.
    pub hang: bool,
    /// The device never accepts FEATURES_OK.
    pub refuse_features: bool,
    /// The device maps no event to a vector (§4.1.5.1.2).
    pub refuse_vectors: bool,
    /// A reset by the status register never ends: the status never reads as 0, and the device goes on working.
    pub never_reset: bool,
    /// Pauses until a reset by the status register is done. The device goes on working meanwhile.
    pub reset_takes: u32,
    /// Pauses after each reset during which the registers read as all ones and take no writes.
    pub blind_after_reset: u32,
    /// The features that are offered after the reset.
    pub features_after_reset: Option<u64>,
    /// The capacity, in sectors, after the reset.
    pub capacity_after_reset: Option<u64>,
    /// The MTU of a network device after the reset.
    pub mtu_after_reset: Option<u16>,
    /// The maximum size of the queues after the reset.
    pub queue_size_after_reset: Option<u16>,
    /// After the first number of further reads of the device configuration, the capacity becomes the second number,
    /// in sectors.
    pub capacity_turns: Option<(u32, u64)>,
    /// `config_generation` changes at each read of it.
    pub unstable: bool,
    /// The link changes between up and down at each pause.
    pub flapping: bool,
    /// The device is unplugged: everything reads as all ones, and the device accesses no memory.
    pub removed: bool,
    /// The device is unplugged after this number of further register accesses.
    pub removed_after: Option<u64>,
    /// After the first number of further register accesses, the registers read as all ones for the second number of
    /// pauses.
    pub blind_after: Option<(u64, u32)>,
    /// The next value of [`blind_after`](Self::blind_after). It moves there when the pauses of the present value
    /// begin.
    pub blind_again: Option<(u64, u32)>,
    /// Register writes that the device does not take.
    pub lost_writes: LostWrites,
    /// Writes to configuration space that the function does not take.
    pub lost_config_writes: LostWrites,
    /// The device leaves alone each chain that it has reported as used, even if it reported a wrong id or reported
    /// the chain twice. So its reports may be false, but it does not access memory that the driver has taken back
    /// because of these reports. The stale entries that [`Misbehaviour::Jump`] exposes do not count as reports.
    pub keeps_its_word: bool,
    /// Chains in flight outlive a reset: once the device runs again, it executes them and gives them back when they are
    /// due.
    pub outlives_reset: bool,
    /// Queues can be enabled before FEATURES_OK, as in QEMU.
    pub enables_early: bool,
    /// The device looks at its queues whenever it works, even without a notification.
    pub polls: bool,
}
