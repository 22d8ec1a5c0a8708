//! How the device misbehaves.

use std::collections::VecDeque;

use crate::lost_writes::LostWrites;

/// What goes wrong with one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// Given back under this id instead of its head's: out of range, another chain's, or no head at all.
    Id(u32),
    /// Given back twice.
    Twice,
    /// Given back with this length.
    Length(u32),
    /// Given back with a length of so much more than its writable elements have.
    Overlong(u32),
    /// The used index goes on by so much more, modulo 2^16, than there are entries.
    Jump(u16),
    /// Never given back.
    Silent,
    /// Given back so many pauses later than it would be.
    Late(u32),
    /// The device sets DEVICE_NEEDS_RESET instead.
    NeedsReset,
    /// Block: not executed, given back with this status.
    Status(u8),
    /// Block: executed, given back without a status written.
    NoStatus,
    /// Executed and given back, and so many pauses later once more.
    Again(u32),
    /// Net: received with this header.
    Header([u8; 12]),
}

/// Switches that can be thrown at any time. What is said to happen at a reset happens at the next one, by the
/// status register or by the function, and once.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// For each queue what goes wrong with the next chains, as they are taken; `None` is nothing.
    pub next: [VecDeque<Option<Misbehaviour>>; 2],
    /// No chain that is due is given back any more, even after this is cleared.
    pub hang: bool,
    /// FEATURES_OK is never set.
    pub refuse_features: bool,
    /// No event can be mapped to a vector (§4.1.5.1.2).
    pub refuse_vectors: bool,
    /// A reset is never seen to end, and the device goes on.
    pub never_reset: bool,
    /// Pauses until a reset is done; the device goes on meanwhile.
    pub reset_takes: u32,
    /// Pauses after each reset for which the registers read as all ones, and take no write.
    pub blind_after_reset: u32,
    /// The features offered after the reset.
    pub features_after_reset: Option<u64>,
    /// The capacity, in sectors, after the reset.
    pub capacity_after_reset: Option<u64>,
    /// The MTU of a network device after the reset.
    pub mtu_after_reset: Option<u16>,
    /// The size of the queues after the reset.
    pub queue_size_after_reset: Option<u16>,
    /// After so many more reads of the device configuration the capacity is this.
    pub capacity_turns: Option<(u32, u64)>,
    /// `config_generation` is another at each read.
    pub unstable: bool,
    /// The link goes up or down at each pause.
    pub flapping: bool,
    /// Unplugged: all ones everywhere, no memory access.
    pub removed: bool,
    /// After so many more register accesses the device is unplugged.
    pub removed_after: Option<u64>,
    /// After so many more register accesses it reads as all ones, for so many pauses.
    pub blind_after: Option<(u64, u32)>,
    /// The same, counted from when that has begun.
    pub blind_again: Option<(u64, u32)>,
    /// Register writes that are lost, and writes to configuration space.
    pub lost_writes: LostWrites,
    /// See [`lost_writes`](Self::lost_writes).
    pub lost_config_writes: LostWrites,
    /// The device doesn't touch a chain that it has said to have used, however it came to say so: what it says may be wrong,
    /// what it does is right.
    pub keeps_its_word: bool,
    /// What the device has in flight outlives a reset: it is executed and given back when it is due.
    pub outlives_reset: bool,
    /// Queues can be enabled before FEATURES_OK, as those of QEMU's devices.
    pub enables_early: bool,
    /// The device looks at its queues whenever it works, notified or not.
    pub polls: bool,
}
