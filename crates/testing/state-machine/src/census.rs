//! Computes sums of censuses: objects, bytes and capabilities that owners hold.

use samara_shared_heap::class::{PAGE_SIZE, Place, place};
use samara_shared_heap::heap::Census;

pub(crate) const NOTHING: Census = Census {
    objects: 0,
    bytes: 0,
    capabilities: 0,
};

pub(crate) fn add(sum: &mut Census, more: Census) {
    sum.objects += more.objects;
    sum.bytes += more.bytes;
    sum.capabilities += more.capabilities;
}

pub(crate) fn minus(more: Census, less: Census) -> Census {
    Census {
        objects: more.objects - less.objects,
        bytes: more.bytes - less.bytes,
        capabilities: more.capabilities - less.capabilities,
    }
}

pub(crate) fn times(one: Census, count: usize) -> Census {
    Census {
        objects: one.objects * count,
        bytes: one.bytes * count,
        capabilities: one.capabilities * count,
    }
}

/// Returns the number of bytes of the slot, or of the pages, that an object of this size and alignment takes.
pub(crate) fn bytes(size: usize, align: usize) -> usize {
    match place(size, align) {
        Place::Slot { shift } => 1 << shift,
        // The padding that aligns the object counts too.
        Place::Large => size.next_multiple_of(PAGE_SIZE) + align.saturating_sub(PAGE_SIZE),
    }
}

pub(crate) fn bytes_of<T>() -> usize {
    bytes(size_of::<T>(), align_of::<T>())
}

/// Returns the census of one object of type `T`.
pub(crate) fn one<T>() -> Census {
    Census {
        objects: 1,
        bytes: bytes_of::<T>(),
        capabilities: 0,
    }
}
