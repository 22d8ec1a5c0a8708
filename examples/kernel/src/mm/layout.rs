//! Where things lie in the address space. The lower half stays empty: a null pointer plus any field offset faults.

/// All RAM, physical address zero first; writable, never executable.
pub(crate) const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

/// The kernel's image, as linked (`kernel.ld`).
pub(crate) const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
