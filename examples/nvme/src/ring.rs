//! Positions in a queue pair's rings (NVM Express Base 2.0 §3.3.1). Pure: no memory, no device.

/// The host's view of a submission queue: it produces at `tail`, the controller consumes at `head`.
///
/// Invariant: `head < size` and `tail < size`. One slot stays empty, so that full and empty differ.
#[derive(Debug)]
pub(crate) struct SubmissionRing {
    size: u16,
    head: u16,
    tail: u16,
}

/// The controller reported a head outside what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeadOutOfRange;

impl SubmissionRing {
    /// An empty ring of `size` slots (at least 2).
    pub(crate) const fn new(size: u16) -> Self {
        Self {
            size,
            head: 0,
            tail: 0,
        }
    }

    /// Entries that the controller has not been seen to consume.
    pub(crate) const fn used(&self) -> u16 {
        if self.tail >= self.head {
            self.tail - self.head
        } else {
            self.size - self.head + self.tail
        }
    }

    /// Whether another entry fits.
    pub(crate) const fn is_full(&self) -> bool {
        self.used() + 1 >= self.size
    }

    /// The slot for the next entry; what the tail doorbell is told once everything before is written.
    pub(crate) const fn tail(&self) -> u16 {
        self.tail
    }

    /// Counts the entry written at [`tail`](Self::tail). False, and no change, if the ring is full.
    pub(crate) const fn push(&mut self) -> bool {
        if self.is_full() {
            return false;
        }
        self.tail = if self.tail + 1 == self.size {
            0
        } else {
            self.tail + 1
        };
        true
    }

    /// Takes the controller's word (SQHD) that it has consumed everything before `head`.
    pub(crate) const fn consume(&mut self, head: u16) -> Result<(), HeadOutOfRange> {
        if head >= self.size {
            return Err(HeadOutOfRange);
        }
        let moved = if head >= self.head {
            head - self.head
        } else {
            self.size - self.head + head
        };
        if moved > self.used() {
            return Err(HeadOutOfRange);
        }
        self.head = head;
        Ok(())
    }
}

/// The host's view of a completion queue: it consumes at `head`, and knows an entry to be new by its
/// phase tag, which the controller inverts with every pass, beginning with 1 (§3.3.3.2).
#[derive(Debug)]
pub(crate) struct CompletionRing {
    size: u16,
    head: u16,
    phase: bool,
}

impl CompletionRing {
    /// A ring of `size` slots (at least 2), zeroed: every tag in it is 0.
    pub(crate) const fn new(size: u16) -> Self {
        Self {
            size,
            head: 0,
            phase: true,
        }
    }

    /// The slot to look at; what the head doorbell is told.
    pub(crate) const fn head(&self) -> u16 {
        self.head
    }

    /// The tag that a new entry there has.
    pub(crate) const fn phase(&self) -> bool {
        self.phase
    }

    /// Goes to the next slot.
    pub(crate) const fn advance(&mut self) {
        if self.head + 1 == self.size {
            self.head = 0;
            self.phase = !self.phase;
        } else {
            self.head += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_holds_one_less_than_its_size() {
        for size in [2, 3, 64] {
            let mut ring = SubmissionRing::new(size);
            for _ in 1..size {
                assert!(ring.push());
            }
            assert!(ring.is_full());
            assert!(!ring.push());
            assert_eq!(ring.used(), size - 1);
        }
    }

    #[test]
    fn the_controllers_head_is_believed_only_between_head_and_tail() {
        let mut ring = SubmissionRing::new(4);
        assert_eq!(ring.consume(1), Err(HeadOutOfRange));
        ring.push();
        ring.push();
        assert_eq!(ring.consume(3), Err(HeadOutOfRange));
        assert_eq!(ring.consume(4), Err(HeadOutOfRange));
        assert_eq!(ring.consume(u16::MAX), Err(HeadOutOfRange));
        assert_eq!(ring.consume(2), Ok(()));
        assert_eq!(ring.consume(2), Ok(()));
        assert_eq!(ring.consume(1), Err(HeadOutOfRange));
        assert_eq!(ring.used(), 0);
    }

    #[test]
    fn heads_and_tails_wrap() {
        let mut ring = SubmissionRing::new(3);
        let mut expected = 0;
        for _ in 0..10 {
            assert_eq!(ring.tail(), expected);
            assert!(ring.push());
            expected = (expected + 1) % 3;
            assert_eq!(ring.consume(expected), Ok(()));
        }
    }

    #[test]
    fn the_phase_inverts_with_every_pass() {
        let mut ring = CompletionRing::new(3);
        let seen: [(u16, bool); 7] = core::array::from_fn(|_| {
            let at = (ring.head(), ring.phase());
            ring.advance();
            at
        });
        let (t, f) = (true, false);
        assert_eq!(
            seen,
            [(0, t), (1, t), (2, t), (0, f), (1, f), (2, f), (0, t)]
        );
    }
}
