//! Decodes the device's report about a receive buffer, which is in the buffer's descriptor (section 7.1.6.2).

use samara_device_io::queue::{self, Done};

const END_OF_PACKET: u64 = 1 << 1;
/// RXE: the MAC found an error in the frame.
const MAC_ERROR: u64 = 1 << 29;

/// Why a received buffer holds no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The device reports an error in the frame.
    Error,
    /// The packet doesn't end in this buffer.
    Fragment,
    /// The device reports no bytes. The buffer belongs to no packet.
    Empty,
    /// The device reports more bytes than the buffer has, which breaks the protocol.
    Length,
}

impl From<queue::Damage> for Damage {
    #[inline]
    fn from(damage: queue::Damage) -> Self {
        match damage {
            queue::Damage::Empty => Self::Empty,
            queue::Damage::Length => Self::Length,
        }
    }
}

/// Returns the length of the frame. The buffer has at least as many bytes.
#[inline]
pub(crate) fn frame(done: Done) -> Result<usize, Damage> {
    let length = done.written()?;
    match done.word & (END_OF_PACKET | MAC_ERROR) {
        END_OF_PACKET => Ok(length),
        0 => Err(Damage::Fragment),
        _ => Err(Damage::Error),
    }
}

/// Whether the packet ends in this buffer.
#[inline]
pub(crate) fn is_last(done: Done) -> bool {
    done.word & END_OF_PACKET != 0
}
