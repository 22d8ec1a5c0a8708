//! Attacks on a reset: another thread's write between its steps could undo them.
//!
//! The device is a ring of descriptors: control at 00h, whose bit 0 is a reset; enable at 1Ch. Drivers may write the
//! registers at 30h, 34h and 38h. The last of these is selected by an index at 3Ch.

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadWrite, Register, WriteError};
use samara_device_io::pci::{Silenced, StepError};
use samara_device_io::queue::{QueueError, Ring};
use samara_device_io::table::step::{address, at, only};
use samara_device_io::table::{Check, Id, Limit, Queue, Rule, Step, Table, Width, Window, Write};
use samara_host_std as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use plain::{Plain, word};

#[path = "../fixtures/plain.rs"]
mod plain;

const OFF: Check = Check::new(word(0x1C), 1, 0);
const WORD: Rule = Rule::new(0, 0, Width::W32).read();

enum Nic {}

impl Table for Nic {
    const NAME: &'static str = "ring";
    const IDS: &'static [Id] = plain::IDS;
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100)];
    const REGISTERS: &'static [&'static [Rule]] = &[
        &WORD.write(Write::Any).each([0x30]),
        &WORD.write(Write::Merge(0xFF)).each([0x34]),
        &[Rule::new(0, 0x38, Width::W32)
            .read()
            .write(Write::Masks(&[0xFF, 0xFF]))
            .behind(0x3C, Width::W32, 2)],
    ];
    const IDLE: &'static [Check] = &[OFF];
    const RESET: &'static [Step] = &[
        Step::Write(word(0x00), only(1)),
        Step::Await(&[Check::new(word(0x00), 1, 0)], Limit::Millis(100)),
        Step::Update(word(0x1C), 1, 0),
    ];
    const QUEUES: &'static [Queue] = &[Queue {
        numbers: (0, 0),
        entries: (8, 8),
        start: &[
            Step::Write(at(0, 0x10, Width::W64), address(0)),
            Step::Write(word(0x24), only(0)),
            Step::Write(word(0x20), only(0)),
            Step::Write(word(0x1C), only(1)),
        ],
        ready: &[],
        stop: &[
            Step::Await(&[Check::new(word(0x40), 1, 0)], Limit::Millis(100)),
            Step::Update(word(0x1C), 1, 0),
            Step::Await(&[OFF], Limit::Millis(100)),
        ],
        doorbell: plain::TAIL,
        format: plain::sends(word(0x24)),
    }];
}

type Function = PciFunction<Nic>;
type Tx = Ring<Nic, 0, [u8; 64]>;
type Word = Register<Nic, u32, ReadWrite>;

const ANY: Word = Register::at(0, 0x30);
const MERGED: Word = Register::at(0, 0x34);
const SELECTED: Word = Register::at(0, 0x38);

/// Writes a register in each way that there is.
fn write(function: &Function) -> [Result<(), WriteError>; 3] {
    [
        function.write(ANY, 1),
        function.update(MERGED, 1, 1),
        function.write_selected(SELECTED, 1, 1),
    ]
}

/// Runs `action` once, when the next reset first polls the device. Returns the count of these polls.
fn meanwhile(plain: &'static Plain, action: impl Fn() + Send + Sync + 'static) -> Arc<AtomicU32> {
    let times = Arc::new(AtomicU32::new(0));
    let seen = times.clone();
    plain.react(move |plain, offset, value| {
        if (offset, value) == (0x00, None) {
            plain.set(0x00, Width::W32, 0);
            if seen.fetch_add(1, SeqCst) == 0 {
                action();
            }
        }
    });
    times
}

fn claimed() -> (&'static Plain, Arc<Function>) {
    let plain = Plain::leak();
    (plain, Arc::new(plain.slot().claim().unwrap()))
}

/// Invariant: DEV-13
#[test]
fn no_register_write_between_the_steps_of_a_reset() {
    let (plain, function) = claimed();
    assert_eq!(write(&function), [Ok(()); 3]);
    let written = Arc::new(Mutex::new(Vec::new()));
    let (driver, results) = (function.clone(), written.clone());
    let times = meanwhile(plain, move || {
        results.lock().unwrap().extend(write(&driver));
        // A read of a register behind an index writes the index.
        assert_eq!(driver.read_selected(SELECTED, 1), u32::MAX);
    });
    plain.writes();
    function.reset().unwrap();
    assert_eq!(times.load(SeqCst), 1);
    assert_eq!(*written.lock().unwrap(), [Err(WriteError::Resetting); 3]);
    let offsets: Vec<_> = plain.writes().iter().map(|(offset, _)| *offset).collect();
    assert_eq!(offsets, [0x00, 0x1C]);
    assert_eq!(write(&function), [Ok(()); 3]);
}

/// After a failed reset, the driver can't know which steps the device has executed.
///
/// Invariant: DEV-13
#[test]
fn no_register_is_written_after_a_reset_that_failed() {
    let plain = Plain::without_flr();
    let function: Function = plain.slot().claim().unwrap();
    let is_stuck = Arc::new(AtomicBool::new(true));
    let stuck = is_stuck.clone();
    plain.react(move |plain, offset, value| {
        if (offset, value) == (0x00, None) && !stuck.load(SeqCst) {
            plain.set(0x00, Width::W32, 0);
        }
    });
    assert!(function.reset().is_err());
    assert_eq!(write(&function), [Err(WriteError::Resetting); 3]);
    is_stuck.store(false, SeqCst);
    function.reset().unwrap();
    assert_eq!(write(&function), [Ok(()); 3]);
}

/// If a stop went on after a reset, it would stop a queue that was started in the next epoch.
///
/// Invariant: DEV-13
#[test]
fn a_stop_writes_nothing_between_the_steps_of_a_reset() {
    let (plain, function) = claimed();
    function.reset().unwrap();
    let mut tx = Tx::new(&function, 0, 8, 0).unwrap();
    tx.start(&function, 0).unwrap();
    // A reset begins while the stop waits for the device.
    let driver = function.clone();
    let is_begun = AtomicBool::new(false);
    plain.react(move |plain, offset, value| match (offset, value) {
        (0x40, None) if !is_begun.swap(true, SeqCst) => {
            // The host's bus panics in the middle of a reset, which stays begun.
            let reset = std::panic::AssertUnwindSafe(|| driver.reset());
            assert!(std::panic::catch_unwind(reset).is_err());
        }
        (0x00, None) => panic!("the bus is broken"),
        _ => plain.set(0x00, Width::W32, 0),
    });
    plain.writes();
    let stopped = tx.stop(&function);
    assert_eq!(stopped, Err(QueueError::Step(StepError::State)));
    let offsets: Vec<_> = plain.writes().iter().map(|(offset, _)| *offset).collect();
    assert_eq!(offsets, [0x00], "the reset's alone");
}

/// A function without Function Level Reset may still hold back accesses from before the claim, and nothing in its
/// registers shows that.
///
/// Invariant: DEV-14
#[test]
fn nothing_is_started_before_a_reset() {
    let plain = Plain::without_flr();
    meanwhile(plain, || ());
    let function: Function = plain.slot().claim().unwrap();
    let mut tx = Tx::new(&function, 0, 8, 0).unwrap();
    for _ in 0..2 {
        assert!(function.enable_bus_master().is_err());
        assert_eq!(tx.start(&function, 0), Err(QueueError::Started));
        function.reset().unwrap();
        function.enable_bus_master().unwrap();
        tx.start(&function, 0).unwrap();
        assert_eq!(function.silence(), Silenced::BusMasterOff);
        plain.set(0x1C, Width::W32, 0);
    }
}

/// If a silence has reset the function, the function holds back no access, so bus mastering may be enabled.
///
/// Invariant: DEV-14
#[test]
fn a_silence_that_resets_is_a_reset() {
    let (_, function) = claimed();
    assert!(function.enable_bus_master().is_err());
    assert_eq!(function.silence(), Silenced::Reset);
    function.enable_bus_master().unwrap();
}
