//! Drives the exchange heap: all constructors of objects, and all conversions between them.

use super::live::{self, Places, Range};
use super::{Broken, Limits, PLACES, Tally, numbers};
use crate::rng::Rng;
use samara_rref::{AllocError, Exchangeable, RRef, RRefDeque, Scratch};
use samara_shared_heap::class::{self, MAX_OBJECT};
use samara_shared_heap::{Cap, Capability};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A value with the size and alignment of a page.
#[derive(Exchangeable, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(4096))]
struct Page([u8; 4096]);

/// A value with an alignment larger than a slab.
#[derive(Exchangeable, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(131072))]
struct Wide([u8; 131_072]);

/// A value without bytes, at the largest alignment that the compiler accepts.
#[derive(Exchangeable, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C, align(536870912))]
struct Huge;

/// A capability that has contents, which can be checked.
struct Probe([u8; 40]);

// SAFETY: the capability stands for nothing outside itself, so there is nothing to quiesce.
unsafe impl Capability for Probe {
    const NAME: &'static str = "probe";
}

type Batch = RRefDeque<[u8], 5>;

enum Thing {
    Bytes(RRef<[u8]>),
    Odd(RRef<[[u16; 3]]>),
    Words(RRef<[u64]>),
    Pages(RRef<[Page]>),
    Wide(RRef<Wide>),
    Huge(RRef<Huge>),
    Empty(RRef<[[u64; 0]]>),
    Array(RRef<[u8; 5000]>),
    Word(RRef<u64>),
    Text(RRef<str>),
    Nested(RRef<RRef<[u8]>>),
    Batch(Batch),
    Cap(Cap<Probe>),
}

impl Thing {
    /// Calls `show` for each object that has contents, with its bytes, its alignment and its number within the thing.
    fn each(&mut self, mut show: impl FnMut(&mut [u8], usize, u64)) {
        match self {
            Self::Bytes(bytes) => show(bytes, 1, 0),
            Self::Odd(odd) => show(odd.as_mut_bytes(), 2, 0),
            Self::Words(words) => show(words.as_mut_bytes(), 8, 0),
            Self::Pages(pages) => show(pages.as_mut_bytes(), 4096, 0),
            Self::Wide(wide) => show(wide.as_mut_bytes(), 131_072, 0),
            Self::Huge(huge) => show(huge.as_mut_bytes(), 1 << 29, 0),
            Self::Empty(empty) => show(empty.as_mut_bytes(), 8, 0),
            Self::Array(array) => show(array.as_mut_slice(), 1, 0),
            Self::Word(word) => show(word.as_mut_bytes(), 8, 0),
            Self::Nested(nested) => show(nested, 1, 0),
            Self::Batch(batch) => {
                for index in 0..batch.len() {
                    if let Some(member) = batch.get_mut(index) {
                        show(member, 1, index as u64);
                    }
                }
            }
            // The test must not overwrite the bytes of these things.
            Self::Text(_) | Self::Cap(_) => {}
        }
    }

    fn write(&mut self, tag: u64) {
        self.each(|memory, _, number| live::fill(memory, tag.wrapping_add(number)));
    }

    fn holds(&mut self, tag: u64) -> bool {
        let mut holds = true;
        self.each(|memory, _, number| {
            holds &= live::holds(memory, memory.len(), tag.wrapping_add(number));
        });
        match self {
            Self::Text(text) => holds && text.bytes().all(|byte| byte == b'x'),
            Self::Cap(cap) => holds && cap.0 == [tag as u8; 40],
            _ => holds,
        }
    }
}

/// A thing, and the tag that its contents have.
struct Entry {
    thing: Thing,
    tag: u64,
}

struct Exchange<'a> {
    limits: Limits,
    held: &'a dyn Fn() -> usize,
    entries: Places<Entry>,
    tally: Tally,
}

/// Drives the exchange heap for `steps` steps of the stream of `seed`. `held` returns the bytes of slots on that heap
/// that the thread's owner has. If this owner is the host, and other threads use the heap meanwhile, `held` must
/// always return 0.
///
/// # Errors
/// The first violation of the model.
pub fn exchange(
    limits: Limits,
    held: &dyn Fn() -> usize,
    seed: u64,
    steps: u64,
) -> Result<Tally, Broken> {
    let mut rng = Rng::new(seed);
    let before = held();
    let mut run = Exchange {
        limits,
        held,
        entries: [const { None }; PLACES],
        tally: Tally::default(),
    };
    let broken = |step, what| Broken { seed, step, what };
    for step in 0..steps {
        run.step(&mut rng, step)
            .map_err(|what| broken(step, what))?;
    }
    let Exchange {
        mut entries, tally, ..
    } = run;
    for entry in entries.iter_mut().flatten() {
        if !entry.thing.holds(entry.tag) {
            return Err(broken(steps, "an object has changed since it was written"));
        }
    }
    drop(entries);
    if held() != before {
        return Err(broken(steps, "not all bytes were given back"));
    }
    Ok(tally)
}

/// A request: the bytes and the alignment of one object, and the bytes of the further objects that the request needs.
/// `bytes` is `None` if the size overflows.
#[derive(Clone, Copy)]
struct Asked {
    bytes: Option<usize>,
    align: usize,
    beside: usize,
}

impl Exchange<'_> {
    fn step(&mut self, rng: &mut Rng, tag: u64) -> Result<(), &'static str> {
        let place = rng.below(PLACES);
        match self.entries[place].take() {
            None => self.make(rng, place, tag)?,
            Some(mut entry) => {
                if !entry.thing.holds(entry.tag) {
                    return Err("an object has changed since it was written");
                }
                if rng.below(3) > 0 {
                    self.entries[place] = Some(self.change(rng, entry)?);
                }
            }
        }
        // The engine checks this only now and then, because `held` scans the whole heap.
        if tag.is_multiple_of(8) && (self.held)() > self.limits.quota {
            return Err("more is held than the quota allows");
        }
        Ok(())
    }

    /// Returns the request for an object of `count` values of `T`. `None` if the engine is not to make such a
    /// request.
    fn asked<T>(&self, count: usize, beside: usize) -> Option<Asked> {
        let bytes = count.checked_mul(size_of::<T>());
        let align = align_of::<T>();
        let asked = Asked {
            bytes,
            align,
            beside,
        };
        (occupied(asked) <= self.limits.skip_above || self.is_beyond(asked)).then_some(asked)
    }

    fn is_beyond(&self, asked: Asked) -> bool {
        asked.bytes.is_none_or(|bytes| bytes > MAX_OBJECT) || occupied(asked) > self.limits.bound
    }

    fn make(&mut self, rng: &mut Rng, place: usize, tag: u64) -> Result<(), &'static str> {
        let way = rng.below(14);
        let count = numbers::size(rng, None, 100);
        let (asked, made) = match way {
            0 | 1 => self.slice::<u8>(count, Thing::Bytes),
            2 => self.slice::<[u16; 3]>(count, Thing::Odd),
            3 => self.slice::<u64>(count, Thing::Words),
            4 => self.slice::<Page>(count, Thing::Pages),
            5 => self.slice::<[u64; 0]>(count, Thing::Empty),
            6 => {
                let make = || RRef::<Wide>::try_new_zeroed().map(Thing::Wide);
                self.with(self.asked::<Wide>(1, 0), make)
            }
            7 => {
                let make = || RRef::<Huge>::try_new_zeroed().map(Thing::Huge);
                self.with(self.asked::<Huge>(1, 0), make)
            }
            8 => {
                let make = || RRef::<[u8; 5000]>::try_array_from_fn(|_| 0).map(Thing::Array);
                self.with(self.asked::<[u8; 5000]>(1, 0), make)
            }
            9 => {
                let make = || {
                    RRef::try_new(0_u64)
                        .map(Thing::Word)
                        .map_err(|(error, _)| error)
                };
                self.with(self.asked::<u64>(1, 0), make)
            }
            10 => {
                const TEXT: &str = match str::from_utf8(&[b'x'; 3000]) {
                    Ok(text) => text,
                    Err(_) => "",
                };
                let text = &TEXT[..count.min(TEXT.len())];
                let make = || RRef::try_new_str(text).map(Thing::Text);
                self.with(self.asked::<u8>(text.len(), 0), make)
            }
            11 => {
                let make = || {
                    let inner = RRef::<[u8]>::new_zeroed_slice(count)?;
                    let nested = RRef::try_new(inner).map_err(|(error, _)| error)?;
                    Ok(Thing::Nested(nested))
                };
                self.with(self.asked::<u8>(count, 16), make)
            }
            12 => {
                let make = || Batch::try_new().map(Thing::Batch);
                self.with(self.asked::<[u8; 256]>(1, 0), make)
            }
            _ => {
                let probe = || Cap::try_new(Probe([tag as u8; 40])).map(Thing::Cap);
                let make = || probe().map_err(|(error, _)| error);
                self.with(self.asked::<[u8; Cap::<Probe>::SLOT_BYTES]>(1, 0), make)
            }
        };
        match (asked, made) {
            (Some(asked), Some(Ok(mut thing))) => {
                self.granted(asked, &mut thing)?;
                thing.write(tag);
                self.entries[place] = Some(Entry { thing, tag });
                Ok(())
            }
            (Some(asked), Some(Err(error))) => self.refused(asked, error),
            _ => Ok(()),
        }
    }

    fn with(
        &self,
        asked: Option<Asked>,
        make: impl FnOnce() -> Result<Thing, AllocError>,
    ) -> (Option<Asked>, Option<Result<Thing, AllocError>>) {
        (asked, asked.map(|_| make()))
    }

    fn slice<T: Exchangeable + FromBytes>(
        &self,
        count: usize,
        thing: fn(RRef<[T]>) -> Thing,
    ) -> (Option<Asked>, Option<Result<Thing, AllocError>>) {
        let make = || RRef::<[T]>::new_zeroed_slice(count).map(thing);
        self.with(self.asked::<T>(count, 0), make)
    }

    fn granted(&mut self, asked: Asked, thing: &mut Thing) -> Result<(), &'static str> {
        self.tally.granted += 1;
        if self.is_beyond(asked) {
            return Err("a request is granted that is larger than any heap");
        }
        let mut outcome = Ok(());
        let entries = &mut self.entries;
        thing.each(|memory, align, _| {
            if !live::is_zeroed(memory) {
                outcome = Err("a constructor shows the former contents of the memory");
            }
            let new = range(memory);
            for entry in entries.iter_mut().flatten() {
                entry.thing.each(|other, _, _| {
                    outcome = outcome.and(live::fits(new, align, [range(other)].into_iter()));
                });
            }
        });
        outcome
    }

    fn refused(&mut self, asked: Asked, error: AllocError) -> Result<(), &'static str> {
        self.tally.refused += 1;
        let is_too_large = asked.bytes.is_none_or(|bytes| bytes > MAX_OBJECT);
        self.tally.beyond += u32::from(is_too_large);
        if is_too_large != (error == AllocError::TooLarge) {
            return Err("the error confuses `TooLarge` with a lack of room");
        }
        let needed = occupied(asked)
            .saturating_add(asked.beside)
            .saturating_add((self.held)());
        if needed <= self.limits.quota && !self.is_beyond(asked) {
            return Err("a request is refused although there is room for it");
        }
        Ok(())
    }

    /// Converts a thing to another kind, which must keep its place and its bytes. If the thing is a batch, changes
    /// one of its members instead.
    fn change(&mut self, rng: &mut Rng, entry: Entry) -> Result<Entry, &'static str> {
        let Entry { thing, tag } = entry;
        let mut before = None;
        let mut thing = thing;
        thing.each(|memory, _, _| before = before.or(Some(range(memory))));
        let mut thing = match thing {
            Thing::Bytes(bytes) => match rng.below(6) {
                0 => RRef::try_into_value(bytes)
                    .map_or_else(|back| Thing::Bytes(back.1), Thing::Word),
                1 => RRef::try_into_slice(bytes)
                    .map_or_else(|back| Thing::Bytes(back.1), Thing::Words),
                2 => {
                    RRef::try_into_slice(bytes).map_or_else(|back| Thing::Bytes(back.1), Thing::Odd)
                }
                3 => RRef::try_into_array(bytes).map_or_else(Thing::Bytes, Thing::Array),
                4 => RRef::try_into_slice(bytes)
                    .map_or_else(|back| Thing::Bytes(back.1), Thing::Pages),
                _ => {
                    // A shadow makes such a buffer for a call that it repeats: it has the same length, and is zeroed.
                    let Ok(mut scratch) = RRef::<[u8]>::renew(bytes.shape()) else {
                        return Ok(Entry {
                            thing: Thing::Bytes(bytes),
                            tag,
                        });
                    };
                    if scratch.len() != bytes.len() || !live::is_zeroed(&scratch) {
                        return Err("a renewed buffer has another length or is not zeroed");
                    }
                    live::fill(&mut scratch, !tag);
                    Thing::Bytes(bytes)
                }
            },
            Thing::Word(word) => Thing::Bytes(RRef::into_value_bytes(word)),
            Thing::Words(words) => {
                RRef::try_into_bytes(words).map_or_else(Thing::Words, Thing::Bytes)
            }
            Thing::Odd(odd) => RRef::try_into_bytes(odd).map_or_else(Thing::Odd, Thing::Bytes),
            Thing::Array(array) => Thing::Bytes(RRef::into_slice(array)),
            Thing::Nested(nested) => Thing::Bytes(RRef::into_inner(nested)),
            Thing::Batch(mut batch) => {
                self.turn(rng, &mut batch, tag)?;
                return Ok(Entry {
                    thing: Thing::Batch(batch),
                    tag,
                });
            }
            other => other,
        };
        let mut after = None;
        thing.each(|memory, _, _| after = after.or(Some(range(memory))));
        if before != after {
            return Err("a conversion has moved the object");
        }
        if !thing.holds(tag) {
            return Err("a conversion has changed the bytes");
        }
        Ok(Entry { thing, tag })
    }

    /// Pushes, pops or replaces a member. The tag of a member is the batch's tag plus the member's index.
    fn turn(&mut self, rng: &mut Rng, batch: &mut Batch, tag: u64) -> Result<(), &'static str> {
        let len = batch.len();
        let member = |bytes, index: usize| {
            let mut member = RRef::<[u8]>::new_zeroed_slice(bytes).ok()?;
            live::fill(&mut member, tag.wrapping_add(index as u64));
            Some(member)
        };
        let index = numbers::size(rng, None, len);
        match rng.below(3) {
            0 => drop(batch.pop_back()),
            1 => {
                let Some(member) = member(index.min(5000), index) else {
                    return Ok(());
                };
                if batch.replace(index, member).is_ok() != (index < len) {
                    return Err("`replace` succeeds without such a member, or fails with one");
                }
            }
            _ => {
                let Some(member) = member(rng.below(5000), len) else {
                    return Ok(());
                };
                if batch.push_back(member).is_err() != (len == batch.capacity()) {
                    return Err("`push_back` succeeds in a full batch, or fails in another");
                }
            }
        }
        if batch.get(index).is_some() != (index < batch.len()) {
            return Err("`get` returns a member that does not exist, or none that does");
        }
        Ok(())
    }
}

fn range(memory: &[u8]) -> Range {
    Range {
        start: memory.as_ptr().addr(),
        bytes: size_of_val(memory),
    }
}

/// Returns the bytes of slots or pages that the request occupies.
fn occupied(asked: Asked) -> usize {
    asked.bytes.map_or(usize::MAX, |bytes| {
        class::occupied(class::place(bytes, asked.align), bytes, asked.align)
    })
}
