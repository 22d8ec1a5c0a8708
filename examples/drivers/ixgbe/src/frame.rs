//! What a receive descriptor says of the buffer that it came with (section 7.1.6.2).

use samara_device_io::queue::{self, Done};

const END_OF_PACKET: u64 = 1 << 1;
/// RXE: the MAC found the frame damaged.
const MAC_ERROR: u64 = 1 << 29;

/// Why what was received is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The device says that it's damaged.
    Error,
    /// It doesn't end in this buffer.
    Fragment,
    /// The buffer is empty: nothing is said of any frame.
    Empty,
    /// Its length is more than the buffer has: the device is damaged.
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

/// Bytes of the frame in the buffer, of which there are as many.
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
