//! The table's steps: resets, and starts and stops of queues, on registers that are plain memory.

use samara_device_io::PciFunction;
use samara_device_io::pci::{NotIdle, ResetError};
use samara_device_io::table::step::{at, only};
use samara_device_io::table::{At, Check, Id, Limit, Queue, Rule, Step, Table, Width, Window};
use samara_host_std as _;

use plain::Plain;

#[path = "fixtures/plain.rs"]
mod plain;

const fn reg(offset: usize) -> At {
    at(0, offset, Width::W32)
}

const READY: Check = Check::new(reg(0x20), 1, 1);
const DONE: Check = Check::new(reg(0x08), 0b01, 0b01);
const FAILED: Check = Check::new(reg(0x08), 0b10, 0b10);

enum Device {}

impl Table for Device {
    const NAME: &'static str = "steps";
    const IDS: &'static [Id] = plain::IDS;
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100)];
    const REGISTERS: &'static [&'static [Rule]] = &[];
    const IDLE: &'static [Check] = &[
        Check::new(reg(0x14), 1, 0),
        Check::new(reg(0x40), 1, 0).times(4, 8),
    ];
    const RESET: &'static [Step] = &[
        Step::Settle(&[READY], Limit::Millis(5)),
        Step::Update(reg(0x00), 0xF0, 0x0A),
        Step::Write(reg(0x04), only(7)),
        Step::Await(&[DONE, FAILED], Limit::Field(reg(0x24), 8, 4, 3)),
        Step::Require(Check::new(reg(0x0C), 0b11, 0b10)),
        Step::AtLeast(reg(0x10), only(5)),
        Step::Sleep(10),
    ];
    const SILENT_RESET: &'static [Step] = &[Step::Write(reg(0x28), only(1))];
    const QUEUES: &'static [Queue] = &[];
}

const MILLI: u64 = 1_000_000;

/// Claims a device whose registers make all reset steps succeed.
fn complies(plain: &'static Plain) -> (&'static Plain, PciFunction<Device>) {
    plain.set(0x00, Width::W32, 0x12A0);
    plain.set(0x08, Width::W32, 0b01);
    plain.set(0x0C, Width::W32, 0b110);
    plain.set(0x10, Width::W32, 5);
    plain.set(0x20, Width::W32, 1);
    let function = plain.slot().claim().unwrap();
    plain.accesses();
    (plain, function)
}

fn took(plain: &Plain, action: impl FnOnce()) -> u64 {
    let before = plain.now();
    action();
    (plain.now() - before) / MILLI
}

/// The offset and value of a write.
type Written = (usize, u32);

#[test]
fn steps_are_taken_in_turn() {
    let (plain, function) = complies(Plain::leak());
    let epoch = function.epoch();
    let millis = took(plain, || function.reset().unwrap());
    assert_eq!(plain.writes(), [(0x00, 0x120A), (0x04, 7)]);
    assert_eq!((millis, plain.resets()), (10, 0));
    assert_ne!(function.epoch(), epoch);
    // A step that waits for a device to settle goes on when its time is over.
    plain.set(0x20, Width::W32, 0);
    assert_eq!(took(plain, || function.reset().unwrap()), 15);
    function.enable_bus_master().unwrap();
}

/// Each of these values makes one step fail, so the following steps are not executed.
#[test]
fn a_step_that_fails_ends_the_reset() {
    let lacks: [(usize, u64, &[Written]); 5] = [
        (0x00, 0xFFFF_FFFF, &[]),
        (0x08, 0, &[(0x00, 0x120A), (0x04, 7)]),
        (0x0C, 0b011, &[(0x00, 0x120A), (0x04, 7)]),
        (0x0C, 0xFFFF_FFFF, &[(0x00, 0x120A), (0x04, 7)]),
        (0x10, 4, &[(0x00, 0x120A), (0x04, 7)]),
    ];
    for (offset, value, written) in lacks {
        let (plain, function) = complies(Plain::without_flr());
        plain.set(offset, Width::W32, value);
        // The device is not idle before the reset, so only these steps could make it idle.
        plain.set(0x14, Width::W32, 1);
        assert_eq!(function.reset(), Err(ResetError::Failed), "{offset:#x}");
        let writes = plain.writes();
        let (silent, steps) = writes.split_last().unwrap();
        assert_eq!((steps, *silent), (written, (0x28, 1)), "{offset:#x}");
        assert_eq!(function.enable_bus_master(), Err(NotIdle));
    }
}

/// The field gives a number of units of 3 ms; 0, and a register that reads as all ones, count as one unit.
#[test]
fn a_wait_lasts_as_long_as_a_field_says() {
    for (field, millis) in [(0x100, 3), (0x700, 21), (0xF00, 45), (0, 3), (u32::MAX, 3)] {
        let (plain, function) = complies(Plain::without_flr());
        plain.set(0x24, Width::W32, field.into());
        plain.set(0x08, Width::W32, 0);
        plain.set(0x14, Width::W32, 1);
        let took = took(plain, || {
            assert_eq!(function.reset(), Err(ResetError::Failed));
        });
        assert_eq!(took, millis, "{field:#x}");
    }
}

/// Any of the awaited checks may hold. A register that reads as all ones fulfils none, but is read again.
#[test]
fn a_silent_device_is_waited_for() {
    for end in [0b01, 0b10] {
        let (plain, function) = complies(Plain::leak());
        plain.set(0x24, Width::W32, 0xF00);
        plain.set(0x08, Width::W32, u64::from(u32::MAX));
        plain.react(move |plain, offset, _| {
            if offset == 0x08 && plain.now() > 20 * MILLI {
                plain.set(0x08, Width::W32, end);
            }
        });
        assert_eq!(function.reset(), Ok(()));
        assert_eq!(plain.resets(), 0);
    }
}

#[test]
fn a_device_not_idle_after_its_steps_is_not_reset() {
    for busy in [0x14, 0x40, 0x48, 0x50, 0x58] {
        for value in [1, u32::MAX] {
            let (plain, function) = complies(Plain::without_flr());
            plain.set(busy, Width::W32, value.into());
            assert_eq!(function.enable_bus_master(), Err(NotIdle));
            let expected = Err(ResetError::Failed);
            assert_eq!(function.reset(), expected, "{busy:#x} {value:#x}");
            assert_eq!(function.enable_bus_master(), Err(NotIdle));
            assert!(!plain.is_bus_master());
            plain.set(busy, Width::W32, 0);
            function.reset().unwrap();
            function.enable_bus_master().unwrap();
        }
    }
}

/// The table's steps fail, but the Function Level Reset makes the device idle, so the reset succeeds.
#[test]
fn a_function_level_reset_makes_up_for_failed_steps() {
    let (plain, function) = complies(Plain::leak());
    plain.set(0x08, Width::W32, 0);
    plain.set(0x14, Width::W32, 1);
    plain.react(|plain, offset, _| {
        if offset == usize::MAX {
            plain.fill(0);
        }
    });
    let epoch = function.epoch();
    assert_eq!(function.reset(), Ok(()));
    assert_eq!(plain.resets(), 1);
    assert_ne!(function.epoch(), epoch);
    function.enable_bus_master().unwrap();
}

/// After a silence without Function Level Reset, the device may still hold back accesses. The steps of `SILENT_RESET`
/// clear these.
#[test]
fn a_function_without_flr_uses_the_silent_reset() {
    let (plain, function) = complies(Plain::without_flr());
    plain.set(0x08, Width::W32, 0);
    plain.set(0x14, Width::W32, 1);
    plain.react(|plain, offset, value| {
        if (offset, value) == (0x28, Some(1)) {
            plain.set(0x14, Width::W32, 0);
        }
    });
    assert_eq!(function.reset(), Ok(()));
    assert_eq!(plain.resets(), 0);
    let mut written = vec![(0x00, 0x120A), (0x04, 7)];
    written.push((0x28, 1));
    assert_eq!(plain.writes(), written);
}

#[test]
fn an_absent_device_differs_from_a_failed_one() {
    let (plain, function) = complies(Plain::leak());
    plain.fill(0xFF);
    let epoch = function.epoch();
    assert_eq!(function.reset(), Err(ResetError::Absent));
    // The failed reset has ended the epoch, so no queue runs any more.
    assert_ne!(function.epoch(), epoch);
    let written = plain.writes();
    assert!(written.iter().all(|&(offset, _)| offset != 0x00));
}
