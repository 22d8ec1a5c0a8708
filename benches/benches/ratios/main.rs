//! The ratios of one run. The operations take turns, batch by batch, and the minimum and the median of all batches
//! are printed. Machines are noisy and their speed drifts, so only minima of operations that take turns are
//! comparable.
#![expect(
    unsafe_code,
    reason = "changes owners and reclaims as a proxy and a reaper would"
)]

mod crash;
mod heap;
mod sample;
mod threads;

use samara::prelude::*;
use samara_benches::{Target, domain, init};
use sample::{Row, measure};
use std::hint::black_box;
use std::time::Duration;

const BATCH: u32 = 20_000;
const ROUNDS: u32 = 600;

fn main() {
    // This program has no tests, so it does nothing if it is asked to run or to list tests.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    // Arguments select parts by their names. All parts together make the table of docs/benchmarks.md.
    let parts: [(&str, fn()); 7] = [
        ("calls", calls),
        ("allocation", heap::allocation),
        ("transfer", heap::transfer),
        ("scaling", threads::scaling),
        ("reclaim", heap::reclaim),
        ("containment", containment),
        // The crash part comes last, because it replaces the panic hook.
        ("crash", crash::crash),
    ];
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    for (name, measure) in parts {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            measure();
        }
    }
}

/// Compares a call for which only panics are contained with a call for which faults, overruns and short stacks are
/// contained, too. Containment is set up for a thread, so each of the two calls is measured on its own threads, and
/// the two take turns.
fn containment() {
    let plain = domain();
    let spec = DomainSpec::new("contained")
        .budget(Duration::from_secs(1))
        .stack(64 << 10);
    let spawned = samara_host_std::runtime().spawn(spec, init, Mint::of(|| 7));
    let full: Domain<dyn Target> = spawned.expect("a domain");
    for (name, domain, contains) in [
        ("panics alone", &plain, false),
        ("everything", &full, true),
        ("panics alone", &plain, false),
        ("everything", &full, true),
    ] {
        let proxy = &domain.proxy().expect("room for a proxy");
        let measured = || {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            let _contained = contains.then(|| samara_testkit::contained::contained(true));
            let mut rows = [
                Row::new("proxy: null", BATCH, || {
                    black_box(black_box(proxy).null(1).unwrap_or(0));
                }),
                Row::new("proxy: move 64 B", BATCH, {
                    let mut object = Some(RRef::new([0u8; 64]));
                    move || {
                        object = object.take().and_then(|at| black_box(proxy).small(at).ok());
                    }
                }),
            ];
            measure(name, ROUNDS, &mut rows);
        };
        std::thread::scope(|scope| {
            let _ = scope.spawn(measured);
        });
    }
}

fn calls() {
    let domain = domain();
    let proxy = &domain.proxy().expect("room for a proxy");
    let shadow = &domain.shadow().expect("room for a shadow");
    let direct: &dyn Target = &init(7).expect("cannot fail");
    let lent = &RRef::new([0u8; 64]);
    let mut objects: [_; 3] = std::array::from_fn(|_| Some(RRef::new([0u8; 64])));
    let [first, second, third] = &mut objects;
    let mut page = Some(RRef::new([0u8; 4096]));
    let mut rows = [
        // `black_box` on the receiver keeps the optimiser from devirtualising the call.
        Row::new("virtual call", BATCH, || {
            black_box(black_box(direct).null(1).unwrap_or(0));
        }),
        Row::new("proxy: null", BATCH, || {
            black_box(black_box(proxy).null(1).unwrap_or(0));
        }),
        Row::new("shadow: null", BATCH, || {
            black_box(black_box(shadow).null(1).unwrap_or(0));
        }),
        Row::new("proxy: borrow", BATCH, || {
            black_box(black_box(proxy).borrow(lent).unwrap_or(0));
        }),
        Row::new("virtual: move 64 B", BATCH, || {
            *first = first.take().and_then(|at| black_box(direct).small(at).ok());
        }),
        Row::new("proxy: move 64 B", BATCH, || {
            *second = second.take().and_then(|at| black_box(proxy).small(at).ok());
        }),
        Row::new("shadow: move 64 B", BATCH, || {
            *third = third.take().and_then(|at| black_box(shadow).small(at).ok());
        }),
        Row::new("proxy: move 4 KiB", BATCH, || {
            page = page.take().and_then(|at| black_box(proxy).page(at).ok());
        }),
    ];
    measure("calls", ROUNDS, &mut rows);
    drop(rows);
    assert!(
        objects.iter().all(Option::is_some),
        "a call failed while it was measured"
    );
}
