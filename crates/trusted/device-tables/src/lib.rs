//! Devices described as data, for the engine of `samara-device-io`.
//!
//! A table says what a driver may do with a device's registers, how the device is reset, and what its queues look
//! like. A kernel that gives a device away names its table and trusts it; it trusts no table that it doesn't name.
//!
//! | module | devices |
//! |---|---|
//! | [`nvme`] | NVM Express controllers |
//! | [`ixgbe`] | Intel 82599 10 Gigabit Ethernet controllers |
//! | [`virtio`] | virtio block and network devices over PCI |
#![no_std]
#![forbid(unsafe_code)]

pub mod ixgbe;
pub mod nvme;
pub mod virtio;

pub use ixgbe::Ixgbe;
pub use nvme::Nvme;
pub use virtio::{VirtioBlock, VirtioNet};

const _: () = {
    use samara_device_io::table::lint::lint;
    lint::<Nvme>();
    lint::<Ixgbe>();
    lint::<VirtioBlock>();
    lint::<VirtioNet>();
};
