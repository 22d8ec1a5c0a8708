#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | module | devices |
//! |---|---|
//! | [`nvme`] | NVM Express controllers |
//! | [`ixgbe`] | Intel 82599 10 Gigabit Ethernet controllers |
//! | [`virtio`] | virtio block and network devices over PCI |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
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
