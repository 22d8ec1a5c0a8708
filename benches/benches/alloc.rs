//! Compares the allocation and the release of an `RRef` with those of a `Box`. Both zero the memory.

use criterion::{Criterion, criterion_group, criterion_main};
use samara::prelude::*;
use samara_host_std as _;
use std::hint::black_box;

fn alloc(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("alloc_free");
    group.bench_function("box_64", |b| {
        b.iter(|| drop(black_box(Box::new(black_box([0u8; 64])))));
    });
    group.bench_function("rref_64", |b| {
        b.iter(|| drop(black_box(RRef::new(black_box([0u8; 64])))));
    });
    for (size, name) in [(4096, "4096"), (128 << 10, "128k"), (1 << 20, "1m")] {
        group.bench_function(format!("box_{name}_zeroed"), |b| {
            b.iter(|| drop(black_box(vec![0u8; black_box(size)].into_boxed_slice())));
        });
        group.bench_function(format!("rref_{name}_zeroed"), |b| {
            b.iter(|| drop(black_box(RRef::<[u8]>::new_zeroed_slice(black_box(size)))));
        });
    }
    group.finish();
}

criterion_group!(benches, alloc);
criterion_main!(benches);
