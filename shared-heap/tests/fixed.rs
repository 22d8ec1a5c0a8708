//! The heap over one static buffer: its own host, no pages from elsewhere. One test, as the buffer is
//! the program's only memory for shared objects.
#![expect(
    unsafe_code,
    reason = "is a heap host, and drives the heap below its safe types"
)]

use samara_shared_heap::class::{self, MAX_SHIFT, PAGE_SIZE, SLAB_SIZE};
use samara_shared_heap::fixed::{Buffer, FixedPages};
use samara_shared_heap::host::HeapHost;
use samara_shared_heap::thread::ThreadSlot;
use samara_shared_heap::{AllocError, heap};
use std::ptr::NonNull;

/// Room for a few slabs of whichever size.
const BYTES: usize = 16 * SLAB_SIZE;

static MEMORY: Buffer<BYTES> = Buffer::new();
static PAGES: FixedPages = FixedPages::new();

struct Board;

samara_shared_heap::set_heap_host!(Board);

thread_local! {
    static SLOT: ThreadSlot = const { ThreadSlot::new(0) };
}

// SAFETY: pages are those of `FixedPages`, which gives each out once; a slot per thread.
unsafe impl HeapHost for Board {
    fn thread_slot() -> NonNull<ThreadSlot> {
        SLOT.with(NonNull::from_ref)
    }
    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        PAGES.alloc(bytes, align)
    }
    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
        // SAFETY: handed on.
        unsafe { PAGES.free(start, bytes) }
    }
}

fn alloc(size: usize) -> Result<NonNull<u8>, AllocError> {
    // SAFETY: the place is that of the size; the test frees it.
    unsafe { heap::alloc(class::place(size, 1), size, 1) }
}

fn free(object: NonNull<u8>, size: usize) {
    // SAFETY: a live object of the test's, given up.
    unsafe { heap::free(object, class::place(size, 1)) };
}

/// Allocates until there is no room; the number of objects.
fn fill(size: usize) -> Vec<NonNull<u8>> {
    let mut objects = Vec::new();
    loop {
        match alloc(size) {
            Ok(object) => objects.push(object),
            Err(error) => {
                assert_eq!(error, AllocError::OutOfMemory);
                return objects;
            }
        }
    }
}

#[test]
fn the_whole_heap_in_one_buffer() {
    assert_eq!(alloc(16), Err(AllocError::OutOfMemory), "no memory yet");
    let memory = MEMORY.take().expect("the first to ask");
    assert!(MEMORY.take().is_none(), "nobody gets it twice");
    let range = memory.as_ptr_range();
    let given = PAGES.give(memory);
    assert!(given <= BYTES - PAGE_SIZE && given > BYTES - 2 * SLAB_SIZE);

    let sizes = [16, 100, 1 << MAX_SHIFT, SLAB_SIZE, 3 * PAGE_SIZE];
    for size in sizes {
        // Each time all of it: what the sizes before have cached or emptied is found again.
        let objects = fill(size);
        assert!(
            objects.len() * size > BYTES / 4,
            "{size}: {}",
            objects.len()
        );
        for object in &objects {
            let at = object.as_ptr().cast_const().cast();
            assert!(range.contains(&at));
            // SAFETY: live, and of that size.
            unsafe { object.write_bytes(0xA5, size) };
        }
        objects.into_iter().for_each(|object| free(object, size));
    }
    heap::trim();
    assert_eq!((PAGES.free_bytes(), heap::held_bytes()), (given, 0));
}
