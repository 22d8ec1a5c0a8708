//! The register boundary, a page of assembly for each architecture.
//!
//! A boundary is a stretch of the trampoline's own stack. From the stack pointer up: the anchor's
//! address, the boundary that encloses this one, and what the architecture's calling convention
//! asks a function to preserve, the return address included.
//!
//! Interrupt masks are none of these: a panic of code that masked interrupts leaves them masked.
//! Shadow stacks (CET) are not supported.

mod body;
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "arm.rs")]
#[cfg_attr(
    any(target_arch = "riscv32", target_arch = "riscv64"),
    path = "riscv.rs"
)]
mod registers;

pub(super) use body::Body;
#[cfg(target_arch = "x86_64")]
pub(super) use registers::land;

/// Calls `body(data)` above a new boundary, the innermost at `*anchor` while that runs. Returns
/// whether [`raise`] cut the call short.
///
/// # Safety
/// `body(data)` is sound to call, `*anchor` is the running thread's innermost boundary or null, and
/// what lies above the boundary may be cut.
#[inline]
pub(super) unsafe fn call(body: Body, data: *mut (), anchor: *mut *mut ()) -> bool {
    // SAFETY: handed on.
    unsafe { registers::call(body, data, anchor) != 0 }
}

/// Returns from the [`call`] that made `boundary`, and takes it and all inside it off the anchor.
///
/// # Safety
/// `boundary` is a boundary of the running thread whose `call` has not returned.
#[inline]
pub(super) unsafe fn raise(boundary: *mut ()) -> ! {
    // SAFETY: handed on.
    unsafe { registers::raise(boundary) }
}
