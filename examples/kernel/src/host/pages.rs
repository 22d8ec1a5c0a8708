//! Pages of the exchange heap: runs of frames in the direct map. They are contiguous in physical memory, as devices
//! need them.
#![deny(clippy::arithmetic_side_effects)]

use core::ptr::NonNull;

use samara::heap::host::HeapHost;
use samara::heap::thread::ThreadSlot;

use super::KernelHost;
use crate::mm::direct_map;
use crate::mm::frames::{self, FrameOwner};
use crate::mm::layout::PAGE_SIZE;
use crate::thread;

/// Bytes in a frame.
const PAGE: usize = PAGE_SIZE as usize;

// SAFETY: the frame allocator gives each run of frames out once. A run stays mapped in the direct map, and is aligned
// there as in physical memory. Each thread has a slot of its own. Neither allocating nor freeing frames uses the heap.
unsafe impl HeapHost for KernelHost {
    #[inline]
    fn thread_slot() -> NonNull<ThreadSlot> {
        NonNull::from_ref(&thread::current().slot)
    }

    fn alloc_pages(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let (count, align) = (bytes / PAGE, align / PAGE);
        let run = frames::allocate(count, align, FrameOwner::EXCHANGE_HEAP)?;
        NonNull::new(direct_map::pointer(run))
    }

    unsafe fn free_pages(start: NonNull<u8>, bytes: usize, _: usize) {
        let run = direct_map::physical(start.as_ptr(), bytes);
        let freed =
            run.map(|run| frames::free_in_pieces(run, bytes / PAGE, FrameOwner::EXCHANGE_HEAP));
        // A run that did not come from `alloc_pages` is refused and stays where it is: a leak is better than giving
        // away the memory of another owner.
        debug_assert_eq!(freed, Some(Ok(())));
    }
}
