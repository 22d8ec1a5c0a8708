//! Positions in a ring of fixed capacity: pure arithmetic.
//!
//! `head` is below the capacity and `len` is at most the capacity, so no operation wraps. The code still uses the
//! `wrapping_` operations, because a check of overflow would cost time on the path of every packet.

use core::ops::Range;

/// The positions of the values of a ring: `len` of them from `head` on, modulo the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ring {
    head: usize,
    len: usize,
}

impl Ring {
    /// An empty ring.
    pub(crate) const EMPTY: Self = Self { head: 0, len: 0 };

    /// Returns the number of values.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Returns the position, below `capacity`, of the value at `index`; `None` if there is none.
    #[inline]
    pub(crate) const fn at(&self, index: usize, capacity: usize) -> Option<usize> {
        if index >= self.len {
            return None;
        }
        Some(wrap(self.head, index, capacity))
    }

    /// Returns the positions of all values in order: those up to the end, and those that continue at the start.
    #[inline]
    pub(crate) const fn halves(&self, capacity: usize) -> (Range<usize>, Range<usize>) {
        let left = capacity.wrapping_sub(self.head);
        if self.len <= left {
            (self.head..self.head.wrapping_add(self.len), 0..0)
        } else {
            (self.head..capacity, 0..self.len.wrapping_sub(left))
        }
    }

    /// Takes the position behind the last value and returns it; `None` when full.
    #[inline]
    pub(crate) const fn push_back(&mut self, capacity: usize) -> Option<usize> {
        if self.len >= capacity {
            return None;
        }
        let at = wrap(self.head, self.len, capacity);
        self.len = self.len.wrapping_add(1);
        Some(at)
    }

    /// Takes the position before the first value and returns it; `None` when full.
    #[inline]
    pub(crate) const fn push_front(&mut self, capacity: usize) -> Option<usize> {
        if self.len >= capacity {
            return None;
        }
        self.head = wrap(self.head, capacity.wrapping_sub(1), capacity);
        self.len = self.len.wrapping_add(1);
        Some(self.head)
    }

    /// Frees the position of the first value and returns it; `None` when empty.
    #[inline]
    pub(crate) const fn pop_front(&mut self, capacity: usize) -> Option<usize> {
        if self.len == 0 {
            return None;
        }
        let at = self.head;
        self.head = wrap(at, 1, capacity);
        self.len = self.len.wrapping_sub(1);
        Some(at)
    }

    /// Frees the position of the last value and returns it; `None` when empty.
    #[inline]
    pub(crate) const fn pop_back(&mut self, capacity: usize) -> Option<usize> {
        if self.len == 0 {
            return None;
        }
        self.len = self.len.wrapping_sub(1);
        Some(wrap(self.head, self.len, capacity))
    }
}

/// Returns `(at + steps) % capacity` for `at < capacity` and `steps <= capacity`, without a division and without a sum
/// that could overflow.
#[inline]
const fn wrap(at: usize, steps: usize, capacity: usize) -> usize {
    let left = capacity.wrapping_sub(at);
    if steps < left {
        at.wrapping_add(steps)
    } else {
        steps.wrapping_sub(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::collections::VecDeque;

    #[test]
    fn a_ring_behaves_like_a_deque() {
        for capacity in 1..=5 {
            let mut ring = Ring::EMPTY;
            let mut slots = [0u32; 5];
            let mut model = VecDeque::new();
            // A long pseudo-random sequence of operations.
            for step in 0..20_000u32 {
                match step.wrapping_mul(2_654_435_761) >> 30 {
                    0 => match ring.push_back(capacity) {
                        Some(at) => {
                            slots[at] = step;
                            model.push_back(step);
                        }
                        None => assert_eq!(model.len(), capacity),
                    },
                    1 => match ring.push_front(capacity) {
                        Some(at) => {
                            slots[at] = step;
                            model.push_front(step);
                        }
                        None => assert_eq!(model.len(), capacity),
                    },
                    2 => assert_eq!(
                        ring.pop_front(capacity).map(|at| slots[at]),
                        model.pop_front()
                    ),
                    _ => assert_eq!(
                        ring.pop_back(capacity).map(|at| slots[at]),
                        model.pop_back()
                    ),
                }
                assert_eq!(ring.len(), model.len());
                let (first, second) = ring.halves(capacity);
                let all: VecDeque<_> = first.chain(second).map(|at| slots[at]).collect();
                assert_eq!(all, model);
                for index in 0..=capacity {
                    let value = ring.at(index, capacity).map(|at| slots[at]);
                    assert_eq!(value, model.get(index).copied());
                }
            }
        }
    }

    #[test]
    fn a_ring_without_room_takes_nothing() {
        let mut ring = Ring::EMPTY;
        assert_eq!((ring.push_back(0), ring.push_front(0)), (None, None));
        assert_eq!((ring.pop_back(0), ring.pop_front(0)), (None, None));
        assert_eq!(ring.at(0, 0), None);
    }
}
