//! Uses up a stack in such a way that the overflow occurs in trusted code that a domain calls.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hint::black_box;

use samara::prelude::*;
use samara::runtime::threads::api as domain_thread;

use crate::thread;

/// The trusted code that a domain calls while its stack fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[repr(u32)]
pub(super) enum Trusted {
    Nothing,
    /// Allocates a little private memory at a time.
    Allocate,
    /// Allocates so much private memory that the heap asks for pages each time.
    AllocatePages,
    Free,
    /// Allocates objects of the exchange heap.
    Share,
    Unshare,
    /// Calls another domain. Near the end of the stack such a call is refused.
    Call,
    /// Spawns a thread, whose stack the host maps.
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

/// The calls of trusted code begin when this many bytes of stack are left. At this point calls of another domain
/// still find enough room.
const NEAR: usize = 20 * 1024;

/// An upper bound of the number of frames in [`NEAR`] bytes.
const FRAMES: usize = 400;

/// One in this many frames spawns a thread.
const SPAWNS: u32 = 8;

/// Recurses until the stack runs over, and so never returns. `pad` frames of a few words each come first, so that the
/// stack runs over at another place for each `pad`. `call` calls another domain.
pub(super) fn dig(code: Trusted, pad: u32, call: &dyn Fn()) {
    pad_then(pad, &|| match code {
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
                // The domain is charged for the time that a spawn takes. If each frame spawned a thread, the budget
                // would be used up before the stack.
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

/// Calls `then` from below `frames` frames of two sizes that differ by 16 bytes. So the frames of `then` begin at
/// every possible offset, whatever their own size is.
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
