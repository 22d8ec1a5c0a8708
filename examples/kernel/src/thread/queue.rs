//! The run queue: a ring of thread numbers. It consists of index arithmetic only, so that it can be proved.

/// A queue, first in, first out. Each number is in it at most once, so `N` places suffice.
pub(super) struct Queue<const N: usize> {
    ring: [u16; N],
    /// The index of the oldest number in `ring`, below `N`.
    first: usize,
    /// The number of entries, at most `N`.
    length: usize,
}

impl<const N: usize> Queue<N> {
    pub(super) const fn new() -> Self {
        Self {
            ring: [0; N],
            first: 0,
            length: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends a number. Returns false and does nothing if the queue is full.
    pub(super) fn push(&mut self, number: u16) -> bool {
        if self.length >= N {
            return false;
        }
        let mut at = self.first + self.length;
        if at >= N {
            at -= N;
        }
        self.ring[at] = number;
        self.length += 1;
        true
    }

    /// Takes the oldest number.
    pub(super) fn pop(&mut self) -> Option<u16> {
        if self.length == 0 {
            return None;
        }
        let number = self.ring[self.first];
        self.first += 1;
        if self.first >= N {
            self.first = 0;
        }
        self.length -= 1;
        Some(number)
    }
}
