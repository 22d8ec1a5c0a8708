//! Single steps, which put a tick at exactly the instruction that a test chooses.

use super::thread::{self, Contained};
use super::{context, images, signals, ticks};
use crate::StdHost;
use crate::authority;
use libc::{c_int, c_void, siginfo_t, ucontext_t};
use samara_domain_runtime::contain::{self, Payer, Verdict};
use samara_domain_runtime::host::Clock;
use std::arch::asm;
use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

/// The flag that makes the CPU trap after each instruction.
const TRAP_FLAG: u64 = 1 << 8;

/// The most instructions that a survey counts after each [`arm`].
const LONGEST_SURVEY: u64 = 5000;

#[derive(Clone, Copy)]
struct Plan {
    /// Whether a call of [`Contained::step_armed`], or of a method like it, runs.
    is_on: bool,
    /// Instructions until the first tick, or until a survey ends.
    left: u64,
    /// The time that each tick reports as passed since the previous tick.
    elapsed: Duration,
    /// The number of instructions after which ticks end.
    last: u64,
    /// The time at which the host's clock stands still while the thread traps, if it stands still.
    now: Option<u64>,
    /// Whether, after the first tick, another tick comes before every further instruction, until the thread is cut.
    insists: bool,
    /// Whether ticks are left out while the thread panics: a cut in the panic hook leaves the hook's lock held for
    /// good.
    spares_panics: bool,
    /// Whether all ticks are left out: a survey only counts which account a tick would charge.
    surveys: bool,
    steps: u64,
    verdict: Option<Verdict>,
}

std::thread_local! {
    static PLAN: Cell<Plan> = const { Cell::new(Plan::NONE) };
}

impl Plan {
    const NONE: Self = Self {
        is_on: false,
        left: u64::MAX,
        elapsed: Duration::MAX,
        last: u64::MAX,
        now: None,
        insists: false,
        spares_panics: false,
        surveys: false,
        steps: 0,
        verdict: None,
    };
}

/// Panics unless the host steps this thread: otherwise nothing would handle the traps.
#[inline(never)]
fn demand_plan(function: &str) {
    assert!(
        PLAN.get().is_on,
        "`samara_host_std::contained::{function}` is the host's: no `Contained::step_armed` runs on this thread; call it around the code that is to be stepped"
    );
}

/// Makes the running thread trap after each instruction from here on.
///
/// # Panics
/// Outside a call of [`Contained::step_armed`], since nothing has asked for the traps.
#[inline(always)]
pub fn arm() {
    demand_plan("arm");
    if surveys() {
        PLAN.set(Plan {
            left: LONGEST_SURVEY,
            ..PLAN.get()
        });
    }
    // SAFETY: sets the flag; the handler for its trap is installed.
    unsafe { asm!("pushfq", "or qword ptr [rsp], {}", "popfq", const TRAP_FLAG) };
}

/// Ends the traps. The traps also end with the stepped call, if that call does not use this function.
///
/// # Panics
/// As [`arm`].
#[inline(always)]
pub fn disarm() {
    clear();
    demand_plan("disarm");
}

/// The numbers of instructions in the running thread's [surveys](Contained::survey), by the account that a tick
/// before the instruction would charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// Instructions that would be charged to a domain.
    pub charged: u64,
    /// Instructions that would be charged to no domain, on purpose: [`Payer::Uncharged`].
    pub uncharged: u64,
    /// Instructions that no account would pay for: [`Payer::Nobody`].
    pub lost: u64,
}

std::thread_local! {
    static SURVEYED: Cell<Surveyed> = const { Cell::new(Surveyed { charged: 0, uncharged: 0, lost: 0 }) };
}

/// Returns the counts of the running thread's surveys so far.
#[must_use]
pub fn surveyed() -> Surveyed {
    SURVEYED.get()
}

fn count_payer() {
    let mut so_far = SURVEYED.get();
    let count = match contain::payer() {
        Payer::Domain(_) => &mut so_far.charged,
        Payer::Uncharged => &mut so_far.uncharged,
        Payer::Nobody => &mut so_far.lost,
    };
    *count = count.strict_add(1);
    SURVEYED.set(so_far);
}

/// Whether a [survey](Contained::survey) runs on this thread.
#[must_use]
pub fn surveys() -> bool {
    PLAN.get().surveys
}

/// Returns the number of instructions so far in the running call of [`Contained::step_armed`] or of a method
/// like it.
#[must_use]
pub fn steps() -> u64 {
    PLAN.get().steps
}

/// Returns the time at which the host's clock stands still on this thread, if it stands still.
pub(crate) fn stopped_clock() -> Option<u64> {
    PLAN.get().now.filter(|_| is_armed())
}

/// Whether the running thread traps after each instruction.
#[must_use]
pub fn is_armed() -> bool {
    let flags: u64;
    // SAFETY: reads the flags.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    flags & TRAP_FLAG != 0
}

#[inline(always)]
fn clear() {
    // SAFETY: clears the trap flag.
    unsafe { asm!("pushfq", "and qword ptr [rsp], {}", "popfq", const !(TRAP_FLAG as i32)) };
}

/// Ends the plan when it is dropped, even if the call panics.
struct Planned;

impl Drop for Planned {
    fn drop(&mut self) {
        clear();
        PLAN.set(Plan::NONE);
    }
}

/// The outcome of the ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stepped {
    /// The number of instructions of the call, up to the cut or its end.
    pub steps: u64,
    /// The verdict of the last tick; `None` if the call ended before a tick came.
    pub verdict: Option<Verdict>,
}

/// As [`contained`](super::contained), but without a timer: the only ticks are those of [`Contained::step`].
///
/// # Panics
/// As [`contained`](super::contained).
pub fn stepping() -> Contained {
    authority::demand("contained::stepping");
    let contained = thread::contained(false);
    ticks::say_ticking();
    contained
}

impl Contained {
    /// Like [`step`](Self::step), but the single steps begin where `call` calls [`arm`]. The first instruction after
    /// [`arm`] has number 0.
    pub fn step_armed<R>(&self, at: u64, insists: bool, call: impl FnOnce() -> R) -> (R, Stepped) {
        let plan = Plan {
            is_on: true,
            left: at,
            insists,
            ..Plan::NONE
        };
        self.run(plan, call)
    }

    /// As [`step`](Self::step) with `insists`, but without ticks during a panic. This is for programs that continue
    /// after the cut and have other threads that panic or set a hook.
    pub fn step_between_panics<R>(&self, at: u64, call: impl FnOnce() -> R) -> (R, Stepped) {
        let plan = Plan {
            is_on: true,
            left: at,
            insists: true,
            spares_panics: true,
            ..Plan::NONE
        };
        self.run(plan, || {
            arm();
            call()
        })
    }

    /// Runs `call` in single steps from its [`arm`] on. A tick that reports one microsecond comes before each
    /// instruction, until the thread is cut or `last` instructions are over. The host's clock stands still meanwhile,
    /// so that only the ticks tell the time.
    pub fn step_counted<R>(&self, last: u64, call: impl FnOnce() -> R) -> (R, Stepped) {
        let plan = Plan {
            is_on: true,
            left: 0,
            elapsed: Duration::from_micros(1),
            last,
            now: Some(StdHost::now_ns()),
            insists: true,
            ..Plan::NONE
        };
        self.run(plan, call)
    }

    /// Runs `call`, and counts the instructions between [`arm`] and [`disarm`] by the account that a tick would
    /// charge. It counts at most the first 5000 instructions after each [`arm`].
    pub fn survey<R>(&self, call: impl FnOnce() -> R) -> R {
        let plan = Plan {
            is_on: true,
            surveys: true,
            ..Plan::NONE
        };
        self.run(plan, call).0
    }

    fn run<R>(&self, plan: Plan, call: impl FnOnce() -> R) -> (R, Stepped) {
        install();
        PLAN.set(plan);
        let planned = Planned;
        let result = call();
        clear();
        let Plan { steps, verdict, .. } = PLAN.get();
        drop(planned);
        (result, Stepped { steps, verdict })
    }

    /// Runs `call` in single steps. Before its instruction number `at` comes a tick that uses up any budget. If
    /// `insists` is true, such a tick comes before every later instruction, too, until the thread is cut.
    pub fn step<R>(&self, at: u64, insists: bool, call: impl FnOnce() -> R) -> (R, Stepped) {
        let call = || {
            arm();
            call()
        };
        self.step_armed(at, insists, call)
    }
}

/// Installs the handler of single steps, once for the process. Only programs that step install it, because debuggers
/// use SIGTRAP, too.
fn install() {
    static DONE: OnceLock<bool> = OnceLock::new();
    let is_done = *DONE.get_or_init(|| signals::set(libc::SIGTRAP, trapped as *const () as usize));
    assert!(is_done, "the system refuses a handler of SIGTRAP");
}

unsafe extern "C" fn trapped(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's record of this signal, which is this handler's until it returns.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    let mut plan = PLAN.get();
    if !plan.is_on {
        // The call that armed the traps is over.
        let mut registers = context::load(context);
        registers.rflags &= !TRAP_FLAG;
        context::store(context, &registers);
        return;
    }
    if plan.surveys {
        count_payer();
        plan.left = plan.left.saturating_sub(1);
        PLAN.set(plan);
        if plan.left == 0 {
            // A thread that was cut does not call `disarm`, so its traps end here.
            let mut registers = context::load(context);
            registers.rflags &= !TRAP_FLAG;
            context::store(context, &registers);
        }
        return;
    }
    plan.steps = plan.steps.strict_add(1);
    if let Some(left) = plan.left.checked_sub(1) {
        plan.left = left;
        PLAN.set(plan);
        return;
    }
    if plan.spares_panics && std::thread::panicking() {
        PLAN.set(plan);
        return;
    }
    let mut registers = context::load(context);
    let Some(program) = images::program() else {
        return;
    };
    // SAFETY: the registers of this very thread at the trapped instruction. The handler runs on the alternate
    // stack, and the registers are resumed when it returns.
    let verdict = unsafe { contain::tick(&mut registers, plan.elapsed, program) };
    plan.verdict = Some(verdict);
    PLAN.set(plan);
    if verdict == Verdict::Cut || !plan.insists || plan.steps >= plan.last {
        registers.rflags &= !TRAP_FLAG;
    }
    context::store(context, &registers);
}
