//! Cuts by unwind tables.

#[cfg(feature = "alloc")]
use super::BudgetReading;
use super::charge::Account;
use super::{Calls, NotContained, Verdict};
use crate::call::{self, Activation, Target};
use crate::destructor_deadline;
use crate::exit_reason::Call;
use crate::host;
use crate::primitive::atomic::Ordering::SeqCst;
use crate::trap_note::DeathCause;
use core::time::Duration;
use samara_shared_heap::thread::{self, NoCut, ThreadSlot};
use samara_unwind::Backtrace;
use samara_unwind::cut::{Cut, CutError, Landed, Raise, Registers, cut, resume, undo_call};
use samara_unwind::tables::{Finder, Registered};

/// Handles a CPU exception: `cause` is its kind, `address` the address that was accessed, or 0.
///
/// Unless the answer is [`Verdict::Host`], a domain is to blame for the exception. That domain is dead from here on,
/// and the reason of its death gets the cause and a backtrace.
///
/// # Safety
/// As for [`tick`]; the instruction at `registers.rip` has caused the exception.
pub unsafe fn fault(
    registers: &mut Registers,
    cause: DeathCause,
    address: usize,
    finder: &dyn Finder,
) -> Verdict {
    let thread = thread::current();
    if cause == DeathCause::StackOverflow && (thread.in_no_cut() || thread.owner().is_host()) {
        // The nearest domain on the chain has used the stack up: the trusted code runs on its behalf.
        return match call::nearest(thread).filter(|at| !at.is_crossing()) {
            Some(activation) => {
                // SAFETY: handed on.
                unsafe { condemn(thread, activation, (cause, address), registers, finder) };
                // SAFETY: `recheck` makes the thread leave a domain's own code only, never code on the way in or out
                // (AUTH-4).
                unsafe { thread.recheck_later(recheck) };
                Verdict::Reserve
            }
            None => Verdict::Host(NotContained::ActsForHost),
        };
    }
    let Some(activation) = call::innermost(thread) else {
        return Verdict::Host(NotContained::ActsForHost);
    };
    if thread.in_no_cut() || activation.is_crossing() {
        return Verdict::Host(NotContained::Trusted);
    }
    // SAFETY: handed on.
    match unsafe {
        end(
            thread,
            activation,
            registers,
            Some((cause, address)),
            finder,
        )
    } {
        Ok(()) => Verdict::Cut,
        Err(why) => Verdict::Host(why),
    }
}

/// Handles the host's periodic tick. It counts `elapsed`, the time that the thread has run since its last tick,
/// against the budget of the domain that it charges. It cuts the thread if that domain's budget is used up or the
/// domain is dead. It also kills a domain whose destructors the thread has awaited for too long.
///
/// # Safety
/// `registers` are those of the running thread at the interrupted instruction. The handler runs on another stack, has
/// left the 128 bytes below the stack pointer as they were, and resumes the thread with the registers as they then
/// are. If the thread's slot records a stack, it is the thread's. `finder` answers as the tables of the code on it
/// say.
pub unsafe fn tick(registers: &mut Registers, elapsed: Duration, finder: &dyn Finder) -> Verdict {
    let thread = thread::current();
    let more = micros(elapsed);
    if let Some(late) = destructor_deadline::overdue(thread, more) {
        // SAFETY: handed on.
        unsafe { condemn_target(thread, late, (DeathCause::Awaited, 0), registers, finder) };
    }
    let account = Account::of(thread);
    if thread.is_told() {
        // Uses the clock, by which uncharged stretches are measured, and not `elapsed`: the thread may have stood still
        // since the last tick.
        let is_others = !matches!(account, Account::Uncharged | Account::Nobodys);
        thread.tell(host::now_ns(), is_others);
    }
    let activation = match account {
        Account::Inside(activation) => activation,
        Account::Moving(at, by) => {
            // SAFETY: handed on.
            return unsafe { crossing(thread, at, by, more, registers, finder) };
        }
        Account::Serving(served) => {
            // SAFETY: handed on.
            return unsafe { serving(thread, served, more, registers, finder) };
        }
        Account::Uncharged => {
            thread.set_spared(thread.spared().saturating_add(more));
            return Verdict::Resume;
        }
        Account::Nobodys => return Verdict::Resume,
    };
    let target = activation.target();
    let overrun = use_up(activation, more);
    let cause = if target.is_dead() {
        None
    } else if overrun {
        Some((DeathCause::Overrun, 0))
    } else {
        return Verdict::Resume;
    };
    if thread.in_no_cut() {
        if let Some(cause) = cause {
            // SAFETY: handed on.
            unsafe { condemn(thread, activation, cause, registers, finder) };
        }
        // SAFETY: as in `fault`.
        unsafe { thread.recheck_later(recheck) };
        return Verdict::Later;
    }
    // SAFETY: handed on.
    match unsafe { end(thread, activation, registers, cause, finder) } {
        Ok(()) => Verdict::Cut,
        // The thread is on its way in or out, where it runs no code of the domain.
        Err(NotContained::NotCut(CutError::AtBoundary)) => Verdict::Later,
        Err(_) => {
            // The thread cannot be cut here; it may be in code without unwind tables, and be there at every tick. The
            // domain dies all the same. The thread is cut when a later tick finds it elsewhere, or at its next
            // boundary.
            if let Some(cause) = cause {
                // SAFETY: handed on.
                unsafe { condemn(thread, activation, cause, registers, finder) };
            }
            Verdict::Later
        }
    }
}

/// Counts `more` microseconds for `activation` and for the next outer activations of the same generation: if a domain
/// calls itself, its time passes in all of these calls. Returns whether one of them has overrun the budget.
fn use_up(activation: &Activation, more: u32) -> bool {
    let budget = activation.target().block().budget.load(SeqCst);
    if budget == 0 {
        return false;
    }
    // `fold` and not `any`: the time is counted for all of them, also after one has overrun.
    of_its_generation(activation).fold(false, |overrun, at| (at.use_up(more) > budget) | overrun)
}

/// Yields `activation` and the next outer activations of the same generation. The sequence ends at an activation of
/// another domain, because through calls back that domain could make the sequence as long as it likes. It skips an
/// activation that is marked as left: the payload of that activation's panic is being dropped above it.
fn of_its_generation(activation: &Activation) -> impl Iterator<Item = &Activation> {
    let target = activation.target();
    let of_domain = move |at: &&Activation| at.target().owner() == target.owner();
    let same = move |at: &&Activation| !at.is_crossing() && at.target().is_generation_of(&target);
    let outer = activation.outer().take_while(of_domain).filter(same);
    core::iter::once(activation).chain(outer)
}

/// Returns the microseconds of the budget that are left: the least that `activation`, or an activation that
/// [`use_up`] counts with it, has left.
fn left_of(activation: &Activation) -> u32 {
    let budget = activation.target().block().budget.load(SeqCst);
    let used = of_its_generation(activation).map(|at| at.use_up(0)).max();
    budget.saturating_sub(used.unwrap_or_default())
}

/// Returns half of the rest of the budget of `activation`, or a 16th of the whole budget if that is more. A domain
/// with a whole share left survives one share, and a few shares use up every budget.
fn share_of(activation: &Activation) -> u32 {
    let budget = activation.target().block().budget.load(SeqCst);
    (left_of(activation) / 2).max(budget / 16).max(1)
}

/// Handles a tick on a thread that is on its way into or out of a call. The caller pays for moving its arguments in,
/// and for moving a result out, for which at most a [share](share_of) counts. If the caller overruns its budget, its
/// domain is condemned, and the thread leaves it where the call returns.
///
/// # Safety
/// As for [`tick`]; `activation` is the innermost one, and `caller` the one below.
unsafe fn crossing(
    thread: &ThreadSlot,
    activation: &Activation,
    caller: &Activation,
    more: u32,
    registers: &Registers,
    finder: &dyn Finder,
) -> Verdict {
    let more = if activation.is_entering() {
        more
    } else {
        let share = || share_of(caller);
        activation.share_of_result(more, share).unwrap_or(0)
    };
    if more == 0 || !use_up(caller, more) || caller.target().is_dead() {
        return Verdict::Resume;
    }
    // SAFETY: handed on.
    unsafe { condemn(thread, caller, (DeathCause::Overrun, 0), registers, finder) };
    Verdict::Later
}

/// Handles a tick in a stretch of the host's. It charges the domain on whose behalf the stretch was begun. If that
/// domain overruns its budget, or is dead, the thread is cut where the stretch ends.
///
/// # Safety
/// As for [`tick`]; the thread acts for the host, on behalf of `served`.
unsafe fn serving(
    thread: &ThreadSlot,
    served: &Activation,
    more: u32,
    registers: &Registers,
    finder: &dyn Finder,
) -> Verdict {
    let overrun = use_up(served, more);
    if !served.target().is_dead() {
        if !overrun {
            return Verdict::Resume;
        }
        // SAFETY: handed on.
        unsafe { condemn(thread, served, (DeathCause::Overrun, 0), registers, finder) };
    }
    // SAFETY: as in `fault`.
    unsafe { thread.recheck_later(recheck) };
    Verdict::Later
}

/// Returns a number for the generation to whose account the running thread's time goes now; 0 if it goes to none.
pub(crate) fn charged_generation() -> usize {
    let thread = thread::current();
    let target = match Account::of(thread) {
        Account::Inside(at) | Account::Serving(at) | Account::Moving(_, at) => at.target(),
        Account::Uncharged | Account::Nobodys => return 0,
    };
    usize::from(target.index()) << 32 | target.expected().generation() as usize
}

/// Returns how long the running thread may wait: the rest of the budget of its innermost activation, against which
/// waits count too. Returns `None` if there is no limit. If waits begin the domain's budget anew, this function does
/// that and returns `None`.
#[cfg(feature = "alloc")]
pub(crate) fn may_wait() -> Option<Duration> {
    let activation = call::innermost(thread::current())?;
    let block = activation.target().block();
    if block.renews.load(SeqCst) {
        // Renews all activations that count: a wait behind an inner boundary, or in a domain's call of itself, is
        // also a wait of the activations around it.
        of_its_generation(activation).for_each(Activation::renew);
        return None;
    }
    let (budget, left) = (block.budget.load(SeqCst), left_of(activation));
    // A budget that is used up exactly is not overrun yet, so one microsecond is added.
    (budget != 0).then(|| Duration::from_micros(u64::from(left) + 1))
}

/// Charges a wait of the running thread to its domain: the longer of `time`, by the clock, and `ticks`, the
/// microseconds that ticks have counted. Charges nothing where waits begin the budget anew. An overrun kills the
/// domain, and the thread leaves it at its next boundary.
#[cfg(feature = "alloc")]
pub(crate) fn waited(time: Duration, ticks: u32) {
    if call::innermost(thread::current()).is_some() {
        charge(|renews| if renews { 0 } else { micros(time).max(ticks) });
    }
}

/// Returns the budget of the domain on whose behalf the host may now wait on the running thread. Returns `None` if
/// there is no limit, or if waits do not count.
#[cfg(feature = "alloc")]
pub(crate) fn host_may_wait() -> Option<BudgetReading> {
    let activation = call::nearest(thread::current())?;
    let block = activation.target().block();
    let budget = block.budget.load(SeqCst);
    let left = left_of(activation);
    (budget != 0 && !block.renews.load(SeqCst)).then(|| BudgetReading {
        used: budget.saturating_sub(left),
        left,
        share: share_of(activation),
    })
}

/// Charges a wait of the host, on behalf of a domain and on the running thread, as [`waited`] does. After an overrun
/// the thread is cut when it acts for the domain again.
#[cfg(feature = "alloc")]
pub(crate) fn host_waited(time: Duration) {
    charge(|renews| if renews { 0 } else { micros(time) });
}

/// Charges work of the host's to the domain for which it was done. Ticks have charged no domain for it. The charge is
/// the longer of `time`, by the clock, and `ticks`, the microseconds that ticks have counted. The clock alone would
/// round short work to nothing, however often it is done. Where waits do not count, only the ticks count, since they
/// alone tell work from waits.
pub(crate) fn host_worked(time: Duration, ticks: u32) {
    charge(|renews| {
        if renews {
            ticks
        } else {
            micros(time).max(ticks)
        }
    });
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// Charges the domain on whose behalf the thread runs. `more` returns the microseconds; its argument says whether
/// waits begin the budget anew.
fn charge(more: impl FnOnce(bool) -> u32) {
    let thread = thread::current();
    let Some(activation) = call::nearest(thread).filter(|at| !at.is_crossing()) else {
        return;
    };
    let more = more(activation.target().block().renews.load(SeqCst));
    if more != 0 && use_up(activation, more) {
        let registers = Registers::here();
        let cause = (DeathCause::Overrun, 0);
        // SAFETY: released at the end of this block. Other threads may wait for the note under marks of their own, so
        // its writer must not be cut (LIFE-12, ORDER-54).
        let _no_cut = unsafe { NoCut::begin(thread) };
        // SAFETY: the thread's own registers in this call, and an activation of its chain.
        unsafe { condemn(thread, activation, cause, &registers, &Registered) };
    }
}

/// Cuts the thread and, if there is a `cause`, condemns the domain. If the thread cannot be cut, neither happens.
///
/// # Safety
/// As for [`tick`]; the thread acts for `activation`, outside trusted code.
unsafe fn end(
    thread: &ThreadSlot,
    activation: &Activation,
    registers: &mut Registers,
    cause: Option<(DeathCause, usize)>,
    finder: &dyn Finder,
) -> Result<(), NotContained> {
    let stack = thread.stack();
    let record = core::ptr::from_ref(activation).cast();
    if !stack.contains(&core::ptr::from_ref(activation).addr()) {
        return Err(NotContained::StackUnknown);
    }
    let mut at_fault = *registers;
    if cause
        .is_some_and(|(cause, address)| cause == DeathCause::Page && address as u64 == at_fault.rip)
    {
        // The instruction itself could not be fetched: undoes the call that led to it. If no call did, the stack is
        // not as the tables say.
        // SAFETY: the stack is the running thread's, as its slot records.
        unsafe { undo_call(&mut at_fault, stack.clone()) };
    }
    let mut landing = at_fault;
    let request = Cut {
        record,
        stack: stack.clone(),
        finder,
        raise: Raise::new(land),
    };
    // SAFETY: the registers are the caller's and the stack is the slot's. The values that a domain leaves on its
    // frames are its own alone, since domains have no scoped threads. Trusted code that must not be cut is marked
    // (ORDER-10).
    unsafe { cut(&mut landing, &request) }.map_err(NotContained::NotCut)?;
    *registers = landing;
    if let Some(cause) = cause {
        // SAFETY: handed on; the frames are still there.
        unsafe { condemn(thread, activation, cause, &at_fault, finder) };
    }
    Ok(())
}

/// Notes why the domain dies, and marks it dead.
///
/// # Safety
/// `registers` are those of the running thread at an instruction whose frames are still there. If its slot records a
/// stack, it is the thread's. `activation` is on its chain.
unsafe fn condemn(
    thread: &ThreadSlot,
    activation: &Activation,
    cause: (DeathCause, usize),
    registers: &Registers,
    finder: &dyn Finder,
) {
    // SAFETY: handed on.
    unsafe { condemn_target(thread, activation.target(), cause, registers, finder) };
}

/// [`condemn`] for a generation that the thread is in.
///
/// # Safety
/// As for [`condemn`].
unsafe fn condemn_target(
    thread: &ThreadSlot,
    target: Target,
    (cause, address): (DeathCause, usize),
    registers: &Registers,
    finder: &dyn Finder,
) {
    let generation = target.expected().generation();
    // SAFETY: the stack is the thread's own, as its slot records.
    let trace = unsafe { Backtrace::new(registers, thread.stack(), finder) };
    // SAFETY: `thread` is the running thread's slot, and the thread stays above its frames until this returns (TRAP-5).
    let calls = unsafe { Calls::new(thread, trace) };
    let by = core::ptr::from_ref(thread).addr();
    let trap = &target.block().trap;
    trap.put(generation, by, cause, address, calls);
    target.block().condemn(generation);
}

/// Returns the calls that led here, the caller's first. They are valid until the caller returns.
#[inline(always)]
pub(crate) fn calls_here(thread: &ThreadSlot) -> impl Iterator<Item = Call> {
    // SAFETY: the stack is the running thread's own, as its slot records.
    let frames = unsafe { Backtrace::new(&Registers::here(), thread.stack(), &Registered) };
    // SAFETY: `thread` is the running thread's slot. Only the report of its panic asks for this, and stays above its
    // frames (TRAP-5).
    unsafe { Calls::new(thread, frames) }
}

/// Runs as the boundary's callee when a cut has landed: raises.
extern "C-unwind" fn land(boundary: usize) -> Landed {
    let thread = thread::current();
    if let Some(activation) = call::innermost(thread) {
        // All frames of the domain have been given up. If the boundary's frame also holds a `catch` around the
        // boundary, a second cut, past the first `catch`, would land there; the mark prevents it.
        activation.cross();
    }
    // The range covers only the current stack: a thread may have several.
    let given_up = thread.stack().start..boundary;
    // SAFETY: raising is trusted code. It runs as the host, since its allocations must not be the domain's (HEAP-40).
    unsafe { thread::as_host(|| samara_unwind::cut::raise_within(given_up)) }
}

/// Makes the running thread leave the dead domain that it acts for, also in a destructor that runs because of a
/// panic. If the thread cannot be cut, for example where the host has recorded neither its stack nor its images, it
/// unwinds instead; if it is unwinding already, this returns.
#[cold]
pub(crate) fn leave_dead() {
    cut_self();
    if !samara_unwind::is_unwinding() {
        call::raise();
    }
}

/// [`leave_dead`] for a thread that must not go on.
#[cold]
pub(crate) fn end_self() -> ! {
    cut_self();
    call::raise()
}

/// Kills the domain of `activation`, which the running thread acts for and whose stack it has used up, and leaves it.
#[cold]
pub(crate) fn run_over(activation: &Activation) -> ! {
    let thread = thread::current();
    {
        let registers = Registers::here();
        // SAFETY: released at the end of this block. Other threads may wait for the note under marks of their own, so
        // its writer must not be cut (LIFE-12, ORDER-54).
        let _no_cut = unsafe { NoCut::begin(thread) };
        let cause = (DeathCause::StackOverflow, registers.rsp as usize);
        // SAFETY: the thread's own registers in this call, and an activation of its chain.
        unsafe { condemn(thread, activation, cause, &registers, &Registered) };
    }
    end_self()
}

/// Cuts the running thread. Returns only if it cannot be cut here.
fn cut_self() {
    let thread = thread::current();
    let Some(activation) = call::innermost(thread) else {
        return;
    };
    let mut registers = Registers::here();
    // SAFETY: the registers are the running thread's own, in this very call, and the stack is its own.
    if unsafe { end(thread, activation, &mut registers, None, &Registered) }.is_ok() {
        // SAFETY: the registers are of this call, which is still active, and a cut has rewritten them (ORDER-32).
        unsafe { resume(&registers) };
    }
}

/// Checks again whether the thread must be cut. A handler requested this check when it found the thread under a mark
/// or in a stretch of the host's; that mark or stretch has just ended. The thread may be in a living domain that was
/// called from a stretch of the host's on behalf of a dead domain. Then the next check is where that stretch ends,
/// and not at each mark of the living domain. So a check takes constant time, however long the chain is.
fn recheck() {
    let thread = thread::current();
    let is_dead = |at: &Activation| !at.is_crossing() && at.target().is_dead();
    let Some(nearest) = call::nearest(thread) else {
        return thread.look_after_host(false);
    };
    if !is_dead(nearest) {
        return;
    }
    // SAFETY: as in `fault`.
    unsafe { thread.recheck_later(recheck) };
    if call::innermost(thread).is_some_and(is_dead) {
        // `cut_self` returns if the no-cut mark that has ended was the runtime's own, on the way in or out. The
        // thread then checks again later.
        cut_self();
    }
}
