//! The current instance, read without a lock.

use crate::call::Target;
use crate::control::ControlBlock;
use crate::instance::Instance;
use crate::interface::Interface;
use crate::primitive::atomic::{AtomicPtr, AtomicU32, Ordering, fence};
use crate::state::Word;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

/// A lock-free cell for the current instance: a sequence number around plain words.
pub(super) struct Published<I: ?Sized> {
    /// Odd while a writer is at work. Writers exclude each other: only a thread that holds the service's flight
    /// writes.
    sequence: AtomicU32,
    block: AtomicPtr<ControlBlock>,
    index: AtomicU32,
    expected: AtomicU32,
    object: [AtomicPtr<()>; 2],
    is: PhantomData<NonNull<I>>,
}

// SAFETY: an `Instance` is `Send + Sync`, and all fields are atomics (ORDER-4).
unsafe impl<I: ?Sized + Interface> Send for Published<I> {}
// SAFETY: as above.
unsafe impl<I: ?Sized + Interface> Sync for Published<I> {}

impl<I: ?Sized + Interface> Published<I> {
    const WIDE: () = assert!(
        size_of::<NonNull<I>>() == size_of::<[*mut (); 2]>(),
        "an interface is `dyn Trait`"
    );

    pub(super) fn new(instance: Instance<I>) -> Self {
        let () = Self::WIDE;
        let this = Self {
            sequence: AtomicU32::new(0),
            block: AtomicPtr::new(ptr::null_mut()),
            index: AtomicU32::new(0),
            expected: AtomicU32::new(0),
            object: [const { AtomicPtr::new(ptr::null_mut()) }; 2],
            is: PhantomData,
        };
        this.set(instance);
        this
    }

    pub(super) fn set(&self, instance: Instance<I>) {
        // SAFETY: both are two words wide (`WIDE`), and raw words have no invalid values.
        let words: [*mut (); 2] = unsafe { core::mem::transmute_copy(&instance.object()) };
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence
            .store(sequence.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        let block = ptr::from_ref(instance.target().block()).cast_mut();
        self.block.store(block, Ordering::Relaxed);
        let index = instance.target().index().into();
        self.index.store(index, Ordering::Relaxed);
        let expected = instance.target().expected().0;
        self.expected.store(expected, Ordering::Relaxed);
        self.object[0].store(words[0], Ordering::Relaxed);
        self.object[1].store(words[1], Ordering::Relaxed);
        self.sequence
            .store(sequence.wrapping_add(2), Ordering::Release);
    }

    #[inline]
    pub(super) fn get(&self) -> Instance<I> {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let block = self.block.load(Ordering::Relaxed);
            let index = self.index.load(Ordering::Relaxed) as u8;
            let expected = Word(self.expected.load(Ordering::Relaxed));
            let words = [
                self.object[0].load(Ordering::Relaxed),
                self.object[1].load(Ordering::Relaxed),
            ];
            fence(Ordering::Acquire);
            if before & 1 == 0 && self.sequence.load(Ordering::Relaxed) == before {
                // SAFETY: a control block is static, and `set` stored one.
                let block: &'static ControlBlock = unsafe { &*block };
                // SAFETY: these are the words of one `set`, which took them from a `NonNull<I>` (ORDER-4).
                let object = unsafe { core::mem::transmute_copy(&words) };
                return Instance::new(Target::of(block, index, expected), object);
            }
            crate::primitive::spin_loop();
        }
    }
}
