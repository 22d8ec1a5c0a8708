//! A silence that does not reset the device leaves accesses of its queues pending in the device. A driver tries to
//! make the device perform them.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Mutex;

use samara_device_io::pci::{NotIdle, Silenced};
use samara_host_std as _;
use samara_ixgbe_emulator::{Faults, Loop, WriteBack};
use samara_rref::RRef;
use samara_testkit::device_memory::{Access, Oracle};
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::{IxgbeBus, frame};

use ixgbe::{Function, all, packet, rx, up};

#[path = "../fixtures/ixgbe.rs"]
mod ixgbe;

/// CTRL, the only register by which an 82599 is reset.
const CTRL: usize = 0;

/// The memory whose addresses were translated for the device since the last claim ended.
#[derive(Default)]
struct Living(Mutex<BTreeSet<(usize, usize)>>);

impl Oracle for Living {
    fn translated(&self, start: usize, bytes: usize) {
        self.0.lock().unwrap().insert((start, bytes));
    }
    fn allows(&self, start: usize, bytes: usize, _: Access) -> bool {
        let ranges = self.0.lock().unwrap();
        ranges
            .iter()
            .any(|&(from, length)| start >= from && start + bytes <= from + length)
    }
    fn is_master(&self) {}
}

/// A receive queue whose device has received a frame, and holds back the descriptor's write-back.
fn held_back(bus: &IxgbeBus, function: &Function) -> ixgbe::RxRing {
    let mut ring = rx(function, 0);
    ring.start(function, 0).unwrap();
    let mut receiving = ring.open(function).unwrap();
    for byte in 0..7 {
        receiving.put(packet(byte), all).unwrap();
    }
    receiving.publish();
    drop(receiving);
    // The write-back waits, for example because of flow control.
    let mut faults = Faults::default();
    faults.write_back = WriteBack::Delayed(NonZeroU32::new(100_000).unwrap());
    bus.inject(faults);
    bus.link(|link| link.inbound.push_back(frame(200, 7)));
    bus.steps(3);
    ring
}

/// After a silence, the driver stops a queue that it could not start. The device was not reset, but the table's idle
/// test now holds.
///
/// Invariant: DEV-14
#[test]
fn a_silenced_device_is_bus_master_only_after_a_reset() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::default());
    bus.hide_function_reset();
    let function = up(bus, bus.slot());
    let mut ring = held_back(bus, &function);

    let resets = bus.writes(CTRL);
    assert_eq!(function.silence(), Silenced::BusMasterOff);
    let mut receiving = ring.open(&function).unwrap();
    let mut back = 0;
    while receiving.take_back().is_some() {
        back += 1;
    }
    drop(receiving);
    assert_eq!(back, 7, "all of them are the driver's again");
    assert_eq!(function.enable_bus_master(), Err(NotIdle));
    let _ = ring.start(&function, 0);
    let _ = ring.stop(&function);
    let enabled = function.enable_bus_master();
    assert_eq!(bus.writes(CTRL), resets, "no reset");
    assert_eq!(
        enabled,
        Err(NotIdle),
        "the held back access would go to memory that was given back"
    );
}

/// As above, but here the driver of the next claim makes the attempt. The device would write to the memory of the
/// former driver's ring.
///
/// Invariant: DEV-14
#[test]
fn a_claim_does_not_inherit_held_back_accesses() {
    let _alone = alone();
    let living: &'static Living = Box::leak(Box::default());
    let bus = IxgbeBus::leak(Loop::default());
    bus.watch(living);
    bus.hide_function_reset();
    let slot = bus.slot();
    let function = up(bus, slot);
    let ring = held_back(bus, &function);
    drop((function, ring));
    // All of that memory is free now.
    living.0.lock().unwrap().clear();
    // Now other owners allocate this memory, in pages like the ring's.
    let others: Vec<RRef<[u8]>> = (0..64)
        .map(|_| RRef::new_zeroed_slice(4096).unwrap())
        .collect();

    let function = slot.claim().unwrap();
    let resets = bus.writes(CTRL);
    let mut ring = rx(&function, 0);
    let started = ring.start(&function, 0);
    let stopped = ring.stop(&function);
    let enabled = function.enable_bus_master();
    println!("{started:?} {stopped:?} {enabled:?}");
    assert_eq!(bus.writes(CTRL), resets, "no reset");
    // Flow control ends.
    bus.steps(200_000);
    assert_eq!(
        bus.strays(),
        0,
        "the device has written to the former claim's memory"
    );
    assert!(others.iter().all(|page| page.iter().all(|&byte| byte == 0)));
}

/// For comparison: a reset clears the accesses that the device holds back.
#[test]
fn a_reset_ends_what_the_device_holds_back() {
    let _alone = alone();
    let living: &'static Living = Box::leak(Box::default());
    let bus = IxgbeBus::leak(Loop::default());
    bus.watch(living);
    bus.hide_function_reset();
    let slot = bus.slot();
    let function = up(bus, slot);
    let ring = held_back(bus, &function);
    drop((function, ring));
    living.0.lock().unwrap().clear();
    let function = slot.claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    bus.steps(200_000);
    assert_eq!(bus.strays(), 0);
}
