//! The heap against a reference model: random allocations, frees, changes of owner and reclaims on two threads.
#![expect(unsafe_code, reason = "drives the heap below its safe types")]

use samara_host_std as _;
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::{Owner, heap, thread};
use samara_testkit::hosted::{Rng, acting_for};
use samara_testkit::pattern;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::Mutex;

const STEPS: usize = 100_000;
const OWNERS: usize = 4;

/// The reference model's entry for a live object.
struct Object {
    start: NonNull<u8>,
    size: usize,
    align: usize,
    owner: Owner,
    seed: u64,
}

// SAFETY: only the thread that has this entry uses the object.
unsafe impl Send for Object {}

/// The start and the end of all live objects of both threads, to detect overlaps.
static RANGES: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());
/// Objects that were handed to each thread. A thread that holds the lock of its own list keeps the other thread from
/// handing it objects.
static MAIL: [Mutex<Vec<Object>>; 2] = [const { Mutex::new(Vec::new()) }; 2];

impl Object {
    fn place(&self) -> Place {
        class::place(self.size, self.align)
    }

    /// Returns the number of bytes for which the object counts.
    fn slot_bytes(&self) -> usize {
        match self.place() {
            Place::Slot { shift } => 1 << shift,
            Place::Large => class::large_bytes(self.size, self.align).unwrap(),
        }
    }

    /// Returns the object's start and end. An object of zero bytes counts as one byte, because it has an address of
    /// its own, too.
    fn range(&self) -> (usize, usize) {
        let start = self.start.addr().get();
        (start, start + self.size.max(1))
    }

    /// Calls `each` on pieces of the object: all of a small one, both ends of a large one.
    fn pieces(&mut self, mut each: impl FnMut(u64, &mut [u8])) {
        const END: usize = 512;
        // SAFETY: the object is live and has that length, and only this thread uses it.
        let bytes = unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.size) };
        let tail = bytes.len().saturating_sub(END).max(END.min(bytes.len()));
        let (head, end) = bytes.split_at_mut(tail);
        let until = head.len().min(END);
        each(0, &mut head[..until]);
        each(tail as u64, end);
    }

    fn alloc(rng: &mut Rng, owner: Owner) -> Self {
        let size = match rng.below(100) {
            0 => 100_000 + rng.below(200_000),
            1..4 => rng.below(40_000),
            4..30 => rng.below(4096),
            _ => rng.below(200),
        };
        let align = 1
            << match rng.below(50) {
                0 => rng.below(18),
                1..10 => rng.below(12),
                _ => rng.below(5),
            };
        // SAFETY: the place is that of size and alignment. The test frees the object, or reclaims its owner.
        let alloc = || unsafe { heap::alloc(class::place(size, align), size, align) };
        // SAFETY: the test uses the object only for its owner, which the reference model notes.
        let start = unsafe { acting_for(owner, alloc) };
        let mut object = Self {
            start: start.unwrap(),
            size,
            align,
            owner,
            seed: rng.below(usize::MAX) as u64,
        };
        assert_eq!(object.start.addr().get() % align, 0);
        let seed = object.seed;
        object.pieces(|at, bytes| pattern::fill(seed, at, bytes));
        let (from, to) = object.range();
        let mut ranges = RANGES.lock().unwrap();
        let below = ranges.range(..to).next_back();
        assert!(
            below.is_none_or(|(_, end)| *end <= from),
            "two objects overlap"
        );
        ranges.insert(from, to);
        object
    }

    fn check(&mut self) {
        let seed = self.seed;
        self.pieces(|at, bytes| assert_eq!(pattern::first_mismatch(seed, at, bytes), None));
        // SAFETY: the object is live at its place.
        let owner = unsafe { heap::owner(self.start, self.place()) };
        assert_eq!(owner, self.owner);
    }

    /// Removes the object from the reference model, before the heap can give its memory to another object.
    fn leaves(&mut self) {
        self.check();
        RANGES.lock().unwrap().remove(&self.start.addr().get());
    }

    fn free(mut self) {
        self.leaves();
        // SAFETY: the object is live at its place, and the test gives it up.
        unsafe { heap::free(self.start, self.place()) };
    }

    fn give(&mut self, owner: Owner) {
        self.check();
        self.owner = owner;
        // SAFETY: the object is live at its place. The thread that has the entry uses it for `owner` from now on.
        unsafe { heap::set_owner(self.start, self.place(), owner) };
    }
}

/// Returns one of the owners for which thread `me` acts.
fn owner(me: usize, rng: &mut Rng) -> Owner {
    Owner::from_index(10 + me * 100 + rng.below(OWNERS)).unwrap()
}

fn run(me: usize, seed: u64) {
    let mut rng = Rng::new(seed);
    let mut mine: Vec<Object> = Vec::new();
    for _ in 0..STEPS {
        match rng.below(1000) {
            0..450 => {
                let owner = owner(me, &mut rng);
                mine.push(Object::alloc(&mut rng, owner));
            }
            450..800 if !mine.is_empty() => mine.swap_remove(rng.below(mine.len())).free(),
            800..880 if !mine.is_empty() => {
                let at = rng.below(mine.len());
                mine[at].give(owner(me, &mut rng));
            }
            880..960 if !mine.is_empty() => {
                let mut object = mine.swap_remove(rng.below(mine.len()));
                let mut mail = MAIL[1 - me].lock().unwrap();
                object.give(owner(1 - me, &mut rng));
                mail.push(object);
            }
            960..980 => mine.append(&mut MAIL[me].lock().unwrap()),
            // Makes the thread use another cache, as if it had moved to another CPU.
            980..995 => thread::current().set_shard(rng.below(thread::SHARDS)),
            995 => heap::trim(),
            996..1000 => {
                let mut mail = MAIL[me].lock().unwrap();
                mine.append(&mut mail);
                let dead = owner(me, &mut rng);
                reclaim(dead, &mut mine);
                drop(mail);
            }
            _ => {}
        }
    }
    mine.append(&mut MAIL[me].lock().unwrap());
    mine.into_iter().for_each(Object::free);
}

fn reclaim(dead: Owner, mine: &mut Vec<Object>) {
    let (mut gone, rest): (Vec<_>, Vec<_>) = mine.drain(..).partition(|at| at.owner == dead);
    *mine = rest;
    let expected = heap::Census {
        objects: gone.len(),
        bytes: gone.iter().map(Object::slot_bytes).sum(),
        capabilities: 0,
    };
    assert_eq!(heap::census(dead), expected);
    gone.iter_mut().for_each(Object::leaves);
    // SAFETY: the reference model has just removed all objects of the owner, and the lock of the mail keeps the other
    // thread from giving it any.
    let released = unsafe { heap::reclaim(dead) };
    assert_eq!(released, expected);
    assert_eq!(heap::census(dead), heap::Census::default());
}

/// Invariant: LIFE-9, OWN-4
#[test]
fn two_threads_agree_with_the_model() {
    std::thread::scope(|scope| {
        for me in 0..2 {
            scope.spawn(move || run(me, me as u64));
        }
    });
    // Frees the objects that were mailed to a thread after it had ended.
    for mail in &MAIL {
        mail.lock().unwrap().drain(..).for_each(Object::free);
    }
    assert!(RANGES.lock().unwrap().is_empty());
    assert_eq!(heap::census_all(), heap::Census::default());
    heap::trim();
    assert_eq!((heap::held_bytes(), samara_host_std::live_bytes()), (0, 0));
}
