//! Page runs: cached per CPU by size, bounded in number and pages, and evicted when other runs need the room.
#![expect(unsafe_code, reason = "drives the heap below its safe types")]

use samara_host_std::live_bytes;
use samara_shared_heap::class::{self, PAGE_SIZE, RUN_BUDGET_PAGES, RUN_MAX, RUN_SLOTS};
use samara_shared_heap::{Owner, heap, thread};
use samara_testkit::hosted::{acting_for, alone};
use std::ptr::NonNull;

fn alloc(size: usize, align: usize) -> NonNull<u8> {
    // SAFETY: the place is that of size and alignment, and the tests free the object.
    unsafe { heap::alloc(class::place(size, align), size, align) }.unwrap()
}

fn free(object: NonNull<u8>, size: usize, align: usize) {
    // SAFETY: a live object of the test, which the test gives up.
    unsafe { heap::free(object, class::place(size, align)) };
}

#[test]
fn a_freed_run_is_the_next_of_its_size() {
    let _alone = alone();
    heap::trim();
    let object = alloc(128 << 10, 1);
    free(object, 128 << 10, 1);
    let held = live_bytes();
    // An object with another number of pages does not get the run.
    let other = alloc((128 << 10) + 1, 1);
    assert_ne!(other, object);
    // An object with as many pages gets it, even if it has fewer bytes.
    assert_eq!(alloc((128 << 10) - 100, 1), object);
    assert!(live_bytes() > held);
    free(object, (128 << 10) - 100, 1);
    free(other, (128 << 10) + 1, 1);
    assert_eq!(heap::census_all(), heap::Census::default());
    heap::trim();
    assert_eq!(live_bytes(), 0);
}

#[test]
fn a_cpu_keeps_a_bounded_number_of_runs_and_pages() {
    let _alone = alone();
    heap::trim();
    for size in [20 << 10, 64 << 10, RUN_MAX, RUN_MAX + 1, 5 << 20] {
        let objects: Vec<_> = (0..4 * RUN_SLOTS).map(|_| alloc(size, 1)).collect();
        objects.into_iter().for_each(|object| free(object, size, 1));
        // In addition, a run has a page for its header, and at most one for its alignment.
        let headers = 2 * RUN_SLOTS * PAGE_SIZE;
        assert!(live_bytes() <= RUN_BUDGET_PAGES as usize * PAGE_SIZE + headers);
    }
    heap::trim();
    assert_eq!(live_bytes(), 0);
}

/// Invariant: EXPORT-18
#[test]
fn special_alignments_are_not_mixed_with_pages() {
    let _alone = alone();
    heap::trim();
    let size = 256 << 10;
    for align in [PAGE_SIZE, 64 << 10, 2 << 20] {
        for _ in 0..4 {
            // Empties the caches, so that only the following objects are cached.
            heap::trim();
            let object = alloc(size, align);
            assert_eq!(object.addr().get() % align, 0);
            free(object, size, align);
            // The object's charge includes the pages that are skipped for its alignment, so its run is smaller than
            // the charge.
            let charged = class::large_bytes(size, align).unwrap();
            let before = live_bytes();
            let plain = alloc(charged, 1);
            // So the cached run must not be used for this object. Its pages must come from the host, perhaps at the
            // same address.
            assert!(align <= PAGE_SIZE || live_bytes() >= before + charged);
            // SAFETY: the object is live and has that size.
            unsafe { plain.write_bytes(0xA5, charged) };
            free(plain, charged, 1);
        }
    }
    heap::trim();
    assert_eq!(live_bytes(), 0);
}

#[test]
fn another_cpus_runs_are_its_own_until_trimmed() {
    let _alone = alone();
    heap::trim();
    let slot = thread::current();
    let before = slot.shard();
    let object = alloc(40 << 10, 1);
    slot.set_shard(before + 1);
    free(object, 40 << 10, 1);
    slot.set_shard(before);
    let mine = alloc(40 << 10, 1);
    assert_ne!(mine, object);
    free(mine, 40 << 10, 1);
    heap::trim();
    assert_eq!(live_bytes(), 0);
}

/// Invariant: EXPORT-18
#[test]
fn a_cached_run_has_no_owner() {
    let _alone = alone();
    heap::trim();
    let dead = Owner::from_index(9).unwrap();
    let make = || alloc(100 << 10, 1);
    // SAFETY: nothing uses the owner's objects after its reclaim.
    let (kept, freed) = unsafe { acting_for(dead, || (make(), make())) };
    free(freed, 100 << 10, 1);
    // SAFETY: as above.
    let released = unsafe { heap::reclaim(dead) };
    assert_eq!((released.objects, released.bytes), (1, 100 << 10));
    let again = make();
    assert_eq!((again, again == kept), (freed, false));
    free(again, 100 << 10, 1);
    heap::trim();
    assert_eq!(live_bytes(), 0);
}
