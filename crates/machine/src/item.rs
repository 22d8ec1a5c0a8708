//! What is moved about, and what the model knows of it.

use samara_rref::{AllocError, Exchangeable, RRef};
use samara_shared_heap::class::{PAGE_SIZE, Place, place};
use samara_shared_heap::heap::Census;

/// A container that objects move in.
#[derive(Debug, Exchangeable)]
pub(crate) struct Bag {
    tag: u64,
    parts: [Option<RRef<u64>>; 3],
}

/// An object of any kind. Each carries its tag.
#[derive(Debug, Exchangeable)]
pub(crate) enum Item {
    /// Plain data.
    Plain(RRef<[u64; 5]>),
    /// An object that holds an object.
    Nested(RRef<RRef<u64>>),
    /// A slice, of any length.
    Slice(RRef<[u8]>),
    /// A slice of objects.
    Row(RRef<[RRef<u64>]>),
    /// A container with some of its places taken.
    Bag(RRef<Bag>),
}

fn try_new<T: Exchangeable>(value: T) -> Result<RRef<T>, AllocError> {
    RRef::try_new(value).map_err(|(error, _)| error)
}

/// The length of the slice that `how` asks for: mostly short, one in some large.
fn length(how: usize) -> usize {
    match how % 16 {
        15 => 20_000,
        some => some * 37 + 1,
    }
}

impl Item {
    /// An object of the kind `how`, with `tag` in it.
    ///
    /// # Errors
    /// There is no room, or no quota; nothing is left behind.
    pub(crate) fn make(how: usize, tag: u64) -> Result<Self, AllocError> {
        Ok(match how % 5 {
            0 => Self::Plain(try_new([tag; 5])?),
            1 => Self::Nested(try_new(try_new(tag)?)?),
            2 => {
                let byte = tag as u8;
                Self::Slice(RRef::try_from_fn(length(how / 5), |_| byte)?)
            }
            3 => {
                let (first, second) = (try_new(tag)?, try_new(tag)?);
                let mut parts = [Some(first), Some(second)];
                Self::Row(RRef::try_from_fn(2, |at| {
                    parts[at].take().unwrap_or_else(|| RRef::new(tag))
                })?)
            }
            _ => {
                let first = try_new(tag)?;
                let second = if how.is_multiple_of(2) {
                    Some(try_new(tag)?)
                } else {
                    None
                };
                let parts = [Some(first), None, second];
                Self::Bag(try_new(Bag { tag, parts })?)
            }
        })
    }

    /// What it carries (of a slice of bytes: the lowest one of it).
    #[must_use]
    pub(crate) fn tag(&self) -> u64 {
        match self {
            Self::Plain(words) => words[0],
            Self::Nested(inner) => ***inner,
            Self::Slice(bytes) => u64::from(bytes[0]),
            Self::Row(row) => *row[0],
            Self::Bag(bag) => bag.tag,
        }
    }

    /// What it counts for in a census of its owner.
    #[must_use]
    pub(crate) fn counts(&self) -> Census {
        let word = bytes_of::<u64>();
        let (inner, outer) = match self {
            Self::Plain(_) => (0, bytes_of::<[u64; 5]>()),
            Self::Nested(_) => (1, bytes_of::<RRef<u64>>()),
            Self::Slice(slice) => (0, bytes(slice.len(), 1)),
            Self::Row(row) => (row.len(), bytes_of::<[RRef<u64>; 2]>()),
            Self::Bag(bag) => (bag.parts.iter().flatten().count(), bytes_of::<Bag>()),
        };
        Census {
            objects: inner + 1,
            bytes: inner * word + outer,
            capabilities: 0,
        }
    }

    /// Whether everything in it is what was put there.
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
        }
    }
}

/// What the model knows of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// What it carries.
    pub(crate) tag: u64,
    /// What it counts for in a census of its owner.
    pub(crate) counts: Census,
}

fn bytes(size: usize, align: usize) -> usize {
    match place(size, align) {
        Place::Slot { shift } => 1 << shift,
        Place::Large => size.next_multiple_of(PAGE_SIZE),
    }
}

fn bytes_of<T>() -> usize {
    bytes(size_of::<T>(), align_of::<T>())
}

impl Known {
    /// What [`Item::make`] makes.
    #[must_use]
    pub(crate) fn of(how: usize, tag: u64) -> Self {
        let parts = Self::parts(how);
        let counts = Census {
            objects: parts.len(),
            bytes: parts.iter().sum(),
            capabilities: 0,
        };
        Self { tag, counts }
    }

    /// The bytes of its objects, in the order in which they are made.
    #[must_use]
    pub(crate) fn parts(how: usize) -> Vec<usize> {
        let word = bytes_of::<u64>();
        match how % 5 {
            0 => vec![bytes_of::<[u64; 5]>()],
            1 => vec![word, bytes_of::<RRef<u64>>()],
            2 => vec![bytes(length(how / 5), 1)],
            3 => vec![word, word, bytes_of::<[RRef<u64>; 2]>()],
            _ if how.is_multiple_of(2) => vec![word, word, bytes_of::<Bag>()],
            _ => vec![word, bytes_of::<Bag>()],
        }
    }

    /// Whether one of its objects has pages of its own.
    #[must_use]
    pub(crate) fn is_large(how: usize) -> bool {
        how % 5 == 2 && length(how / 5) > 1 << 14
    }
}
