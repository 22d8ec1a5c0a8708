//! The shape of a model: its device type, its features and its structures.

/// How the model is built.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The type of the device.
    pub device: Device,
    /// The maximum number of entries of each queue: a power of two, unless the device is meant to be wrong.
    pub queue_size: u16,
    /// Whether VIRTIO_F_VERSION_1 is offered; a device without it is a legacy device (§2.2.3).
    pub version_1: bool,
    /// Whether the device offers VIRTIO_F_ACCESS_PLATFORM and requires the driver to accept it (§6.2).
    pub access_platform: bool,
    /// Further feature bits that are offered. If the driver accepts one of them, the device refuses FEATURES_OK.
    pub also_offered: u64,
    /// Where the structures are in BAR 4.
    pub layout: Layout,
    /// `notify_off_multiplier`: 0, or a power of two.
    pub notify_multiplier: u32,
    /// Entries of the MSI-X table, 64 at most. With 0 there is no MSI-X capability.
    pub vectors: u16,
    /// Whether there is a PCI Express capability.
    pub express: bool,
    /// Whether the PCI Express capability offers Function Level Reset.
    pub flr: bool,
    /// Whether the list begins with capabilities that a driver must ignore: one of a reserved type, and one with a
    /// reserved BAR (§4.1.4.1).
    pub decoys: bool,
    /// The defect of the capability list, if it has one.
    pub malformed: Option<Malformed>,
    /// The number of pauses between taking a chain and giving it back. With 0 the device gives it back at once.
    pub latency: u32,
    /// Whether chains that are due at the same time are given back in reverse order.
    pub reorder: bool,
}

/// The type of a device.
#[derive(Clone, Copy, Debug)]
pub enum Device {
    /// A block device (§5.2).
    Block(Block),
    /// A network device (§5.1).
    Net(Net),
}

/// A block device.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// `capacity`, in sectors of 512 bytes. The medium holds at most [`MEDIUM_SECTORS`](Self::MEDIUM_SECTORS) of them.
    pub sectors: u64,
    /// `blk_size`, if VIRTIO_BLK_F_BLK_SIZE is offered.
    pub block_size: Option<u32>,
    /// `size_max`, if VIRTIO_BLK_F_SIZE_MAX is offered.
    pub size_max: Option<u32>,
    /// `seg_max`, if VIRTIO_BLK_F_SEG_MAX is offered.
    pub seg_max: Option<u32>,
    /// Whether VIRTIO_BLK_F_RO is offered.
    pub read_only: bool,
    /// Whether VIRTIO_BLK_F_FLUSH is offered.
    pub flush: bool,
    /// The device ID string.
    pub id: [u8; 20],
}

impl Block {
    /// A writable disk of 4096 sectors. It takes up to 30 segments in a request and offers flushes.
    pub const PLAIN: Self = Self {
        sectors: 4096,
        block_size: Some(512),
        size_max: None,
        seg_max: Some(30),
        read_only: false,
        flush: true,
        id: *b"samara-virtio-block\0",
    };

    /// The maximum number of sectors of the medium. A device may report a capacity that does not fit into a test's
    /// memory.
    pub const MEDIUM_SECTORS: u64 = 1 << 15;
}

/// A network device with one queue pair.
#[derive(Clone, Copy, Debug)]
pub struct Net {
    /// The MAC address, if VIRTIO_NET_F_MAC is offered.
    pub mac: Option<[u8; 6]>,
    /// `mtu`, if VIRTIO_NET_F_MTU is offered.
    pub mtu: Option<u16>,
    /// Whether VIRTIO_NET_F_STATUS is offered.
    pub status: bool,
    /// Whether the device loops sent frames back as received ones. If not, it keeps them for
    /// [`take_sent`](super::VirtioEmulator::take_sent).
    pub loops: bool,
}

impl Net {
    /// A device with a MAC address and a link status. It loops sent frames back.
    pub const PLAIN: Self = Self {
        mac: Some([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]),
        mtu: None,
        status: true,
        loops: true,
    };
}

/// The place of a structure in BAR 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure {
    /// The offset at which it begins.
    pub offset: u32,
    /// Its length in bytes.
    pub length: u32,
}

impl Structure {
    /// Returns `offset` relative to the beginning of the structure, if it lies within the structure.
    pub(super) fn relative(&self, offset: u32) -> Option<u32> {
        let at = offset.checked_sub(self.offset)?;
        (at < self.length).then_some(at)
    }
}

/// The places of the structures (§4.1.4).
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The length of BAR 4 in bytes: a power of two, at least 4096.
    pub bar: u32,
    /// Common configuration.
    pub common: Structure,
    /// ISR status.
    pub isr: Structure,
    /// Device-specific configuration.
    pub device: Structure,
    /// Notifications.
    pub notify: Structure,
}

const fn structure(offset: u32, length: u32) -> Structure {
    Structure { offset, length }
}

impl Layout {
    /// One page for each structure, as in QEMU.
    pub const PAGES: Self = Self {
        bar: 0x4000,
        common: structure(0x0000, 0x1000),
        isr: structure(0x1000, 0x1000),
        device: structure(0x2000, 0x1000),
        notify: structure(0x3000, 0x1000),
    };

    /// The structures are in another order, are no longer than needed, and are as close together as their alignments
    /// allow.
    pub const TIGHT: Self = Self {
        bar: 0x1000,
        notify: structure(0x06, 0x0A),
        device: structure(0x14, 0x18),
        isr: structure(0x2D, 1),
        common: structure(0x30, 0x38),
    };
}

/// A defect of a capability list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// The last capability points to the first.
    Loop,
    /// The common configuration's capability begins in the last dword of configuration space's first 256 bytes, so it
    /// does not fit.
    AtTheEnd,
    /// The common configuration is in BAR 6, a reserved value.
    ReservedBar,
    /// The common configuration is in BAR 2, which the function does not have.
    AbsentBar,
    /// The common configuration is where the MSI-X table is.
    InMsixTable,
    /// The common configuration ends past its BAR.
    PastBar,
    /// The common configuration's offset and length add up to more than 32 bits.
    Wraps,
    /// The common configuration is at an odd offset.
    Misaligned,
    /// The common configuration ends before the fields of the selected queue.
    Short,
    /// The notification capability ends before its multiplier.
    ShortCapability,
    /// The queues' notification addresses lie past the end of the notification structure.
    NotifyFar,
    /// There is no common configuration.
    NoCommon,
    /// There is no notification structure.
    NoNotify,
    /// There is no ISR status.
    NoIsr,
    /// There is no device-specific configuration.
    NoDevice,
}

impl Shape {
    /// A plain block device that executes each request at once.
    pub const BLOCK: Self = Self {
        device: Device::Block(Block::PLAIN),
        queue_size: 64,
        version_1: true,
        access_platform: false,
        also_offered: 0,
        layout: Layout::PAGES,
        notify_multiplier: 4,
        vectors: 3,
        express: true,
        flr: true,
        decoys: false,
        malformed: None,
        latency: 0,
        reorder: false,
    };

    /// A plain network device that executes each request at once.
    pub const NET: Self = Self {
        device: Device::Net(Net::PLAIN),
        ..Self::BLOCK
    };

    /// Returns the number of MSI-X vectors, limited to 64.
    pub(super) fn vectors(&self) -> u16 {
        self.vectors.min(64)
    }
}
