//! Cuts that land at a boundary of the `dwarf` backend.
#![expect(unsafe_code, reason = "cuts its own frames")]

use super::threads::init;
use samara_unwind::cut::{Cut, Raise, Registers, cut, resume};
use samara_unwind::dwarf::{catch, is_unwinding, raise, raise_cut};
use samara_unwind::tables::Registered;
use std::arch::{asm, naked_asm};
use std::cell::Cell;
use std::hint::black_box;

struct CountsDrop<'a>(&'a Cell<u32>);

impl Drop for CountsDrop<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Cuts the running thread to the boundary just inside the frame of `record`.
fn cut_here(record: *const ()) -> ! {
    cut_after(record, || {})
}

/// Does the same as [`cut_here`], but calls `before` when the cut is prepared and the frames still exist.
#[inline(always)]
pub(super) fn cut_after(record: *const (), before: impl FnOnce()) -> ! {
    cut_by(record, Raise::by_dwarf(raise_cut), before)
}

#[inline(always)]
pub(super) fn cut_by(record: *const (), raise: Raise, before: impl FnOnce()) -> ! {
    let mut registers = Registers::here();
    let request = Cut {
        record,
        // The end of this range is above the record's frame, but the cut reads only memory below that frame.
        stack: registers.rsp as usize - 256..record.addr() + 4096,
        finder: &Registered,
        raise,
    };
    // SAFETY: the registers and the stack are the running thread's own. Nothing relies on the destructors.
    unsafe { cut(&mut registers, &request) }.expect("it can be cut");
    before();
    // SAFETY: the registers are those of this very call, rewritten by a cut.
    unsafe { resume(&registers) };
}

#[inline(never)]
fn descend(depth: u64, drops: &Cell<u32>, end: &dyn Fn()) -> u64 {
    let _counts = CountsDrop(drops);
    if depth == 0 {
        end();
        return 0;
    }
    let below = black_box(descend)(depth - 1, drops, end);
    below.wrapping_mul(3) ^ depth
}

/// Calls `end` below `depth` frames, and returns whether the unwinding that it starts was caught. Asserts that
/// registers and locals are as before.
#[inline(never)]
pub(super) fn caught(depth: u64, drops: &Cell<u32>, end: &dyn Fn(*const ())) -> bool {
    let room = [0_u64; 8];
    let record = (&raw const *black_box(&room)).cast();
    let words: [u64; 24] = std::array::from_fn(|at| black_box(at as u64));
    let result = catch(|| black_box(descend)(depth, drops, &|| end(record)));
    for (at, word) in words.into_iter().enumerate() {
        assert_eq!(word, at as u64);
    }
    result.is_err()
}

#[test]
fn a_cut_runs_no_destructor_and_boundary_is_intact() {
    init();
    for depth in [0, 1, 8, 32] {
        let drops = Cell::new(0);
        assert!(caught(depth, &drops, &|record| cut_here(record)));
        assert_eq!(drops.get(), 0);
        assert!(!is_unwinding());
        // The same boundary catches again.
        assert!(caught(depth, &drops, &|_| raise()));
        assert_eq!(u64::from(drops.get()), depth + 1);
    }
}

/// Its destructor is cut.
struct CutInside(*const ());

impl Drop for CutInside {
    fn drop(&mut self) {
        assert!(is_unwinding());
        cut_here(self.0);
    }
}

/// Invariant: ORDER-51, ORDER-52
#[test]
fn a_panic_in_cut_frames_is_forgotten() {
    init();
    for _ in 0..20 {
        let drops = Cell::new(0);
        let end = |record| {
            let _inside = CutInside(record);
            raise();
        };
        assert!(caught(3, &drops, &end));
        assert_eq!(drops.get(), 0);
        assert!(!is_unwinding());
    }
}

/// Starts `more` nested panics, each in a destructor that the previous panic runs, and then cuts three times.
/// `outside` panics are in flight already.
#[inline(never)]
fn cut_among(outside: u32, more: u32, cuts: &Cell<u32>) {
    struct Falls<'a>(u32, u32, &'a Cell<u32>);
    impl Drop for Falls<'_> {
        fn drop(&mut self) {
            cut_among(self.0, self.1, self.2);
        }
    }
    let Some(more) = more.checked_sub(1) else {
        for _ in 0..3 {
            assert!(caught(1, &Cell::new(0), &|record| cut_here(record)));
            cuts.set(cuts.get() + 1);
            // The outer panics are still in flight.
            assert_eq!(is_unwinding(), outside > 0);
        }
        return;
    };
    let caught = catch(|| {
        let _falls = Falls(outside + 1, more, cuts);
        raise();
    });
    assert!(caught.is_err());
}

/// Invariant: ORDER-50
#[test]
fn a_cut_lands_however_many_panics_are_in_flight() {
    init();
    for panics in 0..=8 {
        let cuts = Cell::new(0);
        cut_among(0, panics, &cuts);
        assert_eq!(cuts.get(), 3, "{panics}");
        assert!(!is_unwinding(), "{panics}");
    }
}

extern "C-unwind" fn cut_from_assembly(record: *const ()) -> ! {
    cut_here(record)
}

/// Cuts with a full x87 stack and the x87 control word `control`.
#[unsafe(naked)]
unsafe extern "C-unwind" fn cut_with_x87_in_use(record: *const (), control: *const u16) -> ! {
    naked_asm!(
        ".cfi_startproc",
        "sub rsp, 8",
        ".cfi_def_cfa_offset 16",
        "fldpi",
        "fldpi",
        "fldpi",
        "fldpi",
        "fldpi",
        "fldpi",
        "fldpi",
        "fldpi",
        "fldcw [rsi]",
        "call {cut}",
        "ud2",
        ".cfi_endproc",
        cut = sym cut_from_assembly,
    )
}

/// Invariant: ORDER-32
#[test]
fn a_cut_resets_the_x87_unit() {
    init();
    // The default, rounding towards zero, and with all exceptions unmasked.
    for control in [0x37f_u16, 0xf7f, 0x340] {
        let end = |record| {
            // SAFETY: the cut resets the x87 state that this changes.
            unsafe { cut_with_x87_in_use(record, &raw const control) }
        };
        assert!(caught(2, &Cell::new(0), &end));
        let mut state = [0_u16; 14];
        // SAFETY: stores the x87 environment at the given address, and loads it again.
        unsafe { asm!("fnstenv [{0}]", "fldenv [{0}]", in(reg) state.as_mut_ptr()) };
        assert_eq!((state[0], state[4]), (0x37f, 0xffff), "{control:#x}");
    }
}
