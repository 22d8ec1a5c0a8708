//! The register boundary: a page of assembly for each architecture.
//!
//! A boundary is a part of the trampoline's own stack frame. From the stack pointer up it has the address of the
//! anchor, the address of the boundary that encloses this one, and the registers that a function must preserve by the
//! architecture's calling convention, including the return address.
//!
//! Interrupt masks are not saved: a panic of code that masked interrupts leaves them masked. Shadow stacks (CET) are
//! not supported.

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

/// Calls `body(data)` inside a new boundary, which is the innermost at `*anchor` while `body` runs. Returns whether
/// [`raise`] cut the call.
///
/// # Safety
/// `body(data)` is sound to call, `*anchor` is the running thread's innermost boundary or null, and the frames inside
/// the boundary may be cut.
#[inline]
pub(super) unsafe fn call(body: Body, data: *mut (), anchor: *mut *mut ()) -> bool {
    // SAFETY: upheld by the caller.
    unsafe { registers::call(body, data, anchor) != 0 }
}

/// Returns from the [`call`] that made `boundary`, and takes that boundary, and all boundaries inside it, off the
/// anchor.
///
/// # Safety
/// `boundary` is a boundary of the running thread whose `call` has not returned, and the frames inside it may be cut.
#[inline]
pub(super) unsafe fn raise(boundary: *mut ()) -> ! {
    // SAFETY: upheld by the caller.
    unsafe { registers::raise(boundary) }
}
