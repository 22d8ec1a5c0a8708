//! The interfaces that domains offer one another.
//!
//! | module | interface |
//! |---|---|
//! | [`block`] | [`BlockDevice`]: disks |
//! | [`net`] | [`NetDevice`]: Ethernet devices |
#![no_std]
#![forbid(unsafe_code)]

pub mod block;
pub mod net;
mod packet;

pub use block::{BlockDevice, BlockError, Geometry};
pub use net::{
    Exchanged, Link, MacAddress, NetDevice, NetError, NetInfo, NetStatistics, Packet, Packets,
    Waited,
};
