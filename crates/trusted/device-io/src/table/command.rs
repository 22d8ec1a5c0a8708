//! Entries of a submission queue: the commands that there are, and what each may transfer.

use super::queue::{Bits, Direction};
use super::step::Value;

/// Words of an entry that a command fills.
pub const WORDS: usize = 7;

/// A command. The engine writes the operation code, the tag and the data pointers itself.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The kind of queue that it's for.
    pub queue: usize,
    /// The operation code.
    pub opcode: u8,
    /// What the words hold that its queue's format names. A driver chooses bits within [`Value::chosen`].
    pub words: [Value; WORDS],
    /// What it transfers.
    pub data: Data,
}

impl Command {
    /// A command of queues of kind `queue`.
    pub const fn new(queue: usize, opcode: u8, words: [Value; WORDS], data: Data) -> Self {
        Self {
            queue,
            opcode,
            words,
            data,
        }
    }
}

/// What a command transfers.
#[derive(Clone, Copy, Debug)]
pub enum Data {
    /// Nothing.
    None,
    /// At most a page, which is the engine's and which the device writes; what the engine learns of it, if the command succeeds.
    Page(Option<&'static Learn>),
    /// A part of a buffer, in whole units that the engine has [learned](Learn): which way; the word, among those that the command
    /// fills, that takes the key of what was learned; and the bits, of those words, that take the number of units less one.
    Units(Direction, usize, Bits),
    /// Nothing, but it makes a queue of this kind: the first data pointer is the address of this part of that queue's memory.
    Queue(usize, usize),
}

/// How many bytes a unit has that commands count in, as the device says: an entry of a table in the page is selected by bits of
/// the page, and holds the logarithm.
#[derive(Clone, Copy, Debug)]
pub struct Learn {
    /// The word, among those that the command fills, that says whose unit it is.
    pub key: usize,
    /// The byte of the page that selects.
    pub selector: usize,
    /// Its bits, as (shift right, mask, shift left), that make the index.
    pub index: [(u32, u8, u32); 2],
    /// The byte of the page with the last index that there is.
    pub last: usize,
    /// Where the table begins, and how many bytes an entry has.
    pub table: (usize, usize),
    /// The byte in the entry with the logarithm to base 2.
    pub shift: usize,
    /// The least and the greatest that are accepted.
    pub shifts: (u8, u8),
    /// Bytes of the entry, from the first to before the second, that must be 0: what else would be transferred.
    pub zero: (usize, usize),
}

impl Learn {
    /// The logarithm of a unit's number of bytes, by the bytes of a page, if the table accepts it.
    pub(crate) fn shift_in(&self, byte: impl Fn(usize) -> u8) -> Option<u8> {
        let selector = byte(self.selector);
        let index = self.index.iter().fold(0, |index, &(right, mask, left)| {
            index | usize::from(selector >> right & mask) << left
        });
        let (start, stride) = self.table;
        let entry = start + index * stride;
        let shift = byte(entry + self.shift);
        let zero = (self.zero.0..self.zero.1).all(|at| byte(entry + at) == 0);
        let (least, most) = self.shifts;
        let exists = index <= usize::from(byte(self.last));
        (exists && zero && (least..=most).contains(&shift)).then_some(shift)
    }
}
