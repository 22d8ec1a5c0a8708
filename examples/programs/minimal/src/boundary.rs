//! Checks that a boundary preserves the registers that a function of the architecture must preserve. This program is
//! a test and no example to imitate. On x86_64 the hosted tests of `samara-unwind` check the registers.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "fills registers with known values")]

#[cfg_attr(target_arch = "aarch64", path = "boundary/aarch64.rs")]
#[cfg_attr(target_arch = "arm", path = "boundary/arm.rs")]
#[cfg_attr(
    any(target_arch = "riscv32", target_arch = "riscv64"),
    path = "boundary/riscv.rs"
)]
#[cfg_attr(target_arch = "x86_64", path = "boundary/hosted.rs")]
mod registers;

mod platform;

use core::panic::PanicInfo;
use platform::say;
use registers::{INTEGERS, WORDS, filled, wreck};
use samara::unwind::jump::{Anchor, JumpHost, begin_panic, catch, raise};

/// Fills every preserved register (integer registers with 1, 2, ..., floating-point registers with the bits 100, 101,
/// ...), calls `f`, stores the registers' contents after the call at `words`, and restores their previous contents.
type Filled = unsafe extern "C" fn(f: extern "C" fn(), words: *mut usize);

/// Overwrites every preserved register, which no ordinary function may do, and calls `f`, which never returns.
type Wreckage = unsafe extern "C" fn(f: extern "C" fn() -> !) -> !;

struct Host;
// SAFETY: there is one thread and one anchor, and nothing is locked or shared.
unsafe impl JumpHost for Host {
    fn anchor() -> &'static Anchor {
        static MAIN: Anchor = Anchor::new();
        &MAIN
    }
}
samara::unwind::set_jump_host!(Host);

extern "C" fn give_up() -> ! {
    raise()
}

fn descend(depth: u32) -> u32 {
    if depth == 0 {
        // SAFETY: `give_up` raises, so this code, whose registers are overwritten, does not run on.
        unsafe { wreck(give_up) }
    }
    core::hint::black_box(descend(depth - 1)) ^ depth
}

extern "C" fn cut() {
    assert!(catch(|| catch(|| descend(3)).is_err()).ok() == Some(true));
    assert!(catch(|| descend(9)).is_err());
}

extern "C" fn quiet() {
    assert!(catch(|| core::hint::black_box(5)).ok() == Some(5));
}

/// Returns the number of registers that `f` has changed.
fn lost(f: extern "C" fn()) -> usize {
    let mut words = [0; WORDS];
    // SAFETY: `words` has room for every register, and `filled` restores the registers that it fills.
    unsafe { filled(f, words.as_mut_ptr()) };
    let wanted = |at| {
        if at < INTEGERS {
            at + 1
        } else {
            100 + at - INTEGERS
        }
    };
    (0..WORDS).filter(|at| words[*at] != wanted(*at)).count()
}

pub(crate) fn run() -> u8 {
    let lost = [lost(quiet), lost(cut)];
    say!(
        "{WORDS} registers; lost in a call {}, in a cut {}",
        lost[0],
        lost[1]
    );
    let ok = lost == [0, 0] && catch(|| panic!("contained")).is_err();
    say!("result: {}", if ok { "ok" } else { "failed" });
    u8::from(!ok)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _no_boundary = begin_panic();
    say!("stopped: {info}");
    platform::exit(101)
}
