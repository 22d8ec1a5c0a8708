//! Prints lines about the state of the machine, for people.

use samara::Owner;

use crate::mm::frames::{self, FrameOwner};
use crate::{host, println};

/// Prints how much memory is free, and how much the exchange heap, the host and the page tables have.
pub(crate) fn memory() {
    println!(
        "memory: {} KiB free; {} KiB exchange heap, {} KiB host's private heap, {} KiB page tables",
        kibibytes(frames::free_frames()),
        kibibytes(frames::owned_by(FrameOwner::EXCHANGE_HEAP)),
        kibibytes(frames::owned_by(FrameOwner::private(Owner::HOST))),
        kibibytes(frames::owned_by(FrameOwner::PAGE_TABLES)),
    );
}

/// Prints a line for every domain.
pub(crate) fn domains() {
    for domain in host::runtime().domains() {
        println!(
            "domain {}.{} {}: {:?}, {} KiB private, {} shared objects, {} capabilities, \
             {} calls, {} restarts",
            domain.id,
            domain.generation,
            domain.name,
            domain.state,
            domain.private_bytes / 1024,
            domain.objects,
            domain.capabilities,
            domain.calls,
            domain.restarts,
        );
    }
}

fn kibibytes(frames: usize) -> usize {
    frames * 4
}
