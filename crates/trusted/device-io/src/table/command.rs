//! Entries of a submission queue: which commands there are, and what each may transfer.

use super::queue::{Bits, Direction};
use super::step::Value;

/// The number of words of an entry that a command fills.
pub const WORDS: usize = 7;

/// A command. The engine itself writes the operation code, the tag and the data pointers.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The kind of queue that the command is for.
    pub queue: usize,
    /// The operation code.
    pub opcode: u8,
    /// The values of the command words, whose places the queue's format gives. A driver chooses bits within
    /// [`Value::chosen`].
    pub words: [Value; WORDS],
    /// The data that the command transfers.
    pub data: Data,
}

impl Command {
    /// Makes a command of queues of kind `queue`.
    pub const fn new(queue: usize, opcode: u8, words: [Value; WORDS], data: Data) -> Self {
        Self {
            queue,
            opcode,
            words,
            data,
        }
    }
}

/// The data of a command.
#[derive(Clone, Copy, Debug)]
pub enum Data {
    /// The command transfers nothing.
    None,
    /// The device writes at most a page, which is the engine's. If there is a [`Learn`], the engine learns a unit
    /// from the page when the command succeeds.
    Page(Option<&'static Learn>),
    /// The command transfers part of a buffer, in whole units that the engine has [learned](Learn). The first field
    /// is the direction. The second is the index of the command word that takes the unit's key. The third is the bits
    /// of the command words that take the number of units less one.
    Units(Direction, usize, Bits),
    /// The command transfers nothing, but tells the device of a part of a queue. The first field is the queue's kind.
    /// The second field is the part, whose address the first data pointer takes.
    Queue(usize, usize),
}

/// How the engine learns the size of the unit in which commands count, from a page that the device wrote. Bits of the
/// page select an entry of a table in the page. The entry holds the size's logarithm.
#[derive(Clone, Copy, Debug)]
pub struct Learn {
    /// The index of the command word that holds the key: it names the owner of the unit.
    pub key: usize,
    /// The byte of the page whose bits select the entry.
    pub selector: usize,
    /// The bits of that byte that make the index, each part as (shift right, mask, shift left).
    pub index: [(u32, u8, u32); 2],
    /// The byte of the page that holds the last valid index.
    pub last: usize,
    /// The offset of the table in the page, and the number of bytes of an entry.
    pub table: (usize, usize),
    /// The byte in the entry that holds the base-2 logarithm of the unit's size.
    pub shift: usize,
    /// The least and the greatest logarithm that are accepted.
    pub shifts: (u8, u8),
    /// A range of bytes of the entry, without its second bound, that must be 0. Otherwise a unit would transfer more
    /// bytes than its size says.
    pub zero: (usize, usize),
}

impl Learn {
    /// Returns the base-2 logarithm of a unit's number of bytes, as the bytes of a page give it. `None` if the table
    /// does not accept it.
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
