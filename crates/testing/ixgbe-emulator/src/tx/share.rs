//! The transmitter's share of work in one step.

/// The number of frames, over all queues, after which a step ends.
const FRAMES: usize = 4096;

/// The number of bytes read plus bytes sent, over all queues, after which a step ends.
const BYTES: usize = 4 << 20;

/// The rest of a step's share. The share is checked only between descriptors. So a step may exceed it by one
/// descriptor's data and by the frames of one packet, at most 4096 segments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Share {
    frames: usize,
    bytes: usize,
}

impl Share {
    /// Returns the full share, for the beginning of a step.
    pub(super) const fn full() -> Self {
        Share {
            frames: FRAMES,
            bytes: BYTES,
        }
    }

    /// Counts bytes that were read.
    pub(super) fn read(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Counts a frame of `bytes` bytes that was made, whether it was sent or not.
    pub(super) fn frame(&mut self, bytes: usize) {
        self.frames = self.frames.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Whether the step must end.
    pub(super) fn used_up(&self) -> bool {
        self.frames == 0 || self.bytes == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, FRAMES, Share};

    #[test]
    fn frames_or_bytes_end_a_step() {
        let mut share = Share::full();
        for _ in 0..FRAMES {
            assert!(!share.used_up());
            share.frame(60);
        }
        assert!(share.used_up());
        let mut share = Share::full();
        share.read(BYTES - 1);
        assert!(!share.used_up());
        share.read(usize::MAX);
        assert!(share.used_up());
    }
}
