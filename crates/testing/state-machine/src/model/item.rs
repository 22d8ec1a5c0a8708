//! The objects that are moved between domains, and the reference model's records of them.

use crate::census::{bytes, bytes_of};
use samara_domain::{AllocError, Exchangeable, RRef, RRefDeque};
use samara_rref::Cap;
use samara_shared_heap::heap::Census;
use samara_testkit::hosted::Half;

/// A container that carries objects when it is moved.
#[derive(Debug, Exchangeable)]
pub(crate) struct Bag {
    tag: u64,
    parts: [Option<RRef<u64>>; 3],
}

/// A type with a larger alignment than a page.
#[derive(Debug, Exchangeable)]
#[repr(align(8192))]
pub(crate) struct Aligned(u64);

/// The capacity of a batch.
const BATCH: usize = 3;

/// Bytes of a batch's own slot.
const BATCH_BYTES: usize = 64;

/// An object of any kind. Each carries its tag.
#[derive(Debug, Exchangeable)]
pub(crate) enum Item {
    /// Plain data.
    Plain(RRef<[u64; 5]>),
    /// An object that holds an object.
    Nested(RRef<RRef<u64>>),
    /// A slice of any length.
    Slice(RRef<[u8]>),
    /// A slice of objects.
    Row(RRef<[RRef<u64>]>),
    /// A container in which some places hold an object.
    Bag(RRef<Bag>),
    /// Text.
    Text(RRef<str>),
    /// A batch, whose members belong to its group.
    Batch(RRefDeque<u64, BATCH>),
    /// Pages with a special alignment.
    Aligned(RRef<Aligned>),
    /// Two capabilities that belong together. A reclaim must quiesce both before it releases the first.
    Device([Cap<Half>; 2]),
}

/// The number of kinds.
const KINDS: usize = 9;

/// The kind of devices.
const DEVICE: usize = 8;

/// Capabilities of a device.
const HALVES: usize = 2;

fn try_new<T: Exchangeable>(value: T) -> Result<RRef<T>, AllocError> {
    RRef::try_new(value).map_err(|(error, _)| error)
}

/// Returns the length of the slice that `how` selects. One of sixteen lengths is large, and the others are short.
fn length(how: usize) -> usize {
    match how % 16 {
        15 => 20_000,
        some => some * 37 + 1,
    }
}

/// Returns the number of members of the batch that `how` selects.
fn members(how: usize) -> usize {
    how / KINDS % (BATCH + 1)
}

impl Item {
    /// Makes an item that carries `tag`. `how` selects its kind and size.
    ///
    /// # Errors
    /// If the heap has no room, or the quota is used up. Nothing is left behind.
    pub(crate) fn make(how: usize, tag: u64) -> Result<Self, AllocError> {
        Ok(match how % KINDS {
            0 => Self::Plain(try_new([tag; 5])?),
            1 => Self::Nested(try_new(try_new(tag)?)?),
            2 => {
                let byte = tag as u8;
                Self::Slice(RRef::try_from_fn(length(how / KINDS), |_| byte)?)
            }
            3 => {
                let (first, second) = (try_new(tag)?, try_new(tag)?);
                let mut parts = [Some(first), Some(second)];
                Self::Row(RRef::try_from_fn(2, |at| {
                    parts[at].take().unwrap_or_else(|| RRef::new(tag))
                })?)
            }
            4 => {
                let first = try_new(tag)?;
                let second = if how.is_multiple_of(16) {
                    Some(try_new(tag)?)
                } else {
                    None
                };
                let parts = [Some(first), None, second];
                Self::Bag(try_new(Bag { tag, parts })?)
            }
            5 => {
                let digit = char::from(b'0' + (tag % 10) as u8);
                let text = [digit; 30].map(|digit| digit as u8);
                let text = str::from_utf8(&text[..(how / KINDS + 1).min(30)]);
                Self::Text(RRef::try_new_str(text.unwrap_or("not text"))?)
            }
            6 => {
                let mut batch = RRefDeque::try_new()?;
                for _ in 0..members(how) {
                    let full = batch.push_back(try_new(tag)?).is_err();
                    assert!(!full, "a batch has less room than it says");
                }
                Self::Batch(batch)
            }
            DEVICE => {
                let [first, second] = Half::pair(tag).map(Cap::try_new);
                let refused = |(error, _)| error;
                Self::Device([first.map_err(refused)?, second.map_err(refused)?])
            }
            _ => Self::Aligned(try_new(Aligned(tag))?),
        })
    }

    /// Returns the tag that the item carries. Some kinds carry only a few bits of their tag, and an empty batch
    /// carries none.
    #[must_use]
    pub(crate) fn tag(&self) -> u64 {
        match self {
            Self::Plain(words) => words[0],
            Self::Nested(inner) => ***inner,
            Self::Slice(bytes) => u64::from(bytes[0]),
            Self::Row(row) => *row[0],
            Self::Bag(bag) => bag.tag,
            Self::Text(text) => u64::from(text.as_bytes()[0] - b'0'),
            Self::Batch(batch) => batch.get(0).map_or(0, |member| **member),
            Self::Aligned(value) => value.0,
            Self::Device([half, _]) => half.tag(),
        }
    }

    /// Returns the item's part of its owner's census.
    #[must_use]
    pub(crate) fn counts(&self) -> Census {
        let word = bytes_of::<u64>();
        let (inner, outer) = match self {
            Self::Device(halves) => {
                return Census {
                    objects: 0,
                    bytes: halves.len() * Cap::<Half>::SLOT_BYTES,
                    capabilities: halves.len(),
                };
            }
            Self::Plain(_) => (0, bytes_of::<[u64; 5]>()),
            Self::Nested(_) => (1, bytes_of::<RRef<u64>>()),
            Self::Slice(slice) => (0, bytes(slice.len(), 1)),
            Self::Row(row) => (row.len(), bytes_of::<[RRef<u64>; 2]>()),
            Self::Bag(bag) => (bag.parts.iter().flatten().count(), bytes_of::<Bag>()),
            Self::Text(text) => (0, bytes(text.len(), 1)),
            Self::Batch(batch) => (batch.len(), BATCH_BYTES),
            Self::Aligned(_) => (0, bytes_of::<Aligned>()),
        };
        Census {
            objects: inner + 1,
            bytes: inner * word + outer,
            capabilities: 0,
        }
    }

    /// Whether the item still has the contents that [`Item::make`] gave it for `tag`.
    #[must_use]
    pub(crate) fn is(&self, tag: u64) -> bool {
        match self {
            Self::Plain(words) => **words == [tag; 5],
            Self::Nested(inner) => ***inner == tag,
            Self::Slice(bytes) => bytes.iter().all(|byte| *byte == tag as u8),
            Self::Row(row) => row.iter().all(|inner| **inner == tag),
            Self::Bag(bag) => {
                bag.tag == tag && bag.parts.iter().flatten().all(|inner| **inner == tag)
            }
            Self::Text(text) => {
                let digit = b'0' + (tag % 10) as u8;
                text.bytes().all(|byte| byte == digit)
            }
            Self::Batch(batch) => batch.iter().all(|member| **member == tag),
            Self::Device(halves) => halves.iter().all(|half| half.tag() == tag),
            Self::Aligned(value) => value.0 == tag && (&raw const **value).addr() % 8192 == 0,
        }
    }

    /// Takes a batch's first member out and puts it back, so that the member leaves its group and joins it again.
    pub(crate) fn stir(&mut self) {
        if let Self::Batch(batch) = self
            && let Some(member) = batch.pop_front()
        {
            let full = batch.push_front(member).is_err();
            assert!(!full, "a batch has no room for the member that left it");
        }
    }
}

/// The reference model's record of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The item's tag.
    pub(crate) tag: u64,
    /// The item's part of its owner's census.
    pub(crate) counts: Census,
}

impl Known {
    /// The value of `how` that selects a large slice, which has its own pages.
    pub(crate) const LARGE: usize = 15 * KINDS + 2;

    /// Returns the record of the item that [`Item::make`] makes from the same arguments.
    #[must_use]
    pub(crate) fn of(how: usize, tag: u64) -> Self {
        let parts = Self::parts(how);
        let capabilities = if how % KINDS == DEVICE { HALVES } else { 0 };
        let counts = Census {
            objects: parts.len() - capabilities,
            bytes: parts.iter().sum(),
            capabilities,
        };
        Self { tag, counts }
    }

    /// Returns the size in bytes of each object and capability of the item that `how` selects.
    #[must_use]
    pub(crate) fn parts(how: usize) -> Vec<usize> {
        let word = bytes_of::<u64>();
        match how % KINDS {
            0 => vec![bytes_of::<[u64; 5]>()],
            1 => vec![word, bytes_of::<RRef<u64>>()],
            2 => vec![bytes(length(how / KINDS), 1)],
            3 => vec![word, word, bytes_of::<[RRef<u64>; 2]>()],
            4 if how.is_multiple_of(16) => vec![word, word, bytes_of::<Bag>()],
            4 => vec![word, bytes_of::<Bag>()],
            5 => vec![bytes((how / KINDS + 1).min(30), 1)],
            6 => {
                let mut parts = vec![word; members(how)];
                parts.push(BATCH_BYTES);
                parts
            }
            DEVICE => vec![Cap::<Half>::SLOT_BYTES; HALVES],
            _ => vec![bytes_of::<Aligned>()],
        }
    }
}
