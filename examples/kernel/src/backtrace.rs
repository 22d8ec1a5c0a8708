//! Backtraces with function, line and domain of each call:
//!
//! ```text
//!     at read (crates/testing/fault/src/deaths.rs:72)
//!     at execute (examples/drivers/nvme/src/faults.rs:7)
//!   nvme was called by the host:
//!     at read (examples/kernel/src/demo/client.rs:40)
//! ```

use samara::Owner;
use samara::runtime::Call;
use samara::runtime::contain::{Calls, name_of};
use samara_symbols::Place;
use samara_unwind::Backtrace;
use samara_unwind::cut::Registers;
use samara_unwind::tables::Registered;

use crate::symbols::places;
use crate::{println_fatal, thread};

/// The longest backtrace that is printed, in calls.
const MAX_CALLS: usize = 64;

/// The number of innermost calls that are searched for calls of the panic machinery.
const PANIC_CALLS: usize = 8;

/// One line of a backtrace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A function and the line in it. One call has several of these lines if functions were inlined.
    At(Place<'static>),
    /// An address that is not in the symbol table.
    Unknown(usize),
    /// The previous call is repeated this many more times.
    Again(u32),
    /// The place where the second owner called the first. The lines above belong to the first owner, the lines below
    /// to the second.
    Boundary(Owner, Owner),
}

/// Turns `calls`, the innermost first, into lines and passes each line to `each`.
pub(crate) fn lines(calls: impl Iterator<Item = Call>, mut each: impl FnMut(Line)) {
    let mut inner: Option<Owner> = None;
    let mut last = Call::NONE;
    let mut again = 0;
    for call in calls {
        if call == last {
            again += 1;
            continue;
        }
        last = call;
        if again > 0 {
            each(Line::Again(again));
            again = 0;
        }
        if let Some(inner) = inner.filter(|inner| *inner != call.owner) {
            each(Line::Boundary(inner, call.owner));
        }
        inner = Some(call.owner);
        let mut known = false;
        for place in places(call.pc).into_iter().flatten() {
            known = true;
            each(Line::At(place));
        }
        if !known {
            each(Line::Unknown(call.pc));
        }
    }
    if again > 0 {
        each(Line::Again(again));
    }
}

/// Skips the calls of the panic machinery, if `calls` begin with them.
pub(crate) fn culprit(calls: impl Iterator<Item = Call> + Clone) -> impl Iterator<Item = Call> {
    let of_panic = |call: Call| {
        let places = places(call.pc).into_iter().flatten();
        places
            .into_iter()
            .any(|place| place.file.ends_with("core/src/panicking.rs"))
    };
    let last = calls.clone().take(PANIC_CALLS).enumerate();
    let last = last.filter(|(_, call)| of_panic(*call)).last();
    calls.skip(last.map_or(0, |(index, _)| index + 1))
}

/// Prints the running thread's calls, the innermost first.
pub(crate) fn print() {
    print_from(&Registers::here());
}

/// Prints the calls in which the running thread was when its registers were `registers`, on its own stack.
pub(crate) fn print_from(registers: &Registers) {
    let slot = &thread::current().slot;
    // SAFETY: the stack is the running thread's, as its slot records.
    let frames = unsafe { Backtrace::new(registers, slot.stack(), &Registered) };
    // SAFETY: `slot` is the running thread's. The thread is in this call, or a trap has interrupted it, so its frames
    // stay until all lines are printed.
    let calls = unsafe { Calls::new(slot, frames) };
    lines(calls.take(MAX_CALLS), |line| print_line(&line));
}

/// Prints the backtrace line of one address.
pub(crate) fn print_address(address: u64) {
    let call = Call {
        pc: address as usize,
        owner: Owner::HOST,
    };
    lines([call].into_iter(), |line| print_line(&line));
}

fn print_line(line: &Line) {
    println_fatal!("{line}");
}

impl core::fmt::Display for Line {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::At(Place {
                function,
                file,
                line,
            }) => write!(f, "    at {function} ({file}:{line})"),
            Self::Again(times) => write!(f, "    and {times} times more"),
            Self::Unknown(address) => write!(f, "    at {address:#x}"),
            Self::Boundary(callee, caller) => {
                write!(f, "  {} was called by {}:", Name(*callee), Name(*caller))
            }
        }
    }
}

/// Displays the name of an owner.
struct Name(Owner);

impl core::fmt::Display for Name {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match name_of(self.0) {
            _ if self.0.is_host() => f.write_str("the host"),
            Some(name) if !name.is_empty() => f.write_str(name.as_str()),
            _ => write!(f, "domain {}", self.0.index()),
        }
    }
}
