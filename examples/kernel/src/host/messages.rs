//! Message-signalled interrupts of devices (Intel SDM volume 3, section 11.11). Each message has a vector of its own.
//! The handler of the vector raises a signal, which is never freed.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::runtime::threads::Signal;
use samara_device_io::host::{Event, Message, Messages, NoMessage, PciAddress};

use super::KernelHost;
use crate::arch::lapic;

/// The first of the vectors for devices.
pub(crate) const FIRST: u8 = 0x50;

/// The last of the vectors for devices.
pub(crate) const LAST: u8 = FIRST + (LINES.len() as u8 - 1);

/// The address that messages are written to; bits 12 to 19 select the CPU.
const ADDRESS: u64 = 0xfee0_0000;

struct Line {
    signal: Signal,
    taken: AtomicBool,
}

static LINES: [Line; 32] = [const {
    Line {
        signal: Signal::new(),
        taken: AtomicBool::new(false),
    }
}; 32];

/// Counts the messages that arrived at a line that no driver had taken.
static STRAYS: AtomicU32 = AtomicU32::new(0);

/// Handles the interrupt of a device. This runs no code of a domain, and takes no lock but the scheduler's.
pub(crate) fn arrived(vector: u64) {
    let line = vector.checked_sub(FIRST.into());
    let Some(line) = line.and_then(|index| LINES.get(index as usize)) else {
        return;
    };
    line.signal.raise();
    if !line.taken.load(SeqCst) {
        STRAYS.fetch_add(1, SeqCst);
    }
}

// SAFETY: neither method allocates: a signal does not.
unsafe impl Event for Line {
    fn count(&self) -> u32 {
        self.signal.count()
    }

    fn wait(&self, seen: u32, timeout: Duration) -> u32 {
        self.signal.wait(seen, timeout)
    }
}

// SAFETY: the data of a message is one of the vectors for devices, with fixed delivery and edge trigger. Each write
// of the data interrupts the CPU once, and the handler of the vector raises the signal of that line.
unsafe impl Messages for KernelHost {
    fn allocate(&self, _: PciAddress) -> Result<Message, NoMessage> {
        let is_free = |line: &Line| !line.taken.swap(true, SeqCst);
        let index = LINES.iter().position(is_free).ok_or(NoMessage::Full)?;
        Ok(Message {
            address: ADDRESS | u64::from(lapic::id()) << 12,
            data: u32::from(FIRST) + index as u32,
            event: &LINES[index],
        })
    }

    fn release(&self, message: Message) {
        let index = (message.data as usize).checked_sub(FIRST.into());
        if let Some(line) = index.and_then(|index| LINES.get(index)) {
            line.taken.store(false, SeqCst);
        }
    }
}

/// Returns the vectors that are taken, in ascending order.
#[cfg(feature = "kernel-tests")]
pub(crate) fn taken() -> impl Iterator<Item = u8> {
    let taken = |(line, vector): (&Line, u8)| line.taken.load(SeqCst).then_some(vector);
    LINES.iter().zip(FIRST..).filter_map(taken)
}

/// Returns how often the message of a vector has arrived.
#[cfg(feature = "kernel-tests")]
pub(crate) fn count(vector: u8) -> u32 {
    let line = LINES.get(usize::from(vector.wrapping_sub(FIRST)));
    line.map_or(0, Event::count)
}

/// Returns the number of messages that arrived at a line that no driver had taken.
#[cfg(feature = "kernel-tests")]
pub(crate) fn strays() -> u32 {
    STRAYS.load(SeqCst)
}
