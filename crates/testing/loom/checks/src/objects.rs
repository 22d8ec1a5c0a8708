//! Objects of the heap, each with a cell that loom watches: whoever has the slot writes it.

use core::ptr::NonNull;
use loom::cell::UnsafeCell;
use samara_shared_heap::class::{MAX_SHIFT, Place};
use samara_shared_heap::thread::{self, Frame};
use samara_shared_heap::{Owner, heap};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

const PLACE: Place = Place::Slot { shift: MAX_SHIFT };
const BYTES: usize = 1 << MAX_SHIFT;

/// A live object.
#[derive(Debug)]
pub struct Object(NonNull<u8>);

#[derive(Default)]
struct Slots {
    cells: HashMap<usize, Rc<UnsafeCell<()>>>,
    blank: Vec<Rc<UnsafeCell<()>>>,
    live: HashSet<usize>,
}

thread_local! {
    static SLOTS: RefCell<Slots> = RefCell::default();
}

/// Forgets the objects of the last execution; at most `slots` different ones will be watched.
pub fn begin(slots: usize) {
    let blank = (0..slots).map(|_| Rc::new(UnsafeCell::new(()))).collect();
    SLOTS.set(Slots {
        blank,
        ..Slots::default()
    });
}

/// The owner in slot `index`.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn owner(index: usize) -> Owner {
    Owner::from_index(index).unwrap_or_else(|| panic!("no owner {index}"))
}

/// Runs `body` on behalf of `owner`.
pub fn acting<R>(owner: Owner, body: impl FnOnce() -> R) -> R {
    let slot = thread::current();
    let frame = Frame::new(owner, slot.top());
    // SAFETY: the frame outlives `body`, and is taken off after; the model decides who acts for whom.
    unsafe { slot.set_top(&raw const frame) };
    let result = body();
    // SAFETY: this was the top before.
    unsafe { slot.set_top(frame.prev()) };
    result
}

impl Object {
    /// An object of whom the thread runs for.
    ///
    /// # Panics
    /// If its slot is somebody else's, or there is no memory.
    #[must_use]
    pub fn new() -> Self {
        // SAFETY: the place is that of the size; the object keeps the slot.
        let slot = unsafe { heap::alloc(PLACE, BYTES, BYTES) };
        let slot = slot.unwrap_or_else(|error| panic!("{error}"));
        let fresh = SLOTS.with_borrow_mut(|slots| slots.live.insert(slot.addr().get()));
        assert!(fresh, "a slot was handed out twice");
        let this = Self(slot);
        this.touch();
        this
    }

    /// Uses it; loom fails if somebody else's use does not happen before.
    pub fn touch(&self) {
        let cell = SLOTS.with_borrow_mut(|slots| {
            let blank = &mut slots.blank;
            let cell = slots.cells.entry(self.0.addr().get());
            Rc::clone(cell.or_insert_with(|| {
                blank
                    .pop()
                    .unwrap_or_else(|| panic!("the model uses more slots than it asked for"))
            }))
        });
        cell.with_mut(|_| ());
    }

    /// Changes its owner.
    pub fn give(&self, to: Owner) {
        // SAFETY: live, and the model hands it over now.
        unsafe { heap::set_owner(self.0, PLACE, to) };
    }

    /// Frees it.
    pub fn free(self) {
        self.touch();
        self.released();
        // SAFETY: live until now, and used no more.
        unsafe { heap::free(self.0, PLACE) };
    }

    /// Notes that a reclaim is about to free it.
    pub fn released(&self) {
        SLOTS.with_borrow_mut(|slots| slots.live.remove(&self.0.addr().get()));
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

/// Reclaims what `owner` has; how many objects.
pub fn reclaim(owner: Owner) -> usize {
    // SAFETY: the model has no thread left that runs for it.
    unsafe { heap::reclaim(owner) }.objects
}
