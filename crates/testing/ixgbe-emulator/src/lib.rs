#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod bus;
mod checksum;
mod dispatch;
mod eeprom;
mod faults;
mod fcoe;
mod flow;
mod i2c;
mod interrupts;
mod link;
mod memory;
mod nic;
mod notices;
mod omissions;
mod options;
mod packet;
pub mod pci;
mod quirks;
pub mod registers;
mod rx;
mod sfp;
mod stats;
mod tx;
mod write_back;

pub use crate::faults::{Faults, WriteBack};
pub use crate::fcoe::Placements;
pub use crate::interrupts::{CountedInterrupts, Interrupts};
pub use crate::link::{Link, Loop};
pub use crate::memory::{DmaError, FlatMemory, GuestMemory};
pub use crate::nic::{Nic, Progress};
pub use crate::notices::Notice;
pub use crate::omissions::Omissions;
pub use crate::options::Options;
pub use crate::stats::Drops;
