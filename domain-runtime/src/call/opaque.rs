//! Opaque calls: a domain's code stays in a frame of its own.

use core::hint::black_box;

/// Calls `f` through a pointer that is opaque to the optimiser, so that `f` cannot be inlined here.
///
/// Used for a domain's code whose type the boundary knows. If that code were inlined into the boundary's frame:
///
/// * it might make no call that a cut could turn into a raise, so a loop in it would never be cut;
/// * its landing pads would be those of the boundary's frame, from which a second panic finds no way to the boundary;
/// * its locals would lie on the stack before any room has been asked for.
///
/// A method is called through a vtable, which has the same effect for the method's own code. The vtable has no such
/// effect on lent arguments that are copied for the method inside the entry: the caller's closure makes those copies.
#[inline(always)]
pub fn call_opaque<F: FnOnce() -> R, R>(f: F) -> R {
    fn call<F: FnOnce() -> R, R>(f: F) -> R {
        f()
    }
    let call: fn(F) -> R = black_box(call);
    call(f)
}
