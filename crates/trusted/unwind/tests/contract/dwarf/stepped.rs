//! If a raise, or the landing of a cut, is itself cut at any of its instructions, it ends at the same boundary with
//! the same registers. At the few instructions by which it moves to another frame, the cut is refused.
//!
//! Failure: F-18
#![expect(unsafe_code, reason = "steps through a raise, and asks for cuts there")]

use super::cuts::cut_after;
use super::program::holding;
use super::threads::init;
use libc::{c_int, c_void, siginfo_t, ucontext_t};
use samara_unwind::cut::{Cut, CutBlock, CutError, Raise, Registers, cut};
use samara_unwind::dwarf::{catch, is_unwinding, raise, raise_cut};
use samara_unwind::tables::{Registered, register_image};
use std::arch::asm;
use std::cell::Cell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ptr;

/// The processor's trap flag.
const TRAP: i64 = 0x100;

/// The input and the results of the handler, on the thread that is stepped.
#[derive(Default)]
struct Found {
    record: Cell<usize>,
    landing: Cell<Option<[u64; 10]>>,
    /// The thread is cut after this many instructions, at the first one where a cut succeeds.
    take_after: Cell<u32>,
    steps: Cell<u32>,
    taken: Cell<u32>,
    lands: Cell<u32>,
    outside: Cell<u32>,
    refused: Cell<u32>,
    wrong: Cell<u32>,
}

thread_local! {
    static FOUND: Found = const {
        Found {
            record: Cell::new(0),
            landing: Cell::new(None),
            take_after: Cell::new(u32::MAX),
            steps: Cell::new(0),
            taken: Cell::new(0),
            lands: Cell::new(0),
            outside: Cell::new(0),
            refused: Cell::new(0),
            wrong: Cell::new(0),
        }
    };
}

fn count(of: &Cell<u32>) {
    of.set(of.get() + 1);
}

fn registers(context: &ucontext_t) -> Registers {
    let at = |register: c_int| context.uc_mcontext.gregs[register as usize] as u64;
    Registers {
        rax: at(libc::REG_RAX),
        rdx: at(libc::REG_RDX),
        rcx: at(libc::REG_RCX),
        rbx: at(libc::REG_RBX),
        rsi: at(libc::REG_RSI),
        rdi: at(libc::REG_RDI),
        rbp: at(libc::REG_RBP),
        rsp: at(libc::REG_RSP),
        r8: at(libc::REG_R8),
        r9: at(libc::REG_R9),
        r10: at(libc::REG_R10),
        r11: at(libc::REG_R11),
        r12: at(libc::REG_R12),
        r13: at(libc::REG_R13),
        r14: at(libc::REG_R14),
        r15: at(libc::REG_R15),
        rip: at(libc::REG_RIP),
        rflags: at(libc::REG_EFL),
    }
}

/// Makes the thread continue where the cut has landed, without the trap flag.
fn go_on(context: &mut ucontext_t, at: &Registers) {
    for (register, value) in [
        (libc::REG_RBX, at.rbx),
        (libc::REG_RBP, at.rbp),
        (libc::REG_RSP, at.rsp),
        (libc::REG_R10, at.r10),
        (libc::REG_R11, at.r11),
        (libc::REG_R12, at.r12),
        (libc::REG_R13, at.r13),
        (libc::REG_R14, at.r14),
        (libc::REG_R15, at.r15),
        (libc::REG_RIP, at.rip),
        (libc::REG_EFL, at.rflags & !(TRAP as u64)),
    ] {
        context.uc_mcontext.gregs[register as usize] = value as i64;
    }
}

/// Tries a cut after each instruction. Until `take_after` instructions have run, the thread then continues as if
/// nothing had happened.
unsafe extern "C" fn handler(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's record of this signal, which belongs to the handler until it returns.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    let mut at = registers(context);
    FOUND.with(|found| {
        count(&found.steps);
        let record = found.record.get();
        let request = Cut {
            record: ptr::without_provenance(record),
            stack: at.rsp as usize - 256..record + 4096,
            finder: &Registered,
            raise: Raise::by_dwarf(raise_cut),
        };
        // SAFETY: the registers and the stack of this thread, which the handler has not changed. The rewritten
        // registers are loaded unchanged, or not at all.
        match unsafe { cut(&mut at, &request) } {
            Ok(()) => {
                let landing = [
                    at.rbx, at.rbp, at.rsp, at.r10, at.r11, at.r12, at.r13, at.r14, at.r15, at.rip,
                ];
                let expected = found.landing.get().unwrap_or(landing);
                found.landing.set(Some(landing));
                count(if landing == expected {
                    &found.lands
                } else {
                    &found.wrong
                });
                if found.steps.get() > found.take_after.get() {
                    count(&found.taken);
                    go_on(context, &at);
                }
            }
            Err(CutError::AtBoundary) => count(&found.outside),
            Err(CutError::Blocked {
                why: CutBlock::BadStack,
                ..
            }) => count(&found.refused),
            Err(_) => count(&found.wrong),
        }
    });
}

/// Installs `handler` for SIGTRAP, on a stack of its own.
fn install() {
    let stack = Vec::leak(vec![0_u8; 1 << 17]);
    let stack = libc::stack_t {
        ss_sp: stack.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: stack.len(),
    };
    // SAFETY: memory that is never freed.
    let set = unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
    assert_eq!(set, 0);
    // SAFETY: all zeroes are an action without flags.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: a handler for a signal that nothing else in this program uses.
    let set = unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, ptr::null_mut()) };
    assert_eq!(set, 0);
}

#[inline(always)]
fn trap_flag(on: bool) {
    let (set, kept) = if on { (TRAP, -1) } else { (0, !TRAP) };
    // SAFETY: only the trap flag changes. Without `nostack`, the compiler keeps nothing in the red zone here.
    unsafe {
        asm!(
            "pushfq", "and [rsp], {kept}", "or [rsp], {set}", "popfq",
            kept = in(reg) kept, set = in(reg) set,
        );
    }
}

struct CountsDrop<'a>(&'a Cell<u32>);

impl Drop for CountsDrop<'_> {
    fn drop(&mut self) {
        count(self.0);
    }
}

/// Aligned more than the stack, so that a frame with it has a frame pointer.
#[repr(align(64))]
struct Aligned(u64);

#[inline(never)]
fn descend(depth: u64, drops: &Cell<u32>, end: &dyn Fn()) -> u64 {
    let _counts = CountsDrop(drops);
    let aligned = Aligned(depth);
    let aligned = black_box(&aligned);
    if depth == 0 {
        end();
        return 0;
    }
    black_box(descend)(depth - 1, drops, end) ^ aligned.0
}

#[inline(never)]
fn stepped(depth: u64, drops: &Cell<u32>, begin: fn(*const ()) -> !) {
    let room = [0_u64; 8];
    let record = (&raw const *black_box(&room)).cast::<()>();
    let words: [u64; 24] = std::array::from_fn(|at| black_box(at as u64));
    FOUND.with(|found| {
        found.record.set(record.addr());
        found.landing.set(None);
        found.steps.set(0);
    });
    let result = catch(|| black_box(descend)(depth, drops, &|| begin(record)));
    trap_flag(false);
    assert!(result.is_err());
    assert!(!is_unwinding());
    for (at, word) in words.into_iter().enumerate() {
        assert_eq!(word, at as u64);
    }
}

/// Registers the tables of all code that is stepped, and installs the handler.
fn prepare() {
    init();
    // The compiler calls the C library to copy memory.
    let copy = libc::memcpy as unsafe extern "C" fn(_, _, _) -> _ as usize;
    // SAFETY: the C library's own tables, which stay and describe its code.
    let library = unsafe { register_image(holding(copy)) };
    assert!(library.is_ok(), "room for one more");
    install();
}

/// Invariant: ORDER-52
#[test]
fn a_raise_cut_anywhere_ends_at_its_boundary() {
    prepare();
    // The first turn reads the tables, the others use the remembered rules.
    for turn in 0..3 {
        let drops = Cell::new(0);
        stepped(3, &drops, |_| {
            trap_flag(true);
            raise()
        });
        assert_eq!(drops.get(), 4);
        FOUND.with(|found| {
            let (lands, refused) = (found.lands.take(), found.refused.take());
            assert_eq!(found.wrong.get(), 0, "turn {turn}");
            assert!(lands > 500, "{lands}");
            // For each landing pad, the cut is refused at up to eight instructions.
            assert!(refused <= 5 * 8, "{refused} of {lands} are refused");
        });
    }
}

/// Invariant: ORDER-52
#[test]
fn a_landing_cut_anywhere_ends_at_its_boundary() {
    prepare();
    let drops = Cell::new(0);
    // Runs once to the end, then with a cut after the first instruction, after the second, and so on.
    let run = |take_after| {
        FOUND.with(|found| {
            found.take_after.set(take_after);
            stepped(1, &drops, |record| cut_after(record, || trap_flag(true)));
            assert_eq!(found.wrong.get(), 0, "after {take_after}");
            let refused = found.refused.take();
            // The cut is refused at no more than seven instructions of `resume` and one before the landing pad.
            assert!(refused <= 7 + 1, "{refused} are refused");
            (found.lands.take(), found.taken.take())
        })
    };
    run(u32::MAX);
    // The first run also creates the thread's state, so the instructions are counted in a second run.
    let (lands, _) = run(u32::MAX);
    assert!(lands > 40, "{lands}");
    let last = (0..).find(|after| run(*after).1 == 0);
    assert!(last >= Some(lands), "{last:?} of {lands}");
    assert_eq!(drops.get(), 0);
}
