//! The engine compares tables as text. A domain's image may contain any text, also one of any length, so the
//! comparison must end after bounded time.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::table::*;
use samara_device_tables::{Ixgbe, Nvme};
use samara_host_std as _;
use samara_rref::Exchangeable;

enum Endless {}

const GROUP: &[Rule] = &[Rule::new(0, 0x28, Width::W64); 1000];

impl Table for Endless {
    const NAME: &'static str = <Nvme as Table>::NAME;
    const IDS: &'static [Id] = &[];
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x1000)];
    const REGISTERS: &'static [&'static [Rule]] = &[GROUP; 20];
    const IDLE: &'static [Check] = &[];
    const RESET: &'static [Step] = &[];
    const QUEUES: &'static [Queue] = &[];
}

/// Invariant: DEV-32
#[test]
fn an_endless_table_text_equals_no_other() {
    let endless = <PciFunction<Endless> as Exchangeable>::DESCRIPTOR;
    assert!(endless != endless, "compared piece by piece");
}

#[test]
fn the_texts_of_tables_are_compared_to_their_ends() {
    let [nvme, ixgbe] = [
        <PciFunction<Nvme> as Exchangeable>::DESCRIPTOR,
        <PciFunction<Ixgbe> as Exchangeable>::DESCRIPTOR,
    ];
    assert!(nvme == nvme && ixgbe == ixgbe && nvme != ixgbe);
}
