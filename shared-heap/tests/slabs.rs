//! Slabs and pages: freed memory goes back to the host, and objects are aligned. The tests check totals of the whole
//! heap, so the tests of this binary run one at a time.
#![expect(unsafe_code, reason = "drives the heap below its safe types")]

use samara_host_std::live_bytes;
use samara_shared_heap::class::{
    self, CLASSES, MAX_ALIGN, MAX_OBJECT, MIN_SHIFT, PAGE_SIZE, SLAB_SIZE,
};
use samara_shared_heap::{AllocError, Owner, heap, thread};
use samara_testkit::hosted::{acting_for, alone};
use std::collections::HashSet;
use std::ptr::NonNull;

fn alloc(size: usize, align: usize) -> NonNull<u8> {
    // SAFETY: the place is that of size and alignment, and the tests free the object.
    unsafe { heap::alloc(class::place(size, align), size, align) }.unwrap()
}

fn free(object: NonNull<u8>, size: usize, align: usize) {
    // SAFETY: a live object of the test, which the test gives up.
    unsafe { heap::free(object, class::place(size, align)) };
}

fn held() -> usize {
    assert_eq!(
        heap::held_bytes(),
        live_bytes(),
        "the heap and the host count the same"
    );
    live_bytes()
}

/// The largest objects can be allocated and freed. Further or larger allocations fail for lack of memory, or because
/// the object is too large.
///
/// Invariant: HEAP-4
#[test]
fn objects_beyond_the_limits_are_errors() {
    let _alone = alone();
    let place = class::place(MAX_OBJECT, MAX_ALIGN);
    // SAFETY: such objects are large, as the place says. They are freed below, and their bytes are not read.
    let make = |size, align| unsafe { heap::alloc(place, size, align) };
    let mut objects = Vec::new();
    // Even if the system promises any amount of memory, its address space has no room for this many objects.
    let error = loop {
        match make(MAX_OBJECT, MAX_ALIGN) {
            Ok(object) => objects.push(object),
            Err(error) => break error,
        }
        assert!(objects.len() < 1 << 23);
    };
    assert_eq!(error, AllocError::OutOfMemory);
    for (size, align) in [(MAX_OBJECT + 1, 1), (1, 2 * MAX_ALIGN), (usize::MAX, 1)] {
        assert_eq!(make(size, align), Err(AllocError::TooLarge));
    }
    for object in objects {
        free(object, MAX_OBJECT, MAX_ALIGN);
    }
    heap::trim();
    assert_eq!(held(), 0);
}

/// Invariant: HEAP-42
#[test]
fn emptied_slabs_go_back_to_the_host() {
    let _alone = alone();
    for size in [16, 100, 4096, 16_384] {
        let objects: Vec<_> = (0..2000).map(|_| alloc(size, 1)).collect();
        assert!(held() >= 2000 * size);
        objects.into_iter().for_each(|object| free(object, size, 1));
        // Only a cache and the last slab of the class may stay.
        assert!(held() <= 4 * SLAB_SIZE, "{} after {size}", held());
        heap::trim();
        assert_eq!(held(), 0);
    }
}

#[test]
fn freeing_in_any_order_empties_slabs() {
    let _alone = alone();
    let mut objects: Vec<_> = (0..5000).map(|_| alloc(48, 8)).collect();
    // Frees every third object first, so that all slabs become partly free, and then empty one after the other.
    for stride in [3, 2, 1] {
        let mut at = 0;
        objects.retain(|object| {
            at += 1;
            let keep = at % stride != 0;
            if !keep {
                free(*object, 48, 8);
            }
            keep
        });
    }
    heap::trim();
    assert_eq!((objects.len(), held()), (0, 0));
}

/// Invariant: HEAP-42
#[test]
fn caches_of_other_cpus_are_trimmed() {
    let _alone = alone();
    let slot = thread::current();
    let before = slot.shard();
    let objects: Vec<_> = (0..1000).map(|_| alloc(64, 8)).collect();
    for (at, object) in objects.into_iter().enumerate() {
        slot.set_shard(at);
        free(object, 64, 8);
    }
    slot.set_shard(before);
    assert_ne!(held(), 0);
    heap::trim();
    assert_eq!(held(), 0);
}

/// Invariant: OWN-4
#[test]
fn objects_are_aligned_and_distinct() {
    let _alone = alone();
    let mut live = Vec::new();
    let mut seen = HashSet::new();
    for align_shift in 0..=21 {
        for size in [0, 1, 24, 513, 4097, 70_000] {
            let align = 1 << align_shift;
            let object = alloc(size, align);
            assert_eq!(object.addr().get() % align, 0, "{size} aligned {align}");
            // Zero-sized objects have distinct places, too.
            assert!(seen.insert(object));
            live.push((object, size, align));
        }
    }
    for (object, size, align) in live {
        free(object, size, align);
    }
    heap::trim();
    assert_eq!(held(), 0);
}

#[test]
fn page_sized_objects_are_page_aligned_without_asking() {
    let _alone = alone();
    for size in [PAGE_SIZE, 2 * PAGE_SIZE, 16_384, 131_072, 3 << 20] {
        let object = alloc(size, 1);
        assert_eq!(object.addr().get() % PAGE_SIZE, 0, "a DMA buffer of {size}");
        free(object, size, 1);
    }
    heap::trim();
    assert_eq!(held(), 0);
}

/// Invariant: LIFE-9
#[test]
fn a_reclaim_spares_objects_of_other_owners() {
    let _alone = alone();
    let [dead, alive] = [5, 6].map(|index| Owner::from_index(index).unwrap());
    let as_owner = |owner, size: usize| {
        // SAFETY: the objects are used only before the owner's reclaim.
        unsafe { acting_for(owner, || alloc(size, 1)) }
    };
    let mut kept = Vec::new();
    for at in 0..3000 {
        let size = 16 << (at % CLASSES);
        as_owner(dead, size);
        if at % 10 == 0 {
            let object = as_owner(alive, size);
            // SAFETY: the object belongs to the test and has at least 16 bytes.
            unsafe { object.cast::<usize>().write(at) };
            kept.push((object, size, at));
        }
    }
    for size in [100_000, 1 << 20] {
        as_owner(dead, size);
    }
    let (all, theirs) = (heap::census(dead), heap::census(alive));
    assert_eq!((all.objects, theirs.objects), (3002, 300));
    let before = held();
    // SAFETY: nothing uses the objects of the dead owner.
    assert_eq!(unsafe { heap::reclaim(dead) }, all);
    assert_eq!(heap::census(alive), theirs);
    heap::trim();
    assert!(held() + all.bytes / 2 < before);
    for (object, size, at) in kept {
        // SAFETY: the object is live, and was written above.
        assert_eq!(unsafe { object.cast::<usize>().read() }, at);
        free(object, size, 1);
    }
    heap::trim();
    assert_eq!(held(), 0);
    assert_eq!(class::positions(MIN_SHIFT), SLAB_SIZE / 16);
}
