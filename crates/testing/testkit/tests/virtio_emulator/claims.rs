//! Claims of the model's function through `samara-device-io`.

use std::time::Duration;

use samara_device_io::host::{Backing, Clock, MapBarError};
use samara_device_io::pci::Silenced;
use samara_device_io::table::Width;
use samara_device_tables::VirtioBlock;
use samara_testkit::hosted::alone;
use samara_testkit::virtio_emulator::{ADDRESS, Layout, Shape, VirtioEmulator, vectors_in_use};

use super::support::{Driver, at, status};

#[test]
fn the_end_of_a_claim_silences_the_function() {
    let _alone = alone();
    for (shape, silenced) in [
        (Shape::BLOCK, true),
        (
            Shape {
                flr: false,
                ..Shape::BLOCK
            },
            false,
        ),
    ] {
        let driver = Driver::live(shape);
        let slot = driver.model.slot::<VirtioBlock>();
        assert_eq!(slot.place().id().unwrap().vendor, 0x1AF4);
        let function = slot.claim().unwrap();
        assert!(!driver.model.is_bus_master());
        driver.config.command(true, true);
        drop(function);
        assert!(!driver.model.is_bus_master());
        let expected = if silenced { 0 } else { status::LIVE };
        assert_eq!(
            driver.status(),
            expected,
            "the end of the claim must restore the base addresses"
        );
        drop(slot.claim().expect("the function can be claimed again"));
        driver.finish();
    }
}

#[test]
fn silencing_reports_if_the_function_was_reset() {
    let _alone = alone();
    for (express, flr, silenced) in [
        (true, true, Silenced::Reset),
        (true, false, Silenced::BusMasterOff),
        (false, true, Silenced::BusMasterOff),
    ] {
        let model = VirtioEmulator::leak(Shape {
            express,
            flr,
            ..Shape::BLOCK
        });
        let function = model.slot::<VirtioBlock>().claim().unwrap();
        assert_eq!(function.silence(), silenced);
        assert_eq!(
            model.counts().resets,
            u64::from(silenced == Silenced::Reset)
        );
    }
}

#[test]
fn a_used_buffer_wakes_the_holder_of_the_vector() {
    let _alone = alone();
    let mut driver = Driver::live(Shape::BLOCK);
    let function = driver.model.slot::<VirtioBlock>().claim().unwrap();
    let interrupt = function.interrupt(1).unwrap();
    driver.config.command(true, true);
    driver.set(at::QUEUE_SELECT, 2, 0);
    driver.set(at::QUEUE_VECTOR, 2, 1);
    let memory = driver.buffer(4096);
    let head = driver.rings[0].chain(&[(memory.bus(0), 16)], &[(memory.bus(512), 513)]);
    let seen = interrupt.count();
    driver.submit(0, head);
    assert_eq!(
        interrupt.wait(seen, Duration::from_secs(9)),
        seen.wrapping_add(1)
    );
    drop(interrupt);
    assert_eq!(vectors_in_use(), 0);
    assert_eq!(
        driver.model.read(1, 16 + 12, 4),
        1,
        "the vector is masked again"
    );
    driver.finish();
}

#[test]
fn bars_are_mapped_up_to_their_length() {
    let model = VirtioEmulator::leak(Shape {
        layout: Layout::TIGHT,
        vectors: 0,
        ..Shape::NET
    });
    let host = model.host();
    let map = |bar, length| host.bars.map(ADDRESS, bar, length).err();
    assert_eq!(map(4, 0x1000), None);
    assert_eq!(map(4, 0x1001), Some(MapBarError::TooShort));
    assert_eq!(map(5, 4), Some(MapBarError::Absent));
    assert_eq!(map(1, 16), Some(MapBarError::Absent));
    let model = VirtioEmulator::leak(Shape::NET);
    let map = |bar, length| model.host().bars.map(ADDRESS, bar, length).err();
    assert_eq!((map(1, 0x1000), map(4, 0x4000)), (None, None));
}

#[test]
fn a_mapped_bar_reaches_the_registers() {
    let driver = Driver::new(Shape::BLOCK);
    let backing = driver.model.host().bars.map(ADDRESS, 4, 0x4000);
    let Ok(Backing::Bus(bus)) = backing else {
        panic!("the model must map a BAR as an emulated bus");
    };
    assert_eq!(bus.read(0x2000, Width::W32), 4096);
    bus.write(0, Width::W32, 1);
    assert_eq!(bus.read(4, Width::W32), 1);
    driver.finish();
}

#[test]
fn time_passes_as_the_driver_waits() {
    let model = VirtioEmulator::leak(Shape::BLOCK);
    let before = model.now();
    model.relax();
    assert_eq!(model.now() - before, 251_000);
}
