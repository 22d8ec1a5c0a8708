//! The controller's side of its queues.

/// A submission queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Submission {
    pub(super) base: u64,
    pub(super) size: u16,
    pub(super) head: u16,
    pub(super) tail: u16,
    /// The number of the completion queue.
    pub(super) completions: u16,
    /// The time when the queue was created.
    pub(super) created: u64,
}

/// A completion queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completion {
    pub(super) base: u64,
    pub(super) size: u16,
    pub(super) head: u16,
    pub(super) tail: u16,
    pub(super) phase: bool,
}

impl Submission {
    pub(super) fn new(base: u64, size: u16, completions: u16, created: u64) -> Self {
        Self {
            base,
            size,
            head: 0,
            tail: 0,
            completions,
            created,
        }
    }
}

impl Completion {
    pub(super) fn new(base: u64, size: u16) -> Self {
        Self {
            base,
            size,
            head: 0,
            tail: 0,
            phase: true,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        (self.tail + 1) % self.size == self.head
    }

    pub(super) fn advance(&mut self) {
        self.tail += 1;
        if self.tail == self.size {
            self.tail = 0;
            self.phase = !self.phase;
        }
    }
}

/// A command that was fetched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fetched {
    pub(super) queue: u16,
    pub(super) words: [u32; 16],
    /// Pauses until the command is executed.
    pub(super) wait: u32,
    /// The time from which on the command may be executed.
    pub(super) due: u64,
}

impl Fetched {
    pub(super) fn opcode(&self) -> u8 {
        self.words[0] as u8
    }

    pub(super) fn cid(&self) -> u16 {
        (self.words[0] >> 16) as u16
    }

    pub(super) fn namespace(&self) -> u32 {
        self.words[1]
    }

    pub(super) fn prp1(&self) -> u64 {
        u64::from(self.words[7]) << 32 | u64::from(self.words[6])
    }

    pub(super) fn prp2(&self) -> u64 {
        u64::from(self.words[9]) << 32 | u64::from(self.words[8])
    }

    /// Returns dword `10 + index` of the command.
    pub(super) fn dword(&self, index: usize) -> u32 {
        self.words[10 + index]
    }
}
