//! `RRef<T>` as a value: sizes, alignments, moves in and out, and the traits that it forwards.

use samara_host_std as _;
use samara_rref::{AllocError, Exchangeable, Owner, RRef};
use samara_shared_heap::class::MAX_OBJECT;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

#[derive(Clone, Copy, Debug, PartialEq, Exchangeable)]
#[repr(align(4096))]
struct Page([u8; 4096]);

#[derive(Exchangeable)]
#[repr(align(65_536))]
struct Slab(u64);

#[derive(Exchangeable)]
#[repr(align(2_097_152))]
struct Huge(u64);

#[derive(Exchangeable)]
#[repr(align(65_536))]
struct NothingAligned;

#[test]
fn an_rref_is_one_pointer_with_a_niche() {
    assert_eq!(size_of::<RRef<[u8; 4096]>>(), size_of::<usize>());
    assert_eq!(size_of::<Option<RRef<u8>>>(), size_of::<usize>());
    assert_eq!(size_of::<RRef<[u8]>>(), 2 * size_of::<usize>());
}

#[test]
fn a_value_goes_in_and_comes_out() {
    let mut counts = RRef::new([1_u32, 2, 3]);
    counts[1] += 10;
    assert_eq!((*counts, RRef::owner(&counts)), ([1, 12, 3], Owner::HOST));
    assert_eq!(RRef::into_inner(counts), [1, 12, 3]);
    let nested = RRef::new(RRef::new(RRef::new(7_u64)));
    assert_eq!(**RRef::into_inner(nested), 7);
}

fn address<T: ?Sized>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

/// Invariant: OWN-4
#[test]
fn big_alignments_are_met() {
    let pages: Vec<_> = (0..20_u8)
        .map(|byte| RRef::new(Page([byte; 4096])))
        .collect();
    for (byte, page) in pages.iter().enumerate() {
        assert_eq!(address(&**page) % 4096, 0);
        assert_eq!(**page, Page([byte as u8; 4096]));
    }
    let slabs = [1, 2].map(|at| RRef::new(Slab(at)));
    assert!(slabs.iter().all(|slab| address(&**slab) % 65_536 == 0));
    assert_eq!((slabs[0].0, slabs[1].0), (1, 2));
    let slice = RRef::try_from_fn(3, |at| Slab(at as u64)).unwrap();
    assert_eq!((address(&*slice) % 65_536, slice[2].0), (0, 2));
}

#[test]
fn an_alignment_of_two_megabytes_is_met() {
    // The value is first made on the stack, which must have room for its alignment.
    let stack = std::thread::Builder::new().stack_size(64 << 20);
    let thread = stack.spawn(|| RRef::new(Huge(3))).unwrap();
    let huge = thread.join().unwrap();
    assert_eq!((address(&*huge) % (2 << 20), huge.0), (0, 3));
}

#[test]
fn zero_sized_values_have_distinct_places() {
    let units = [(); 3].map(RRef::new);
    assert_ne!(address(&*units[0]), address(&*units[1]));
    assert!(units.iter().all(|unit| RRef::owner(unit) == Owner::HOST));
    let nothing = RRef::new(NothingAligned);
    assert_eq!(address(&*nothing) % 65_536, 0);
    assert_eq!(RRef::owner(&nothing), Owner::HOST);
    let none: RRef<[u64]> = RRef::from_slice(&[]);
    assert!(none.is_empty() && RRef::owner(&none).is_host());
    // A slice may have any number of zero-sized values.
    let many: RRef<[()]> = RRef::new_zeroed_slice(usize::MAX).unwrap();
    assert_eq!(many.len(), usize::MAX);
}

#[test]
fn large_values_stay_in_place() {
    let large = RRef::try_from_fn(3 << 18, |at| at as u32).unwrap();
    let at = address(&*large);
    let moved = std::thread::spawn(move || large).join().unwrap();
    assert_eq!(address(&*moved), at);
    assert!(moved.iter().copied().eq(0..3 << 18));
    let mut buffer: RRef<[u8]> = RRef::new_zeroed_slice(128 << 10).unwrap();
    buffer[131_071] = 1;
    assert_eq!(buffer.iter().map(|byte| u32::from(*byte)).sum::<u32>(), 1);
}

/// Invariant: HEAP-4
#[test]
fn sizes_that_overflow_are_errors() {
    let too_many = [usize::MAX, usize::MAX / 8, isize::MAX as usize / 8 + 1];
    for len in too_many {
        let slice = RRef::<[u64]>::new_zeroed_slice(len);
        assert_eq!(slice.map(drop), Err(AllocError::TooLarge));
        let made = RRef::try_from_fn(len, |_| -> u64 { panic!("nothing is made") });
        assert_eq!(made.map(drop), Err(AllocError::TooLarge));
    }
    // These sizes do not overflow, but exceed the largest object.
    for len in [isize::MAX as usize, MAX_OBJECT + 1] {
        let slice = RRef::<[u8]>::new_zeroed_slice(len);
        assert_eq!(slice.map(drop), Err(AllocError::TooLarge));
    }
}

#[test]
fn an_rref_forwards_traits_of_its_value() {
    let (three, four) = (RRef::new(3_u8), RRef::new(4_u8));
    assert_eq!(format!("{three:?}"), "3");
    assert!(three == RRef::new(3) && three != four);
    let set = HashSet::from([three, four]);
    // A search by a borrow of the value finds it, because `Borrow`, `Hash` and `Eq` agree.
    assert!(set.contains(&3_u8) && !set.contains(&5_u8));
    let text: &[u8] = &RRef::from_slice(b"abc");
    assert_eq!(text, b"abc");
}

#[test]
fn an_rref_is_send_and_sync() {
    let count = RRef::new(AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| count.fetch_add(1, SeqCst));
        }
    });
    assert_eq!(
        std::thread::spawn(move || count.load(SeqCst))
            .join()
            .unwrap(),
        4
    );
}
