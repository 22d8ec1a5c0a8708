//! The `dwarf` backend against `std`'s, in one process and through the same frames: caught panics through
//! 1, 8 and 32 frames with a destructor each, and cuts of them.
//!
//! `RUSTC_BOOTSTRAP=samara_unwind cargo bench -p samara-unwind --features dwarf --bench raise --target-dir
//! target/dwarf`
//!
//! The first pair are panics with a message: `std`'s `panic!` with a silent hook, and a raise after the message was
//! formatted into a buffer, as a kernel's panic handler does. The second pair have no message: `resume_unwind`, and
//! the raise alone. The last way is a cut of the running thread. Each way is timed from the call that descends to the
//! error in the caller, and each round runs every way once. The time of the clock itself is subtracted from all
//! results.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "cuts its own frames, registers images")]

#[path = "../tests/contract/program.rs"]
mod program;

use samara_unwind::cut::{Cut, Raise, Registers, cut, resume};
use samara_unwind::dwarf::{self, ThreadState};
use samara_unwind::tables::{Image, Registered, register_image, unregister_image};
use std::fmt::Write;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5_000;

static STATE: ThreadState = ThreadState::new();
fn state() -> &'static ThreadState {
    &STATE
}
samara_unwind::set_thread_state!(state);

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

/// A buffer for the message, as a kernel's panic handler has.
struct Message {
    bytes: [u8; 512],
    used: usize,
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = &mut self.bytes[self.used..];
        let length = room.len().min(text.len());
        room[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.used += length;
        Ok(())
    }
}

/// Calls the panic handler as `core` does in a `panic!`.
#[inline(never)]
fn panic_as_a_kernel_does(message: std::fmt::Arguments<'_>) -> ! {
    black_box(panic_handler as fn(&std::fmt::Arguments<'_>) -> !)(&message)
}

fn panic_handler(message: &std::fmt::Arguments<'_>) -> ! {
    let mut text = Message {
        bytes: [0; 512],
        used: 0,
    };
    let _ = text.write_fmt(*message);
    black_box(&text);
    let failed = dwarf::begin_panic();
    unreachable!("{failed}");
}

fn cut_here(record: *const ()) {
    let mut registers = Registers::here();
    let request = Cut {
        record,
        // The walk reads nothing above the frame of `timed`.
        stack: registers.rsp as usize - 256..record.addr() + 1024,
        finder: &Registered,
        raise: Raise::by_dwarf(dwarf::raise_cut),
    };
    // SAFETY: the registers and the stack are the running thread's own. The frames are this program's own, and
    // nothing relies on their destructors.
    unsafe { cut(&mut registers, &request) }.expect("it can be cut");
    // SAFETY: the registers are those of this very call, and a cut has rewritten them.
    unsafe { resume(&registers) };
}

/// Fails below `depth` frames, and returns the time until the error reaches the caller.
type Way = fn(u32) -> Duration;

#[inline(always)]
fn timed<E>(way: impl FnOnce(*const ()) -> Result<u32, E>) -> Duration {
    let room = [0_u64; 16];
    let record = (&raw const *black_box(&room)).cast();
    let start = Instant::now();
    let result = way(record);
    let took = start.elapsed();
    assert!(result.is_err(), "it ends early");
    took
}

fn by_std(depth: u32, end: &dyn Fn()) -> Duration {
    timed(|_| catch_unwind(AssertUnwindSafe(|| black_box(descend)(depth, end))))
}

fn by_dwarf(depth: u32, end: &dyn Fn()) -> Duration {
    timed(|_| dwarf::catch(|| black_box(descend)(depth, end)))
}

fn std_panic(depth: u32) -> Duration {
    by_std(depth, &|| panic!("as a domain does: {}", black_box(depth)))
}

fn std_resume(depth: u32) -> Duration {
    by_std(depth, &|| resume_unwind(Box::new(())))
}

fn dwarf_panic(depth: u32) -> Duration {
    by_dwarf(depth, &|| {
        panic_as_a_kernel_does(format_args!("as a domain does: {}", black_box(depth)))
    })
}

fn dwarf_raise(depth: u32) -> Duration {
    by_dwarf(depth, &|| dwarf::raise())
}

fn dwarf_cut(depth: u32) -> Duration {
    timed(|record| dwarf::catch(|| black_box(descend)(depth, &|| cut_here(record))))
}

fn clock(_: u32) -> Duration {
    timed(|_| Err::<u32, ()>(()))
}

const WAYS: [(&str, Way); 6] = [
    ("std: panic!", std_panic),
    ("std: resume_unwind", std_resume),
    ("dwarf: message, raise", dwarf_panic),
    ("dwarf: raise", dwarf_raise),
    ("dwarf: cut", dwarf_cut),
    ("clock", clock),
];

/// Empties the cache of table rows: each change of the registered images does that.
fn forget() {
    // SAFETY: the image has no code and no tables.
    let id = unsafe { register_image(Image::NONE) }.expect("room for one more");
    unregister_image(id).expect("nobody reads it");
}

/// Returns the shortest and the median time of each way, in nanoseconds.
fn measure(depth: u32, rounds: usize, before: fn()) -> [[f64; 2]; WAYS.len()] {
    let mut times: [Vec<Duration>; WAYS.len()] = Default::default();
    for _ in 0..rounds {
        for (times, (_, way)) in times.iter_mut().zip(WAYS) {
            before();
            times.push(way(depth));
        }
    }
    let both = times.map(|mut times| {
        times.sort_unstable();
        [times[0], times[times.len() / 2]].map(|time| time.as_nanos() as f64)
    });
    let [.., clock] = both;
    both.map(|way| [way[0] - clock[0], way[1] - clock[1]])
}

fn report(title: &str, before: fn()) {
    println!("\n{title}; nanoseconds, fastest and middle of {ROUNDS} rounds");
    for depth in [1, 8, 32] {
        measure(depth, ROUNDS / 10, before);
        let ways = measure(depth, ROUNDS, before);
        println!("{depth} frames");
        for ((name, _), [fastest, middle]) in WAYS.into_iter().zip(ways) {
            println!("  {name:<24} {fastest:>8.0} {middle:>8.0}");
        }
        let [panic, resume, message, raise, cut, _] = ways;
        for (name, this, that) in [
            ("panic: dwarf / std", message, panic),
            ("raise: dwarf / std", raise, resume),
            ("cut / dwarf's panic", cut, message),
            ("cut / dwarf's raise", cut, raise),
            ("cut / std's panic", cut, panic),
        ] {
            let [fastest, middle] = [this[0] / that[0], this[1] / that[1]];
            println!("    {name:<22} {fastest:>8.2} {middle:>8.2}");
        }
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    // SAFETY: the tables are the program's own, and stay mapped.
    let id = unsafe { register_image(program::program()) };
    assert!(id.is_ok(), "room for one image");
    std::panic::set_hook(Box::new(|_| {}));
    report("what was read of the tables remembered", || {});
    report("nothing remembered by `dwarf`", forget);
}
