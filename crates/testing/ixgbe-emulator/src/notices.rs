//! Notices from the device to the program that runs it.

use alloc::collections::{BTreeSet, VecDeque};
use core::fmt;

/// The number of notices that are kept until the program takes them. If there are more, the oldest are dropped.
const CAPACITY: usize = 256;

/// An event that the program may want to log. The use of a register that is not emulated is reported once for each
/// register, and a misaligned access once for each word of the BAR. Resets and changes of the link are reported each
/// time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// A register was used, and its function is not emulated.
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
    /// An access had no effect, because it was not to aligned words inside a BAR (section 8.1).
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
        /// Whether it went up.
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
                "register {name} ({offset:#07x}) was {}: its function is not emulated",
                verb(write)
            ),
            Notice::Unknown { offset, write } => {
                write!(
                    f,
                    "offset {offset:#07x} was {}: there is no register",
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

/// The notices that wait for the program to take them, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices {
    waiting: VecDeque<Notice>,
    /// The BAR and the word of each misaligned access that was reported. A word is reported only once, so that a
    /// guest cannot fill the program's log.
    misaligned: BTreeSet<(u8, u32)>,
}

impl Notices {
    pub(crate) fn push(&mut self, notice: Notice) {
        if self.waiting.len() == CAPACITY {
            self.waiting.pop_front();
        }
        self.waiting.push_back(notice);
    }

    /// Reports an access that has no effect to a BAR of `size` bytes. It is reported once for each word of the BAR,
    /// and once for all accesses beyond the end.
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
