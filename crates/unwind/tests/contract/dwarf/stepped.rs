//! A raise that is cut at any of its instructions ends at the same boundary with the same registers, or is
//! refused where it changes frames.
#![expect(unsafe_code, reason = "steps through a raise, and asks for cuts there")]

use super::program::holding;
use super::threads::init;
use libc::{c_int, c_void, siginfo_t, ucontext_t};
use samara_unwind::cut::{Cut, CutBlock, CutError, Registers, cut};
use samara_unwind::dwarf::{catch, raise, raise_cut};
use samara_unwind::tables::{Registered, register_image};
use std::arch::asm;
use std::cell::Cell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ptr;

/// The processor's trap flag.
const TRAP: i64 = 0x100;

/// What the handler works with and finds, on the thread that is stepped through.
#[derive(Default)]
struct Found {
    record: Cell<usize>,
    landing: Cell<Option<[u64; 8]>>,
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

/// Asks for a cut after each instruction, and lets the thread go on all the same.
unsafe extern "C" fn handler(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's record of this signal, ours for the length of the handler.
    let context = unsafe { &*context.cast::<ucontext_t>() };
    let mut at = registers(context);
    FOUND.with(|found| {
        let record = found.record.get();
        let request = Cut {
            record: ptr::without_provenance(record),
            stack: at.rsp as usize - 256..record + 4096,
            finder: &Registered,
            raise: raise_cut,
        };
        // SAFETY: the registers and the stack of this thread, which the handler has left alone; what the
        // cut makes of the registers is looked at, and not loaded.
        match unsafe { cut(&mut at, &request) } {
            Ok(()) => {
                let landing = [
                    at.rbx, at.rbp, at.rsp, at.r12, at.r13, at.r14, at.r15, at.rip,
                ];
                let expected = found.landing.get().unwrap_or(landing);
                found.landing.set(Some(landing));
                count(if landing == expected {
                    &found.lands
                } else {
                    &found.wrong
                });
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

/// Has `handler` called for SIGTRAP, on a stack of its own.
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
    // SAFETY: a handler for a signal that nobody else here uses.
    let set = unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, ptr::null_mut()) };
    assert_eq!(set, 0);
}

#[inline(always)]
fn trap_flag(on: bool) {
    let (set, kept) = if on { (TRAP, -1) } else { (0, !TRAP) };
    // SAFETY: the flag alone changes; a call moves the stack pointer out of the red zone.
    unsafe {
        asm!(
            "pushfq", "and [rsp], {kept}", "or [rsp], {set}", "popfq",
            kept = in(reg) kept, set = in(reg) set,
        );
    }
}

struct Told<'a>(&'a Cell<u32>);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        count(self.0);
    }
}

/// Aligned as the stack is not: so a frame with it is found by its frame pointer.
#[repr(align(64))]
struct Aligned(u64);

#[inline(never)]
fn descend(depth: u64, drops: &Cell<u32>, end: &dyn Fn()) -> u64 {
    let _told = Told(drops);
    let aligned = Aligned(depth);
    let aligned = black_box(&aligned);
    if depth == 0 {
        end();
        return 0;
    }
    black_box(descend)(depth - 1, drops, end) ^ aligned.0
}

#[inline(never)]
fn stepped(depth: u64, drops: &Cell<u32>) {
    let room = [0_u64; 8];
    FOUND.with(|found| {
        found.record.set((&raw const *black_box(&room)).addr());
        found.landing.set(None);
    });
    let end = || {
        trap_flag(true);
        raise();
    };
    let result = catch(|| black_box(descend)(depth, drops, &end));
    trap_flag(false);
    assert!(result.is_err());
}

#[test]
fn a_raise_that_is_cut_anywhere_ends_at_the_same_boundary() {
    init();
    // The C library copies memory for the compiler.
    let copy = libc::memcpy as unsafe extern "C" fn(_, _, _) -> _ as usize;
    // SAFETY: the C library's own tables, which stay.
    let library = unsafe { register_image(holding(copy)) };
    assert!(library.is_ok(), "room for one more");
    install();
    // What is read of the tables, then what is remembered.
    for turn in 0..3 {
        let drops = Cell::new(0);
        stepped(3, &drops);
        assert_eq!(drops.get(), 4);
        FOUND.with(|found| {
            let (lands, refused) = (found.lands.take(), found.refused.take());
            assert_eq!(found.wrong.get(), 0, "turn {turn}");
            assert!(lands > 500, "{lands}");
            // Eight instructions for each landing pad.
            assert!(refused <= 5 * 8, "{refused} of {lands} are refused");
        });
    }
}
