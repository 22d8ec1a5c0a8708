//! Tests the bounds on the work that a guest can cause in one step, and on the memory that it can make the device
//! hold.
#![expect(unsafe_code, reason = "an allocator that counts")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use samara_ixgbe_emulator::registers::{SIZE as BAR, bits, offset as at};
use samara_ixgbe_emulator::{DmaError, GuestMemory, Link, Loop, Progress};
use support::{BASE, Machine, frame};

/// An allocator that counts, for each thread, the bytes that it has allocated minus the bytes that it has freed.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn held(more: isize) -> isize {
    HELD.with(|held| {
        held.set(held.get() + more);
        held.get()
    })
}

// SAFETY: every call is passed unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        held(layout.size() as isize);
        // SAFETY: the caller keeps this function's contract, which is also the contract of the system's function.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        held(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Guest memory without end. A read of 16 bytes at any address gives the same descriptor, and a read of any other
/// length gives zeros.
struct Endless {
    descriptor: [u64; 2],
    /// Bytes that were read.
    read: Cell<u64>,
    written: u64,
}

impl Endless {
    fn of(descriptor: [u64; 2]) -> Self {
        Endless {
            descriptor,
            read: Cell::new(0),
            written: 0,
        }
    }
}

impl GuestMemory for Endless {
    fn read(&self, _: u64, into: &mut [u8]) -> Result<(), DmaError> {
        self.read.set(self.read.get() + into.len() as u64);
        if let Ok(words) = <&mut [u8; 16]>::try_from(&mut *into) {
            let [low, high] = self.descriptor.map(u64::to_le_bytes);
            words[..8].copy_from_slice(&low);
            words[8..].copy_from_slice(&high);
        } else {
            into.fill(0);
        }
        Ok(())
    }
    fn write(&mut self, _: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// A far end of the cable that counts the frames that it gets. If `sends` is set, it sends frames without end.
#[derive(Default)]
struct Firehose {
    frames: u64,
    bytes: u64,
    sends: bool,
}

impl Link for Firehose {
    fn send(&mut self, frame: &[u8]) {
        self.frames += 1;
        self.bytes += frame.len() as u64;
    }
    fn receive(&mut self, into: &mut Vec<u8>) -> bool {
        if self.sends {
            *into = frame(9000, 1);
        }
        self.sends
    }
}

/// The longest ring.
const LENGTH: u32 = 0xf_ff80;

/// Gives each transmit queue the longest ring, and hands all descriptors of the ring except one to the device.
fn all_queues(machine: &mut Machine) {
    for queue in 0..128 {
        let block = at::tx_queue(queue);
        machine.write(block, BASE as u32);
        machine.write(block + at::QUEUE_LENGTH, LENGTH);
        machine.write(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
        machine.write(block + at::QUEUE_HEAD, 0);
        machine.write(block + at::QUEUE_TAIL, LENGTH / 16 - 1);
    }
}

const DATA: u64 = 3 << 20 | 1 << 29;
const END: u64 = 1 << 24;
const REPORT: u64 = 1 << 27;

/// The most bytes that a step may read: its share, one packet more, and the descriptors of all queues.
const READ: u64 = (4 << 20) + (257 << 10) + 128 * 256 * 16;
/// The most bytes that a step may write: each descriptor, and once more the word with its done bit.
const WRITTEN: u64 = 128 * 256 * (16 + 8);
const SENT: u64 = (4 << 20) + 4096 * (64 + 1024);

#[test]
fn work_of_a_step_is_bounded() {
    let segments = DATA | 1 << 31 | REPORT;
    for (what, word) in [
        ("the longest", DATA | END | 65535 | REPORT),
        ("the shortest", DATA | END | 60 | REPORT),
        (
            "a checksum each",
            DATA | END | 15000 | 1 << 41 | 15000 << 46,
        ),
        ("nothing", DATA | END | REPORT),
        ("no end", DATA | 65535 | REPORT),
        ("legacy", END | 65535 | REPORT),
        ("segments", segments | END | 65535 | (65535 - 893) << 46),
        ("no such type", 1 << 29 | 1 << 20 | END | REPORT),
    ] {
        let mut machine = Machine::new(Loop::open());
        machine.bring_up(1);
        // A context with the largest headers, 127 + 511 + 255 bytes, and segments of 16 bytes.
        let context = [
            511 | 127 << 9,
            1 << 29 | 2 << 20 | 1 << 11 | 255 << 40 | 16 << 48,
        ];
        machine.push(0, context);
        machine.ring_doorbell(0);
        machine.settle();
        all_queues(&mut machine);
        let mut memory = Endless::of([BASE, word]);
        let mut link = Firehose::default();
        for step in 0..3 {
            (memory.written, link.frames, link.bytes) = (0, 0, 0);
            memory.read.set(0);
            let progress = machine
                .nic
                .step(&mut memory, &mut link, &mut machine.interrupts);
            assert_eq!(progress, Progress::More, "{what}, step {step}");
            let read = memory.read.get();
            assert!(read <= READ, "{what}: {read} bytes read");
            assert!(memory.written <= WRITTEN, "{what}: {}", memory.written);
            assert!(link.bytes <= SENT, "{what}: {} bytes sent", link.bytes);
            assert!(link.frames < 2 * 4096, "{what}: {} frames", link.frames);
        }
    }
}

#[test]
fn queues_take_turns() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    all_queues(&mut machine);
    let mut memory = Endless::of([BASE, DATA | END | 15000 | REPORT]);
    let mut link = Firehose::default();
    for _ in 0..130 {
        let _ = machine
            .nic
            .step(&mut memory, &mut link, &mut machine.interrupts);
    }
    for queue in 0..128 {
        let head = machine.read(at::tx_queue(queue) + at::QUEUE_HEAD);
        assert_ne!(head, 0, "queue {queue} has waited for 130 steps");
    }
}

#[test]
fn guest_cannot_exhaust_device_memory() {
    let mut machine = Machine::new(Loop::open());
    machine.bring_up(1);
    let before = held(0);
    // The guest tries everything that takes memory: packets without an end on all queues, frames in the packet buffer
    // for which there is no descriptor, and accesses that cause notices.
    all_queues(&mut machine);
    machine.write(at::RXPBSIZE, u32::MAX);
    machine.write(at::HLREG0, bits::HLREG0_JUMBO | bits::HLREG0_LOOPBACK);
    machine.write(at::MAXFRS, u32::MAX);
    machine.write(at::rx_queue(0) + at::QUEUE_TAIL, 0);
    let mut memory = Endless::of([BASE, DATA | 65535]);
    let mut link = Firehose {
        sends: true,
        ..Firehose::default()
    };
    for round in 0..40u64 {
        for offset in (round..u64::from(BAR)).step_by(37) {
            machine.nic.read(0, offset, 4);
            machine.nic.write(4, offset, 2, 0);
            machine.nic.read(0, offset << 20, 8);
        }
        let _ = machine
            .nic
            .step(&mut memory, &mut link, &mut machine.interrupts);
    }
    let held = held(0) - before;
    // The device may hold a packet of 257 KiB for each of 128 queues, in a vector with spare room, and 1 MiB in the
    // packet buffer. The rest is small.
    assert!(held < 80 << 20, "{} KiB", held >> 10);
    assert!(held > 32 << 20, "the queues hold their packets");
}

#[test]
fn full_loop_loses_frames() {
    for looped in [false, true] {
        let mut link = Loop {
            looped,
            ..Loop::default()
        };
        for _ in 0..5000 {
            link.send(&[0; 60]);
        }
        assert_eq!(link.inbound.len() + link.outbound.len(), 4096);
    }
}

#[test]
fn misaligned_access_is_reported_once() {
    let mut machine = Machine::new(Loop::open());
    while machine.nic.take_notice().is_some() {}
    for _ in 0..3 {
        for (bar, offset, size) in [(0, 2, 4), (0, 3, 1), (0, 4, 2), (4, 2, 4), (0, 1 << 40, 4)] {
            assert_eq!(machine.nic.read(bar, offset, size), u64::MAX);
            machine.nic.write(bar, offset, size, 0);
        }
    }
    let told: Vec<_> = std::iter::from_fn(|| machine.nic.take_notice())
        .map(|notice| notice.to_string())
        .collect();
    assert_eq!(
        told,
        [
            "an access of 4 bytes at 0x00002 of BAR 0 was ignored: use aligned words",
            "an access of 2 bytes at 0x00004 of BAR 0 was ignored: use aligned words",
            "an access of 4 bytes at 0x00002 of BAR 4 was ignored: use aligned words",
            "an access of 4 bytes at 0x10000000000 of BAR 0 was ignored: use aligned words",
        ]
    );
}
