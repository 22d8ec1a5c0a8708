//! Interrupts as capabilities: which domain may have which vector, and in which state a vector is left afterwards.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;
use std::time::Duration;

use samara_device_io::mmio::{ReadWrite, Register};
use samara_device_io::pci::{InterruptError, MAX_VECTORS};
use samara_device_io::{DeviceSlot, PciFunction};
use samara_device_tables::Ixgbe;
use samara_host_std as _;
use samara_ixgbe_emulator::Loop;
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::{IxgbeBus, deliver, panic_when_taken_back, vectors_in_use};

const MASKED: u32 = 1;
const EICS: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x0808);
const EIMS: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x0880);
const GPIE: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x0898);

/// Claims a function, in a test that runs alone because vectors belong to the process.
fn claimed() -> (
    MutexGuard<'static, ()>,
    &'static IxgbeBus,
    DeviceSlot<Ixgbe>,
    PciFunction<Ixgbe>,
) {
    let alone = alone();
    let bus = IxgbeBus::leak(Loop::open());
    let slot = bus.slot();
    (alone, bus, slot, slot.claim().unwrap())
}

/// Invariant: DEV-24
#[test]
fn a_vector_is_exclusive_and_masked_when_dropped() {
    let (_alone, bus, _, function) = claimed();
    let first = function.interrupt(3).unwrap();
    assert_eq!(first.vector(), 3);
    assert!(matches!(function.interrupt(3), Err(InterruptError::Taken)));
    assert!(matches!(
        function.interrupt(MAX_VECTORS),
        Err(InterruptError::NoSuchVector)
    ));
    let (address, data, control) = bus.message_entry(3);
    assert_eq!(control & MASKED, 0);
    // A vector without a holder is masked.
    assert_eq!(bus.message_entry(4).2 & MASKED, MASKED);

    let seen = first.count();
    assert_eq!(first.wait(seen, Duration::from_millis(1)), seen);
    deliver(address, data);
    assert_eq!(
        first.wait(seen, Duration::from_secs(9)),
        seen.wrapping_add(1)
    );

    drop(first);
    assert_eq!(bus.message_entry(3).2 & MASKED, MASKED);
    assert_eq!(vectors_in_use(), 0);
    drop(function.interrupt(3).unwrap());
}

/// Invariant: DEV-24
#[test]
fn an_old_interrupt_does_not_mask_the_next_claims() {
    let (_alone, bus, slot, function) = claimed();
    let old = function.interrupt(0).unwrap();
    drop(function);
    assert_eq!(bus.message_entry(0).2 & MASKED, MASKED);

    let function = slot.claim().unwrap();
    let new = function.interrupt(0).unwrap();
    let entry = bus.message_entry(0);
    assert_eq!(entry.2 & MASKED, 0);
    drop(old);
    assert_eq!(bus.message_entry(0), entry);
    drop(new);
    assert_eq!(vectors_in_use(), 0);
}

/// Invariant: DEV-24
#[test]
fn a_function_level_reset_takes_no_interrupt_away() {
    let (_alone, bus, _, function) = claimed();
    let interrupt = function.interrupt(1).unwrap();
    let entries = [bus.message_entry(0), bus.message_entry(1)];
    assert_eq!(entries.map(|entry| entry.2 & MASKED), [MASKED, 0]);
    let _ = function.silence();
    // The reset has cleared the vectors' table entries. The engine restores them as soon as the device answers again.
    function.reset().unwrap();
    assert_eq!([bus.message_entry(0), bus.message_entry(1)], entries);
    drop(interrupt);
}

/// Invariant: DEV-24
#[test]
fn a_function_that_is_no_bus_master_sends_no_message() {
    let (_alone, bus, _, function) = claimed();
    let _interrupt = function.interrupt(0).unwrap();
    let fire = || {
        function.write(GPIE, 1 << 4).unwrap();
        function.write(EIMS, 1).unwrap();
        function.write(EICS, 1).unwrap();
        bus.settle();
        bus.messages()
    };
    assert_eq!(fire(), 0);
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    assert!(fire() > 0);
}

/// The reclaim returns four resources: the mappings of the registers and of the vector table, and two interrupt
/// messages.
///
/// Invariant: DEV-34
#[test]
fn a_panicking_host_still_gets_everything_back() {
    let (_alone, bus, slot, function) = claimed();
    let (held, dropped) = (
        function.interrupt(0).unwrap(),
        function.interrupt(1).unwrap(),
    );
    let end = AssertUnwindSafe(|| drop((dropped, function, held)));
    let mut ended = Ok(());
    let back = panic_when_taken_back(|| ended = catch_unwind(end));
    assert!(ended.is_ok(), "a destructor that panics");
    assert_eq!((back, vectors_in_use()), (4, 0));
    let entries = [0, 1].map(|vector| bus.message_entry(vector).2 & MASKED);
    assert_eq!(entries, [MASKED; 2]);
    let function = slot.claim().unwrap();
    drop((
        function.interrupt(0).unwrap(),
        function.interrupt(1).unwrap(),
    ));
}
