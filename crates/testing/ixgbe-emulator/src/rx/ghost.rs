//! A device that forgets to stop receiving: a fault (see [`Faults`](crate::Faults)).

use alloc::vec::Vec;

use super::ring::RxRing;
use crate::bus::Bus;
use crate::link::Link;

/// Frames written in one step.
const FRAMES_PER_STEP: usize = 64;

/// Rings that should be out of use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ghosts(Vec<RxRing>);

impl Ghosts {
    /// Remembers a ring that is about to be disabled.
    pub(crate) fn remember(&mut self, ring: RxRing) {
        self.0.retain(|known| known.queue != ring.queue);
        self.0.push(ring);
    }

    /// Forgets all of them: the fault is over.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there is one.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Writes what arrives into the buffers of every ring, as if nothing had happened.
    pub(crate) fn haunt(&mut self, bus: &mut Bus<'_>, link: &mut dyn Link) {
        let mut frame = Vec::new();
        for _ in 0..FRAMES_PER_STEP {
            if !link.receive(&mut frame) {
                return;
            }
            for ring in self.0.iter_mut().filter(|ring| ring.available() > 0) {
                let place = ring.address(0);
                let length = frame.len().min(ring.buffer);
                if let Ok([address, _]) = bus.descriptor(place) {
                    // Whether these arrive is what the test wants to know.
                    let _ = bus.write(address, &frame[..length]);
                    let _ = bus.publish(place.wrapping_add(8), (length as u64) << 32 | 3);
                }
                ring.head = ring.after(1);
            }
        }
    }
}
