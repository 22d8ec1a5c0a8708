//! The Intel 82599 10 Gigabit Ethernet controller: registers, descriptors and queues.
//!
//! Section numbers are those of the *Intel 82599 10 GbE Controller Datasheet*, revision 3.4. Offsets and bits were compared
//! with a public driver's, section numbers could not be (decision 90).
//!
//! A queue ([`RxRing`], [`TxRing`]) holds its packets on the trusted side. Which of its descriptors are the
//! device's is kept here too, and a packet comes out when the device says that it's done with it, or is known
//! to be stopped: so of a driver's word nothing is needed to keep the device off memory in other use.
//!
//! A driver can't fill a descriptor itself, or tell the device of more than were filled:
//!
//! ```compile_fail,E0080
//! use samara_device_io::layout::ixgbe::Ixgbe;
//! use samara_device_io::mmio::{ReadWrite, Register};
//!
//! const RDT: Register<Ixgbe, u32, ReadWrite> = Register::at(0x1018);
//! # fn main() { let _ = RDT; }
//! ```
//!
//! Nor read a statistic with a 64-bit access, which would clear its neighbour:
//!
//! ```compile_fail,E0080
//! use samara_device_io::layout::ixgbe::Ixgbe;
//! use samara_device_io::mmio::{ReadOnly, Register};
//!
//! const GPRC: Register<Ixgbe, u64, ReadOnly> = Register::at(0x4078);
//! # fn main() { let _ = GPRC; }
//! ```

mod queue;
mod receive;
mod registers;
mod reset;
mod statistics;
mod transmit;

pub use self::queue::{QUEUES, QueueError};
pub use self::receive::{Damage, Received, Receiving, RxRing};
pub use self::registers::{Ixgbe, LinkStatus};
pub use self::reset::ResetError;
pub use self::transmit::{Transmitting, TxRing};
pub use crate::dma::Refused;
