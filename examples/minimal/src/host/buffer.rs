//! Slabs out of one static buffer.

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use samara::heap::class::SLAB_SIZE;
use spin::Mutex;

/// Slabs in the buffer: one for each size class and kind that the program uses, and one to spare.
const SLABS: usize = 6;

/// As aligned as a slab must be.
#[repr(C, align(4096))]
struct Buffer(UnsafeCell<[[u8; SLAB_SIZE]; SLABS]>);

const _: () = assert!(SLAB_SIZE == 4096, "built with the feature `small`");

// SAFETY: its slabs are handed out one by one, each to one user.
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer(UnsafeCell::new([[0; SLAB_SIZE]; SLABS]));

/// Which slabs are in use.
static USED: Mutex<[bool; SLABS]> = Mutex::new([false; SLABS]);

/// A slab; nothing larger is to be had, so there are no large objects.
pub(super) fn alloc(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    if bytes > SLAB_SIZE || align > SLAB_SIZE {
        return None;
    }
    let mut used = USED.lock();
    let at = used.iter().position(|used| !used)?;
    used[at] = true;
    let start = NonNull::new(BUFFER.0.get())?.cast::<u8>();
    // SAFETY: `at` is below the number of slabs.
    Some(unsafe { start.add(at * SLAB_SIZE) })
}

/// # Safety
/// [`alloc`] returned `start`, and nobody uses it any more.
pub(super) unsafe fn free(start: NonNull<u8>, _: usize) {
    let at = start.addr().get() - BUFFER.0.get().addr();
    if let Some(used) = USED.lock().get_mut(at / SLAB_SIZE) {
        *used = false;
    }
}
