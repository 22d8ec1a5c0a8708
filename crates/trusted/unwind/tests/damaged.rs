//! A panic that meets a damaged table is refused before any destructor runs (`dwarf`, x86_64 Linux). This test is a
//! program of its own, because registered tables apply to the whole program.
#![expect(
    unsafe_code,
    reason = "registers tables that are not those of the code"
)]

#[path = "contract/program.rs"]
mod program;

use samara_unwind::UnwindFailed;
use samara_unwind::dwarf::{ThreadState, begin_panic, catch, is_unwinding, raise};
use samara_unwind::tables::{Finder, Image, TableError, register_image, unregister_image};
use std::cell::Cell;
use std::hint::black_box;

static STATE: ThreadState = ThreadState::new();
fn state() -> &'static ThreadState {
    &STATE
}
samara_unwind::set_thread_state!(state);

struct CountsDrop<'a>(&'a Cell<u32>);

impl Drop for CountsDrop<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[inline(never)]
fn passed(drops: &Cell<u32>, end: &dyn Fn()) {
    let _counts = CountsDrop(drops);
    end();
    black_box(());
}

/// Invariant: ORDER-48
#[test]
fn a_damaged_table_refuses_a_panic() {
    let whole = program::program();
    let function = whole.function(passed as fn(&Cell<u32>, &dyn Fn()) as usize);
    let damaged = Image {
        code: function.expect("it has a table"),
        // The language-specific data of the function is missing.
        except_table: &[],
        ..whole.clone()
    };
    let start = damaged.code.start;
    assert_eq!(damaged.landing_pad(start), Err(TableError::Damaged));
    // SAFETY: the bytes stay, and a look-up of the missing data is an error.
    let first = unsafe { register_image(damaged) }.expect("room for one image");
    // SAFETY: the program's own tables, which stay and describe its code.
    let _all = unsafe { register_image(whole) }.expect("room for one more");
    let (drops, failed) = (Cell::new(0), Cell::new(None));
    let call = |end: &dyn Fn()| catch(|| black_box(passed)(&drops, end)).is_ok();
    assert!(call(&|| failed.set(Some(begin_panic()))));
    assert_eq!(failed.get(), Some(UnwindFailed::Blocked));
    // The destructor ran only when the function returned.
    assert_eq!(drops.get(), 1);
    assert!(!is_unwinding());
    unregister_image(first).expect("no thread reads its tables");
    assert!(!call(&|| raise()));
    assert_eq!(drops.get(), 2);
}
