//! Private memory of domains comes from the frame allocator and goes back to it, page tables included.

use arrayvec::ArrayVec;

use super::kernel_tests;
use crate::mm::arena::{self, CommitError};
use crate::mm::direct_map;
use crate::mm::frames::{self, FrameOwner};
use crate::mm::layout::{ARENA_SLOTS, ARENA_STRIDE, PAGE_SIZE};

const OWNER: FrameOwner = FrameOwner(0x7e57_0003);
const SLOT: u64 = ARENA_SLOTS - 1;
const PAGES: u64 = 600; // more than one table's worth

fn decommit(range: core::ops::Range<u64>) -> usize {
    // SAFETY: the tests keep no reference into the arena.
    unsafe { arena::decommit(range, OWNER) }
}

/// Allocates all free frames except `rest`, in runs that are as long as possible.
fn hoard_all_but(rest: usize) -> ArrayVec<(u64, usize), 256> {
    let mut hoard = ArrayVec::new();
    let mut count = frames::free_frames();
    while count > 0 {
        count = count.min(frames::free_frames().saturating_sub(rest));
        match frames::allocate(count, 1, OWNER) {
            Some(address) => hoard.push((address, count)),
            None => count /= 2,
        }
    }
    hoard
}

kernel_tests! {
    fn commit_then_decommit_returns_every_frame() {
        let free = frames::free_frames();
        let start = arena::window(SLOT).expect("a slot").start;
        let range = start..start + PAGES * PAGE_SIZE;
        arena::commit(range.clone(), OWNER).expect("memory");
        assert_eq!(frames::owned_by(OWNER), PAGES as usize);
        for page in range.clone().step_by(PAGE_SIZE as usize) {
            let word = core::ptr::with_exposed_provenance_mut::<u64>(page as usize);
            // SAFETY: the page was committed above, and only this test uses it.
            assert_eq!(unsafe { word.read() }, 0, "the page is zeroed");
            // SAFETY: as above.
            unsafe { word.write(page) };
        }
        assert_eq!(decommit(range.clone()), PAGES as usize);
        assert_eq!(frames::owned_by(OWNER), 0);
        assert_eq!(frames::free_frames(), free, "page tables are freed too");
        assert_eq!(decommit(range), 0, "nothing is left to decommit");
    }

    fn memory_is_zeroed_again() {
        let start = arena::window(SLOT).expect("a slot").start;
        let range = start..start + 4 * PAGE_SIZE;
        for _ in 0..2 {
            arena::commit(range.clone(), OWNER).expect("memory");
            let bytes = core::ptr::with_exposed_provenance_mut::<u8>(start as usize);
            // SAFETY: the range was committed above, and only this test uses it.
            let bytes = unsafe { core::slice::from_raw_parts_mut(bytes, 4 * PAGE_SIZE as usize) };
            assert!(bytes.iter().all(|byte| *byte == 0));
            bytes.fill(0xa5);
            decommit(range.clone());
        }
    }

    fn bad_ranges_are_refused() {
        let window = arena::window(SLOT).expect("a slot");
        let refused = |range| arena::commit(range, OWNER) == Err(CommitError::BadRange);
        assert!(refused(window.start + 1..window.start + PAGE_SIZE));
        assert!(refused(window.end - PAGE_SIZE..window.end + PAGE_SIZE), "the range ends behind the window");
        assert!(refused(0x1000..0x2000), "the range is in no arena");
        assert_eq!(arena::window(ARENA_SLOTS), None);

        let (free, start) = (frames::free_frames(), window.start);
        arena::commit(start + PAGE_SIZE..start + 2 * PAGE_SIZE, OWNER).expect("memory");
        assert!(refused(start..start + 2 * PAGE_SIZE), "the second page is committed");
        assert_eq!(frames::owned_by(OWNER), 1, "the frame of the first page was freed again");
        decommit(window);
        assert_eq!(frames::free_frames(), free);
    }

    /// Invariant: HEAP-5
    fn impossible_commit_touches_no_frame() {
        let start = arena::window(SLOT).expect("a slot").start;
        let marked = frames::allocate(1, 1, OWNER).expect("memory");
        let word = direct_map::pointer::<u64>(marked);
        // SAFETY: the frame belongs to the test.
        unsafe { word.write(0x5a5a) };
        frames::free(marked, 1, OWNER).expect("ours");
        // The whole stripe is more memory than the machine of these tests has.
        let refused = arena::commit(start..start + ARENA_STRIDE, OWNER);
        assert_eq!(refused, Err(CommitError::OutOfFrames));
        let again = frames::allocate(1, 1, OWNER).expect("memory");
        assert_eq!(again, marked, "the lowest free frame");
        // SAFETY: the frame belongs to the test again.
        assert_eq!(unsafe { word.read() }, 0x5a5a, "the frame was not zeroed");
        frames::free(again, 1, OWNER).expect("ours");
    }

    fn exhausted_memory_is_an_error_and_leaks_nothing() {
        let free = frames::free_frames();
        let hoard = hoard_all_but(64);
        let start = arena::window(SLOT).expect("a slot").start;
        let range = start..start + 128 * PAGE_SIZE;
        assert_eq!(arena::commit(range, OWNER), Err(CommitError::OutOfFrames));
        for (address, count) in hoard {
            frames::free(address, count, OWNER).expect("ours");
        }
        assert_eq!(frames::free_frames(), free);
    }
}
