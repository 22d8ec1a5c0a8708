//! A domain's code in a frame of its own.

use core::hint::black_box;

/// Calls `f`, of which the optimiser knows nothing where this stands. For a domain's code whose type the
/// boundary knows: expanded into the boundary's frame it would call nobody who could be made to raise, so
/// a loop is never cut; its landing pads would be that frame's, and from those a second panic finds no
/// way to the boundary; and its locals would lie on the stack before anybody has asked for room. A method
/// is called through a table, which does the same; arguments that are lent to an entry, and copied for the method inside, are
/// none of the method's.
#[inline(always)]
pub fn call_opaque<F: FnOnce() -> R, R>(f: F) -> R {
    fn call<F: FnOnce() -> R, R>(f: F) -> R {
        f()
    }
    let call: fn(F) -> R = black_box(call);
    call(f)
}
