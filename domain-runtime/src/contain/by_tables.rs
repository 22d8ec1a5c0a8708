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

/// A CPU exception struck, with `address` what was accessed, or 0.
///
/// The reason of the domain's death gets the strike and a backtrace; the domain is dead from here on.
///
/// # Safety
/// As for [`tick`]; the instruction at `registers.rip` has caused the exception.
pub unsafe fn fault(
    registers: &mut Registers,
    strike: DeathCause,
    address: usize,
    finder: &dyn Finder,
) -> Verdict {
    let thread = thread::current();
    if strike == DeathCause::StackOverflow && (thread.in_no_cut() || thread.owner().is_host()) {
        // Whose stack it is has used it up, not who came last.
        return match call::nearest(thread).filter(|at| !at.is_crossing()) {
            Some(activation) => {
                // SAFETY: handed on.
                unsafe { condemn(thread, activation, (strike, address), registers, finder) };
                // SAFETY: `recheck` raises nowhere but in a domain's own code.
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
            Some((strike, address)),
            finder,
        )
    } {
        Ok(()) => Verdict::Cut,
        Err(why) => Verdict::Host(why),
    }
}

/// The host's periodic tick has interrupted the thread: counts `elapsed`, the time that the thread has
/// run since its last tick, against the budget of the domain that it is in, and cuts the thread if that
/// domain's budget is used up or it is dead. A domain whose destructors the thread has waited for too long dies, too.
///
/// # Safety
/// `registers` are those of the running thread at the interrupted instruction; the handler runs on
/// another stack, has left the 128 bytes below the stack pointer as they were, and resumes the
/// registers as they then are. The thread's slot tells its stack, if anything; `finder` says what the tables of
/// the code on it do.
pub unsafe fn tick(registers: &mut Registers, elapsed: Duration, finder: &dyn Finder) -> Verdict {
    let thread = thread::current();
    let more = micros(elapsed);
    if let Some(late) = destructor_deadline::overdue(thread, more) {
        // SAFETY: handed on.
        unsafe { condemn_target(thread, late, (DeathCause::Awaited, 0), registers, finder) };
    }
    let account = Account::of(thread);
    if thread.is_told() {
        // By the clock, as what is measured there: the thread may have stood still since the last tick.
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
    let strike = if target.is_dead() {
        None
    } else if overrun {
        Some((DeathCause::Overrun, 0))
    } else {
        return Verdict::Resume;
    };
    if thread.in_no_cut() {
        if let Some(strike) = strike {
            // SAFETY: handed on.
            unsafe { condemn(thread, activation, strike, registers, finder) };
        }
        // SAFETY: as in `fault`.
        unsafe { thread.recheck_later(recheck) };
        return Verdict::Later;
    }
    // SAFETY: handed on.
    match unsafe { end(thread, activation, registers, strike, finder) } {
        Ok(()) => Verdict::Cut,
        // On its way in or out, where nothing of the domain's runs.
        Err(NotContained::NotCut(CutError::AtBoundary)) => Verdict::Later,
        Err(_) => {
            // In code without tables, where a thread may well be at every tick: it is dead all the same, and cut where
            // a later tick finds it elsewhere, or at its next boundary.
            if let Some(strike) = strike {
                // SAFETY: handed on.
                unsafe { condemn(thread, activation, strike, registers, finder) };
            }
            Verdict::Later
        }
    }
}

/// Counts `more` microseconds for `activation` and for those that it has been called by of the same generation: a domain
/// that calls itself is inside all along. Whether one of them has overrun its budget.
fn use_up(activation: &Activation, more: u32) -> bool {
    let budget = activation.target().block().budget.load(SeqCst);
    if budget == 0 {
        return false;
    }
    // All of them are counted.
    of_its_generation(activation).fold(false, |overrun, at| (at.use_up(more) > budget) | overrun)
}

/// `activation`, and those next to it of the same generation that run. Not those behind another domain, which calls back as
/// often as it likes. One that is left, whose panic's payload is dropped above it, lies in between and does not count.
fn of_its_generation(activation: &Activation) -> impl Iterator<Item = &Activation> {
    let target = activation.target();
    let of_domain = move |at: &&Activation| at.target().owner() == target.owner();
    let same = move |at: &&Activation| !at.is_crossing() && at.target().is_generation_of(&target);
    let outer = activation.outer().take_while(of_domain).filter(same);
    core::iter::once(activation).chain(outer)
}

/// Microseconds that are left of the budget of `activation`, and of all that [`use_up`] counts with it.
fn left_of(activation: &Activation) -> u32 {
    let budget = activation.target().block().budget.load(SeqCst);
    let used = of_its_generation(activation).map(|at| at.use_up(0)).max();
    budget.saturating_sub(used.unwrap_or_default())
}

/// Half of what the budget of `activation` has left, or a 16th of all if that is more: one ends nobody who has so much left, and
/// few end each.
fn share_of(activation: &Activation) -> u32 {
    let budget = activation.target().block().budget.load(SeqCst);
    (left_of(activation) / 2).max(budget / 16).max(1)
}

/// A tick on a thread that goes in or out. What is moved on the way in is the caller's: its time too. So is a result, of
/// which at most a [share](share_of) counts. An overrun condemns it, and it is cut where the call returns to it.
///
/// # Safety
/// As for [`tick`]; `activation` is the innermost, and `caller` the one below.
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

/// A tick in a stretch of the host's. It charges the domain on whose behalf the stretch was begun. A domain that overruns, or
/// is dead, is cut where the stretch ends.
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

/// The generation that a tick on the running thread would charge now, as a number; 0 for none.
pub(crate) fn whose_time() -> usize {
    let thread = thread::current();
    let target = match Account::of(thread) {
        Account::Inside(at) | Account::Serving(at) | Account::Moving(_, at) => at.target(),
        Account::Uncharged | Account::Nobodys => return 0,
    };
    usize::from(target.index()) << 32 | target.expected().generation() as usize
}

/// What is left of the running thread's budget, which waits are counted against too; `None` for no end: also
/// where a wait begins the budget anew.
#[cfg(feature = "alloc")]
pub(crate) fn may_wait() -> Option<Duration> {
    let activation = call::innermost(thread::current())?;
    let block = activation.target().block();
    if block.renews.load(SeqCst) {
        // All that count: a wait behind a boundary of the domain's own, or in a call of itself, is one of what lies around it.
        of_its_generation(activation).for_each(Activation::renew);
        return None;
    }
    let budget = block.budget.load(SeqCst);
    let left = budget.saturating_sub(activation.use_up(0));
    // One more: what is used up to the last is not overrun yet.
    (budget != 0).then(|| Duration::from_micros(u64::from(left) + 1))
}

/// Charges a wait of the running thread to its domain: the longer of `time`, by the clock, and `ticks`, the microseconds that
/// ticks have counted. Nothing is charged where waits begin the budget anew. An overrun ends the domain, and the thread at the
/// boundary that follows.
#[cfg(feature = "alloc")]
pub(crate) fn waited(time: Duration, ticks: u32) {
    if call::innermost(thread::current()).is_some() {
        charge(|renews| if renews { 0 } else { micros(time).max(ticks) });
    }
}

/// The budget of the domain on whose behalf the host may wait now, on the running thread. `None` for no end: also where waits do
/// not count.
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

/// Charges a wait of the host on a domain's behalf, on the running thread, as [`waited`] does. The thread is cut when it acts
/// for the domain again.
#[cfg(feature = "alloc")]
pub(crate) fn host_waited(time: Duration) {
    charge(|renews| if renews { 0 } else { micros(time) });
}

/// Charges work of the host's that ticks did not charge to the domain that it was done for: the longer of `time`, by the clock,
/// and `ticks`, the microseconds that ticks have counted. A clock rounds short work to nothing, however often it is done. Where
/// waits do not count, ticks alone tell work from waits.
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

/// Charges the domain on whose behalf the thread runs. `more` returns the microseconds; it is told whether waits begin the
/// budget anew.
fn charge(more: impl FnOnce(bool) -> u32) {
    let thread = thread::current();
    let Some(activation) = call::nearest(thread).filter(|at| !at.is_crossing()) else {
        return;
    };
    let more = more(activation.target().block().renews.load(SeqCst));
    if more != 0 && use_up(activation, more) {
        let registers = Registers::here();
        let strike = (DeathCause::Overrun, 0);
        // SAFETY: to the end of this block; others may wait for the note under their mark.
        let _no_cut = unsafe { NoCut::begin(thread) };
        // SAFETY: the thread's own registers in this call, and an activation of its chain.
        unsafe { condemn(thread, activation, strike, &registers, &Registered) };
    }
}

/// Cuts the thread and condemns the domain; nothing happens to either if that cannot be.
///
/// # Safety
/// As for [`tick`]; the thread acts for `activation`, outside trusted code.
unsafe fn end(
    thread: &ThreadSlot,
    activation: &Activation,
    registers: &mut Registers,
    strike: Option<(DeathCause, usize)>,
    finder: &dyn Finder,
) -> Result<(), NotContained> {
    let stack = thread.stack();
    let record = core::ptr::from_ref(activation).cast();
    if !stack.contains(&core::ptr::from_ref(activation).addr()) {
        return Err(NotContained::StackUnknown);
    }
    let mut struck = *registers;
    if strike
        .is_some_and(|(strike, address)| strike == DeathCause::Page && address as u64 == struck.rip)
    {
        // The instruction itself could not be fetched. Where that is no call of ours, the stack is not
        // as the tables say.
        // SAFETY: the slot's stack, of the running thread.
        unsafe { undo_call(&mut struck, stack.clone()) };
    }
    let mut landing = struck;
    let request = Cut {
        record,
        stack: stack.clone(),
        finder,
        raise: Raise::new(land),
    };
    // SAFETY: the caller's registers and the slot's stack; what domains leave on their frames is
    // theirs alone, since they have no scoped threads, and trusted code is marked.
    unsafe { cut(&mut landing, &request) }.map_err(NotContained::NotCut)?;
    *registers = landing;
    if let Some(strike) = strike {
        // SAFETY: handed on: the frames are still there.
        unsafe { condemn(thread, activation, strike, &struck, finder) };
    }
    Ok(())
}

/// Notes why the domain is to die, and marks it dead.
///
/// # Safety
/// `registers` are those of the running thread at an instruction whose frames are still there, its slot tells
/// its stack, if anything, and `activation` is on its chain.
unsafe fn condemn(
    thread: &ThreadSlot,
    activation: &Activation,
    strike: (DeathCause, usize),
    registers: &Registers,
    finder: &dyn Finder,
) {
    // SAFETY: handed on.
    unsafe { condemn_target(thread, activation.target(), strike, registers, finder) };
}

/// [`condemn`] of a generation that the thread is in.
///
/// # Safety
/// As for [`condemn`].
unsafe fn condemn_target(
    thread: &ThreadSlot,
    target: Target,
    (strike, address): (DeathCause, usize),
    registers: &Registers,
    finder: &dyn Finder,
) {
    let generation = target.expected().generation();
    // SAFETY: the thread's own stack, as its slot tells.
    let trace = unsafe { Backtrace::new(registers, thread.stack(), finder) };
    // SAFETY: the running thread, which stays above its frames until this returns.
    let calls = unsafe { Calls::new(thread, trace) };
    let by = core::ptr::from_ref(thread).addr();
    let trap = &target.block().trap;
    trap.put(generation, by, strike, address, calls);
    target.block().condemn(generation);
}

/// The calls that led here, of which the first is the caller's: good until that returns.
#[inline(always)]
pub(crate) fn calls_here(thread: &ThreadSlot) -> impl Iterator<Item = Call> {
    // SAFETY: the running thread's own stack, as its slot tells.
    let frames = unsafe { Backtrace::new(&Registers::here(), thread.stack(), &Registered) };
    // SAFETY: the running thread; its panic's report alone asks for this, and stays above its frames.
    unsafe { Calls::new(thread, frames) }
}

/// What the callee of the boundary does when a cut has landed.
extern "C-unwind" fn land(boundary: usize) -> Landed {
    let thread = thread::current();
    if let Some(activation) = call::innermost(thread) {
        // What was given up is all that was the domain's. Where the boundary's frame holds another catch,
        // around it, a second cut behind the first catch would land there.
        activation.cross();
    }
    // Of this stack: a thread may have more of them.
    let given_up = thread.stack().start..boundary;
    // SAFETY: raising is trusted code of the host's; what it allocates must not be the domain's.
    unsafe { thread::as_host(|| samara_unwind::cut::raise_within(given_up)) }
}

/// The running thread acts for a dead domain: gives up what it does there, also in a destructor that a panic runs. Where the
/// host has told neither stack nor images, it unwinds instead; one that does so already goes on.
#[cold]
pub(crate) fn leave_dead() {
    cut_self();
    if !samara_unwind::is_unwinding() {
        call::raise();
    }
}

/// [`leave_dead`], where the thread does not go on.
#[cold]
pub(crate) fn end_self() -> ! {
    cut_self();
    call::raise()
}

/// The running thread, which acts for `activation`, has used its stack up: that domain's death.
#[cold]
pub(crate) fn run_over(activation: &Activation) -> ! {
    let thread = thread::current();
    {
        let registers = Registers::here();
        // SAFETY: to the end of this block; others may wait for the note under their mark.
        let _no_cut = unsafe { NoCut::begin(thread) };
        let strike = (DeathCause::StackOverflow, registers.rsp as usize);
        // SAFETY: the thread's own registers in this call, and an activation of its chain.
        unsafe { condemn(thread, activation, strike, &registers, &Registered) };
    }
    end_self()
}

/// Returns only if the running thread could not be cut here.
fn cut_self() {
    let thread = thread::current();
    let Some(activation) = call::innermost(thread) else {
        return;
    };
    let mut registers = Registers::here();
    // SAFETY: the running thread's own registers in this very call, and its own stack.
    if unsafe { end(thread, activation, &mut registers, None, &Registered) }.is_ok() {
        // SAFETY: of this call, which is still active, and rewritten by a cut.
        unsafe { resume(&registers) };
    }
}

/// The thread was to be cut under a mark, which it has just released, or in a stretch of the host's,
/// which has just ended. A living domain may be inside of a stretch that a dead one waits for: then the thread looks again
/// where that ends, and not at each mark of the living one. So this takes constant time, however long the chain is.
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
        // Not where the runtime itself had the mark, on the way in or out: on return it looks again.
        cut_self();
    }
}
