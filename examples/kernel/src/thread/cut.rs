//! Threads taken out of a domain that dies: cut to where they entered it.
//!
//! A trap handler decides, from what it interrupted: a fault of a domain's own code is its death, and a
//! thread that acts for a dead domain does not go on in it. The saved registers are rewritten; the thread
//! then finds itself at the boundary, tells why, and unwinds from there. Code of the host's, or under the
//! no-cut mark, is never cut: it is asked again later.

use core::cell::Cell;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use arrayvec::ArrayVec;
use samara::Owner;
use samara::runtime::control;
use samara::runtime::reason::ExitReason;
use samara::runtime::state::State;
use samara::runtime::text::Text;
use samara::{ExitKind, heap};
use samara_unwind::Backtrace;
use samara_unwind::cut::{self, Cut, CutError, Registers};
use samara_unwind::tables::{Registered, register_image};

use super::Thread;
use super::switch::Interrupted;
use crate::arch::cpu;
use crate::arch::fault::Fault;
use crate::mm::{image, stack};

/// Calls that are kept of what led to a fault: what fits where a reason keeps its place.
const TRACE: usize = 5;

/// What a thread is cut for.
#[derive(Clone)]
pub(super) enum Why {
    /// Its own fault, and the calls that led there.
    Fault(Fault, ArrayVec<usize, TRACE>),
    /// It panicked where it must not unwind; the panic is recorded.
    Panic,
}

/// Why a thread is being cut.
pub(super) struct Death {
    why: Cell<Option<Why>>,
    /// Where it was cut to last: it is on its way out there, and not cut there again.
    landed: Cell<Option<Boundary>>,
}

/// A thread's top activation, in one generation of a domain.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Boundary {
    record: usize,
    owner: usize,
    generation: u32,
}

impl Boundary {
    fn of(thread: &Thread) -> Self {
        let owner = thread.slot.owner();
        Self {
            record: thread.slot.top().addr(),
            owner: owner.index(),
            // It is that of the activation: while one is on a chain its slot is not used again.
            generation: control::block(owner).word().generation(),
        }
    }

    /// Whether the generation is dead, or its death is certain.
    fn is_dead(self, owner: Owner) -> bool {
        let state = control::block(owner).word().state();
        let condemned = CONDEMNED[self.owner].load(Relaxed);
        matches!(state, State::Stopping | State::Reclaiming) || condemned == self.generation
    }
}

impl Death {
    pub(super) const fn new() -> Self {
        Self {
            why: Cell::new(None),
            landed: Cell::new(None),
        }
    }
}

/// No generation: there are fewer.
const NONE: u32 = u32::MAX;

/// The generation of each slot whose death is certain but may not be told yet: others of its threads
/// do not go on meanwhile.
static CONDEMNED: [AtomicU32; heap::owner::MAX_OWNERS] =
    [const { AtomicU32::new(NONE) }; heap::owner::MAX_OWNERS];

/// Makes the kernel's unwind tables known, and where the first thread's stack is.
///
/// # Panics
/// On a second call, some time.
pub(super) fn init() {
    // SAFETY: part of the image, which stays.
    let registered = unsafe { register_image(image::tables()) };
    // It is never unregistered.
    let _ = registered.expect("room for one image");
    // SAFETY: the stack that the kernel booted on, which this thread runs on.
    unsafe { super::MAIN.slot.set_stack(stack::MAIN.bounds()) };
}

/// The interrupted thread came to a fault: if that is a domain's, it is the domain's death and the trap
/// returns to the boundary.
pub(crate) fn fault(interrupted: &mut Interrupted<'_>, fault: Fault) -> bool {
    let thread = cpu::this().current();
    if thread.slot.owner().is_host() || thread.slot.in_no_cut() {
        return false;
    }
    let registers = tabled(thread, interrupted);
    // SAFETY: the thread's own stack; it does not run.
    let frames = unsafe { Backtrace::new(&registers, thread.slot.stack(), &Registered) };
    let trace = frames.map(|frame| frame.pc).take(TRACE).collect();
    cut(thread, interrupted, Why::Fault(fault, trace))
}

/// The interrupted thread panicked where it must not unwind: what is left is to give up its frames.
pub(super) fn panicked(interrupted: &mut Interrupted<'_>) -> bool {
    let thread = cpu::this().current();
    if thread.slot.owner().is_host() || thread.slot.in_no_cut() {
        return false;
    }
    cut(thread, interrupted, Why::Panic)
}

/// Cuts a thread that acts for a dead domain, if it can be cut where it is. `interrupted` is what it
/// goes on with.
pub(super) fn check(thread: &Thread, interrupted: &mut Interrupted<'_>) {
    let owner = thread.slot.owner();
    if owner.is_host() || thread.slot.in_no_cut() {
        return;
    }
    let boundary = Boundary::of(thread);
    if boundary.is_dead(owner) && thread.death.landed.get() != Some(boundary) {
        // At the boundary itself it goes on by itself.
        let _ = give_up_frames(thread, interrupted, boundary);
    }
}

/// Ends the thread's domain, for `why`.
fn cut(thread: &Thread, interrupted: &mut Interrupted<'_>, why: Why) -> bool {
    let boundary = Boundary::of(thread);
    if give_up_frames(thread, interrupted, boundary).is_err() {
        return false;
    }
    thread.death.why.set(Some(why));
    CONDEMNED[boundary.owner].store(boundary.generation, Relaxed);
    true
}

/// Has the thread go on at `boundary`, that of its top activation.
fn give_up_frames(
    thread: &Thread,
    interrupted: &mut Interrupted<'_>,
    boundary: Boundary,
) -> Result<(), CutError> {
    let mut registers = tabled(thread, interrupted);
    let way = Cut {
        record: thread.slot.top().cast(),
        stack: thread.slot.stack(),
        finder: &Registered,
        raise: land,
    };
    // SAFETY: the registers of a thread that does not run, interrupted in a domain's code or at a
    // fault of it; its own stack, below whose pointer no trap writes. The top activation stands in the
    // frame of a call that may unwind, and trusted code that relies on its destructors has the mark.
    unsafe { cut::cut(&mut registers, &way) }?;
    interrupted.frame.set_registers(&registers);
    thread.unwind.give_up(boundary.record);
    if thread.formatting.load(Relaxed) < boundary.record {
        thread.formatting.store(0, Relaxed);
    }
    thread.death.landed.set(Some(boundary));
    Ok(())
}

/// The registers at the innermost instruction that has tables: a call to where no code is has left
/// nothing but its return address on top of the stack, and is undone.
fn tabled(thread: &Thread, interrupted: &Interrupted<'_>) -> Registers {
    let mut registers = interrupted.frame.registers();
    let (top, bounds) = (registers.rsp as usize, thread.slot.stack());
    let is_word = top.is_multiple_of(8) && bounds.contains(&top) && bounds.end - top >= 8;
    if !image::is_text(registers.rip) && is_word {
        let top = core::ptr::with_exposed_provenance::<u64>(top);
        // SAFETY: an aligned word of the thread's stack, which stays mapped.
        let return_address = unsafe { top.read_volatile() };
        if image::is_text(return_address) {
            registers.rip = return_address - 1; // in the call
            registers.rsp += 8;
        }
    }
    registers
}

/// Where a thread that was cut goes on: on the boundary's stack, acting for the domain still.
extern "C-unwind" fn land() -> ! {
    if let Some(why) = super::current().death.why.take() {
        tell(&why);
    }
    samara_unwind::raise()
}

/// Records the domain's reason; the first one counts.
fn tell(why: &Why) {
    let Why::Fault(fault, trace) = why else {
        return;
    };
    let mut reason = ExitReason {
        kind: ExitKind::Fault,
        message: Text::new(),
        place: Text::new(),
    };
    // A `Text` takes what fits and never fails.
    let _ = write!(reason.message, "{fault}");
    for (index, pc) in trace.iter().enumerate() {
        let separator = if index == 0 { "" } else { " < " };
        let _ = write!(reason.place, "{separator}{pc:x}");
    }
    samara::runtime::panic::note(reason);
}
