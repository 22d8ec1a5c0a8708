//! What the device has to tell its keeper.

use alloc::collections::{BTreeSet, VecDeque};
use core::fmt;

/// Notices that are kept until they are taken; beyond that the oldest go.
const CAPACITY: usize = 256;

/// Something a keeper may want to log. Each kind is told once for each register or queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// A register was used whose function is not modelled.
    Unmodelled {
        /// The datasheet's name.
        name: &'static str,
        /// Its offset in BAR 0.
        offset: u32,
        /// Whether it was written.
        write: bool,
    },
    /// An offset was used at which the datasheet has no register.
    Unknown {
        /// The offset in BAR 0.
        offset: u32,
        /// Whether it was written.
        write: bool,
    },
    /// An access that is not of aligned words inside a BAR: it had no effect (section 8.1).
    Misaligned {
        /// The BAR.
        bar: u8,
        /// The offset in it.
        offset: u64,
        /// Its length in bytes.
        length: usize,
    },
    /// The device was reset.
    Reset,
    /// The link went up or down.
    Link {
        /// Which of both.
        up: bool,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = |write: &bool| if *write { "written" } else { "read" };
        match self {
            Notice::Unmodelled {
                name,
                offset,
                write,
            } => write!(
                f,
                "register {name} ({offset:#07x}) was {}: its function is not modelled",
                verb(write)
            ),
            Notice::Unknown { offset, write } => {
                write!(
                    f,
                    "offset {offset:#07x} was {}: no register there",
                    verb(write)
                )
            }
            Notice::Misaligned {
                bar,
                offset,
                length,
            } => write!(
                f,
                "an access of {length} bytes at {offset:#07x} of BAR {bar} was ignored: use aligned words"
            ),
            Notice::Reset => f.write_str("reset"),
            Notice::Link { up: true } => f.write_str("link up"),
            Notice::Link { up: false } => f.write_str("link down"),
        }
    }
}

/// Notices in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices {
    waiting: VecDeque<Notice>,
    /// BAR and word of the misaligned accesses that were told: a guest cannot fill its keeper's log.
    misaligned: BTreeSet<(u8, u32)>,
}

impl Notices {
    pub(crate) fn push(&mut self, notice: Notice) {
        if self.waiting.len() == CAPACITY {
            self.waiting.pop_front();
        }
        self.waiting.push_back(notice);
    }

    /// An access to a BAR of `size` bytes that has no effect: told once for each of its words, and once
    /// for all that is beyond its end.
    pub(crate) fn misaligned(&mut self, bar: u8, size: u32, offset: u64, length: usize) {
        let inside = u32::try_from(offset).ok().filter(|&offset| offset < size);
        let word = inside.map_or(u32::MAX, |offset| offset / 4);
        if self.misaligned.insert((bar, word)) {
            self.push(Notice::Misaligned {
                bar,
                offset,
                length,
            });
        }
    }

    pub(crate) fn take(&mut self) -> Option<Notice> {
        self.waiting.pop_front()
    }
}
