//! Splits a request into commands that the device accepts. Pure.

/// Part of a request, which becomes one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// First logical block.
    pub lba: u64,
    /// Bytes from the start of the buffer.
    pub offset: usize,
    /// Length in bytes, a whole number of blocks.
    pub length: usize,
}

/// The rest of a request.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    next: Chunk,
    left: usize,
    shift: u8,
    max: usize,
}

impl Split {
    /// Splits a request that begins at block `lba` into commands. The request has `length` bytes, which are whole
    /// blocks of `1 << shift` bytes. Each command has at most `max` bytes, rounded down to whole blocks, but at least
    /// one block.
    #[inline]
    pub const fn new(lba: u64, length: usize, shift: u8, max: usize) -> Self {
        let block = 1 << shift;
        let max = if max < block {
            block
        } else {
            max & !(block - 1)
        };
        let next = Chunk {
            lba,
            offset: 0,
            length: if length < max { length } else { max },
        };
        Self {
            next,
            left: length,
            shift,
            max,
        }
    }

    /// Returns the next part; `None` when nothing is left.
    #[inline]
    pub const fn peek(&self) -> Option<Chunk> {
        if self.left == 0 {
            None
        } else {
            Some(self.next)
        }
    }

    /// Limits all further parts to `max` bytes, rounded down to whole blocks, but at least one block.
    #[inline]
    pub const fn limit(&mut self, max: usize) {
        if max >= self.max {
            return;
        }
        let block = 1 << self.shift;
        self.max = if max < block {
            block
        } else {
            max & !(block - 1)
        };
        if self.next.length > self.max {
            self.next.length = self.max;
        }
    }

    /// Moves on to the next part, after the part that [`peek`](Self::peek) returned was submitted.
    #[inline]
    pub const fn advance(&mut self) {
        let done = self.next.length;
        self.left = self.left.saturating_sub(done);
        self.next.offset += done;
        self.next.lba += (done >> self.shift) as u64;
        self.next.length = if self.left < self.max {
            self.left
        } else {
            self.max
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_request_in_order_without_gaps() {
        for shift in [9, 12] {
            let block = 1usize << shift;
            for blocks in [1, 2, 3, 7, 32, 33] {
                for max in [1, block, block + 1, 3 * block, 1 << 20] {
                    let mut split = Split::new(1000, blocks * block, shift, max);
                    let (mut offset, mut lba) = (0, 1000);
                    while let Some(chunk) = split.peek() {
                        assert_eq!((chunk.offset, chunk.lba), (offset, lba));
                        assert!(chunk.length > 0 && chunk.length <= max.max(block));
                        assert_eq!(chunk.length % block, 0);
                        offset += chunk.length;
                        lba += (chunk.length >> shift) as u64;
                        split.advance();
                    }
                    assert_eq!(offset, blocks * block);
                }
            }
        }
    }

    #[test]
    fn parts_become_shorter_and_never_longer() {
        let mut split = Split::new(0, 16 * 512, 9, 8 * 512);
        let mut lengths = std::vec::Vec::new();
        for limit in [4 * 512 + 1, 1 << 20, 1, 0] {
            split.limit(limit);
            lengths.push(split.peek().unwrap().length / 512);
            split.advance();
        }
        assert_eq!(lengths, [4, 4, 1, 1]);
        assert_eq!(split.peek().unwrap().offset, 10 * 512);
    }

    #[test]
    fn an_empty_request_has_no_parts() {
        assert_eq!(Split::new(0, 0, 9, 4096).peek(), None);
    }
}
