//! Heap objects. Each heap slot has a cell that loom watches, and the code that holds the slot's object writes the
//! cell.

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

/// Forgets the objects of the previous execution, and makes cells for up to `slots` different heap slots.
pub fn begin(slots: usize) {
    let blank = (0..slots).map(|_| Rc::new(UnsafeCell::new(()))).collect();
    SLOTS.set(Slots {
        blank,
        ..Slots::default()
    });
}

/// Returns the owner with index `index`.
///
/// # Panics
/// If there is no such owner.
#[must_use]
pub fn owner(index: usize) -> Owner {
    Owner::from_index(index).unwrap_or_else(|| panic!("no owner {index}"))
}

/// Runs `body` on behalf of `owner`.
pub fn acting<R>(owner: Owner, body: impl FnOnce() -> R) -> R {
    let slot = thread::current();
    let frame = Frame::new(owner, slot.top());
    // SAFETY: the frame outlives `body` and is taken off after it. The loom test decides which thread acts for which
    // owner.
    unsafe { slot.set_top(&raw const frame) };
    let result = body();
    // SAFETY: this was the top before.
    unsafe { slot.set_top(frame.prev()) };
    result
}

impl Object {
    /// Allocates an object for the owner that the thread runs for.
    ///
    /// # Panics
    /// If the slot is already in use, or if there is no memory.
    #[must_use]
    pub fn new() -> Self {
        // SAFETY: `PLACE` fits the size, and the returned object keeps the slot until it is freed.
        let slot = unsafe { heap::alloc(PLACE, BYTES, BYTES) };
        let slot = slot.unwrap_or_else(|error| panic!("{error}"));
        let fresh = SLOTS.with_borrow_mut(|slots| slots.live.insert(slot.addr().get()));
        assert!(fresh, "a slot was handed out twice");
        let this = Self(slot);
        this.touch();
        this
    }

    /// Writes the object's cell. loom fails the test if this write races with another use of the slot, that is, if
    /// neither happens before the other.
    pub fn touch(&self) {
        let cell = SLOTS.with_borrow_mut(|slots| {
            let blank = &mut slots.blank;
            let cell = slots.cells.entry(self.0.addr().get());
            Rc::clone(cell.or_insert_with(|| {
                blank
                    .pop()
                    .unwrap_or_else(|| panic!("the loom test uses more slots than it asked for"))
            }))
        });
        cell.with_mut(|_| ());
    }

    /// Changes the object's owner.
    pub fn give(&self, to: Owner) {
        // SAFETY: the object is live, and the test hands it over now.
        unsafe { heap::set_owner(self.0, PLACE, to) };
    }

    /// Frees the object.
    pub fn free(self) {
        self.touch();
        self.released();
        // SAFETY: the object was live until now and is not used again.
        unsafe { heap::free(self.0, PLACE) };
    }

    /// Records that a reclaim is about to free the object, so that its slot may be handed out again.
    pub fn released(&self) {
        SLOTS.with_borrow_mut(|slots| slots.live.remove(&self.0.addr().get()));
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

/// Reclaims all objects of `owner` and returns how many there were.
pub fn reclaim(owner: Owner) -> usize {
    // SAFETY: the test has no thread left that runs for `owner`.
    unsafe { heap::reclaim(owner) }.objects
}
