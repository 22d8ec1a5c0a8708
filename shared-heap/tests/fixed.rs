//! The heap over one static buffer. The program is its own heap host and has no other pages. There is only one test,
//! because the buffer is the program's only memory for shared objects.
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

/// Room for a few slabs, whatever their size on the target.
const BYTES: usize = 16 * SLAB_SIZE;

static MEMORY: Buffer<BYTES> = Buffer::new();
static PAGES: FixedPages = FixedPages::new();

struct Board;

samara_shared_heap::set_heap_host!(Board);

thread_local! {
    static SLOT: ThreadSlot = const { ThreadSlot::new(0) };
}

// SAFETY: the pages come from `FixedPages`, which gives each out once. Each thread has its own slot.
unsafe impl HeapHost for Board {
    fn thread_slot() -> NonNull<ThreadSlot> {
        SLOT.with(NonNull::from_ref)
    }
    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        PAGES.alloc(bytes, align)
    }
    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
        // SAFETY: upheld by the caller.
        unsafe { PAGES.free(start, bytes) }
    }
}

fn alloc(size: usize) -> Result<NonNull<u8>, AllocError> {
    // SAFETY: the place is that of the size, and the test frees the object.
    unsafe { heap::alloc(class::place(size, 1), size, 1) }
}

fn free(object: NonNull<u8>, size: usize) {
    // SAFETY: a live object of the test, which the test gives up.
    unsafe { heap::free(object, class::place(size, 1)) };
}

/// Allocates objects until there is no room, and returns them.
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
fn the_heap_works_within_one_static_buffer() {
    assert_eq!(alloc(16), Err(AllocError::OutOfMemory), "no memory yet");
    let memory = MEMORY.take().expect("not taken before");
    assert!(MEMORY.take().is_none(), "it can be taken only once");
    let range = memory.as_ptr_range();
    let given = PAGES.give(memory);
    assert!(given <= BYTES - PAGE_SIZE && given > BYTES - 2 * SLAB_SIZE);

    let sizes = [16, 100, 1 << MAX_SHIFT, SLAB_SIZE, 3 * PAGE_SIZE];
    for size in sizes {
        // Each size can use all of the memory, including the cached slots and empty slabs that the previous sizes
        // have left.
        let objects = fill(size);
        assert!(
            objects.len() * size > BYTES / 4,
            "{size}: {}",
            objects.len()
        );
        for object in &objects {
            let at = object.as_ptr().cast_const().cast();
            assert!(range.contains(&at));
            // SAFETY: the object is live and has that size.
            unsafe { object.write_bytes(0xA5, size) };
        }
        objects.into_iter().for_each(|object| free(object, size));
    }
    heap::trim();
    assert_eq!((PAGES.free_bytes(), heap::held_bytes()), (given, 0));
}
