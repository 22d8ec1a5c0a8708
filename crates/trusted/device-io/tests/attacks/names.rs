//! Attacks by a table of a driver's own that has the same name as the host's table.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::table::*;
use samara_device_tables::Nvme;
use samara_rref::Exchangeable;

/// A table in which every register is a plain one.
enum Mine {}

impl Table for Mine {
    const NAME: &'static str = <Nvme as Table>::NAME;
    const IDS: &'static [Id] = &[];
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x1000)];
    const REGISTERS: &'static [&'static [Rule]] =
        &[&[Rule::new(0, 0x28, Width::W64).read().write(Write::Any)]];
    const IDLE: &'static [Check] = &[Check::new(step::at(0, 0x1C, Width::W32), 0, 0)];
    const RESET: &'static [Step] = &[];
    const QUEUES: &'static [Queue] = &[];
}

/// Domain images compare interfaces by their descriptors. If the two types had equal descriptors, an interface that
/// takes `PciFunction<Mine>` would accept the host's `PciFunction<Nvme>`.
///
/// Invariant: DEV-32
#[test]
fn a_function_of_another_table_is_another_type() {
    let mine = <PciFunction<Mine> as Exchangeable>::DESCRIPTOR;
    let theirs = <PciFunction<Nvme> as Exchangeable>::DESCRIPTOR;
    assert!(mine != theirs, "both are {theirs:?}");
}
