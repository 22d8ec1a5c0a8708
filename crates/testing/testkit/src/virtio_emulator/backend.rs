//! What is behind the transport: a disk or a network interface.

use super::block::Disk;
use super::net::Nic;
use super::shape::Device;

/// Bytes of the device configuration that may be other than 0.
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

    /// How many queues it has (§5.2.2, §5.1.2).
    pub(super) fn queues(&self) -> u16 {
        match self {
            Self::Block(_) => 1,
            Self::Net(_) => 2,
        }
    }

    /// Features of the device type that it offers.
    pub(super) fn features(&self) -> u64 {
        match self {
            Self::Block(disk) => disk.features(),
            Self::Net(nic) => nic.features(),
        }
    }

    /// The device configuration.
    pub(super) fn config(&self) -> [u8; CONFIG] {
        match self {
            Self::Block(disk) => disk.config(),
            Self::Net(nic) => nic.config(),
        }
    }

    /// Its fields: offset and bytes of each.
    pub(super) fn fields(&self) -> &'static [(u32, u32)] {
        match self {
            Self::Block(_) => &super::block::FIELDS,
            Self::Net(_) => &super::net::FIELDS,
        }
    }

    /// The capacity in sectors, of a disk.
    pub(super) fn set_capacity(&mut self, sectors: u64) {
        if let Self::Block(disk) = self {
            disk.shape.sectors = sectors;
        }
    }
}
