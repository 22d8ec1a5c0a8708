//! The device behind the virtio transport: a disk or a network interface.

use super::block::Disk;
use super::net::Nic;
use super::shape::Device;

/// The length of the device configuration in bytes. Everything after it reads as 0.
pub(super) const CONFIG: usize = 0x18;

pub(super) enum Backend {
    Block(Disk),
    Net(Nic),
}

impl Backend {
    pub(super) fn new(device: &Device) -> Self {
        match *device {
            Device::Block(block) => Self::Block(Disk::new(block)),
            Device::Net(net) => Self::Net(Nic::new(net)),
        }
    }

    /// Returns the number of queues (§5.2.2, §5.1.2).
    pub(super) fn queues(&self) -> u16 {
        match self {
            Self::Block(_) => 1,
            Self::Net(_) => 2,
        }
    }

    /// Returns the offered features that belong to the device type.
    pub(super) fn features(&self) -> u64 {
        match self {
            Self::Block(disk) => disk.features(),
            Self::Net(nic) => nic.features(),
        }
    }

    /// Returns the bytes of the device configuration.
    pub(super) fn config(&self) -> [u8; CONFIG] {
        match self {
            Self::Block(disk) => disk.config(),
            Self::Net(nic) => nic.config(),
        }
    }

    /// Returns the offset and the width in bytes of each field of the device configuration.
    pub(super) fn fields(&self) -> &'static [(u32, u32)] {
        match self {
            Self::Block(_) => &super::block::FIELDS,
            Self::Net(_) => &super::net::FIELDS,
        }
    }

    /// Sets the capacity of a disk, in sectors. Does nothing to a network interface.
    pub(super) fn set_capacity(&mut self, sectors: u64) {
        if let Self::Block(disk) = self {
            disk.shape.sectors = sectors;
        }
    }
}
