//! The fault `keeps_writing`: the device does not stop receiving (see [`Faults`](crate::Faults)).

use alloc::vec::Vec;

use super::ring::RxRing;
use crate::bus::Bus;
use crate::link::Link;

/// The number of frames that are written in one step, at most.
const FRAMES_PER_STEP: usize = 64;

/// The rings that the device still writes to after they were disabled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ghosts(Vec<RxRing>);

impl Ghosts {
    /// Remembers a ring that is about to be disabled.
    pub(crate) fn remember(&mut self, ring: RxRing) {
        self.0.retain(|known| known.queue != ring.queue);
        self.0.push(ring);
    }

    /// Forgets all rings, because the fault is over.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether the device still writes to any disabled ring.
    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Writes arriving frames into the buffers of every remembered ring, as if it were still enabled.
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
                    // Errors are ignored: a test of this fault checks whether these writes reach memory, and a failed
                    // write is a valid outcome.
                    let _ = bus.write(address, &frame[..length]);
                    let _ = bus.publish(place.wrapping_add(8), (length as u64) << 32 | 3);
                }
                ring.head = ring.after(1);
            }
        }
    }
}
