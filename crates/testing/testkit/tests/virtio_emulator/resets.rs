//! Resets, and devices that misbehave at a reset.

use samara_testkit::virtio_emulator::{Misbehaviour, Shape, Violation};

use super::support::{Driver, at, status};

#[test]
fn a_reset_clears_all_that_the_driver_set() {
    let driver = Driver::live(Shape::NET);
    driver.set(at::CONFIG_VECTOR, 2, 1);
    driver.set(at::QUEUE_SELECT, 2, 1);
    driver.set(at::QUEUE_VECTOR, 2, 2);
    driver.model.set_link(false);
    driver.reset();
    assert_eq!(driver.status(), 0);
    assert_eq!(driver.get(at::CONFIG_VECTOR, 2), 0xFFFF);
    assert_eq!(driver.get(at::QUEUE_SELECT, 2), 0);
    assert_eq!(driver.get(at::DEVICE_FEATURE_SELECT, 4), 0);
    assert_eq!(driver.get(at::DRIVER_FEATURE, 4), 0);
    for queue in 0..2 {
        driver.set(at::QUEUE_SELECT, 2, queue);
        assert_eq!(driver.get(at::QUEUE_ENABLE, 2), 0);
        assert_eq!(driver.get(at::QUEUE_SIZE, 2), 64);
        assert_eq!(driver.get(at::QUEUE_VECTOR, 2), 0xFFFF);
        assert_eq!(driver.get(at::QUEUE_ADDRESSES[0], 4), 0);
    }
    assert_eq!(driver.isr(), 0);
    assert!(!driver.model.is_running());
    driver.finish();
}

#[test]
fn a_reset_drops_the_chains_in_flight() {
    let mut driver = Driver::live(Shape {
        latency: 3,
        ..Shape::BLOCK
    });
    let data = driver.buffer(4096);
    let head = driver.rings[0].chain(&[(data.bus(0), 16)], &[(data.bus(512), 513)]);
    driver.submit(0, head);
    assert_eq!(driver.model.in_flight(), 1);
    driver.reset();
    driver.model.tick(9);
    assert_eq!(driver.model.in_flight(), 0);
    let old = driver.rings[0].used_index();
    driver.bring_up();
    driver.model.tick(9);
    assert_eq!((old, driver.rings[0].used_index()), (0, 0));
    driver.finish();
}

#[test]
fn frames_that_waited_are_gone_after_a_reset() {
    let mut driver = Driver::live(Shape::NET);
    assert!(driver.model.receive(&[0; 60]));
    driver.bring_up();
    let data = driver.buffer(4096);
    let head = driver.rings[0].chain(&[], &[(data.bus(0), 1526)]);
    driver.submit(0, head);
    driver.model.tick(1);
    assert_eq!(driver.rings[0].used(), None);
    driver.finish();
}

#[test]
fn a_slow_reset_is_done_when_the_status_is_0() {
    let mut driver = Driver::live(Shape {
        latency: 1,
        ..Shape::BLOCK
    });
    driver.model.switch(|switches| switches.reset_takes = 3);
    let data = driver.buffer(4096);
    let head = driver.rings[0].chain(&[(data.bus(0), 16)], &[(data.bus(512), 513)]);
    driver.submit(0, head);
    driver.reset();
    assert_eq!(driver.status(), status::LIVE);
    driver.model.tick(2);
    // The device may go on working until the reset is done.
    assert_eq!(driver.rings[0].used(), Some((0, 513)));
    assert_ne!(driver.status(), 0);
    driver.set(at::STATUS, 1, 1);
    driver.broke(&[Violation::BeforeReset]);
    driver.model.tick(1);
    assert_eq!(driver.status(), 0);
}

#[test]
fn a_reset_that_never_ends_never_reads_0() {
    for live in [true, false] {
        let driver = match live {
            true => Driver::live(Shape::BLOCK),
            false => Driver::new(Shape::BLOCK),
        };
        driver.model.switch(|switches| switches.never_reset = true);
        driver.reset();
        driver.model.tick(10_000);
        assert_ne!(driver.status(), 0);
        driver.reset();
        assert_ne!(driver.status(), 0);
        assert_eq!(driver.model.counts().resets, u64::from(live));
        driver.finish();
    }
}

#[test]
fn registers_may_read_as_ones_after_a_reset() {
    let driver = Driver::live(Shape::BLOCK);
    driver
        .model
        .switch(|switches| switches.blind_after_reset = 2);
    driver.reset();
    assert_eq!(driver.status(), 0xFF);
    driver.model.tick(1);
    driver.set(at::STATUS, 1, 1);
    assert_eq!(driver.get(at::DEVICE_FEATURE, 4), u32::MAX);
    // Configuration space still answers.
    assert_eq!(driver.config.read(0), 0x1042_1AF4);
    driver.model.tick(1);
    assert_eq!(driver.status(), 0);
    driver.finish();
}

#[test]
fn a_device_may_change_at_a_reset() {
    let mut driver = Driver::live(Shape::BLOCK);
    driver.model.switch(|switches| {
        switches.features_after_reset = Some(1 << 32 | 1 << 5);
        switches.capacity_after_reset = Some(3);
        switches.queue_size_after_reset = Some(16);
    });
    assert_eq!(driver.device(0, 4), 4096);
    let generation = driver.get(at::GENERATION, 1);
    driver.reset();
    driver.bring_up();
    assert_eq!(driver.offered(), 1 << 32 | 1 << 5);
    assert_eq!(driver.device(0, 4), 3);
    assert_ne!(driver.get(at::GENERATION, 1), generation);
    assert_eq!(driver.rings[0].size(), 16);
    driver.finish();
}

#[test]
fn needs_reset_lasts_until_the_reset() {
    let mut driver = Driver::live(Shape::BLOCK);
    driver.model.break_down();
    assert_eq!(driver.status(), status::LIVE | status::NEEDS_RESET);
    assert_eq!(driver.isr(), 2);
    let data = driver.buffer(4096);
    let head = driver.rings[0].chain(&[(data.bus(0), 16)], &[(data.bus(512), 513)]);
    driver.submit(0, head);
    driver.model.tick(3);
    assert_eq!(driver.rings[0].used(), None);
    driver.bring_up();
    assert_eq!(driver.status(), status::LIVE);
    driver.finish();
}

#[test]
fn a_function_level_reset_resets_the_function_too() {
    let driver = Driver::live(Shape::BLOCK);
    driver.model.write(1, 12, 4, 0);
    let express = driver.config.find(0x10).unwrap();
    let bars: Vec<u32> = (0x10..=0x24)
        .step_by(4)
        .map(|bar| driver.config.read(bar))
        .collect();
    driver.config.write(express + 8, 1 << 15);
    assert!(!driver.model.is_bus_master());
    assert_eq!(driver.config.read(4) & 0xFFFF, 0);
    driver.config.command(true, true);
    assert_eq!(
        driver.status(),
        0xFF,
        "the reset must clear the base addresses"
    );
    for (bar, value) in (0x10..=0x24).step_by(4).zip(bars) {
        driver.config.write(bar, value);
    }
    assert_eq!(driver.status(), 0);
    assert_eq!(driver.get(at::QUEUE_ENABLE, 2), 0);
    assert_eq!(
        driver.model.read(1, 12, 4),
        1,
        "the reset must mask all vectors"
    );
    assert_eq!(driver.model.counts().resets, 2);
    driver.finish();
}

#[test]
fn without_flr_the_reset_bit_does_nothing() {
    let driver = Driver::live(Shape {
        flr: false,
        ..Shape::BLOCK
    });
    let express = driver.config.find(0x10).unwrap();
    driver.config.write(express + 8, 1 << 15);
    assert_eq!(driver.status(), status::LIVE);
    assert!(driver.model.is_bus_master());
}

#[test]
fn an_unplugged_device_reads_as_ones() {
    let mut driver = Driver::live(Shape::BLOCK);
    let data = driver.buffer(4096);
    let head = driver.rings[0].chain(&[(data.bus(0), 16)], &[(data.bus(512), 513)]);
    driver.rings[0].offer(head);
    driver.model.switch(|switches| switches.removed = true);
    driver.notify(0);
    driver.model.tick(3);
    assert_eq!(driver.status(), 0xFF);
    assert_eq!(driver.get(at::QUEUES, 2), 0xFFFF);
    assert_eq!(driver.config.read(0), u32::MAX);
    assert_eq!(driver.model.read(1, 0, 4), u32::MAX);
    driver.config.write(4, 0);
    assert_eq!(driver.rings[0].used(), None);

    driver.model.replug(Shape::BLOCK);
    assert_eq!(
        driver.get(at::QUEUES, 2),
        0xFFFF,
        "memory space must be off after a replug"
    );
    driver.config.command(true, true);
    driver.bring_up();
    assert_eq!(driver.status(), status::LIVE);
    driver.finish();
}

#[test]
fn a_chain_can_break_the_device() {
    let mut driver = Driver::live(Shape::BLOCK);
    driver.model.go_wrong(0, Misbehaviour::NeedsReset);
    let data = driver.buffer(4096);
    let head = driver.rings[0].chain(&[(data.bus(0), 16)], &[(data.bus(512), 513)]);
    driver.submit(0, head);
    assert_eq!(driver.status(), status::LIVE | status::NEEDS_RESET);
    assert_eq!(driver.rings[0].used(), None);
    driver.finish();
}
