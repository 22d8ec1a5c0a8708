//! Resets and doorbells of a device that misses an access.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use samara_device_io::queue::Pair;
use samara_device_tables::{Ixgbe, Nvme};
use samara_host_std as _;
use samara_testkit::hosted::alone;

use raw::Raw;

#[path = "../fixtures/raw.rs"]
mod raw;

fn nvme(msix: bool) -> &'static Raw {
    const MSIX: usize = 0x80;
    let raw = Raw::leak(&[
        (0x00, 0x0010_1B36),
        (0x04, 1 << 20),
        (0x08, 0x0108_0202),
        (0x10, 0xFEB0_0004),
        (0x34, if msix { MSIX as u32 } else { 0 }),
        (MSIX, 0x11 | 7 << 16),
        (MSIX + 4, 0x4000),
        (MSIX + 8, 0x7000),
    ]);
    raw.set(0x00, 63);
    raw.set(0x04, 1 << 5);
    raw
}

/// An 82599 that was stopped still holds back a write-back, and misses the write that resets it. So all its settings
/// stay, also the one that the reset's step before made and that a reset of the device would undo.
///
/// Invariant: DEV-16
#[test]
fn a_missed_reset_does_not_count() {
    let _alone = alone();
    let raw = Raw::leak(&[
        (0x00, 0x10FB_8086),
        (0x08, 0x0200_0001),
        (0x10, 0xFEB0_0004),
    ]);
    raw.react(|raw, offset, value| {
        // The device misses the writes of both reset bits: the next read finds the register unchanged.
        if offset == 0 && value.is_none() {
            raw.set(0, raw.get(0) & !(1 << 26 | 1 << 3));
        }
    });
    let function = raw.slot::<Ixgbe>().claim().unwrap();
    let reset = function.reset();
    let control = raw.get(0);
    let master = function.enable_bus_master();
    drop(function);
    assert!(
        control & 1 << 2 == 0 || reset.is_err() && master.is_err(),
        "CTRL is {control:#x}, with master disable still set: {reset:?} {master:?}"
    );
}

/// CAP reads as all ones for an instant while a queue is started. The next start, after a reset, reads it correctly.
#[test]
fn a_blind_doorbell_distance_is_not_kept() {
    let _alone = alone();
    let raw = nvme(false);
    let function = raw.slot::<Nvme>().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let (mut admin, mut io) = (
        Pair::<Nvme, { Nvme::ADMIN }>::new(&function, 0, 8).unwrap(),
        Pair::<Nvme, { Nvme::IO }>::new(&function, 1, 8).unwrap(),
    );
    let is_enabled = AtomicBool::new(false);
    let is_blind = AtomicBool::new(true);
    raw.react(move |raw, offset, value| {
        if let (0x14, Some(value)) = (offset, value) {
            raw.set(0x1C, value & 1);
            is_enabled.store(value & 1 == 1, SeqCst);
        }
        if offset == 4 && is_enabled.load(SeqCst) {
            let all = is_blind.swap(false, SeqCst);
            raw.set(4, if all { u32::MAX } else { 1 << 5 });
        }
    });
    // The controller is enabled, but the engine could not tell where its doorbell is, so the controller must be
    // reset.
    let first = admin.start(&function, 0);
    function.reset().unwrap();
    let second = admin.start(&function, 0);
    let made = [
        admin.create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&function, [0; 7], &mut io),
        admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::IO }>(&function, [0; 7], &mut io),
    ];
    drop(function);
    assert!(
        second.is_ok() && made.iter().all(Result::is_ok),
        "{first:?} {second:?} {made:?}"
    );
}
