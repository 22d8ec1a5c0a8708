//! The cable, which takes the device's frames and brings frames to it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// The number of frames that may wait in a queue of a [`Loop`]. Further frames that the device sends are lost, as on
/// a wire.
const WAITING: usize = 4096;

/// The far end of the cable.
///
/// Frames carry no preamble and no frame check sequence. The emulator adds a frame check sequence to received frames
/// if the driver does not have it stripped.
pub trait Link {
    /// Whether there is a carrier.
    fn is_up(&self) -> bool {
        true
    }

    /// Takes one frame that the device sends. If the link has no room, it drops the frame.
    fn send(&mut self, frame: &[u8]);

    /// Replaces the contents of `frame` by the next frame for the device. Returns false if there is none.
    fn receive(&mut self, frame: &mut Vec<u8>) -> bool;
}

/// A cable from the device to itself, or from the device to a test that holds the other end. While 4096 sent frames
/// wait, further frames that the device sends are lost.
#[derive(Clone, Debug, Default)]
pub struct Loop {
    /// Frames that the device will receive, the next one first.
    pub inbound: VecDeque<Vec<u8>>,
    /// Frames that the device sent, the oldest first; unused when `looped`.
    pub outbound: VecDeque<Vec<u8>>,
    /// Whether the frames that the device sends come back to it.
    pub looped: bool,
    /// Whether the cable is cut.
    pub down: bool,
}

impl Loop {
    /// Returns a cable that brings every frame back.
    pub fn closed() -> Self {
        Loop {
            looped: true,
            ..Loop::default()
        }
    }

    /// Returns a cable for a test that holds the far end: the test puts frames into `inbound` and takes frames from
    /// `outbound`.
    pub fn open() -> Self {
        Loop::default()
    }
}

impl Link for Loop {
    fn is_up(&self) -> bool {
        !self.down
    }

    fn send(&mut self, frame: &[u8]) {
        let queue = if self.looped {
            &mut self.inbound
        } else {
            &mut self.outbound
        };
        if queue.len() < WAITING {
            queue.push_back(frame.to_vec());
        }
    }

    fn receive(&mut self, frame: &mut Vec<u8>) -> bool {
        match self.inbound.pop_front() {
            Some(next) => {
                *frame = next;
                true
            }
            None => false,
        }
    }
}
