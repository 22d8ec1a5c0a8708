//! What the device has to tell its keeper.

use alloc::collections::VecDeque;
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
    /// An access to BAR 0 that is not of aligned words: it had no effect (section 8.1).
    Misaligned {
        /// The offset in BAR 0.
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
            Notice::Misaligned { offset, length } => write!(
                f,
                "an access of {length} bytes at {offset:#07x} was ignored: use aligned words"
            ),
            Notice::Reset => f.write_str("reset"),
            Notice::Link { up: true } => f.write_str("link up"),
            Notice::Link { up: false } => f.write_str("link down"),
        }
    }
}

/// Notices in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices(VecDeque<Notice>);

impl Notices {
    pub(crate) fn push(&mut self, notice: Notice) {
        if self.0.len() == CAPACITY {
            self.0.pop_front();
        }
        self.0.push_back(notice);
    }

    pub(crate) fn take(&mut self) -> Option<Notice> {
        self.0.pop_front()
    }
}
