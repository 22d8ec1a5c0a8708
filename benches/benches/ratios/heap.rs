//! The exchange heap: allocation, changes of owner, reclaim.

use crate::sample::{Row, measure};
use samara::Owner;
use samara::heap::heap;
use samara::prelude::*;
use samara_host_std as _;
use samara_rref::Transfer;
use samara_testkit::hosted::acting_for;
use std::hint::black_box;
use std::time::Instant;

const BATCH: u32 = 20_000;
const ROUNDS: u32 = 600;

pub(crate) fn allocation() {
    let mut small = [
        Row::new("Box: allocate and free 64 B", BATCH, || {
            drop(black_box(Box::new(black_box([0u8; 64]))));
        }),
        Row::new("RRef: the same", BATCH, || {
            drop(black_box(RRef::new(black_box([0u8; 64]))));
        }),
    ];
    measure("64 bytes", ROUNDS, &mut small);
    let mut page = [
        Row::new("Box: allocate and free 4 KiB, zeroed", BATCH / 4, || {
            drop(black_box(vec![0u8; black_box(4096)].into_boxed_slice()));
        }),
        Row::new("RRef: the same", BATCH / 4, || {
            drop(black_box(RRef::<[u8]>::new_zeroed_slice(black_box(4096))));
        }),
    ];
    measure("4 KiB", ROUNDS, &mut page);
}

fn owner(index: usize) -> Owner {
    Owner::from_index(index).unwrap_or(Owner::HOST)
}

/// Transfers `value` to the domain and back, like a call that takes and returns a value.
fn there_and_back(value: &impl Exchangeable) {
    for to in [owner(1), Owner::HOST] {
        // SAFETY: the bench acts for both owners.
        black_box(value).transfer(&unsafe { Transfer::to(black_box(to)) });
    }
}

pub(crate) fn transfer() {
    type Packet = [u8; 2048];
    let one = RRef::<Packet>::new([0; 2048]);
    let mut deque = RRefDeque::<Packet, 32>::new();
    while deque.push_back(RRef::new([0; 2048])).is_ok() {}
    let array: [RRef<Packet>; 32] = std::array::from_fn(|_| RRef::new([0; 2048]));
    let mut rows = [
        Row::new("one RRef", BATCH, || there_and_back(&one)),
        Row::new("RRefDeque of 32", BATCH, || there_and_back(&deque)),
        Row::new("array of 32: each is visited", BATCH / 8, || {
            there_and_back(&array);
        }),
    ];
    measure("change of owner, there and back", ROUNDS, &mut rows);
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

/// Measures the reclaim of few objects among many. The time is divided by the number of live objects.
pub(crate) fn reclaim() {
    const LIVE: u32 = 1_000_000;
    const OWNED: usize = 10_000;
    let others = objects(2, LIVE as usize - OWNED);
    let mut rows = [
        Row::timed("reclaim 10,000 of 1,000,000", LIVE, || {
            objects(3, OWNED).into_iter().for_each(std::mem::forget);
            let start = Instant::now();
            // SAFETY: the objects were forgotten, so nothing uses them.
            let reclaimed = unsafe { heap::reclaim(owner(3)) };
            let took = start.elapsed();
            assert_eq!(reclaimed.objects, OWNED);
            took
        }),
        Row::new("the count alone", 1, || {
            black_box(heap::census(owner(2)));
        }),
    ];
    measure("reclaim, per live object; count, all", 60, &mut rows);
    drop(rows);
    drop(others);
}
