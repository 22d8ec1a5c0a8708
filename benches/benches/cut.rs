//! A cut against a caught panic, through 1, 8 and 32 frames with a destructor each; and looking a function up
//! with one image registered and with a hundred. Minimum of all rounds, in turn.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "cuts its own frames, registers images for good")]

use samara_testkit::contained::{contained, program_image};
use samara_unwind::cut::{Cut, Registers, cut, raise, resume};
use samara_unwind::tables::{Finder, Image, Registered, register_image};
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 3_000;

struct Told;
impl Drop for Told {
    fn drop(&mut self) {
        black_box(());
    }
}

#[inline(never)]
fn descend(depth: u32, end: &dyn Fn()) -> u32 {
    let _told = Told;
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
        raise,
    };
    // SAFETY: the running thread's own registers and stack; the frames are this program's own, and
    // nobody relies on their destructors.
    unsafe { cut(&mut registers, &request) }.expect("it can be cut");
    // SAFETY: registers of this very call, rewritten by a cut.
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
        "{:<10} {:>10} {:>10} {:>8}",
        "frames", "panic, ns", "cut, ns", "ratio"
    );
    for depth in [1, 8, 32] {
        let (mut panicked, mut was_cut) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            panicked = panicked.min(caught(depth, &|_| std::panic::resume_unwind(Box::new(()))));
            was_cut = was_cut.min(caught(depth, &|record| cut_here(record, stack.clone())));
        }
        let ratio = was_cut.as_nanos() as f64 / panicked.as_nanos() as f64;
        println!(
            "{depth:<10} {:>10} {:>10} {ratio:>8.2}",
            panicked.as_nanos(),
            was_cut.as_nanos()
        );
    }
    let look_up = |pc: usize| {
        let best = (0..200).map(|_| {
            let start = Instant::now();
            for _ in 0..1000 {
                black_box(Registered.rules(black_box(pc)).is_ok());
            }
            start.elapsed()
        });
        best.min().unwrap_or_default().as_nanos() / 1000
    };
    let own = look_up(main as *const () as usize + 1);
    for place in 1..=100 {
        let image = Image {
            code: place..place + 1,
            ..program_image().clone()
        };
        // SAFETY: the program's own tables, under other addresses: they stay.
        let id = unsafe { register_image(image) };
        assert!(id.is_ok(), "no room for image {place}");
    }
    // Nobody's address: all are asked in vain, which is what the last one's look-up takes longer.
    let search = look_up(usize::MAX - 1);
    println!(
        "look-up: {own} ns, behind a hundred other images {} ns",
        own + search
    );
}
