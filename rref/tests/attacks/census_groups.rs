//! Attack: a domain at its quota moves its objects into a batch while another of its threads causes a count. If the
//! count checked only at its beginning whether the domain has groups, it would miss the members of the new batch.
#![expect(unsafe_code, reason = "acts for a domain without a runtime")]

use samara_host_std as _;
use samara_rref::{RRef, RRefDeque};
use samara_shared_heap::class;
use samara_shared_heap::{Owner, heap};
use samara_testkit::hosted::{acting_for, limit_bytes};
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

const PIECE: usize = 16 << 10;
const MANY: usize = 32;
const LIMIT: usize = (MANY + 2) * PIECE;
type Piece = [u8; PIECE];

/// Invariant: DEV-3
#[test]
fn a_batch_made_during_a_count_is_counted() {
    let me = Owner::from_index(9).unwrap();
    let other = Owner::from_index(10).unwrap();
    limit_bytes(me, Some(LIMIT));
    let mut most = 0;
    let (go, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let over = AtomicBool::new(false);
    // A count visits the oldest slabs last, so these objects are made first.
    // SAFETY: the objects are used only on behalf of `me`, and the body only calls the heap.
    let mut mine: Vec<RRef<Piece>> =
        unsafe { acting_for(me, || (0..MANY).map(|_| RRef::new([0; PIECE])).collect()) };
    // A count visits the slabs of this other owner before those of `me`.
    let small = class::place(16, 1);
    // SAFETY: the place is that of size and alignment, and the objects are released with their owner.
    let hoard = || (0..20_000).for_each(|_| _ = unsafe { heap::alloc(small, 16, 1) }.unwrap());
    // SAFETY: nothing uses the objects.
    unsafe { acting_for(other, hoard) };
    let mut more: Vec<RRef<Piece>> = Vec::new();
    thread::scope(|scope| {
        // One thread asks for more than the quota, and each request causes a count.
        scope.spawn(|| {
            let ask = || {
                let mut seen = 0;
                while !over.load(SeqCst) {
                    let told = go.load(SeqCst);
                    if told != seen {
                        seen = told;
                        (0..(told >> 5 & 63)).for_each(|_| hint::spin_loop());
                        assert!(RRef::<[u8]>::new_zeroed_slice(2 * LIMIT).is_err());
                        done.store(told, SeqCst);
                    }
                    hint::spin_loop();
                }
            };
            // SAFETY: every allocation is refused, so nothing is left behind, and the body only calls the heap.
            unsafe { acting_for(me, ask) };
        });
        // The other thread moves its objects into a batch and out again.
        let moves = || {
            for round in 1..=3000 {
                go.store(round, SeqCst);
                (0..round & 31).for_each(|_| hint::spin_loop());
                if let Ok(mut batch) = RRefDeque::<Piece, MANY>::try_new() {
                    while let Some(piece) = mine.pop() {
                        batch.push_back(piece).ok().unwrap();
                    }
                    while done.load(SeqCst) != round {
                        thread::yield_now();
                    }
                    while more.len() < 2 * MANY
                        && let Ok(piece) = RRef::try_new([0; PIECE])
                    {
                        more.push(piece);
                    }
                    most = most.max(heap::census(me).bytes);
                    more.clear();
                    while let Some(piece) = batch.pop_front() {
                        mine.push(piece);
                    }
                }
                while done.load(SeqCst) != round {
                    thread::yield_now();
                }
            }
        };
        // SAFETY: as for the objects that it moves.
        unsafe { acting_for(me, moves) };
        over.store(true, SeqCst);
    });
    // SAFETY: as above.
    unsafe { acting_for(me, || mine.clear()) };
    limit_bytes(me, None);
    // SAFETY: nothing refers to the owner's objects.
    unsafe { heap::reclaim(other) };
    assert!(most <= LIMIT, "{most} of {LIMIT}");
}
