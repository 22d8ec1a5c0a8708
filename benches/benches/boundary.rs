//! Measures the cost of a boundary when nothing is raised: with `jump`, with `std`, and without a boundary. Also a
//! cut with `jump`.

use criterion::{Criterion, criterion_group, criterion_main};
use samara::unwind::jump::{self, Anchor, JumpHost};
use samara_host_std as _;
use std::cell::Cell;
use std::hint::black_box;

struct Host;

thread_local! {
    static ANCHOR: Cell<Option<&'static Anchor>> = const { Cell::new(None) };
}

// SAFETY: each thread has one anchor, which is leaked. The benches lock and share nothing inside a boundary.
#[expect(unsafe_code, reason = "the promise that `jump` asks for")]
unsafe impl JumpHost for Host {
    #[inline]
    fn anchor() -> &'static Anchor {
        ANCHOR.get().unwrap_or_else(|| {
            let anchor = Box::leak(Box::new(Anchor::new()));
            ANCHOR.set(Some(anchor));
            anchor
        })
    }
}
samara::unwind::set_jump_host!(Host);

#[inline(never)]
fn callee(value: u64) -> u64 {
    black_box(value)
}

fn boundary(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("boundary");
    group.bench_function("none", |b| b.iter(|| callee(black_box(1))));
    group.bench_function("std", |b| {
        b.iter(|| std::panic::catch_unwind(|| callee(black_box(1))).is_ok());
    });
    group.bench_function("jump", |b| {
        b.iter(|| jump::catch(|| callee(black_box(1))).is_ok());
    });
    group.bench_function("jump/cut", |b| {
        b.iter(|| jump::catch(|| jump::raise()).is_err());
    });
    group.finish();
}

criterion_group!(benches, boundary);
criterion_main!(benches);
