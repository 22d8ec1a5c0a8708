//! Attacks on the start of a queue: while one thread tells the device of the queue, another makes the device forget
//! it.
//!
//! The device is a ring of descriptors: control at 00h, whose bit 0 is a reset; base address at 10h, length at 18h,
//! enable at 1Ch, tail at 20h. A reset clears all of them.

use samara_device_io::PciFunction;
use samara_device_io::pci::ResetError;
use samara_device_io::queue::{QueueError, Ring};
use samara_device_io::table::step::{entries, high, low, only};
use samara_device_io::table::{Check, Id, Limit, Queue, Rule, Step, Table, Width, Window};
use samara_host_std as _;
use samara_rref::RRef;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use plain::{Plain, word};

#[path = "../fixtures/plain.rs"]
mod plain;

const OFF: Check = Check::new(word(0x1C), 1, 0);

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
        Step::Write(word(0x24), only(1)),
    ];
    const QUEUES: &'static [Queue] = &[Queue {
        numbers: (0, 0),
        entries: (8, 8),
        start: &[
            Step::Require(OFF),
            Step::Write(word(0x10), low(0)),
            Step::Write(word(0x14), high(0)),
            Step::Write(word(0x18), entries(16)),
            Step::Write(word(0x28), only(0)),
            Step::Write(word(0x20), only(0)),
            Step::Write(word(0x1C), only(1)),
        ],
        ready: &[],
        stop: &[],
        doorbell: plain::TAIL,
        format: plain::sends(word(0x28)),
    }];
}

type Function = PciFunction<Nic>;
type Tx = Ring<Nic, 0, [u8; 64]>;

fn all(packet: &mut [u8; 64]) -> &mut [u8] {
    packet
}

fn until(end: Duration, done: impl Fn() -> bool) -> bool {
    let end = Instant::now() + end;
    while !done() && Instant::now() < end {
        thread::yield_now();
    }
    done()
}

/// Waits for `done`, and fails the test if it does not come.
fn wait(done: impl Fn() -> bool) {
    assert!(until(Duration::from_secs(60), done), "waited in vain");
}

/// Waits for `done` for at most 200 ms, which is enough for a thread that no lock blocks.
fn give_time(done: impl Fn() -> bool) {
    until(Duration::from_millis(200), done);
}

/// Clears everything that a reset clears.
fn forget(plain: &Plain) {
    plain.set(0x00, Width::W32, 0);
    plain.set(0x10, Width::W64, 0);
    plain.set(0x18, Width::W64, 0);
}

/// Tells the device of a packet.
fn send(tx: &mut Tx, function: &Function) {
    let mut sending = tx.open(function).unwrap();
    sending.put(RRef::new([0; 64]), all).unwrap();
    sending.publish();
}

/// While one thread tells the device of its queue, another thread resets the device, which clears the address. If the
/// device were enabled after that, it would take 0 for the address.
///
/// Invariant: DEV-13
#[test]
fn a_reset_during_a_start_leaves_no_address_of_zero() {
    let plain = Plain::leak();
    let function: Function = plain.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut tx = Tx::new(&function, 0, 8, 0).unwrap();
    let (begun, is_begun) = mpsc::channel();
    let is_reset = Arc::new(AtomicBool::new(false));
    let is_sent = Arc::new(AtomicBool::new(false));
    let torn = Arc::new(AtomicBool::new(false));
    let seen = (is_reset.clone(), is_sent.clone(), torn.clone());
    plain.react(move |plain, offset, value| {
        let (is_reset, is_sent, torn) = &seen;
        match (offset, value) {
            // This write is that of the base address's high half, so the low half is already written.
            (0x14, Some(_)) => {
                let _ = begun.send(());
                give_time(|| is_reset.load(SeqCst));
            }
            (0x00, Some(_)) => {
                forget(plain);
                is_reset.store(true, SeqCst);
            }
            (0x00, None) => {
                wait(|| is_sent.load(SeqCst));
                plain.set(0x00, Width::W32, 0);
            }
            (0x20, Some(1..)) => {
                let enabled = plain.get(0x1C, Width::W32) == 1;
                let low = plain.get(0x10, Width::W32);
                torn.fetch_or(enabled && low == 0, SeqCst);
            }
            _ => {}
        }
    });
    thread::scope(|scope| {
        let function = &function;
        let resetting = scope.spawn(move || {
            is_begun.recv().unwrap();
            function.reset()
        });
        if tx.start(function, 0).is_ok() {
            send(&mut tx, function);
        }
        is_sent.store(true, SeqCst);
        assert_eq!(resetting.join().unwrap(), Ok(()));
    });
    assert!(!torn.load(SeqCst), "the device was sent to address 0");
}

/// The device loses all values that are written to it while a reset is under way, so a start must be refused then.
///
/// Invariant: DEV-13
#[test]
fn nothing_is_started_while_another_thread_resets() {
    let plain = Plain::leak();
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    plain.react(move |plain, offset, value| {
        if (offset, value) == (0x00, None) {
            wait(|| over.load(SeqCst));
            forget(plain);
        }
    });
    let function: Function = plain.slot().claim().unwrap();
    let mut tx = Tx::new(&function, 0, 8, 0).unwrap();
    let begun = || plain.get(0x00, Width::W32) == 1;
    thread::scope(|scope| {
        let resetting = scope.spawn(|| function.reset());
        wait(begun);
        assert_eq!(tx.start(&function, 0), Err(QueueError::Started));
        is_over.store(true, SeqCst);
        assert_eq!(resetting.join().unwrap(), Ok(()));
    });
    tx.start(&function, 0).unwrap();
    assert_ne!(plain.get(0x10, Width::W64), 0);
}

/// Two threads reset the device. Once the newer reset is over, the older one must not write to the device any more,
/// because queues may run by then.
///
/// Invariant: DEV-13
#[test]
fn an_older_reset_writes_nothing_after_a_newer_one() {
    let plain = Plain::leak();
    let (held, release) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let seen = (held.clone(), release.clone());
    plain.react(move |plain, offset, value| {
        let (held, release) = &seen;
        // The older reset is held up where it waits for the device.
        if (offset, value) == (0x00, None) {
            if !held.swap(true, SeqCst) {
                wait(|| release.load(SeqCst));
            }
            plain.set(0x00, Width::W32, 0);
        }
    });
    let function: Function = plain.slot().claim().unwrap();
    let mut tx = Tx::new(&function, 0, 8, 0).unwrap();
    plain.writes();
    thread::scope(|scope| {
        let older = scope.spawn(|| function.reset());
        wait(|| held.load(SeqCst));
        function.reset().unwrap();
        tx.start(&function, 0).unwrap();
        release.store(true, SeqCst);
        assert_eq!(older.join().unwrap(), Err(ResetError::Superseded));
    });
    let resets: Vec<_> = plain
        .writes()
        .into_iter()
        .filter(|(offset, _)| [0x00, 0x24].contains(offset))
        .collect();
    assert_eq!(resets, [(0x00, 1), (0x00, 1), (0x24, 1)]);
    assert_eq!((plain.resets(), plain.get(0x1C, Width::W32)), (0, 1));
    // The older reset has not begun a new epoch, so the queue still runs.
    send(&mut tx, &function);
    assert_eq!(plain.get(0x20, Width::W32), 1);
}

/// A reset that broke off may have cleared any of the device's settings, so the device must be reset anew.
///
/// Invariant: DEV-13
#[test]
fn the_next_reset_makes_up_for_a_broken_one() {
    let plain = Plain::leak();
    let is_broken = Arc::new(AtomicBool::new(true));
    let broken = is_broken.clone();
    plain.react(move |plain, offset, value| {
        if (offset, value) == (0x00, None) {
            assert!(!broken.load(SeqCst), "the bus is broken");
            forget(plain);
        }
    });
    let function: Function = plain.slot().claim().unwrap();
    let mut tx = Tx::new(&function, 0, 8, 0).unwrap();
    let reset = std::panic::AssertUnwindSafe(|| function.reset());
    assert!(std::panic::catch_unwind(reset).is_err());
    assert_eq!(tx.start(&function, 0), Err(QueueError::Started));
    is_broken.store(false, SeqCst);
    function.reset().unwrap();
    tx.start(&function, 0).unwrap();
}
