//! One thread stops a queue while another thread's reset is under way.
//!
//! The device is a ring into which it writes: control at 00h, whose bit 0 is a reset that takes its time; base
//! address at 10h, enable at 1Ch, tail at 20h, head at 24h. When a reset begins, the enable bit reads as 0 at once,
//! but the device still has accesses to finish. When it has finished them, bit 0 of 00h reads as 0.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use samara_device_io::PciFunction;
use samara_device_io::queue::Ring;
use samara_device_io::table::step::{address, at, only};
use samara_device_io::table::{Check, Limit, Queue, Rule, Step, Table, Width, Window};
use samara_host_std as _;
use samara_rref::RRef;

use plain::{Plain, word};

#[path = "../fixtures/plain.rs"]
mod plain;

const OFF: Check = Check::new(word(0x1C), 1, 0);

enum Nic {}

impl Table for Nic {
    const NAME: &'static str = "ring";
    const IDS: &'static [samara_device_io::table::Id] = plain::IDS;
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100)];
    const REGISTERS: &'static [&'static [Rule]] = &[];
    const IDLE: &'static [Check] = &[OFF, Check::new(word(0x00), 1, 0)];
    const RESET: &'static [Step] = &[
        Step::Write(word(0x00), only(1)),
        Step::Await(&[Check::new(word(0x00), 1, 0)], Limit::Millis(100_000)),
    ];
    const QUEUES: &'static [Queue] = &[Queue {
        numbers: (0, 0),
        entries: (8, 8),
        start: &[
            Step::Require(OFF),
            Step::Write(at(0, 0x10, Width::W64), address(0)),
            Step::Write(word(0x24), only(0)),
            Step::Write(word(0x20), only(0)),
            Step::Write(word(0x1C), only(1)),
        ],
        ready: &[],
        // The device finishes the accesses that it has begun, and then clears the enable bit.
        stop: &[
            Step::Update(word(0x1C), 0, 2),
            Step::Await(&[OFF], Limit::Millis(100_000)),
        ],
        doorbell: plain::TAIL,
        format: plain::receives(word(0x24)),
    }];
}

/// Invariant: DEV-23
#[test]
fn a_stop_does_not_end_during_a_reset() {
    let plain = Plain::leak();
    // Set in the middle of a reset, until the test lets it end.
    let resets = Arc::new(AtomicBool::new(false));
    let may_end = Arc::new(AtomicBool::new(false));
    let stops = Arc::new(AtomicBool::new(false));
    let (seen, end, stopping) = (resets.clone(), may_end.clone(), stops.clone());
    let is_first = AtomicBool::new(true);
    plain.react(move |plain, offset, value| match (offset, value) {
        (0x00, Some(1)) => {
            plain.set(0x1C, Width::W32, 0);
            // The bring-up's reset ends at once.
            if is_first.swap(false, SeqCst) {
                end.store(true, SeqCst);
            } else {
                end.store(false, SeqCst);
                seen.store(true, SeqCst);
            }
        }
        (0x00, None) if end.load(SeqCst) => plain.set(0x00, Width::W32, 0),
        (0x1C, Some(3)) => stopping.store(true, SeqCst),
        _ => {}
    });
    let function: PciFunction<Nic> = plain.slot().claim().unwrap();
    function.reset().unwrap();
    let mut rx: Ring<Nic, 0, [u8; 64]> = Ring::new(&function, 0, 8, 64).unwrap();
    rx.start(&function, 0).unwrap();
    let mut open = rx.open(&function).unwrap();
    open.put(RRef::new([0; 64]), |it| it).unwrap();
    open.publish();
    drop(open);
    let taken = std::thread::scope(|scope| {
        let reset = scope.spawn(|| {
            while !stops.load(SeqCst) {
                std::thread::yield_now();
            }
            function.reset()
        });
        let stopped = rx.stop(&function);
        // If the reset is under way, it waits until the test lets it end.
        let is_under_way = resets.load(SeqCst) && plain.get(0x00, Width::W32) == 1;
        let taken = rx.open(&function).unwrap().take_back().is_some();
        may_end.store(true, SeqCst);
        reset.join().unwrap().unwrap();
        (stopped, is_under_way, taken)
    });
    assert!(
        !(taken.1 && taken.2),
        "{taken:?}: a buffer came back, and the device has not ended its accesses"
    );
}
