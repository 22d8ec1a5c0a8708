//! Looking up objects by address.
#![expect(unsafe_code, reason = "the heap's own functions are for trusted code")]

use samara_host_std as _;
use samara_shared_heap::class::place;
use samara_shared_heap::{Owner, heap};
use std::ptr::NonNull;

/// Makes an object of `size` bytes, calls `with` on it, and frees it.
fn with_object(size: usize, with: impl FnOnce(NonNull<u8>)) {
    let place = place(size, 8);
    // SAFETY: the place is that of size and alignment. The object is freed below and not used after that.
    let object = unsafe { heap::alloc(place, size, 8) }.unwrap();
    with(object);
    // SAFETY: the object is live, and was made above at that place.
    unsafe { heap::free(object, place) };
}

#[test]
fn every_byte_of_a_live_object_is_found() {
    for size in [8, 100, 2048, 16 << 10, 100_000] {
        with_object(size, |object| {
            let start = object.addr().get();
            for at in [0, 1, size / 2, size - 1] {
                let found = heap::find(start + at).unwrap();
                assert_eq!((found.start, found.owner), (start, Owner::HOST));
                assert!(found.bytes >= size, "{size}: {found:?}");
            }
        });
    }
}

#[test]
fn only_live_objects_are_found() {
    let mut address = 0;
    with_object(2048, |object| {
        address = object.addr().get();
        // The head of its slab.
        assert_eq!(heap::find(address & !0xFFFF), None);
        assert!(heap::find(address).is_some());
    });
    assert_eq!(heap::find(address), None);
    assert_eq!(heap::find(0), None);
    assert_eq!(heap::find(&raw const address as usize), None);
}
