//! Shared test support: code that the reference kernel, its domains and the host side of its tests must have in
//! common. For hosted tests there are also fixtures for the core's own tests, and device models on which drivers are
//! tested.
//!
//! Without features everything is `no_std` and has no dependency outside this workspace, so that the kernel and
//! `cargo xtask` run the same code.
#![no_std]

#[cfg(any(
    feature = "hosted",
    feature = "disks",
    feature = "nvme-emulator",
    feature = "ixgbe-bus",
    feature = "virtio-emulator",
    feature = "http-client"
))]
extern crate std;

#[cfg(all(feature = "contained", target_arch = "x86_64", target_os = "linux"))]
pub use samara_host_std::contained;
#[cfg(any(
    feature = "nvme-emulator",
    feature = "ixgbe-bus",
    feature = "virtio-emulator"
))]
#[expect(unsafe_code, reason = "a device accesses memory by address")]
pub mod device_memory;
#[cfg(feature = "disks")]
pub mod disks;
#[cfg(feature = "faults")]
pub mod faults;
#[cfg(feature = "hosted")]
pub mod hosted;
#[cfg(feature = "http-client")]
pub mod http_client;
#[cfg(feature = "ixgbe-bus")]
pub mod ixgbe_bus;
#[cfg(any(feature = "nvme-emulator", feature = "virtio-emulator"))]
pub mod lost_writes;
#[cfg(any(feature = "ixgbe-bus", feature = "virtio-emulator"))]
#[expect(unsafe_code, reason = "stands for an interrupt controller")]
mod messages;
#[cfg(feature = "net-consumer")]
pub mod net_consumer;
#[cfg(feature = "nvme-emulator")]
pub mod nvme_emulator;
pub use samara_pattern as pattern;
pub mod rng;
#[cfg(feature = "sizes")]
pub mod sizes;
#[cfg(feature = "virtio-emulator")]
pub mod virtio_emulator;
#[cfg(any(
    feature = "nvme-emulator",
    feature = "ixgbe-bus",
    feature = "virtio-emulator"
))]
mod virtual_time;
