//! Cuts on a thread that has more than one stack.
#![expect(unsafe_code, reason = "changes stacks")]

use super::cuts::{caught, cut_by};
use super::threads::init;
use samara_unwind::cut::Raise;
use samara_unwind::dwarf::{Landed, catch, is_unwinding, raise, raise_cut_within};
use std::arch::naked_asm;
use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `body` with `data` on the stack that ends at `top`.
#[unsafe(naked)]
unsafe extern "C-unwind" fn on_stack(
    top: *mut u8,
    body: extern "C-unwind" fn(*const ()),
    data: *const (),
) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "mov rsp, rdi",
        "mov rdi, rdx",
        "call rsi",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}

/// Two stacks in one piece of memory. The thread runs on the lower one first.
struct Stacks(Vec<UnsafeCell<u128>>);

/// The unused part at the end of a stack, so that reads at a frame near the end stay inside the stack's memory.
const MARGIN: usize = 8 << 10;
const STACK: usize = 512 << 10;

impl Stacks {
    fn run<F: Fn()>(&self, index: usize, body: F) {
        extern "C-unwind" fn call<F: Fn()>(body: *const ()) {
            // SAFETY: the closure of `run`, below.
            unsafe { (*body.cast::<F>())() }
        }
        let top = (index + 1) * STACK - MARGIN;
        let base = UnsafeCell::raw_get(self.0.as_ptr()).cast::<u8>();
        let top = base.wrapping_add(top);
        // SAFETY: the aligned end of a stack that is not in use. The closure lives until the call returns.
        unsafe { on_stack(top, call::<F>, (&raw const body).cast()) }
    }

    /// Returns the lowest address of a stack.
    fn start(&self, index: usize) -> usize {
        self.0.as_ptr().addr() + index * STACK
    }
}

/// The lowest address of the stack on which [`land_on_second`] runs.
static SECOND: AtomicUsize = AtomicUsize::new(0);

extern "C-unwind" fn land_on_second(boundary: usize) -> Landed {
    raise_cut_within(SECOND.load(Ordering::Relaxed)..boundary)
}

/// Invariant: ORDER-51
#[test]
fn a_panic_in_flight_on_another_stack_stays_in_flight() {
    struct OnSecond<'a>(&'a Stacks, &'a Cell<u32>);
    impl Drop for OnSecond<'_> {
        fn drop(&mut self) {
            let landings = self.1;
            let second = || {
                let end = |record| cut_by(record, Raise::by_dwarf(land_on_second), || {});
                assert!(caught(3, &Cell::new(0), &end));
                landings.set(landings.get() + 1);
            };
            self.0.run(1, second);
            // The frames of the outer panic still exist, so a new exception must not take the outer panic's slot.
            assert!(is_unwinding());
            assert!(catch(|| raise()).is_err());
            assert!(is_unwinding());
        }
    }
    init();
    let landings = Cell::new(0);
    let room = 2 * STACK / size_of::<u128>();
    let stacks = &Stacks((0..room).map(|_| UnsafeCell::new(0)).collect());
    SECOND.store(stacks.start(1), Ordering::Relaxed);
    for _ in 0..3 {
        stacks.run(0, || {
            let caught = catch(|| {
                let _on_second = OnSecond(stacks, &landings);
                raise();
            });
            assert!(caught.is_err());
            assert!(!is_unwinding());
        });
    }
    assert_eq!(landings.get(), 3);
}
