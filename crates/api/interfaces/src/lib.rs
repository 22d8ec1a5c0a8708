#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | module | interface |
//! |---|---|
//! | [`block`] | [`BlockDevice`]: disks |
//! | [`net`] | [`NetDevice`]: Ethernet devices |
//! | [`tcp`] | [`Network`], [`TcpListener`], [`TcpStream`]: TCP connections |
//! | [`http`] | [`HttpServer`]: servers that are polled |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![no_std]
#![forbid(unsafe_code)]

pub mod block;
pub mod http;
pub mod net;
mod packet;
pub mod tcp;

pub use block::{BlockDevice, BlockError, Geometry};
pub use http::HttpServer;
pub use net::{
    Exchanged, Link, MacAddress, NetDevice, NetError, NetInfo, NetStatistics, Packet, Packets,
    Waited,
};
pub use tcp::{Network, TcpError, TcpListener, TcpStream};
