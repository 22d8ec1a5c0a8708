//! Packet buffers. Each is one object of the exchange heap, with the length of its frame, which never exceeds the
//! buffer.

use core::fmt;

use samara_domain::{AllocError, Exchangeable, RRef, RRefDeque};
use zerocopy::FromZeros;

/// The most packets that cross in one call.
pub const BATCH: usize = 32;

/// A batch of packets. It changes hands by one store, however many packets it holds.
pub type Packets = RRefDeque<Packet, BATCH>;

/// The bytes that a [`Packet`] has room for.
pub const CAPACITY: usize = 2048;

/// A buffer for one frame, and the frame's length.
///
/// A frame is everything between preamble and frame check sequence. Its first byte is the first byte of the
/// destination's MAC address. It has at most [`CAPACITY`] bytes. No safe code can make the frame longer, because the
/// length is private and is checked where it is set.
///
/// Buffers circulate. The bytes of earlier frames stay in the buffer behind the current frame until they are
/// overwritten. A domain that had a secret in a buffer must clear it before it passes the buffer on.
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
// The frame starts on a cache line, for the device's sake; its length is on the line before.
#[derive(Exchangeable, FromZeros)]
#[repr(C, align(64))]
pub struct Packet {
    // At most `CAPACITY`: only `set_len` sets it, or it is zero.
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
    /// Returns an empty packet with a zeroed buffer, owned by the running domain. Allocate some at the start and let
    /// them circulate: clearing 2 KiB costs more than moving a packet ever does.
    ///
    /// # Errors
    ///
    /// The heap has no room or the domain's quota is used up.
    pub fn alloc() -> Result<RRef<Self>, AllocError> {
        RRef::try_new_zeroed()
    }

    /// Returns the length of the frame in bytes, at most [`CAPACITY`].
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether the packet has no frame.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the frame.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.room
            .get(..self.len().min(CAPACITY))
            .unwrap_or_default()
    }

    /// Returns the frame, to change it in place.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // The length never exceeds `CAPACITY`. `min` tells this to the compiler, so that the slice costs one
        // comparison and `get_mut` never fails.
        let len = self.len().min(CAPACITY);
        self.room.get_mut(..len).unwrap_or_default()
    }

    /// Returns the whole buffer of [`CAPACITY`] bytes, however long the frame is. Write there, then call
    /// [`set_len`](Self::set_len).
    #[inline]
    pub fn room_mut(&mut self) -> &mut [u8; CAPACITY] {
        &mut self.room
    }

    /// Makes the first `len` bytes of the buffer the frame. A frame that grows includes the bytes that the buffer
    /// held there.
    ///
    /// # Errors
    ///
    /// [`TooLong`] beyond [`CAPACITY`]; then the length is unchanged.
    #[inline]
    pub const fn set_len(&mut self, len: usize) -> Result<(), TooLong> {
        if len > CAPACITY {
            return Err(TooLong { len });
        }
        // The length fits 16 bits, because CAPACITY does.
        self.len = len as u16;
        Ok(())
    }

    /// Copies `frame` into the packet.
    ///
    /// # Errors
    ///
    /// [`TooLong`] beyond [`CAPACITY`]; then the packet is unchanged.
    pub fn fill(&mut self, frame: &[u8]) -> Result<(), TooLong> {
        self.set_len(frame.len())?;
        self.bytes_mut().copy_from_slice(frame);
        Ok(())
    }
}

/// Shows the frame, not the buffer behind it.
impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Packet").field(&self.bytes()).finish()
    }
}

/// Compares the frames.
impl PartialEq for Packet {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Packet {}
