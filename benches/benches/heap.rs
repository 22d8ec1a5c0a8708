//! The exchange heap: changes of owner, batches, census and reclaim.
#![expect(unsafe_code, reason = "changes owners as a proxy and a reaper would")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use samara::Owner;
use samara::heap::heap;
use samara::prelude::*;
use samara_host_std as _;
use samara_rref::Transfer;
use samara_testkit::hosted::acting_for;
use std::hint::black_box;

type Packet = [u8; 2048];

fn owner(index: usize) -> Owner {
    Owner::from_index(index).expect("a low number")
}

/// Transfers `value` to the domain and back, like a call that takes and returns a value.
fn there_and_back(value: &impl Exchangeable) {
    for to in [owner(1), Owner::HOST] {
        // SAFETY: the bench acts for both owners.
        black_box(value).transfer(&unsafe { Transfer::to(black_box(to)) });
    }
}

/// Makes a batch of `N` packets.
fn batch<const N: usize>() -> RRefDeque<Packet, N> {
    let mut batch = RRefDeque::new();
    while batch.push_back(RRef::new([0; 2048])).is_ok() {}
    batch
}

fn transfer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transfer");
    let one = RRef::<Packet>::new([0; 2048]);
    group.bench_function("rref", |b| b.iter(|| there_and_back(&one)));
    let many = batch::<32>();
    group.bench_function("deque_32", |b| b.iter(|| there_and_back(&many)));
    // An array of 32 packets for comparison. It is no batch, so a transfer writes the owner word of each packet.
    let array: [RRef<Packet>; 32] = std::array::from_fn(|_| RRef::new([0; 2048]));
    group.bench_function("array_32", |b| b.iter(|| there_and_back(&array)));
    let mut many = batch::<32>();
    group.bench_function("deque_pop_push", |b| {
        b.iter(|| {
            let first = black_box(&mut many).pop_front();
            first.map(|packet| many.push_back(packet))
        });
    });
    group.finish();
}

/// Makes `count` objects that belong to the owner with this index.
fn objects(index: usize, count: usize) -> Vec<RRef<[u8; 64]>> {
    // SAFETY: the objects are never used: each is dropped, or forgotten and reclaimed.
    unsafe {
        acting_for(owner(index), || {
            (0..count).map(|_| RRef::new([0; 64])).collect()
        })
    }
}

fn reclaim(criterion: &mut Criterion) {
    const LIVE: usize = 1_000_000;
    const OWNED: usize = 10_000;
    let mut group = criterion.benchmark_group("reclaim");
    group
        .sample_size(20)
        .throughput(Throughput::Elements(LIVE as u64));
    let others = objects(2, LIVE - OWNED);
    group.bench_function("10k_of_1m", |b| {
        b.iter_batched(
            || objects(3, OWNED).into_iter().for_each(std::mem::forget),
            // SAFETY: the objects were forgotten, so nothing uses them.
            |()| assert_eq!(unsafe { heap::reclaim(owner(3)) }.objects, OWNED),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("census_1m", |b| b.iter(|| heap::census(owner(2)).objects));
    drop(others);
    group.finish();
}

criterion_group!(benches, transfer, reclaim);
criterion_main!(benches);
