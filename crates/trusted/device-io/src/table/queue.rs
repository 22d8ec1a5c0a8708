//! Queues: the steps that tell the device of them and start them, and the formats of their descriptors.

use super::register::{Rule, Width};
use super::step::{At, Step};

/// The direction of data.
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
    /// The first and the last number of queues of this kind.
    pub numbers: (u16, u16),
    /// The fewest and the most entries.
    pub entries: (u32, u32),
    /// The steps that tell the device of the queue. They contain no wait. They are empty if
    /// [commands](super::Command) tell the device.
    pub start: &'static [Step],
    /// The steps after the start, which may wait until the queue is ready.
    pub ready: &'static [Step],
    /// The steps that end the queue, so that its memory may be reused. They are empty if only a reset of the device
    /// ends the queue.
    pub stop: &'static [Step],
    /// The register that tells the device of new entries.
    pub doorbell: Doorbell,
    /// The format of the entries.
    pub format: Format,
}

impl Queue {
    /// Returns the format of a ring of descriptors.
    pub(crate) const fn ring(&self) -> &RingFormat {
        match &self.format {
            Format::Ring(format) => format,
            _ => panic!("the table's queue is no ring of descriptors"),
        }
    }

    /// Returns the format of a split virtqueue.
    pub(crate) const fn split(&self) -> &SplitFormat {
        match &self.format {
            Format::Split(format) => format,
            _ => panic!("the table's queue is no split virtqueue"),
        }
    }

    /// Returns the format of a pair of queues.
    pub(crate) const fn pair(&self) -> &'static PairFormat {
        match self.format {
            Format::Pair(format) => format,
            _ => panic!("the table's queue is no pair of a submission and a completion queue"),
        }
    }
}

/// The register that tells a device of entries.
#[derive(Clone, Copy, Debug)]
pub struct Doorbell {
    /// The window.
    pub window: usize,
    /// The offset of the first doorbell.
    pub offset: usize,
    /// Bytes that are written.
    pub width: Width,
    /// The index of a queue's doorbell, given as (a, b). The index is `a` times the queue's number, plus `b`.
    pub index: (usize, usize),
    /// The distance from one doorbell to the next.
    pub stride: Stride,
    /// The value that is written.
    pub value: Rung,
}

impl Queue {
    /// Returns how many queues of this kind there are.
    pub(crate) const fn count(&self) -> usize {
        (self.numbers.1 - self.numbers.0) as usize + 1
    }

    /// Returns the registers of all queues of this kind, of which `at` describes one.
    pub(crate) const fn registers(&self, at: &At) -> Rule {
        let first = Rule::new(at.window, at.of(self.numbers.0), at.width);
        self.times(first, at.stride)
    }

    /// Returns the doorbells of all queues of this kind. If only the device knows the distance between them, returns
    /// only the first doorbell.
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

    /// Returns `first` and the registers of the other queues. If several queues share one register, returns it twice:
    /// two copies are enough to show that it is shared.
    const fn times(&self, first: Rule, stride: usize) -> Rule {
        match stride {
            0 if self.count() > 1 => first.times(2, 0),
            _ => first.times(self.count(), stride),
        }
    }
}

impl Doorbell {
    /// A 32-bit register that takes the position. Each queue has such a register, `stride` bytes after the register
    /// of the queue before.
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

    /// The same doorbell, but its index is `times` times the queue's number, plus `more`.
    pub const fn index(self, times: usize, more: usize) -> Self {
        let index = (times, more);
        Self { index, ..self }
    }
}

/// The distance between doorbells.
#[derive(Clone, Copy, Debug)]
pub enum Stride {
    /// This many bytes.
    Bytes(usize),
    /// `unit << field` bytes, where `field` is up to 4 bits of a register. The fields are the register, the field's
    /// lowest bit, and the unit.
    Shifted(At, u32, usize),
    /// Once the queue is started, this 16-bit register holds the doorbell's index. The distance is in the dword that
    /// follows the capability of the doorbell's window (Virtio 1.2 §4.1.4.4).
    Listed(At),
}

/// The value that a doorbell takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// The index that follows that of the last entry.
    Position,
    /// The queue's number.
    Number,
}

/// The formats that the engine knows. The engine writes a queue's memory in one of these formats. The format alone
/// decides how a device may access that memory and the buffers.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// A ring of descriptors of 16 bytes, completed in order. The device sets a bit in a descriptor when it is done
    /// with it.
    Ring(RingFormat),
    /// A split virtqueue (Virtio 1.2 §2.7). Parts 0 to 2 are descriptors, available ring and used ring.
    Split(SplitFormat),
    /// A submission queue (part 0) and its completion queue (part 1), with tags.
    Pair(&'static PairFormat),
}

/// A descriptor of two little-endian quadwords. The first is the bus address of the buffer's bytes.
#[derive(Clone, Copy, Debug)]
pub struct RingFormat {
    /// The direction of data.
    pub direction: Direction,
    /// The register in which the device keeps its own position. A start must write 0 to this register and to the
    /// doorbell before its last step. Otherwise the device would go on at its earlier position.
    pub head: At,
    /// Constant bits of the second quadword.
    pub fixed: u64,
    /// The fields of the second quadword that take the length, each given by its lowest bit.
    pub lengths: &'static [u32],
    /// The fewest and the most bytes of a buffer. If the device writes the buffers, lengths are multiples of the
    /// fewest.
    pub bytes: (usize, usize),
    /// Among descriptors that are published together, the engine sets these bits in the second quadword of the last
    /// one, so that the device reports when all of them are done. 0 if the device reports each descriptor.
    pub report: u64,
    /// The bits that the device sets in the second quadword of a descriptor that it is done with.
    pub done: u64,
    /// The lowest of the 16 bits in the second quadword that hold the number of bytes that the device has written.
    pub written: u32,
}

impl RingFormat {
    /// A format where the device writes into buffers of `bytes` bytes. See the fields for the other parameters.
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

    /// A format where the device reads `bytes` bytes, whose number goes into the fields `lengths`. See the fields for
    /// the other parameters.
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

/// A chain of up to three descriptors: a piece before the data, the data, and a piece after it.
#[derive(Clone, Copy, Debug)]
pub struct SplitFormat {
    /// The piece before the data.
    pub head: Piece,
    /// The piece after the data.
    pub tail: Piece,
}

/// Bytes that the engine keeps for each chain. The driver supplies these bytes, or reads the bytes that the device
/// wrote there.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The number of bytes; 0 for none, at most 16.
    pub bytes: usize,
    /// The direction of the bytes.
    pub direction: Direction,
}

impl Piece {
    /// A piece of `bytes` bytes in this direction.
    pub const fn new(bytes: usize, direction: Direction) -> Self {
        Self { bytes, direction }
    }
}

/// Bits of a 32-bit word.
#[derive(Clone, Copy, Debug)]
pub struct Bits {
    /// The index of the word.
    pub word: usize,
    /// The lowest bit.
    pub shift: u32,
    /// The number of bits.
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

/// Entries of 64 bytes in a submission queue, and of 16 in its completion queue.
#[derive(Clone, Copy, Debug)]
pub struct PairFormat {
    /// The place of the operation code.
    pub opcode: Bits,
    /// The place of the tag: 16 bits.
    pub tag: Bits,
    /// Two data pointers, of two words each. The first takes the address of the first byte. The second takes nothing
    /// if there is one page, the address of the second page if there are two, and otherwise the address of a list of
    /// all pages after the first.
    pub pointers: [usize; 2],
    /// Bytes of such a page.
    pub page: usize,
    /// The number of 64-bit addresses in a list.
    pub list: usize,
    /// The words that a [command](super::Command) fills.
    pub words: [usize; super::command::WORDS],
    /// In a completion, the phase bit. The device inverts it with each pass through the queue, beginning with 1.
    pub phase: Bits,
    /// In a completion, the tag.
    pub done_tag: Bits,
    /// In a completion, the status: 0 if the command succeeded.
    pub status: Bits,
    /// In a completion, the submission queue's number.
    pub number: Bits,
    /// In a completion, the position up to which the device has read the submission queue.
    pub head: Bits,
    /// In a completion, the word with the command's result.
    pub result: usize,
    /// The doorbell that tells the device how far completions were read.
    pub head_doorbell: Doorbell,
}
