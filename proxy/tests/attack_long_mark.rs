//! Attack: a domain dies with very many objects. A walk over them leaves the heap's lock between its pieces (decision 126). If
//! the whole reclaim stood under one no-cut mark, a kernel could not pre-empt it between two pieces. It would pre-empt after
//! 8 ms all the same (`tick::PATIENCE`), mostly within a piece, with the lock taken.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "drives the heap below its safe types, and asks in a signal handler"
)]

use samara_host_std as _;
use samara_shared_heap::{Owner, class, heap, thread as slot};
use samara_testkit::hosted::{acting_for, alone};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const MANY: usize = 8_000_000;

static LOOKS: AtomicU64 = AtomicU64::new(0);
static MARKED: AtomicU64 = AtomicU64::new(0);

/// A tick: counts whether the thread is under the mark.
extern "C" fn tick(_: libc::c_int) {
    LOOKS.fetch_add(1, SeqCst);
    MARKED.fetch_add(u64::from(slot::current().in_no_cut()), SeqCst);
}

/// The ticks during `action` that found the mark, all of its ticks, and its time.
fn looked(action: impl FnOnce()) -> (u64, u64, Duration) {
    LOOKS.store(0, SeqCst);
    MARKED.store(0, SeqCst);
    // SAFETY: has no preconditions.
    let me = unsafe { libc::pthread_self() };
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(SeqCst) {
                thread::sleep(Duration::from_micros(50));
                // SAFETY: that thread is alive: it waits for the end of this one.
                unsafe { libc::pthread_kill(me, libc::SIGUSR1) };
            }
        });
        let began = Instant::now();
        action();
        let took = began.elapsed();
        let told = (MARKED.load(SeqCst), LOOKS.load(SeqCst), took);
        over.store(true, SeqCst);
        told
    })
}

#[test]
fn a_reclaim_may_be_pre_empted_between_pieces() {
    let _alone = alone();
    // SAFETY: the handler reads the thread's slot, and counts: all of that may interrupt anything.
    unsafe { libc::signal(libc::SIGUSR1, tick as *const () as usize) };
    let owner = Owner::from_index(7).unwrap();
    let place = class::place(16, 1);
    // SAFETY: the place is that of the size and alignment; the objects go with their owner.
    let hoard = || (0..MANY).for_each(|_| _ = unsafe { heap::alloc(place, 16, 1) }.unwrap());
    // SAFETY: nothing uses the objects.
    unsafe { acting_for(owner, hoard) };
    let counted = looked(|| _ = heap::census(owner));
    // SAFETY: as above.
    let reclaimed = looked(|| _ = unsafe { heap::reclaim(owner) });
    println!("census {counted:?}, reclaim {reclaimed:?}");
    let (marked, looks, took) = reclaimed;
    assert!(
        marked < looks - 2,
        "{marked} of {looks} ticks in {took:?} found the mark; of a census {counted:?}"
    );
}
