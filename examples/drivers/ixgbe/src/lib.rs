//! An Intel 82599 driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns a [`Nic`], a
//! [`NetDevice`](samara_interfaces::NetDevice). The device is polled: an exchange puts frames into a transmit ring,
//! takes arrived frames out of a receive ring, and waits for nothing. A caller that has nothing else to do waits for an
//! interrupt.
//!
//! Written from the *Intel 82599 10 GbE Controller Datasheet*, revision 3.4. [`samara_device_io`] writes the rings,
//! their positions and everything else that could point the device at memory. It takes the format from the table
//! [`samara_device_tables::ixgbe`].
//!
//! | module | concept |
//! |---|---|
//! | `nic` | the exported value |
//! | `pair` | a queue pair, the exchange of packets with it |
//! | `frame` | what a receive descriptor says about its buffer |
//! | `registers` | registers and counters |
//! | `interrupts` | an interrupt vector for each queue, on which a thread waits |
//! | `link` | the link's state; a change is believed only if it lasts |
//! | `bring_up` | reset, filters, RSS and link; starting and stopping reception |
//! | `watch` | notices reports that are out of order, and reception that hangs |
//! | `totals` | statistics |
//!
//! # When the device misbehaves
//!
//! The driver resets the device and brings it up again in these cases:
//!
//! - The device reports more bytes of a frame than the buffer has.
//! - Frames don't leave while the link is up.
//! - The report of a received frame stays missing, while later frames are reported.
//! - The device drops frames though it has buffers.
//! - Registers read as all ones, or have their values from after a reset although the driver made none.
//!
//! The frames in the queues are lost; their buffers are not. If the bring-up keeps failing, the device has another
//! MAC address, or the reset finds that it was unplugged, the driver silences the device and takes its packets back.
//! From then on every call fails, except `info` and `statistics`. The driver also copes with further faults of real
//! cards: `docs/hardware-cases.md`.
//!
//! An exchange notices a wrong length at once. For the other cases a call must look at the device, which costs
//! register reads. A look is due a quarter of `tx_millis` after the last one (at least 1 ms, at most 500 ms). The
//! driver reads the clock to learn whether a look is due. It does so in each call that has slept or has moved no
//! packet, and in one of 16 calls that have moved some. Whatever the time, a look is also due after 64 calls that
//! have moved no packet, or 1024 calls that have moved some.
//!
//! The driver does not clear buffers between clients. The driver knows only from the device how much of a buffer was
//! written. So if the device reports too much, a client sees earlier bytes of the buffer.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod args;
mod bring_up;
mod error;
mod faults;
mod frame;
mod interrupts;
mod link;
mod nic;
mod pair;
mod registers;
mod totals;
mod watch;

pub use args::{Args, Limits, MAX_QUEUES};
pub use error::InitError;
pub use nic::Nic;

/// Brings the device up. The domain's entry point.
///
/// # Errors
///
/// [`InitError`]. On an error, the function has been released and its device is silent.
pub fn init(args: Args) -> Result<Nic, InitError> {
    Nic::new(args)
}
