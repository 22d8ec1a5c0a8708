//! The layout of the address space. The lower half stays empty, so that an access through a null pointer faults, even
//! an access to a field at a large offset.

/// Bytes in a page and in a frame.
pub(crate) const PAGE_SIZE: u64 = 4096;

/// Memory below this address holds data of the firmware and the loader. The kernel does not use it.
pub(crate) const LOW_MEMORY_END: u64 = 1 << 20;

/// The direct map: all RAM, from physical address zero on. It is writable and never executable.
pub(crate) const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

/// The window for device registers, from physical address zero on. It is mapped on demand, uncached.
pub(crate) const DEVICES: u64 = 0xffff_a000_0000_0000;

/// The window for the firmware's tables, from physical address zero on. It is mapped on demand, read-only.
pub(crate) const FIRMWARE: u64 = 0xffff_b000_0000_0000;

/// The size of each of the two windows above. Physical addresses beyond this limit cannot be mapped there.
pub(crate) const WINDOW_SIZE: u64 = 1 << 44;

/// The private memory of domains: [`ARENA_STRIDE`] bytes for each slot.
pub(crate) const ARENA_BASE: u64 = 0xffff_c000_0000_0000;

/// The bytes of address space for a slot. A third-level entry maps the same number of bytes, so two slots share no
/// page table below the third level.
pub(crate) const ARENA_STRIDE: u64 = 1 << 30;

/// The number of slots that have an arena.
pub(crate) const ARENA_SLOTS: u64 = 256;

/// The stacks of threads.
pub(crate) const STACKS: u64 = 0xffff_d000_0000_0000;

/// The difference between link addresses and physical addresses of the kernel's image (`kernel.ld`).
pub(crate) const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
