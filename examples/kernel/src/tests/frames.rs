//! Physical memory is counted for its owner, and only the owner can free it.

use super::kernel_tests;
use crate::mm::frames::{self, FrameOwner};
use crate::mm::layout::PAGE_SIZE;

const A: FrameOwner = FrameOwner(0x7e57_0001);
const B: FrameOwner = FrameOwner(0x7e57_0002);

kernel_tests! {
    fn frames_are_counted_by_owner() {
        let free = frames::free_frames();
        let one = frames::allocate(1, 1, A).expect("memory");
        let run = frames::allocate(5, 1, A).expect("memory");
        let other = frames::allocate(2, 1, B).expect("memory");
        assert_eq!((frames::owned_by(A), frames::owned_by(B)), (6, 2));
        assert_eq!(frames::free_frames(), free - 8);
        frames::free(run, 5, A).expect("ours");
        frames::free(one, 1, A).expect("ours");
        frames::free(other, 2, B).expect("ours");
        assert_eq!((frames::owned_by(A), frames::owned_by(B)), (0, 0));
        assert_eq!(frames::free_frames(), free);
    }

    fn runs_are_aligned_and_disjoint() {
        let one = frames::allocate(1, 1, A).expect("memory");
        let slab = frames::allocate(16, 16, A).expect("memory");
        let large = frames::allocate(700, 512, A).expect("memory");
        assert!(slab.is_multiple_of(16 * PAGE_SIZE));
        assert!(large.is_multiple_of(512 * PAGE_SIZE));
        let (slab_end, large_end) = (slab + 16 * PAGE_SIZE, large + 700 * PAGE_SIZE);
        assert!(slab_end <= large || large_end <= slab);
        assert!(!(slab..slab_end).contains(&one) && !(large..large_end).contains(&one));
        frames::free(one, 1, A).expect("ours");
        frames::free(slab, 16, A).expect("ours");
        frames::free(large, 700, A).expect("ours");
    }

    fn only_the_owner_frees_and_only_once() {
        let run = frames::allocate(4, 1, A).expect("memory");
        assert!(frames::free(run, 4, B).is_err(), "not the owner");
        assert!(frames::free(run, 5, A).is_err(), "one too many");
        assert_eq!(frames::owned_by(A), 4, "a refused call does nothing");
        frames::free(run, 4, A).expect("ours");
        assert!(frames::free(run, 4, A).is_err(), "freed twice");
        assert!(frames::free(!0xfff, 2, A).is_err(), "no memory at the address");
    }

    fn impossible_requests_are_refused() {
        let free = frames::free_frames();
        assert_eq!(frames::allocate(0, 1, A), None);
        assert_eq!(frames::allocate(free + 1, 1, A), None);
        assert_eq!(frames::allocate(usize::MAX, 1, A), None);
        assert_eq!(frames::allocate(1, 3, A), None, "no power of two");
        assert_eq!(frames::allocate(1, 1, FrameOwner(u32::MAX)), None, "no owner");
        assert_eq!(frames::free_frames(), free);
    }
}
