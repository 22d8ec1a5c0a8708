//! Pages of the exchange heap: runs of frames in the direct map, contiguous for devices too.
#![deny(clippy::arithmetic_side_effects)]

use core::ptr::NonNull;

use samara::heap::host::HeapHost;
use samara::heap::thread::ThreadSlot;

use super::KernelHost;
use crate::mm::direct_map;
use crate::mm::frames::{self, FrameOwner};
use crate::mm::layout::PAGE_SIZE;
use crate::thread;

/// Bytes of a frame.
const PAGE: usize = PAGE_SIZE as usize;

// SAFETY: runs of frames are given out once, stay mapped in the direct map, and are aligned there
// as they are in physical memory. Each thread has its own slot. Nothing here uses the heap.
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
        // What did not come from here stays where it is: a leak is better than another's memory
        // given away.
        debug_assert_eq!(freed, Some(Ok(())));
    }
}
