//! The process as an interrupt controller: a message sets a signal.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;

use samara_device_io::host::{Event, Message, Messages, NoMessage, PciAddress};
use samara_domain_runtime::threads::Signal;

/// Vectors of the process.
const VECTORS: usize = 32;
/// Where messages go.
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

/// Messages that went elsewhere, or to a vector that nobody has.
static STRAYS: AtomicU64 = AtomicU64::new(0);

// SAFETY: a signal allocates nothing.
unsafe impl Event for Vector {
    fn count(&self) -> u32 {
        self.signal.count()
    }

    fn wait(&self, seen: u32, timeout: Duration) -> u32 {
        self.signal.wait(seen, timeout)
    }
}

/// What a device's write of `data` to `address` does: the handler.
pub fn deliver(address: u64, data: u32) {
    let vector = VECTOR.get(data as usize).filter(|_| address == DOORBELL);
    if let Some(vector) = vector {
        vector.signal.raise();
    }
    if vector.is_none_or(|vector| !vector.taken.load(Ordering::SeqCst)) {
        STRAYS.fetch_add(1, Ordering::SeqCst);
    }
}

/// Messages that nobody had asked for.
pub fn stray_messages() -> u64 {
    STRAYS.load(Ordering::SeqCst)
}

/// Vectors in use.
pub fn vectors_in_use() -> usize {
    let taken = |vector: &&Vector| vector.taken.load(Ordering::SeqCst);
    VECTOR.iter().filter(taken).count()
}

/// The controller.
pub(crate) struct Controller;

// SAFETY: a message is a number that `deliver` looks up; it sets that vector's signal.
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

/// How often the host has taken a mapping or a message back; and whether it panics when it has.
static TAKEN_BACK: AtomicU64 = AtomicU64::new(0);
static PANICS: AtomicBool = AtomicBool::new(false);

pub(crate) fn taken_back() {
    TAKEN_BACK.fetch_add(1, Ordering::SeqCst);
    assert!(!PANICS.load(Ordering::SeqCst), "taken back");
}

/// Has the host panic whenever it has taken a mapping or a message back, while `f` runs; how often it did.
pub fn panic_when_taken_back(f: impl FnOnce()) -> u64 {
    let before = TAKEN_BACK.load(Ordering::SeqCst);
    PANICS.store(true, Ordering::SeqCst);
    f();
    PANICS.store(false, Ordering::SeqCst);
    TAKEN_BACK.load(Ordering::SeqCst) - before
}
