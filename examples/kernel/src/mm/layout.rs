//! Where things lie in the address space. The lower half stays empty: a null pointer plus any field
//! offset faults.

/// Bytes in a page and in a frame.
pub(crate) const PAGE_SIZE: u64 = 4096;

/// Memory below holds firmware's data and the loader's; the kernel leaves it alone.
pub(crate) const LOW_MEMORY_END: u64 = 1 << 20;

/// All RAM, physical address zero first; writable, never executable.
pub(crate) const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

/// Device registers: physical address zero first, mapped on demand, uncached.
pub(crate) const DEVICES: u64 = 0xffff_a000_0000_0000;

/// Firmware's tables: physical address zero first, mapped on demand, read-only.
pub(crate) const FIRMWARE: u64 = 0xffff_b000_0000_0000;

/// The size of each of the two windows above, and the limit of physical addresses.
pub(crate) const WINDOW_SIZE: u64 = 1 << 44;

/// Private memory of domains, [`ARENA_STRIDE`] for each slot.
pub(crate) const ARENA_BASE: u64 = 0xffff_c000_0000_0000;

/// One third-level entry: what is mapped for a slot shares no table with another's.
pub(crate) const ARENA_STRIDE: u64 = 1 << 30;

/// Slots that have an arena.
pub(crate) const ARENA_SLOTS: u64 = 256;

/// Stacks of threads.
pub(crate) const STACKS: u64 = 0xffff_d000_0000_0000;

/// The kernel's image, as linked (`kernel.ld`).
pub(crate) const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
