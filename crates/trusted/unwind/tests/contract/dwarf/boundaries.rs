//! A panic that cannot be delivered fails before any destructor runs.
#![expect(unsafe_code, reason = "frames without tables, and without a caller")]

use samara_unwind::UnwindFailed;
use samara_unwind::dwarf::{begin_panic, catch, is_unwinding, raise};
use std::arch::naked_asm;
use std::cell::Cell;

/// Calls `f`. This function has no unwind table.
#[unsafe(naked)]
unsafe extern "C" fn without_a_table(f: extern "C-unwind" fn()) {
    naked_asm!("sub rsp, 8", "call rdi", "add rsp, 8", "ret")
}

/// Calls `f`. The function's unwind table says that its frame is the outermost one.
#[unsafe(naked)]
unsafe extern "C" fn outermost(f: extern "C-unwind" fn()) {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip",
        "sub rsp, 8",
        ".cfi_def_cfa_offset 16",
        "call rdi",
        "add rsp, 8",
        ".cfi_def_cfa_offset 8",
        "ret",
        ".cfi_endproc",
    )
}

thread_local! {
    static DROPS: Cell<u32> = const { Cell::new(0) };
    static FAILED: Cell<Option<UnwindFailed>> = const { Cell::new(None) };
}

struct CountsDrop;

impl Drop for CountsDrop {
    fn drop(&mut self) {
        DROPS.set(DROPS.get() + 1);
    }
}

extern "C-unwind" fn panics() {
    let _counts = CountsDrop;
    FAILED.set(Some(begin_panic()));
    assert_eq!(DROPS.get(), 0, "a destructor has run");
    assert!(!is_unwinding());
    // A panic whose boundary is inside this function still works.
    assert!(catch(|| raise()).is_err());
}

fn failure(through: unsafe extern "C" fn(extern "C-unwind" fn())) -> Option<UnwindFailed> {
    DROPS.set(0);
    let outer = catch(|| {
        let _counts = CountsDrop;
        // SAFETY: `through` only calls `panics`, which returns.
        unsafe { through(panics) };
    });
    assert!(outer.is_ok());
    assert_eq!(DROPS.get(), 2);
    FAILED.take()
}

/// Invariant: ORDER-48
#[test]
fn a_frame_without_a_table_is_not_passed() {
    assert_eq!(failure(without_a_table), Some(UnwindFailed::Blocked));
}

/// Invariant: ORDER-48
#[test]
fn without_a_boundary_nothing_is_destroyed() {
    assert_eq!(failure(outermost), Some(UnwindFailed::NoBoundary));
}
