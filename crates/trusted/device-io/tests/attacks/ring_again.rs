//! Attacks on a ring that is started again: a doorbell that is rung after a reset, and old descriptors that a start
//! leaves in a ring.
//!
//! The device is a ring of descriptors that it writes to: control at 00h, whose bit 0 is a reset; base address at
//! 10h, enable at 1Ch, tail at 20h, head at 24h. A reset clears all of them. The tail keeps a value that is written
//! after a reset.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use samara_device_io::PciFunction;
use samara_device_io::queue::Ring;
use samara_device_io::table::step::{address, at, only};
use samara_device_io::table::{Check, Id, Limit, Queue, Rule, Step, Table, Width, Window};
use samara_host_std as _;
use samara_rref::RRef;

use plain::{Plain, word};

#[path = "../fixtures/plain.rs"]
mod plain;

const BASE: usize = 0x10;
const ENABLE: usize = 0x1C;
const TAIL: usize = 0x20;
const HEAD: usize = 0x24;
const OFF: Check = Check::new(word(ENABLE), 1, 0);

enum Nic {}

impl Table for Nic {
    const NAME: &'static str = "ring";
    const IDS: &'static [Id] = plain::IDS;
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100)];
    const REGISTERS: &'static [&'static [Rule]] = &[];
    const IDLE: &'static [Check] = &[OFF];
    const RESET: &'static [Step] = &[
        Step::Write(word(0x00), only(1)),
        Step::Await(&[Check::new(word(0x00), 1, 0)], Limit::Millis(100)),
    ];
    const QUEUES: &'static [Queue] = &[Queue {
        numbers: (0, 0),
        entries: (8, 8),
        start: &[
            Step::Require(OFF),
            Step::Write(at(0, BASE, Width::W64), address(0)),
            Step::Write(word(HEAD), only(0)),
            Step::Write(word(TAIL), only(0)),
            Step::Write(word(ENABLE), only(1)),
        ],
        ready: &[],
        stop: &[
            Step::Update(word(ENABLE), 1, 0),
            Step::Await(&[OFF], Limit::Millis(10)),
        ],
        doorbell: plain::TAIL,
        format: plain::receives(word(HEAD)),
    }];
}

type Rx = Ring<Nic, 0, [u8; 64]>;

fn until(done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_millis(500);
    while !done() && Instant::now() < end {
        std::thread::yield_now();
    }
}

fn forget(plain: &Plain) {
    for offset in [BASE, BASE + 4, ENABLE, TAIL, HEAD] {
        plain.set(offset, Width::W32, 0);
    }
}

/// A device that forgets its ring at a reset. The reset ends when its register is read the next time.
fn forgetful() -> &'static Plain {
    let plain = Plain::leak();
    plain.react(|plain, offset, value| match (offset, value) {
        (0x00, Some(_)) => forget(plain),
        (0x00, None) => plain.set(0x00, Width::W32, 0),
        _ => {}
    });
    plain
}

/// Makes a receive ring and starts it, still without a buffer.
fn running(plain: &'static Plain) -> (PciFunction<Nic>, Rx) {
    let function: PciFunction<Nic> = plain.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut rx = Rx::new(&function, 0, 8, 64).unwrap();
    rx.start(&function, 0).unwrap();
    (function, rx)
}

#[test]
fn a_restarted_ring_has_no_old_address() {
    let plain = forgetful();
    let (function, mut rx) = running(plain);
    let mut open = rx.open(&function).unwrap();
    open.put(RRef::new([0; 64]), |it| it).unwrap();
    open.publish();
    function.reset().unwrap();
    drop(open.take_back().unwrap());
    drop(open);
    rx.start(&function, 0).unwrap();
    let descriptor = plain.descriptor(plain.get(BASE, Width::W64));
    assert_eq!(descriptor[0], 0, "the address of a buffer that is free");
}

/// The doorbell's write is held up on its way until the reset is over, or for half a second in case the reset waits
/// for it.
///
/// Invariant: DEV-20
#[test]
fn a_doorbell_from_before_a_reset_has_no_effect() {
    let plain = Plain::leak();
    let stage = Arc::new(AtomicU32::new(0));
    let seen = stage.clone();
    plain.react(move |plain, offset, value| match (offset, value) {
        (0x00, Some(_)) => forget(plain),
        (0x00, None) => plain.set(0x00, Width::W32, 0),
        (TAIL, Some(1..)) => {
            seen.store(1, SeqCst);
            until(|| seen.load(SeqCst) == 2);
        }
        _ => {}
    });
    let (function, mut rx) = running(plain);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            until(|| stage.load(SeqCst) == 1);
            function.reset().unwrap();
            stage.store(2, SeqCst);
        });
        let mut open = rx.open(&function).unwrap();
        open.put(RRef::new([0; 64]), |it| it).unwrap();
        open.publish();
    });
    let freed = rx.open(&function).unwrap().take_back();
    let Some(freed) = freed else { return };
    let address = (&raw const *freed).addr() as u64 + plain::OFFSET;
    drop(freed);
    rx.start(&function, 0).unwrap();
    let descriptor = plain.descriptor(plain.get(BASE, Width::W64));
    let (tail, enable) = (plain.get(TAIL, Width::W32), plain.get(ENABLE, Width::W32));
    assert!(
        !(enable == 1 && tail == 1 && descriptor[0] == address),
        "the device writes its next packet to a buffer that is free: tail {tail}, descriptor {descriptor:x?}"
    );
}

/// Here the device keeps its tail while its queue is disabled, so a start must write the tail. The test needs only
/// one thread.
///
/// Invariant: DEV-20
#[test]
fn a_restarted_ring_does_not_keep_its_tail() {
    let plain = forgetful();
    let (function, mut rx) = running(plain);
    let mut open = rx.open(&function).unwrap();
    open.put(RRef::new([0; 64]), |it| it).unwrap();
    open.publish();
    drop(open);
    rx.stop(&function).unwrap();
    let freed = rx.open(&function).unwrap().take_back().unwrap();
    let address = (&raw const *freed).addr() as u64 + plain::OFFSET;
    drop(freed);
    rx.start(&function, 0).unwrap();
    let descriptor = plain.descriptor(plain.get(BASE, Width::W64));
    let (tail, enable) = (plain.get(TAIL, Width::W32), plain.get(ENABLE, Width::W32));
    assert!(
        !(enable == 1 && tail == 1 && descriptor[0] == address),
        "the device writes its next packet to a buffer that is free: tail {tail}, descriptor {descriptor:x?}"
    );
}
