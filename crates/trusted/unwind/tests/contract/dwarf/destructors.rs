//! Destructors that a panic runs, and panics in those destructors.

use samara_unwind::UnwindFailed;
use samara_unwind::dwarf::{begin_panic, catch, is_unwinding, raise};
use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::panic::{catch_unwind, resume_unwind};

/// Notes its words when it is dropped.
struct NotesDrop<'a>(&'a RefCell<Vec<[u64; 3]>>, [u64; 3]);

impl Drop for NotesDrop<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

#[inline(never)]
fn descend(depth: u64, notes: &RefCell<Vec<[u64; 3]>>) -> u64 {
    // Computed before the call and kept over it, in registers that the compiler chooses.
    let kept = [depth, black_box(depth) * 3, black_box(depth) << 7];
    let _notes = NotesDrop(notes, kept);
    if depth == 0 {
        raise();
    }
    let below = black_box(descend)(depth - 1, notes);
    below ^ kept[1] ^ kept[2]
}

/// Invariant: ORDER-49
#[test]
fn destructors_run_innermost_first() {
    for depth in [0, 1, 8, 32] {
        let notes = RefCell::default();
        assert!(catch(|| descend(depth, &notes)).is_err());
        let expected: Vec<_> = (0..=depth).map(|at| [at, at * 3, at << 7]).collect();
        assert_eq!(notes.into_inner(), expected);
    }
}

/// Its destructor contains a panic, of `std` or of this backend.
struct PanicsInside<'a> {
    drops: &'a Cell<u32>,
    of_std: bool,
}

impl Drop for PanicsInside<'_> {
    fn drop(&mut self) {
        let notes = RefCell::default();
        if self.of_std {
            let panic = || {
                let _notes = NotesDrop(&notes, [0; 3]);
                resume_unwind(Box::new(7));
            };
            let caught = catch_unwind(std::panic::AssertUnwindSafe(panic));
            assert_eq!(caught.unwrap_err().downcast_ref(), Some(&7));
        } else {
            assert!(catch(|| descend(0, &notes)).is_err());
        }
        assert_eq!(notes.into_inner().len(), 1);
        self.drops.set(self.drops.get() + 1);
    }
}

#[test]
fn a_destructor_contains_its_own_panic() {
    for of_std in [false, true] {
        let drops = Cell::new(0);
        let outer = catch(|| {
            let _inside = PanicsInside {
                drops: &drops,
                of_std,
            };
            raise();
        });
        assert!(outer.is_err());
        assert_eq!(drops.get(), 1);
        assert!(!is_unwinding());
    }
}

#[test]
fn a_panic_of_std_passes_boundaries_and_destructors() {
    let (drops, notes) = (Cell::new(0), RefCell::default());
    let panic = || {
        let _outer = NotesDrop(&notes, [2; 3]);
        let caught = catch(|| {
            let _inside = PanicsInside {
                drops: &drops,
                of_std: false,
            };
            let _inner = NotesDrop(&notes, [1; 3]);
            resume_unwind(Box::new(11));
        });
        unreachable!("{caught:?}");
    };
    let caught = catch_unwind(std::panic::AssertUnwindSafe(panic));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&11));
    assert_eq!(notes.into_inner(), [[1; 3], [2; 3]]);
    assert_eq!(drops.get(), 1);
}

/// Unless its number is 0, the destructor of a value raises while a value with the next smaller number is alive. So
/// the panics nest as deep as the number says.
struct Nested(u32);

impl Drop for Nested {
    fn drop(&mut self) {
        assert!(is_unwinding());
        if self.0 == 0 {
            assert_eq!(begin_panic(), UnwindFailed::TooDeep);
            return;
        }
        let inner = catch(|| {
            let _nested = Nested(self.0 - 1);
            raise();
        });
        assert!(inner.is_err());
    }
}

#[test]
fn too_many_panics_in_flight_are_refused() {
    let caught = catch(|| {
        let _nested = Nested(7);
        raise();
    });
    assert!(caught.is_err());
    assert!(!is_unwinding());
}
