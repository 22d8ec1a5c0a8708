//! The place where a host's panic hook or panic handler reports panics.

use crate::exit_reason::{ExitKind, ExitReason};
use crate::{contain, control};
use core::fmt::{self, Write};
use core::panic::Location;
use samara_shared_heap::thread;

/// Records a panic of the running domain in its control block. Returns false if the thread acts for the host, or is
/// inside the heap or an allocator. In these cases the panic is the host's own, and the `jump` backend must not
/// contain it, because a cut leaves locks locked.
///
/// The message is formatted on the stack first, since that may run the domain's own `Display`. Nothing is allocated.
pub fn record(message: &dyn fmt::Display, location: Option<&Location<'_>>) -> bool {
    let thread = thread::current();
    let owner = thread.owner();
    if owner.is_host() || thread.in_no_cut() {
        return false;
    }
    let mut reason = ExitReason::bare(ExitKind::Panic);
    if !thread.stack().is_empty() {
        for (to, from) in reason.trace.iter_mut().zip(contain::calls_here(thread)) {
            *to = from;
        }
    }
    // If `Display` fails, the message is what it has written so far.
    let _ = write!(reason.message, "{message}");
    if let Some(location) = location {
        reason.place.push(location.file());
        reason.place.push(":");
        reason.place.push_number(location.line());
    }
    control::block(owner).note(&reason);
    true
}
