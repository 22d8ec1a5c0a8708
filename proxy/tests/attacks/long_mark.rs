//! Attack: a domain decides how long a stretch of the heap's code lasts. It dies with very many objects, with a large
//! object or with a large private heap. Or it frees a large object. Or it has so many objects that a count for
//! another domain's quota takes long. If such a stretch runs under one no-cut mark, a pre-emptive kernel finds no
//! place in it where it may switch threads. After 8 ms the kernel switches all the same (`tick::PATIENCE`), while the
//! thread holds a lock for which other domains wait on their own budgets.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "drives the heap below its safe types, and asks in a signal handler"
)]

#[path = "../fixtures/ticks.rs"]
mod ticks;

use samara_domain_runtime::arena::committed;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_shared_heap::quota::Limits;
use samara_shared_heap::{Owner, class, heap, thread as slot};
use samara_testkit::hosted::{acting_for, alone, host, limit, owner_of};
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use ticks::Ticks;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const MANY: usize = 2_000_000;
const LARGE: usize = 32 << 20;
const ENOUGH: u64 = 24;

fn owner(index: usize) -> Owner {
    Owner::from_index(index).unwrap()
}

/// The question that each tick asks: is the thread under a no-cut mark?
fn marked() -> bool {
    slot::current().in_no_cut()
}

static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// Asks the same question. If the thread is under a mark, the tick gets its answer when the mark ends, as a kernel's
/// tick does.
fn asked() -> bool {
    let answer = || _ = ANSWERED.fetch_add(1, SeqCst);
    if marked() {
        // SAFETY: the callback only counts.
        unsafe { slot::current().recheck_later(answer) };
    }
    marked()
}

/// Allocates very many objects for the owner `of`.
fn hoard(of: Owner) {
    let place = class::place(16, 1);
    // SAFETY: `place` is of this size and alignment. No address is kept, and the slots go with their owner.
    let hoard = || (0..MANY).for_each(|_| _ = unsafe { heap::alloc(place, 16, 1) }.unwrap());
    // SAFETY: `hoard` only allocates, and nothing uses the objects.
    unsafe { acting_for(of, hoard) };
}

fn reclaim(dead: Owner) {
    // SAFETY: nothing uses the objects.
    unsafe { heap::reclaim(dead) };
}

/// Asserts that `look`, which looks at all objects, works in pieces with a no-cut mark for each piece. A tick is
/// answered at the end of each mark.
fn assert_in_pieces(look: impl FnOnce()) {
    ANSWERED.store(0, SeqCst);
    let ticks = ticks::during(asked, look);
    let answered = ANSWERED.load(SeqCst);
    assert!(answered > 2, "{answered} answers, {ticks:?}");
}

/// Asserts that most ticks find no mark. The host spends nearly all of the time in taking pages back, during which
/// the thread has no mark.
fn assert_mostly_unmarked(ticks: Ticks) {
    assert!(ticks.found * 2 < ticks.looks, "{ticks:?}");
}

/// Invariant: DEV-4
#[test]
fn a_reclaim_may_be_pre_empted_between_pieces() {
    let _alone = alone();
    hoard(owner(7));
    assert_in_pieces(|| reclaim(owner(7)));
}

/// Invariant: DEV-4
#[test]
fn a_count_at_a_quota_may_be_pre_empted() {
    let _alone = alone();
    hoard(owner(7));
    limit(owner(8), Limits::bytes(8));
    let place = class::place(16, 1);
    // SAFETY: the allocation is refused.
    let asks = || assert!(unsafe { heap::alloc(place, 16, 1) }.is_err());
    // SAFETY: nothing is allocated.
    assert_in_pieces(|| unsafe { acting_for(owner(8), asks) });
    limit(owner(8), Limits::NONE);
    reclaim(owner(7));
}

/// Allocates a large object; the host has to take back each of its pages.
fn large() -> NonNull<u8> {
    // SAFETY: freed by the test, or with its owner.
    let object = unsafe { heap::alloc(class::place(LARGE, 1), LARGE, 1) }.unwrap();
    // SAFETY: the object has this many bytes, and it is the test's.
    unsafe { object.write_bytes(1, LARGE) };
    object
}

/// Invariant: DEV-5
#[test]
fn large_objects_go_back_without_the_mark() {
    let _alone = alone();
    let free = |object| {
        move || {
            // SAFETY: a live object of the test's, which it gives up here.
            unsafe { heap::free(object, class::place(LARGE, 1)) };
        }
    };
    assert_mostly_unmarked(ticks::of_rounds(marked, ENOUGH, || free(large())));
}

#[interface]
trait Hoard {
    fn hoard(&self) -> Result<(), RpcError>;
}
#[derive(Default)]
struct Hoarding(Mutex<Vec<u8>>);
impl Hoard for Hoarding {
    fn hoard(&self) -> Result<(), RpcError> {
        let mut all = self.0.lock().map_err(|_| RpcError::Crashed)?;
        *all = vec![1; LARGE];
        Ok(())
    }
}

/// Counts how often another thread could take the lock of a dead domain's private heap, after the heap was closed and
/// before its reclaim was over. A thread that holds this lock is under a no-cut mark.
fn served_amid_the_end() -> usize {
    let init = |()| Ok::<_, RpcError>(Hoarding::default());
    let spec = DomainSpec::new("hoarder");
    let hoarder: Domain<dyn Hoard> = host().spawn(spec, init, Mint::nothing()).unwrap();
    hoarder.proxy().unwrap().hoard().unwrap();
    let owner = owner_of(&hoarder);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let serves = scope.spawn(|| {
            let amid = || committed(owner) == 0 && !over.load(SeqCst);
            let mut served = 0;
            while !over.load(SeqCst) {
                served += usize::from(amid());
            }
            served
        });
        hoarder.kill();
        host().reap();
        over.store(true, SeqCst);
        serves.join().unwrap()
    })
}

/// Invariant: DEV-5
#[test]
fn private_heaps_go_back_without_the_mark() {
    let _alone = alone();
    // A busy machine may leave the other thread no time at all, hence several rounds.
    let served: Vec<_> = (0..20).map(|_| served_amid_the_end()).collect();
    assert!(served.iter().any(|served| *served > 1000), "{served:?}");
}
