//! Uses a stack up, so that its end is met in some trusted code that a domain calls.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hint::black_box;

use samara::prelude::*;
use samara::runtime::threads::api as domain_thread;

use crate::thread;

/// What is called on the way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[repr(u32)]
pub(super) enum Trusted {
    Nothing,
    /// Private memory, a little at a time.
    Allocate,
    /// So much that the heap asks for pages each time.
    AllocatePages,
    Free,
    /// Objects of the exchange heap.
    Share,
    Unshare,
    /// A call of another domain, which is refused where there is no room for it any more.
    Call,
    /// A thread, whose stack the host maps.
    Spawn,
}

impl Trusted {
    pub(super) const ALL: [Self; 8] = [
        Self::Nothing,
        Self::Allocate,
        Self::AllocatePages,
        Self::Free,
        Self::Share,
        Self::Unshare,
        Self::Call,
        Self::Spawn,
    ];
}

/// Bytes of stack that are left where it begins: no call is refused yet.
const NEAR: usize = 20 * 1024;

/// More than there are frames in that.
const FRAMES: usize = 400;

/// In one of so many of them a thread is spawned.
const SPAWNS: u32 = 8;

/// Never returns: the stack runs over. `pad` frames first, of a few words each, so that it does so
/// elsewhere each time. `call` calls another domain.
pub(super) fn dig(what: Trusted, pad: u32, call: &dyn Fn()) {
    pad_then(pad, &|| match what {
        Trusted::Nothing => deeper(1, &mut || ()),
        Trusted::Allocate => allocate::<5>(),
        Trusted::AllocatePages => allocate::<4096>(),
        Trusted::Free => {
            let mut boxes: Vec<_> = (0..FRAMES).map(|_| Box::new([1_u64; 5])).collect();
            deeper(1, &mut || drop(boxes.pop()));
        }
        Trusted::Share => {
            let mut kept = Vec::with_capacity(FRAMES);
            deeper(1, &mut || kept.push(RRef::new([1_u64; 512])));
        }
        Trusted::Unshare => {
            let mut shared: Vec<_> = (0..FRAMES).map(|_| RRef::new([1_u64; 512])).collect();
            deeper(1, &mut || drop(shared.pop()));
        }
        Trusted::Call => deeper(1, &mut || call()),
        Trusted::Spawn => {
            let mut frames = 0_u32;
            deeper(1, &mut || {
                frames += 1;
                // The time that it takes is the domain's: more of them would use its budget up before its stack.
                if frames.is_multiple_of(SPAWNS)
                    && let Ok(thread) = domain_thread::spawn(|| ())
                {
                    thread.join();
                }
            });
        }
    });
}

fn allocate<const WORDS: usize>() {
    let mut kept = Vec::with_capacity(FRAMES);
    deeper(1, &mut || kept.push(Vec::<u64>::with_capacity(WORDS)));
}

/// Frames of two sizes, 16 bytes apart: whatever the size of those below, they begin everywhere.
fn pad_then(frames: u32, then: &dyn Fn()) {
    pad_with::<2>(frames / 8, &|| pad_with::<4>(frames % 8, then));
}

#[inline(never)]
fn pad_with<const WORDS: usize>(frames: u32, then: &dyn Fn()) {
    let frame = black_box([u64::from(frames); WORDS]);
    match frames {
        0 => then(),
        _ => pad_with::<WORDS>(frames - 1, then),
    }
    black_box(frame);
}

#[inline(never)]
fn deeper(depth: u64, each: &mut dyn FnMut()) {
    let frame = black_box([depth; 3]);
    let left = (&raw const frame).addr() - thread::current().slot.stack().start;
    if left < NEAR {
        each();
    }
    if depth != u64::MAX {
        deeper(depth + 1, each);
    }
    black_box(frame);
}
