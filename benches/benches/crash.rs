//! Measures the time from a panic inside a domain until the caller has the error. Compares it with the time of
//! `catch_unwind` alone.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use samara::prelude::*;
use samara_benches::{Target, domain};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[inline(never)]
fn raise() {
    if black_box(true) {
        resume_unwind(Box::new(()));
    }
}

#[inline(never)]
fn panics() {
    if black_box(true) {
        panic!("as asked");
    }
}

fn crash(criterion: &mut Criterion) {
    let domain = domain();
    // Replaces the runtime's hook, which prints nothing only if the thread acts for a domain. This thread acts for
    // the host in the first benches, and the hook must be silent there, too, for a fair comparison.
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("");
        samara::runtime::panic::record(&text, info.location());
    }));
    let mut group = criterion.benchmark_group("crash");
    group.bench_function("catch_unwind/raise", |b| {
        b.iter(|| catch_unwind(AssertUnwindSafe(raise)).is_err());
    });
    group.bench_function("catch_unwind/panic", |b| {
        b.iter(|| catch_unwind(AssertUnwindSafe(panics)).is_err());
    });
    group.bench_function("proxy/crash_to_error", |b| {
        b.iter_batched(
            || {
                domain.restart().expect("restarts without end");
                domain.proxy().expect("room for a proxy")
            },
            |proxy| assert_eq!(proxy.crash(), Err(RpcError::Crashed)),
            BatchSize::PerIteration,
        );
    });
    domain.restart().expect("restarts without end");
    group.bench_function("crash_and_restart", |b| {
        b.iter(|| {
            let proxy = domain.proxy().expect("room for a proxy");
            assert_eq!(proxy.crash(), Err(RpcError::Crashed));
            domain.restart().expect("restarts without end");
        });
    });
    group.finish();
}

criterion_group!(benches, crash);
criterion_main!(benches);
