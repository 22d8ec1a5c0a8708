//! Queues: where they are told of, how they are started, and what their descriptors look like.

use super::register::{Rule, Width};
use super::step::{At, Step};

/// Which way data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The device reads.
    ToDevice,
    /// The device writes.
    ToHost,
}

/// One kind of queue.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// The numbers that queues of this kind have: first and last.
    pub numbers: (u16, u16),
    /// Entries: the fewest and the most.
    pub entries: (u32, u32),
    /// What tells the device of the queue, in one go: no waits. Empty if a [command](super::Command) does.
    pub start: &'static [Step],
    /// What is awaited then.
    pub ready: &'static [Step],
    /// What ends the queue, so that its memory may be reused. Empty: only a reset of the device does.
    pub stop: &'static [Step],
    /// What tells the device of new entries.
    pub doorbell: Doorbell,
    /// What the entries are.
    pub format: Format,
}

impl Queue {
    /// Its format, of a ring of descriptors.
    pub(crate) const fn ring(&self) -> &RingFormat {
        match &self.format {
            Format::Ring(format) => format,
            _ => panic!("the table's queue is no ring of descriptors"),
        }
    }

    /// Its format, of a split virtqueue.
    pub(crate) const fn split(&self) -> &SplitFormat {
        match &self.format {
            Format::Split(format) => format,
            _ => panic!("the table's queue is no split virtqueue"),
        }
    }

    /// Its format, of a pair of queues.
    pub(crate) const fn pair(&self) -> &'static PairFormat {
        match self.format {
            Format::Pair(format) => format,
            _ => panic!("the table's queue is no pair of a submission and a completion queue"),
        }
    }
}

/// How a device is told of entries.
#[derive(Clone, Copy, Debug)]
pub struct Doorbell {
    /// The window.
    pub window: usize,
    /// Offset of the first one.
    pub offset: usize,
    /// Bytes that are written.
    pub width: Width,
    /// Which one is the queue's: so many times its number, and so many more.
    pub index: (usize, usize),
    /// From one to the next.
    pub stride: Stride,
    /// What is written.
    pub value: Rung,
}

impl Queue {
    /// How many queues of this kind there are.
    pub(crate) const fn count(&self) -> usize {
        (self.numbers.1 - self.numbers.0) as usize + 1
    }

    /// The registers of all queues of this kind that `at` is one of.
    pub(crate) const fn registers(&self, at: &At) -> Rule {
        let first = Rule::new(at.window, at.of(self.numbers.0), at.width);
        self.times(first, at.stride)
    }

    /// The doorbells of all queues of this kind, of which this is the first one's. Where only the device knows how far they are apart,
    /// that one alone.
    pub(crate) const fn doorbells(&self, doorbell: &Doorbell) -> Rule {
        let (times, more) = doorbell.index;
        match doorbell.stride {
            Stride::Bytes(bytes) => {
                let first = doorbell.offset + (self.numbers.0 as usize * times + more) * bytes;
                self.times(
                    Rule::new(doorbell.window, first, doorbell.width),
                    times * bytes,
                )
            }
            _ => Rule::new(doorbell.window, doorbell.offset, doorbell.width),
        }
    }

    /// `first`, and those of the other queues. Two stand for all that have it in common.
    const fn times(&self, first: Rule, stride: usize) -> Rule {
        match stride {
            0 if self.count() > 1 => first.times(2, 0),
            _ => first.times(self.count(), stride),
        }
    }
}

impl Doorbell {
    /// A register of 32 bits that is told the position; each queue has one, `stride` apart.
    pub const fn position(window: usize, offset: usize, stride: Stride) -> Self {
        Self {
            window,
            offset,
            width: Width::W32,
            index: (1, 0),
            stride,
            value: Rung::Position,
        }
    }

    /// Which one is the queue's: `times` its number, and `more`.
    pub const fn index(self, times: usize, more: usize) -> Self {
        let index = (times, more);
        Self { index, ..self }
    }
}

/// The distance between doorbells.
#[derive(Clone, Copy, Debug)]
pub enum Stride {
    /// So many bytes.
    Bytes(usize),
    /// `unit << field` bytes, for a field of up to 4 bits of a register: the register, the field's lowest bit, and the unit.
    Shifted(At, u32, usize),
    /// The index is what this register holds, of 16 bits, once the queue is started; the distance is the dword that follows
    /// the capability of the doorbell's window (Virtio 1.2 §4.1.4.4).
    Listed(At),
}

/// What a doorbell is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// The index behind the last entry.
    Position,
    /// The queue's number.
    Number,
}

/// The formats that the engine knows. What a device may do with a queue's memory and with buffers follows from what the engine
/// writes in these formats, and from nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// A ring of descriptors of 16 bytes, completed in order, each by a bit in it.
    Ring(RingFormat),
    /// A split virtqueue (Virtio 1.2 §2.7): parts 0 to 2 are descriptors, available ring and used ring.
    Split(SplitFormat),
    /// A submission queue (part 0) and its completion queue (part 1), with tags.
    Pair(&'static PairFormat),
}

/// A descriptor of two little-endian quadwords. The first is the bus address of its bytes.
#[derive(Clone, Copy, Debug)]
pub struct RingFormat {
    /// Which way data goes.
    pub direction: Direction,
    /// The register in which the device keeps its own position. A start writes 0 to it and to the doorbell, before its last step: a
    /// device that kept them would go on where it stood.
    pub head: At,
    /// Constant bits of the second quadword.
    pub fixed: u64,
    /// The lowest bits of fields of the second quadword that take the length.
    pub lengths: &'static [u32],
    /// Bytes of a buffer: the fewest and the most, a multiple of the fewest where the device writes.
    pub bytes: (usize, usize),
    /// What the last descriptor of those that are published together has set in its second quadword, so that the device reports
    /// when all of them are done; 0 if it reports each.
    pub report: u64,
    /// What the device sets in the second quadword when it's done.
    pub done: u64,
    /// The lowest bit of the 16 bits in the second quadword that say how many bytes the device has written.
    pub written: u32,
}

impl RingFormat {
    /// The device writes into buffers of `bytes` bytes; see the fields for the others.
    pub const fn to_host(head: At, bytes: (usize, usize), done: u64, written: u32) -> Self {
        Self {
            direction: Direction::ToHost,
            head,
            fixed: 0,
            lengths: &[],
            bytes,
            report: 0,
            done,
            written,
        }
    }

    /// The device reads `bytes` bytes, whose number goes where `lengths` says; see the fields for the others.
    pub const fn to_device(
        head: At,
        bytes: (usize, usize),
        fixed: u64,
        lengths: &'static [u32],
        (report, done): (u64, u64),
    ) -> Self {
        Self {
            direction: Direction::ToDevice,
            head,
            fixed,
            lengths,
            bytes,
            report,
            done,
            written: 0,
        }
    }
}

/// A chain of up to three descriptors: bytes of the driver's before the data, the data, and bytes after it.
#[derive(Clone, Copy, Debug)]
pub struct SplitFormat {
    /// Before the data.
    pub head: Piece,
    /// After the data.
    pub tail: Piece,
}

/// Bytes that the engine keeps for each chain: the driver writes them, or reads what the device wrote.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// How many; 0 for none, at most 16.
    pub bytes: usize,
    /// Which way they go.
    pub direction: Direction,
}

impl Piece {
    /// `bytes` bytes that go so.
    pub const fn new(bytes: usize, direction: Direction) -> Self {
        Self { bytes, direction }
    }
}

/// Bits of a 32-bit word.
#[derive(Clone, Copy, Debug)]
pub struct Bits {
    /// Which word.
    pub word: usize,
    /// The lowest bit.
    pub shift: u32,
    /// How many.
    pub bits: u32,
}

impl Bits {
    /// `bits` bits of `word` from `shift` on.
    pub const fn new(word: usize, shift: u32, bits: u32) -> Self {
        Self { word, shift, bits }
    }

    pub(crate) const fn mask(&self) -> u32 {
        (((1u64 << self.bits) - 1) as u32) << self.shift
    }

    #[inline]
    pub(crate) const fn get(&self, words: &[u32; 4]) -> u32 {
        (words[self.word] & self.mask()) >> self.shift
    }
}

/// Entries of 64 bytes in a submission queue, of 16 in its completion queue.
#[derive(Clone, Copy, Debug)]
pub struct PairFormat {
    /// Where the operation code goes, and where the tag: 16 bits.
    pub opcode: Bits,
    /// The tag's 16 bits.
    pub tag: Bits,
    /// Two data pointers, of two words each. The first takes the address of the first byte, the second nothing, or the
    /// address of the second and last page, or that of a list of all pages after the first.
    pub pointers: [usize; 2],
    /// Bytes of such a page, and addresses of a list, of 64 bits each.
    pub page: usize,
    /// See [`page`](Self::page).
    pub list: usize,
    /// The words that a [command](super::Command) fills.
    pub words: [usize; super::command::WORDS],
    /// A completion: the bit that is inverted with each pass through the queue, beginning with 1.
    pub phase: Bits,
    /// A completion: the tag.
    pub done_tag: Bits,
    /// A completion: 0 if the command succeeded.
    pub status: Bits,
    /// A completion: the submission queue's number.
    pub number: Bits,
    /// A completion: how far the device has read the submission queue.
    pub head: Bits,
    /// A completion: the word with the command's result.
    pub result: usize,
    /// What tells the device how far completions were read.
    pub head_doorbell: Doorbell,
}
