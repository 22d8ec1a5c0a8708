//! Compares virtual calls with calls through a proxy and through a shadow: null calls, calls that move an object, and
//! calls that lend one.

use criterion::{Criterion, criterion_group, criterion_main};
use samara::prelude::*;
use samara_benches::{Target, domain, init};
use std::hint::black_box;

fn calls(criterion: &mut Criterion) {
    let domain = domain();
    let proxy = domain.proxy().expect("room for a proxy");
    let shadow = domain.shadow().expect("room for a shadow");
    let direct: Box<dyn Target> = Box::new(init(7).expect("cannot fail"));
    let mut group = criterion.benchmark_group("call");

    // `black_box` on the receiver keeps the optimiser from devirtualising the call.
    group.bench_function("virtual", |b| {
        b.iter(|| black_box(&*direct).null(1).unwrap_or(0));
    });
    group.bench_function("proxy/null", |b| {
        b.iter(|| black_box(&proxy).null(1).unwrap_or(0));
    });
    group.bench_function("shadow/null", |b| {
        b.iter(|| black_box(&shadow).null(1).unwrap_or(0));
    });

    let mut small = Some(RRef::new([0u8; 64]));
    group.bench_function("virtual/move_64", |b| {
        b.iter(|| {
            small = small
                .take()
                .and_then(|object| black_box(&*direct).small(object).ok())
        });
    });
    group.bench_function("proxy/move_64", |b| {
        b.iter(|| {
            small = small
                .take()
                .and_then(|object| black_box(&proxy).small(object).ok())
        });
    });
    group.bench_function("shadow/move_64", |b| {
        b.iter(|| {
            small = small
                .take()
                .and_then(|object| black_box(&shadow).small(object).ok())
        });
    });
    assert!(small.is_some(), "a call failed while it was measured");

    let mut page = Some(RRef::new([0u8; 4096]));
    group.bench_function("proxy/move_4096", |b| {
        b.iter(|| {
            page = page
                .take()
                .and_then(|object| black_box(&proxy).page(object).ok())
        });
    });
    assert!(page.is_some(), "a call failed while it was measured");

    let lent = RRef::new([0u8; 64]);
    group.bench_function("virtual/borrow", |b| {
        b.iter(|| black_box(&*direct).borrow(&lent).unwrap_or(0));
    });
    group.bench_function("proxy/borrow", |b| {
        b.iter(|| black_box(&proxy).borrow(&lent).unwrap_or(0));
    });
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
