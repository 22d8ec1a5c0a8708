//! Instructions per operation of the exchange heap and per call, by callgrind: repeatable, so bounds
//! are checked.
//!
//! `cargo bench -p samara-benches --bench instructions` fails when a bound is passed. Without valgrind
//! it says so and measures nothing.
#![expect(unsafe_code, reason = "changes owners as a proxy would")]

use samara::Owner;
use samara::heap::{class, heap};
use samara::prelude::*;
use samara_benches::{domain, proxied_move, proxied_null, shadowed_null};
use samara_rref::Transfer;
use std::hint::black_box;
use std::process::{Command, ExitCode};

/// What is measured: name, the most instructions, and the operation, repeated.
struct Case(&'static str, u64, fn(usize));

/// Bounds are a tenth above what was measured (x86-64, Rust 1.95, opt-level 3).
const CASES: [Case; 10] = [
    Case("box_64", u64::MAX, |times| {
        for _ in 0..times {
            drop(black_box(Box::new(black_box([0u8; 64]))));
        }
    }),
    Case("rref_64", 125, |times| {
        for _ in 0..times {
            drop(black_box(RRef::new(black_box([0u8; 64]))));
        }
    }),
    Case("box_128k", u64::MAX, |times| {
        for _ in 0..times {
            drop(black_box(Vec::<u8>::with_capacity(black_box(128 << 10))));
        }
    }),
    Case("transfer_rref", 15, |times| {
        transfer(&RRef::new([0u8; 2048]), times);
    }),
    Case("transfer_deque_32", 16, |times| {
        transfer(&full(), times);
    }),
    Case("deque_pop_push", 92, |times| {
        let mut deque = full();
        for _ in 0..times {
            if let Some(packet) = black_box(&mut deque).pop_front() {
                let pushed = black_box(&mut deque).push_back(packet);
                assert!(pushed.is_ok());
            }
        }
    }),
    Case("rref_128k", 205, |times| {
        let (size, place) = (128 << 10, class::place(128 << 10, 1));
        for _ in 0..times {
            // SAFETY: the place is that of size and alignment; freed unread.
            let object = unsafe { heap::alloc(place, black_box(size), 1) };
            // SAFETY: just allocated there.
            object
                .into_iter()
                .for_each(|object| unsafe { heap::free(black_box(object), place) });
        }
    }),
    Case("call_null", 107, |times| {
        let proxy = domain().proxy().expect("room for a proxy");
        for _ in 0..times {
            assert!(proxied_null(black_box(&proxy), 1).is_ok());
        }
    }),
    Case("call_move", 155, |times| {
        let proxy = domain().proxy().expect("room for a proxy");
        let mut object = Some(RRef::new([0u8; 64]));
        for _ in 0..times {
            let moved = object.take();
            object = moved.and_then(|object| proxied_move(black_box(&proxy), object).ok());
        }
        assert!(object.is_some(), "a call failed while it was counted");
    }),
    Case("shadow_null", 117, |times| {
        let shadow = domain().shadow().expect("room for a shadow");
        for _ in 0..times {
            assert!(shadowed_null(black_box(&shadow), 1).is_ok());
        }
    }),
];

fn full() -> RRefDeque<[u8; 2048], 32> {
    let mut deque = RRefDeque::new();
    while deque.push_back(RRef::new([0; 2048])).is_ok() {}
    deque
}

fn transfer(value: &impl Exchangeable, times: usize) {
    let to = Owner::from_index(1).unwrap_or(Owner::HOST);
    for _ in 0..times {
        // SAFETY: the bench acts for both.
        black_box(value).transfer(&unsafe { Transfer::to(black_box(to)) });
    }
    // SAFETY: as above.
    value.transfer(&unsafe { Transfer::to(Owner::HOST) });
}

/// Runs of two lengths: their difference is free of everything but the operations.
const SHORT: usize = 100;
const LONG: usize = 1100;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name, times] = &arguments[..]
        && flag == "--run"
    {
        let case = CASES.iter().find(|case| case.0 == name);
        if let (Some(case), Ok(times)) = (case, times.parse()) {
            case.2(times);
        }
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: no valgrind here, so no instruction was counted and no bound checked");
        return ExitCode::SUCCESS;
    }
    let mut passed = true;
    for Case(name, most, _) in &CASES {
        let (Some(short), Some(long)) = (count(name, SHORT), count(name, LONG)) else {
            println!("{name}: valgrind gave no count");
            passed = false;
            continue;
        };
        let each = long.saturating_sub(short).div_ceil((LONG - SHORT) as u64);
        let verdict = if each > *most { "TOO MANY" } else { "ok" };
        passed &= each <= *most;
        match *most {
            u64::MAX => println!("{name:20} {each:5}"),
            most => println!("{name:20} {each:5} of at most {most:5} {verdict}"),
        }
    }
    ExitCode::from(u8::from(!passed))
}

/// Instructions of this program when it repeats the operation `times` times.
fn count(name: &str, times: usize) -> Option<u64> {
    let out = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            concat!(
                "--callgrind-out-file=",
                env!("CARGO_TARGET_TMPDIR"),
                "/instructions.out"
            ),
        ])
        .arg(std::env::current_exe().ok()?)
        .args(["--run", name, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("Collected : "))?;
    line.rsplit(' ').next()?.parse().ok()
}
