//! Packet buffers: one object of the exchange heap, with a length that never exceeds it.

use core::fmt;

use samara_domain::{AllocError, Exchangeable, RRef, RRefDeque};
use zerocopy::FromZeros;

/// Packets that cross in one call, at most.
pub const BATCH: usize = 32;

/// A batch of packets: changes hands by one store, however many it holds.
pub type Packets = RRefDeque<Packet, BATCH>;

/// Bytes that a [`Packet`] has room for.
pub const CAPACITY: usize = 2048;

/// A buffer for one frame, and how much of it the frame takes.
///
/// A frame is what stands between preamble and frame check sequence: the first byte is the first of the
/// destination's MAC address. It has at most [`CAPACITY`] bytes: no safe code can make it longer, as the
/// length is private and checked where it is set.
///
/// Buffers circulate. What their former holders wrote stays in the room behind the frame until it is
/// overwritten, so one that held a secret is to be cleared by whoever passes it on.
///
/// ```
/// use samara_interfaces::net::Packet;
/// # use samara_host_std as _;
/// let mut packet = Packet::alloc()?;
/// packet.fill(&[0xFF; 60])?;
/// assert_eq!(packet.bytes(), [0xFF; 60]);
/// assert!(packet.set_len(4000).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// The frame starts on a cache line, for the device's sake; its length stands on the line before.
#[derive(Exchangeable, FromZeros)]
#[repr(C, align(64))]
pub struct Packet {
    // At most `CAPACITY`: set by `set_len` only, or zero.
    len: u16,
    head: [u8; 62],
    room: [u8; CAPACITY],
}

const _: () = assert!(CAPACITY <= u16::MAX as usize);

/// A frame longer than a [`Packet`]'s buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct TooLong {
    /// The length asked for, in bytes.
    pub len: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { len } = self;
        write!(
            f,
            "a frame of {len} bytes does not fit a packet's {CAPACITY}: split it, or lower the MTU"
        )
    }
}

impl core::error::Error for TooLong {}

impl Packet {
    /// An empty packet, its buffer zeroed, owned by the running domain. Allocate some at the start and
    /// let them circulate: clearing 2 KiB costs more than moving a packet ever does.
    ///
    /// # Errors
    ///
    /// The heap has no room or the domain's quota is used up.
    pub fn alloc() -> Result<RRef<Self>, AllocError> {
        RRef::try_new_zeroed()
    }

    /// Bytes of the frame, at most [`CAPACITY`].
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it has no frame.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The frame.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.room
            .get(..self.len().min(CAPACITY))
            .unwrap_or_default()
    }

    /// The frame, to change it in place.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // Says what is so: one comparison, where `get_mut` has an empty slice that is elsewhere.
        let len = self.len().min(CAPACITY);
        self.room.get_mut(..len).unwrap_or_default()
    }

    /// The whole buffer, [`CAPACITY`] bytes, whatever the frame takes of it: write there, then
    /// [`set_len`](Self::set_len).
    #[inline]
    pub fn room_mut(&mut self) -> &mut [u8; CAPACITY] {
        &mut self.room
    }

    /// Makes the first `len` bytes of the buffer the frame. What it grows by is what the buffer held.
    ///
    /// # Errors
    ///
    /// [`TooLong`] beyond [`CAPACITY`]; the length is as it was.
    #[inline]
    pub const fn set_len(&mut self, len: usize) -> Result<(), TooLong> {
        if len > CAPACITY {
            return Err(TooLong { len });
        }
        // Fits: CAPACITY does.
        self.len = len as u16;
        Ok(())
    }

    /// Makes a copy of `frame` the frame.
    ///
    /// # Errors
    ///
    /// [`TooLong`] beyond [`CAPACITY`]; the packet is as it was.
    pub fn fill(&mut self, frame: &[u8]) -> Result<(), TooLong> {
        self.set_len(frame.len())?;
        self.bytes_mut().copy_from_slice(frame);
        Ok(())
    }
}

/// The frame, not the room behind it.
impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Packet").field(&self.bytes()).finish()
    }
}

/// By the frame.
impl PartialEq for Packet {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Packet {}
