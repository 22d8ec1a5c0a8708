//! Numbers and layouts of vfio-user messages, in the machine's byte order.
//!
//! They were checked against libvfio-user's `vfio-user.h` (BSD-3-Clause). Tests check them against the crates
//! `vfio-bindings` and `vfio_user`, and drive this server with the client of `vfio_user`.

/// Bytes of a header.
pub(super) const HEADER: usize = 16;

/// The most bytes that one region access may move. This is the size of configuration space, which VMMs read in one
/// access.
pub(super) const MAX_DATA: usize = 4096;

/// The most bytes of a message's body. The longest valid message is a region write. A longer body is refused before
/// it is read, so a VMM cannot make the server allocate memory by a large length.
pub(super) const MAX_BODY: usize = 16 + MAX_DATA;

/// The most file descriptors that may come with a message.
pub(super) const MAX_FILES: usize = 8;

/// The most ranges of guest memory. Each range keeps a file open, and the usual limit is 1024 open files for a
/// process.
pub(super) const MAX_RANGES: usize = 256;

/// Commands that are answered.
pub(super) const VERSION: u16 = 1;
pub(super) const DMA_MAP: u16 = 2;
pub(super) const DMA_UNMAP: u16 = 3;
pub(super) const GET_INFO: u16 = 4;
pub(super) const GET_REGION_INFO: u16 = 5;
pub(super) const GET_IRQ_INFO: u16 = 7;
pub(super) const SET_IRQS: u16 = 8;
pub(super) const REGION_READ: u16 = 9;
pub(super) const REGION_WRITE: u16 = 10;
pub(super) const RESET: u16 = 13;

/// Header flags: the mask of the message's kind (0 is a command, 1 a reply), the bit that asks for no reply, and the
/// bit that marks an error.
pub(super) const KIND: u32 = 0xf;
pub(super) const REPLY: u32 = 1;
pub(super) const NO_REPLY: u32 = 1 << 4;
pub(super) const ERROR: u32 = 1 << 5;

/// DMA_MAP flags: the accesses that the device may make.
pub(super) const MAY_READ: u32 = 1 << 0;
pub(super) const MAY_WRITE: u32 = 1 << 1;

/// Flags of vfio's device, region and interrupt information.
pub(super) const DEVICE_RESETS: u32 = 1 << 0;
pub(super) const DEVICE_IS_PCI: u32 = 1 << 1;
pub(super) const REGION_READS: u32 = 1 << 0;
pub(super) const REGION_WRITES: u32 = 1 << 1;
pub(super) const IRQ_BY_EVENT: u32 = 1 << 0;
pub(super) const IRQ_FIXED_COUNT: u32 = 1 << 3;

/// SET_IRQS flags: the data are booleans (not supported) or event file descriptors.
pub(super) const DATA_BOOL: u32 = 1 << 1;
pub(super) const DATA_EVENT: u32 = 1 << 2;

/// Indices of vfio's PCI regions and interrupts. BARs are regions 0 to 5.
pub(super) const CONFIG_REGION: u32 = 7;
pub(super) const REGIONS: u32 = 9;
pub(super) const MSIX_IRQ: u32 = 2;
pub(super) const IRQS: u32 = 5;

/// Returns the capabilities that the server sends with its version. A VMM ignores names that it does not know.
pub(super) fn capabilities() -> String {
    format!(
        "{{\"capabilities\":{{\"max_msg_fds\":{MAX_FILES},\"max_data_xfer_size\":{MAX_DATA},\
         \"max_dma_maps\":{MAX_RANGES}}}}}\0"
    )
}

/// The refusal of a request. The number is the `errno` value that the VMM gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Refusal(pub(super) i32);

impl Refusal {
    /// The request is invalid.
    pub(super) const INVALID: Refusal = Refusal(22);
    /// The server does not support the request.
    pub(super) const UNSUPPORTED: Refusal = Refusal(95);
    /// The server already has as many ranges as its capabilities allow (`max_dma_maps`).
    pub(super) const FULL: Refusal = Refusal(28);
}

/// Reads fields from a message's body.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (field, rest) = self.0.split_first_chunk().ok_or(Refusal::INVALID)?;
        self.0 = rest;
        Ok(*field)
    }

    pub(super) fn half(&mut self) -> Result<u16, Refusal> {
        self.take().map(u16::from_ne_bytes)
    }

    pub(super) fn word(&mut self) -> Result<u32, Refusal> {
        self.take().map(u32::from_ne_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u64, Refusal> {
        self.take().map(u64::from_ne_bytes)
    }

    /// Returns the rest of the body.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// A message's header: the message's number, its command, its length including the header, and its flags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) command: u16,
    pub(super) size: u32,
    pub(super) flags: u32,
}

impl Header {
    pub(super) fn decode(bytes: [u8; HEADER]) -> Self {
        let mut fields = Fields(&bytes);
        // This does not fail, because the sixteen bytes contain all fields.
        let mut header = || -> Result<Header, Refusal> {
            Ok(Header {
                id: fields.half()?,
                command: fields.half()?,
                size: fields.word()?,
                flags: fields.word()?,
            })
        };
        header().unwrap_or(Header {
            id: 0,
            command: 0,
            size: 0,
            flags: 0,
        })
    }

    /// Returns the length of the body, or `None` if the message's length is invalid.
    pub(super) fn body(&self) -> Option<usize> {
        let body = usize::try_from(self.size).ok()?.checked_sub(HEADER)?;
        (body <= MAX_BODY).then_some(body)
    }

    /// Returns the answer to this message.
    pub(super) fn answer(&self, result: Result<&[u8], Refusal>) -> Vec<u8> {
        let (flags, error, body) = match result {
            Ok(body) => (REPLY, 0, body),
            Err(Refusal(error)) => (REPLY | ERROR, error, [].as_slice()),
        };
        let size = (HEADER + body.len()) as u32;
        let mut message = Vec::with_capacity(HEADER + body.len());
        message.extend(self.id.to_ne_bytes());
        message.extend(self.command.to_ne_bytes());
        for word in [size, flags, error as u32] {
            message.extend(word.to_ne_bytes());
        }
        message.extend_from_slice(body);
        message
    }
}

#[cfg(test)]
mod tests {
    use vfio_bindings::bindings::vfio;
    use vfio_user::{Command, DmaMapFlags};

    use super::*;

    #[test]
    fn numbers_are_those_of_the_bindings() {
        for (ours, theirs) in [
            (VERSION, Command::Version),
            (DMA_MAP, Command::DmaMap),
            (DMA_UNMAP, Command::DmaUnmap),
            (GET_INFO, Command::DeviceGetInfo),
            (GET_REGION_INFO, Command::DeviceGetRegionInfo),
            (GET_IRQ_INFO, Command::GetIrqInfo),
            (SET_IRQS, Command::SetIrqs),
            (REGION_READ, Command::RegionRead),
            (REGION_WRITE, Command::RegionWrite),
            (RESET, Command::DeviceReset),
        ] {
            assert_eq!(ours, theirs as u16);
        }
        for (ours, theirs) in [
            (MAY_READ, DmaMapFlags::READ.bits()),
            (MAY_WRITE, DmaMapFlags::WRITE.bits()),
            (DEVICE_RESETS, vfio::VFIO_DEVICE_FLAGS_RESET),
            (DEVICE_IS_PCI, vfio::VFIO_DEVICE_FLAGS_PCI),
            (REGION_READS, vfio::VFIO_REGION_INFO_FLAG_READ),
            (REGION_WRITES, vfio::VFIO_REGION_INFO_FLAG_WRITE),
            (IRQ_BY_EVENT, vfio::VFIO_IRQ_INFO_EVENTFD),
            (IRQ_FIXED_COUNT, vfio::VFIO_IRQ_INFO_NORESIZE),
            (DATA_BOOL, vfio::VFIO_IRQ_SET_DATA_BOOL),
            (DATA_EVENT, vfio::VFIO_IRQ_SET_DATA_EVENTFD),
            (CONFIG_REGION, vfio::VFIO_PCI_CONFIG_REGION_INDEX),
            (REGIONS, vfio::VFIO_PCI_NUM_REGIONS),
            (MSIX_IRQ, vfio::VFIO_PCI_MSIX_IRQ_INDEX),
            (IRQS, vfio::VFIO_PCI_NUM_IRQS),
        ] {
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn body_length_is_bounded() {
        let size = |size| Header::decode([0; HEADER]).with(size).body();
        assert_eq!(size(HEADER as u32 - 1), None);
        assert_eq!(size(0), None);
        assert_eq!(size(HEADER as u32), Some(0));
        assert_eq!(size((HEADER + MAX_BODY) as u32), Some(MAX_BODY));
        assert_eq!(size((HEADER + MAX_BODY) as u32 + 1), None);
        assert_eq!(size(u32::MAX), None);
    }

    impl Header {
        fn with(mut self, size: u32) -> Self {
            self.size = size;
            self
        }
    }
}
