//! Accesses to registers under the table's rules: each kind of rule and each width, on registers that are plain
//! memory.

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, ReadWrite, Register, WriteError, WriteOnly};
use samara_device_io::table::step::at;
use samara_device_io::table::{Check, Id, Queue, Rule, Step, Table, Width, Window, Write};
use samara_host_std as _;

use plain::Plain;

#[path = "fixtures/plain.rs"]
mod plain;

enum Rules {}

impl Table for Rules {
    const NAME: &'static str = "registers";
    const IDS: &'static [Id] = plain::IDS;
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x100).up_to(0x200)];
    const REGISTERS: &'static [&'static [Rule]] = &[&[
        Rule::new(0, 0x00, Width::W8).read().write(Write::Any),
        Rule::new(0, 0x02, Width::W16).read().write(Write::Any),
        Rule::new(0, 0x04, Width::W32).read().write(Write::Any),
        Rule::new(0, 0x08, Width::W64).read().write(Write::Any),
        Rule::new(0, 0x14, Width::W32).write(Write::Any),
        Rule::new(0, 0x18, Width::W16)
            .read()
            .write(Write::Bits(0x00F0)),
        Rule::new(0, 0x1C, Width::W32)
            .read()
            .write(Write::Merge(0x0FF0)),
        Rule::new(0, 0x20, Width::W64)
            .read()
            .write(Write::Merge(0xFF << 28)),
        Rule::new(0, 0x28, Width::W8)
            .read()
            .write(Write::Nonzero(0x0D)),
        Rule::new(0, 0x29, Width::W8)
            .read()
            .write(Write::Values(&[3, 9])),
        Rule::new(0, 0x30, Width::W32)
            .read()
            .write(Write::Masks(&[0x0F, 0, 0xF0]))
            .behind(0x2C, Width::W32, 3),
        Rule::new(0, 0x36, Width::W16)
            .read()
            .behind(0x34, Width::W8, 4),
        Rule::new(0, 0x38, Width::W8)
            .write(Write::Any)
            .behind(0x39, Width::W8, 4),
        Rule::new(0, 0x40, Width::W16)
            .read()
            .write(Write::Any)
            .times(5, 8),
        Rule::new(0, 0xF0, Width::W32)
            .read()
            .write(Write::Any)
            .times(16, 4),
        Rule::new(0, 0x1F0, Width::W16)
            .read()
            .write(Write::Merge(0xF)),
        Rule::new(0, 0x1F2, Width::W8)
            .read()
            .write(Write::Merge(0xF)),
    ]];
    const IDLE: &'static [Check] = &[Check::new(at(0, 0x90, Width::W32), 1, 0)];
    const RESET: &'static [Step] = &[];
    const QUEUES: &'static [Queue] = &[];
}

type Any<T> = Register<Rules, T, ReadWrite>;

const BYTE: Any<u8> = Register::at(0, 0x00);
const SHORT: Any<u16> = Register::at(0, 0x02);
const WORD: Any<u32> = Register::at(0, 0x04);
const DOUBLE: Any<u64> = Register::at(0, 0x08);
const UNREAD: Register<Rules, u32, WriteOnly> = Register::at(0, 0x14);
const BITS: Any<u16> = Register::at(0, 0x18);
const MERGED: Any<u32> = Register::at(0, 0x1C);
const MERGED_DOUBLE: Any<u64> = Register::at(0, 0x20);
const MERGED_SHORT: Any<u16> = Register::at(0, 0x1F0);
const MERGED_BYTE: Any<u8> = Register::at(0, 0x1F2);
const NONZERO: Any<u8> = Register::at(0, 0x28);
const VALUES: Any<u8> = Register::at(0, 0x29);
const MASKED: Any<u32> = Register::at(0, 0x30);
const SELECTED: Register<Rules, u16, ReadOnly> = Register::at(0, 0x36);
const SELECTED_ANY: Register<Rules, u8, WriteOnly> = Register::at(0, 0x38);
const ARRAY: Any<u16> = Register::at(0, 0x40);
const LONG: Any<u32> = Register::at(0, 0xF0);

fn claimed() -> (&'static Plain, PciFunction<Rules>) {
    let plain = Plain::leak();
    let function = plain.slot().claim().unwrap();
    (plain, function)
}

#[test]
fn each_width_is_accessed_as_a_whole() {
    let (plain, function) = claimed();
    function.write(BYTE, 0x11).unwrap();
    function.write(SHORT, 0x2233).unwrap();
    function.write(WORD, 0x4455_6677).unwrap();
    function.write(DOUBLE, 0x8899_AABB_CCDD_EEFF).unwrap();
    function.write(UNREAD, 5).unwrap();
    assert_eq!(function.read(BYTE), 0x11);
    assert_eq!(function.read(SHORT), 0x2233);
    assert_eq!(function.read(WORD), 0x4455_6677);
    assert_eq!(function.read(DOUBLE), 0x8899_AABB_CCDD_EEFF);
    let (read, write) = (|_: u32| None, Some);
    let double = [(0x08, 0xCCDD_EEFF), (0x0C, 0x8899_AABB)];
    let mut expected = vec![
        (0x00, Width::W8, write(0x11)),
        (0x02, Width::W16, write(0x2233)),
        (0x04, Width::W32, write(0x4455_6677)),
    ];
    // Low half first.
    expected.extend(double.map(|(at, half)| (at, Width::W32, write(half))));
    expected.push((0x14, Width::W32, write(5)));
    expected.push((0x00, Width::W8, None));
    expected.push((0x02, Width::W16, None));
    expected.push((0x04, Width::W32, None));
    expected.extend(double.map(|(at, half)| (at, Width::W32, read(half))));
    assert_eq!(plain.accesses(), expected);
}

/// Invariant: DEV-21
#[test]
fn bits_and_values_are_written_as_a_whole() {
    let (plain, function) = claimed();
    plain.set(0x18, Width::W16, 0xFFFF);
    for value in [0, 0x10, 0xF0] {
        function.write(BITS, value).unwrap();
        assert_eq!(plain.get(0x18, Width::W16), value.into());
    }
    for value in [1, 5, 9, 13] {
        function.write(NONZERO, value).unwrap();
        assert_eq!(plain.get(0x28, Width::W8), value.into());
    }
    for value in [3, 9] {
        function.write(VALUES, value).unwrap();
        assert_eq!(plain.get(0x29, Width::W8), value.into());
    }
    plain.accesses();
    for value in [1, 0x1F0, 0xFFFF] {
        assert_eq!(function.write(BITS, value), Err(WriteError::Forbidden));
    }
    for value in [0, 2, 3, 255] {
        assert_eq!(function.write(NONZERO, value), Err(WriteError::Forbidden));
    }
    for value in [0, 1, 2, 11, 255] {
        assert_eq!(function.write(VALUES, value), Err(WriteError::Forbidden));
    }
    // Registers with these rules can't be changed in part, and an update can't write back the value that was read.
    plain.set(0x18, Width::W16, 0xFF0F);
    plain.set(0x28, Width::W8, 77);
    let forbidden = Err(WriteError::Forbidden);
    assert_eq!(function.update(BITS, 0x10, 0x10), forbidden);
    assert_eq!(function.update(BITS, 0, 0), forbidden);
    for register in [NONZERO, VALUES] {
        assert_eq!(function.update(register, 1, 1), forbidden);
        assert_eq!(function.update(register, 0, 0), forbidden);
    }
    assert_eq!(plain.accesses(), []);
}

#[test]
fn merged_bits_leave_the_others_alone() {
    let (plain, function) = claimed();
    plain.set(0x1C, Width::W32, 0xABCD_EF12);
    function.update(MERGED, 0x00F0, 0x0050).unwrap();
    assert_eq!(plain.get(0x1C, Width::W32), 0xABCD_EF52);
    function.update(MERGED, 0x0FF0, 0).unwrap();
    assert_eq!(plain.get(0x1C, Width::W32), 0xABCD_E002);
    plain.set(0x20, Width::W64, 0x0123_4567_89AB_CDEF);
    function
        .update(MERGED_DOUBLE, 0xFF << 28, 0xEE << 28)
        .unwrap();
    assert_eq!(plain.get(0x20, Width::W64), 0x0123_456E_E9AB_CDEF);
    // A register that takes any value may be changed in part, too.
    plain.set(0x04, Width::W32, 0x1111_1111);
    function.update(WORD, 0xF000_0000, 0x2000_0000).unwrap();
    assert_eq!(plain.get(0x04, Width::W32), 0x2111_1111);
    plain.accesses();
    let forbidden = Err(WriteError::Forbidden);
    assert_eq!(function.update(MERGED, 0x1000, 0), forbidden);
    assert_eq!(function.update(MERGED, 0x1FF0, 0), forbidden);
    assert_eq!(function.update(MERGED, 0x00F0, 0x0100), forbidden);
    assert_eq!(function.update(MERGED_DOUBLE, 1 << 27, 0), forbidden);
    assert_eq!(function.write(MERGED, 0x00F0), forbidden);
    assert_eq!(plain.accesses(), []);
}

/// If no device answers, registers read as all ones, and an update must not write these ones back.
///
/// Invariant: DEV-21
#[test]
fn all_ones_are_not_written_back() {
    let (plain, function) = claimed();
    plain.fill(0xFF);
    let absent = Err(WriteError::Absent);
    assert_eq!(function.update(MERGED_BYTE, 1, 0), absent);
    assert_eq!(function.update(MERGED_SHORT, 1, 0), absent);
    assert_eq!(function.update(MERGED, 0x10, 0), absent);
    assert_eq!(function.update(MERGED_DOUBLE, 1 << 28, 0), absent);
    assert_eq!(function.update(WORD, 1, 0), absent);
    assert_eq!(plain.writes(), []);
    // One half of a register of 64 bits may validly be all ones.
    plain.set(0x20, Width::W32, 0);
    function.update(MERGED_DOUBLE, 1 << 28, 1 << 28).unwrap();
    assert_eq!(plain.get(0x20, Width::W64), 0xFFFF_FFFF_1000_0000);
}

#[test]
fn a_selected_register_takes_what_its_index_allows() {
    let (plain, function) = claimed();
    function.write_selected(MASKED, 0, 0x0F).unwrap();
    function.write_selected(MASKED, 2, 0xF0).unwrap();
    function.write_selected(MASKED, 1, 0).unwrap();
    assert_eq!(
        plain.writes(),
        [
            (0x2C, 0),
            (0x30, 0x0F),
            (0x2C, 2),
            (0x30, 0xF0),
            (0x2C, 1),
            (0x30, 0)
        ]
    );
    let forbidden = Err(WriteError::Forbidden);
    assert_eq!(function.write_selected(MASKED, 0, 0x10), forbidden);
    assert_eq!(function.write_selected(MASKED, 1, 1), forbidden);
    assert_eq!(function.write_selected(MASKED, 2, 0x0F), forbidden);
    assert_eq!(function.write_selected(MASKED, 3, 0), forbidden);
    assert_eq!(function.write_selected(MASKED, u32::MAX, 0), forbidden);
    // Without an index, the engine doesn't know which register is meant.
    assert_eq!(function.write(MASKED, 0), forbidden);
    assert_eq!(function.update(MASKED, 0, 0), forbidden);
    assert_eq!(
        function.write(SELECTED_ANY, 0),
        Err(WriteError::OutOfBounds)
    );
    assert_eq!(function.write_selected(SELECTED_ANY, 0, 0), forbidden);
    // A register that no index selects can't be written with an index.
    assert_eq!(function.write_selected(WORD, 0, 0), forbidden);
    assert_eq!(plain.accesses(), []);
}

#[test]
fn a_selected_register_is_read_by_its_index() {
    let (plain, function) = claimed();
    plain.react(|plain, offset, value| {
        if (offset, value) == (0x36, None) {
            let index = plain.get(0x34, Width::W8);
            plain.set(0x36, Width::W16, 100 + index);
        }
    });
    for index in [0, 3, 1] {
        assert_eq!(function.read_selected(SELECTED, index), 100 + index as u16);
    }
    plain.accesses();
    for index in [4, 256, u32::MAX] {
        assert_eq!(function.read_selected(SELECTED, index), u16::MAX);
    }
    assert_eq!(function.read(SELECTED), u16::MAX);
    assert_eq!(function.read_selected(WORD, 0), u32::MAX);
    assert_eq!(plain.accesses(), []);
}

/// If the write of the index and the access were two steps, another thread's index could make the access reach the
/// wrong register.
///
/// Invariant: DEV-21
#[test]
fn an_index_and_its_access_are_one_step() {
    let (plain, function) = claimed();
    plain.react(|plain, offset, value| {
        if (offset, value) == (0x36, None) {
            std::thread::yield_now();
            let index = plain.get(0x34, Width::W8);
            plain.set(0x36, Width::W16, index);
        }
    });
    let function = &function;
    std::thread::scope(|scope| {
        for index in 0..2 {
            scope.spawn(move || {
                for _ in 0..200 {
                    let read = function.read_selected(SELECTED, index);
                    assert_eq!(u32::from(read), index);
                }
            });
        }
    });
}

#[test]
fn each_register_of_an_array_is_its_own() {
    let (plain, function) = claimed();
    for index in 0..5 {
        let register = ARRAY.nth(index).unwrap();
        function.write(register, index as u16 + 1).unwrap();
        assert_eq!(plain.writes(), [(0x40 + 8 * index, index as u32 + 1)]);
        // `nth` counts from the array's first register, even if it is called on another one.
        let same = ARRAY.nth(4).unwrap().nth(index).unwrap();
        assert_eq!(function.read(same), index as u16 + 1);
    }
    assert!(ARRAY.nth(5).is_none() && ARRAY.nth(usize::MAX).is_none());
}

/// The table lists more registers than this device has.
#[test]
fn registers_a_device_lacks_are_out_of_bounds() {
    let plain = Plain::with_length(0x104);
    let function: PciFunction<Rules> = plain.slot().claim().unwrap();
    let last = LONG.nth(3).unwrap();
    function.write(last, 7).unwrap();
    assert_eq!(function.read(last), 7);
    plain.accesses();
    for index in 4..16 {
        let absent = LONG.nth(index).unwrap();
        assert_eq!(function.write(absent, 7), Err(WriteError::OutOfBounds));
        assert_eq!(function.update(absent, 1, 1), Err(WriteError::OutOfBounds));
        assert_eq!(function.read(absent), u32::MAX);
    }
    assert_eq!(plain.accesses(), []);
}
