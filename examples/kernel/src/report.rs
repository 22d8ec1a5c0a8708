//! Lines about the machine's state, for people.

use crate::mm::frames;
use crate::mm::frames::Owner;
use crate::println;

/// How much memory there is and who has it.
pub(crate) fn memory() {
    println!(
        "memory: {} KiB free, {} KiB in page tables",
        kibibytes(frames::free_frames()),
        kibibytes(frames::owned_by(Owner::KERNEL)),
    );
}

fn kibibytes(frames: usize) -> usize {
    frames * 4
}
