//! The process as an interrupt controller: a message raises a signal.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;

use samara_device_io::host::{Event, Message, Messages, NoMessage, PciAddress};
use samara_domain_runtime::threads::Signal;

/// The number of interrupt vectors of the process.
const VECTORS: usize = 32;
/// The address to which devices must write their messages.
const DOORBELL: u64 = 0xFEE0_1000;

struct Vector {
    signal: Signal,
    taken: AtomicBool,
}

static VECTOR: [Vector; VECTORS] = [const {
    Vector {
        signal: Signal::new(),
        taken: AtomicBool::new(false),
    }
}; VECTORS];

/// The number of messages that went to another address, or to a vector that is not allocated.
static STRAYS: AtomicU64 = AtomicU64::new(0);

// SAFETY: the methods of a signal allocate nothing.
unsafe impl Event for Vector {
    fn count(&self) -> u32 {
        self.signal.count()
    }

    fn wait(&self, seen: u32, timeout: Duration) -> u32 {
        self.signal.wait(seen, timeout)
    }
}

/// Handles a device's write of `data` to `address`: raises the signal of vector `data`. A message that no driver has
/// allocated is counted as stray.
pub fn deliver(address: u64, data: u32) {
    let vector = VECTOR.get(data as usize).filter(|_| address == DOORBELL);
    if let Some(vector) = vector {
        vector.signal.raise();
    }
    if vector.is_none_or(|vector| !vector.taken.load(Ordering::SeqCst)) {
        STRAYS.fetch_add(1, Ordering::SeqCst);
    }
}

/// Returns the number of messages that no driver had allocated.
pub fn stray_messages() -> u64 {
    STRAYS.load(Ordering::SeqCst)
}

/// Returns the number of vectors in use.
pub fn vectors_in_use() -> usize {
    let taken = |vector: &&Vector| vector.taken.load(Ordering::SeqCst);
    VECTOR.iter().filter(taken).count()
}

/// The interrupt controller.
pub(crate) struct Controller;

// SAFETY: a message is the index of a vector. `deliver` looks it up and only raises that vector's signal.
unsafe impl Messages for Controller {
    fn allocate(&self, _: PciAddress) -> Result<Message, NoMessage> {
        let free = |vector: &&Vector| !vector.taken.swap(true, Ordering::SeqCst);
        let index = VECTOR.iter().position(|vector| free(&vector));
        let index = index.ok_or(NoMessage::Full)?;
        Ok(Message {
            address: DOORBELL,
            data: index as u32,
            event: &VECTOR[index],
        })
    }

    fn release(&self, message: Message) {
        VECTOR[message.data as usize]
            .taken
            .store(false, Ordering::SeqCst);
        taken_back();
    }
}

/// The number of times that the host has taken a mapping or a message back.
static TAKEN_BACK: AtomicU64 = AtomicU64::new(0);
/// Whether the host panics each time after it has taken a mapping or a message back.
static PANICS: AtomicBool = AtomicBool::new(false);

pub(crate) fn taken_back() {
    TAKEN_BACK.fetch_add(1, Ordering::SeqCst);
    assert!(
        !PANICS.load(Ordering::SeqCst),
        "the host panics on purpose after it has taken a mapping or a message back"
    );
}

/// Makes the host panic each time after it has taken a mapping or a message back, while `f` runs. Returns the number
/// of times that it took one back.
pub fn panic_when_taken_back(f: impl FnOnce()) -> u64 {
    let before = TAKEN_BACK.load(Ordering::SeqCst);
    PANICS.store(true, Ordering::SeqCst);
    f();
    PANICS.store(false, Ordering::SeqCst);
    TAKEN_BACK.load(Ordering::SeqCst) - before
}
