//! What the transmitter may do in one step.

/// Frames of all queues after which a step ends.
const FRAMES: usize = 4096;

/// Bytes read and sent, of all queues, after which a step ends.
const BYTES: usize = 4 << 20;

/// What is left of a step. A packet that was begun is finished, so that a step does at most one packet
/// more: 256 KiB read, and sent in at most 4096 segments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Share {
    frames: usize,
    bytes: usize,
}

impl Share {
    pub(super) const fn leak_check() -> Self {
        Share {
            frames: FRAMES,
            bytes: BYTES,
        }
    }

    /// Bytes that were read.
    pub(super) fn read(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// A frame of so many bytes that was made, sent or not.
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
    fn either_of_both_ends_a_step() {
        let mut share = Share::leak_check();
        for _ in 0..FRAMES {
            assert!(!share.used_up());
            share.frame(60);
        }
        assert!(share.used_up());
        let mut share = Share::leak_check();
        share.read(BYTES - 1);
        assert!(!share.used_up());
        share.read(usize::MAX);
        assert!(share.used_up());
    }
}
