//! What kind of device it is.

/// How the model is built.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The type of the device.
    pub device: Device,
    /// Entries of each queue, at most; a power of two unless the device is to be wrong.
    pub queue_size: u16,
    /// Whether VIRTIO_F_VERSION_1 is offered; a device without it is a legacy device (§2.2.3).
    pub version_1: bool,
    /// Whether VIRTIO_F_ACCESS_PLATFORM is offered, and insisted on (§6.2).
    pub access_platform: bool,
    /// Feature bits that are offered besides; the device refuses them when they are accepted.
    pub also_offered: u64,
    /// Where the structures are in BAR 4.
    pub layout: Layout,
    /// `notify_off_multiplier`: 0, or a power of two.
    pub notify_multiplier: u32,
    /// Entries of the MSI-X table, at most 64; there is no MSI-X capability without any.
    pub vectors: u16,
    /// Whether there is a PCI Express capability.
    pub express: bool,
    /// Whether it offers Function Level Reset.
    pub flr: bool,
    /// Lists capabilities first that a driver must ignore: of a reserved type, and with a reserved BAR (§4.1.4.1).
    pub decoys: bool,
    /// What is wrong with the capability list.
    pub malformed: Option<Malformed>,
    /// Pauses between taking a chain and giving it back; 0 is at once.
    pub latency: u32,
    /// Give back what is due in reverse order.
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
    /// `capacity`, in sectors of 512 bytes. At most [`MEDIUM_SECTORS`](Self::MEDIUM_SECTORS) are there.
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
    /// 4096 sectors, 30 segments, writable, with a cache to flush.
    pub const PLAIN: Self = Self {
        sectors: 4096,
        block_size: Some(512),
        size_max: None,
        seg_max: Some(30),
        read_only: false,
        flush: true,
        id: *b"samara-virtio-block\0",
    };

    /// Sectors of the medium, at most: a device may claim more than a test's memory holds.
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
    /// Whether sent frames come back as received ones, or stay where the test finds them.
    pub loops: bool,
}

impl Net {
    /// Sent frames come back.
    pub const PLAIN: Self = Self {
        mac: Some([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]),
        mtu: None,
        status: true,
        loops: true,
    };
}

/// One structure's place in BAR 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Where it begins.
    pub offset: u32,
    /// Its bytes.
    pub length: u32,
}

impl Structure {
    /// `bytes` at `offset` relative to the structure, if they begin in it.
    pub(super) fn relative(&self, offset: u32) -> Option<u32> {
        let at = offset.checked_sub(self.offset)?;
        (at < self.length).then_some(at)
    }
}

/// The places of the structures (§4.1.4).
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Bytes of BAR 4, a power of two of at least 4096.
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
    /// A page for each, as in QEMU.
    pub const PAGES: Self = Self {
        bar: 0x4000,
        common: structure(0x0000, 0x1000),
        isr: structure(0x1000, 0x1000),
        device: structure(0x2000, 0x1000),
        notify: structure(0x3000, 0x1000),
    };

    /// As close together as the alignments allow, no byte longer than needed, in another order.
    pub const TIGHT: Self = Self {
        bar: 0x1000,
        notify: structure(0x06, 0x0A),
        device: structure(0x14, 0x18),
        isr: structure(0x2D, 1),
        common: structure(0x30, 0x38),
    };
}

/// What is wrong with a capability list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// The last capability points to the first.
    Loop,
    /// The common configuration's capability does not end before configuration space's first 256 bytes do.
    AtTheEnd,
    /// The common configuration is in BAR 6, a reserved value.
    ReservedBar,
    /// The common configuration is in BAR 2, which the function hasn't.
    AbsentBar,
    /// The common configuration is where the MSI-X table is.
    InMsixTable,
    /// The common configuration ends past its BAR.
    PastBar,
    /// The common configuration's offset and length add up to more than 32 bits.
    Wraps,
    /// The common configuration is at an odd offset.
    Misaligned,
    /// The common configuration ends before the fields of queues.
    Short,
    /// The notification capability ends before its multiplier.
    ShortCapability,
    /// Queue notify addresses lie past the notification structure.
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
    /// A plain block device, everything at once.
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

    /// A plain network device, everything at once.
    pub const NET: Self = Self {
        device: Device::Net(Net::PLAIN),
        ..Self::BLOCK
    };

    /// The vectors that there are.
    pub(super) fn vectors(&self) -> u16 {
        self.vectors.min(64)
    }
}
