//! Compares a cut with a caught panic, through 1, 8 and 32 frames that each have a destructor. Also measures the
//! look-up of a function: once while one image is registered, and once in the last of a hundred images. The
//! operations take turns, and each number is the minimum of all rounds.
//!
//! The cut is compared with two panics. One is `panic!` with a message and a silent hook, which is the least that a
//! panic of a domain costs. The other is `resume_unwind`, which neither formats a message nor calls the hook.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "cuts its own frames, registers images for good")]

use samara_testkit::contained::{contained, program_image};
use samara_unwind::cut::{Cut, Raise, Registers, cut, raise, resume};
use samara_unwind::tables::{Finder, Image, Registered, register_image};
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 3_000;
const LOOK_UPS: usize = 4096;

struct Observed;
impl Drop for Observed {
    fn drop(&mut self) {
        black_box(());
    }
}

#[inline(never)]
fn descend(depth: u32, end: &dyn Fn()) -> u32 {
    let _observed = Observed;
    if depth == 1 {
        end();
        return 0;
    }
    black_box(descend(depth - 1, end)) + 1
}

fn cut_here(record: *const (), stack: Range<usize>) {
    let mut registers = Registers::here();
    let request = Cut {
        record,
        stack,
        finder: &Registered,
        raise: Raise::new(raise),
    };
    // SAFETY: the registers and the stack are the running thread's own. The frames are this program's own, and no code
    // relies on their destructors.
    unsafe { cut(&mut registers, &request) }.expect("it can be cut");
    // SAFETY: the registers are those of this call, and a cut has rewritten them.
    unsafe { resume(&registers) };
}

#[inline(never)]
fn caught(depth: u32, end: &dyn Fn(*const ())) -> Duration {
    let record = 0_u64;
    let record = (&raw const record).cast();
    let start = Instant::now();
    let result = samara_unwind::catch(|| black_box(descend)(depth, &|| end(record)));
    let took = start.elapsed();
    result.expect_err("it ends early").dispose();
    took
}

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let _contained = contained(false);
    let stack = samara_shared_heap::thread::current().stack();
    std::panic::set_hook(Box::new(|_| {}));
    println!(
        "{:<8} {:>10} {:>14} {:>8} {:>12} {:>12}",
        "frames", "panic, ns", "resume, ns", "cut, ns", "cut/panic", "cut/resume"
    );
    for depth in [1, 8, 32] {
        let mut best = [Duration::MAX; 3];
        for _ in 0..ROUNDS {
            let ways: [&dyn Fn(*const ()); 3] = [
                &|_| panic!("as a domain does: {}", black_box(depth)),
                &|_| std::panic::resume_unwind(Box::new(())),
                &|record| cut_here(record, stack.clone()),
            ];
            for (best, way) in best.iter_mut().zip(ways) {
                *best = caught(depth, way).min(*best);
            }
        }
        let [panic, resume, cut] = best.map(|best| best.as_nanos());
        println!(
            "{depth:<8} {panic:>10} {resume:>14} {cut:>8} {:>12.2} {:>12.2}",
            cut as f64 / panic as f64,
            cut as f64 / resume as f64
        );
    }
    look_ups();
}

/// Returns an image to be registered as the last one, for look-ups. Its tables are a copy of the program's tables at
/// other addresses. The code range that it names lies at the same distance from them as the program's code from its
/// tables.
fn elsewhere() -> Image<'static> {
    let program = program_image();
    let start = program.except_table.as_ptr().addr();
    let room = program.code.end - start;
    let copy: &'static mut [u8] = vec![0; room].leak();
    copy[..program.except_table.len()].copy_from_slice(program.except_table);
    let copy: &'static [u8] = copy;
    let at = |place: usize| &copy[place - start..];
    let moved = copy.as_ptr().addr().wrapping_sub(start);
    Image {
        code: program.code.start.wrapping_add(moved)..program.code.end.wrapping_add(moved),
        eh_frame_hdr: at(program.eh_frame_hdr.as_ptr().addr()),
        eh_frame: at(program.eh_frame.as_ptr().addr()),
        except_table: copy,
    }
}

fn look_ups() {
    // The look-ups go to so many functions that the cache of unwind rows holds nothing of the previous round.
    let first = program_image().code.clone();
    let look_up = |code: Range<usize>| {
        let best = (0..200).map(|_| {
            let start = Instant::now();
            for at in 0..LOOK_UPS {
                let pc = code.start + at * (code.len() / LOOK_UPS);
                black_box(Registered.rules(black_box(pc)).is_ok());
            }
            start.elapsed()
        });
        best.min().unwrap_or_default().as_nanos() / LOOK_UPS as u128
    };
    let own = look_up(first);
    for place in 1..100 {
        let image = Image {
            code: place..place + 1,
            ..program_image().clone()
        };
        // SAFETY: these are the program's own tables, registered for other addresses. They are never freed.
        let id = unsafe { register_image(image) };
        assert!(id.is_ok(), "no room for image {place}");
    }
    let last = elsewhere();
    let code = last.code.clone();
    // SAFETY: the copy is never freed.
    let id = unsafe { register_image(last) };
    assert!(id.is_ok(), "no room for the last image");
    let behind = look_up(code.clone());
    println!("look-up: in the first image {own} ns, in the last of a hundred {behind} ns");
    let best = (0..200).map(|_| {
        let start = Instant::now();
        for _ in 0..LOOK_UPS {
            black_box(
                Registered
                    .rules(black_box(code.start + code.len() / 2))
                    .is_ok(),
            );
        }
        start.elapsed()
    });
    let again = best.min().unwrap_or_default().as_nanos() / LOOK_UPS as u128;
    println!("the same address again and again: {again} ns");
}
